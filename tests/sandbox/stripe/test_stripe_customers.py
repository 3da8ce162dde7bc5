"""Customers and the payment methods that are attached to them."""

from typing import Any

import pytest

CUSTOMERS = "/v1/customers"
METHODS = "/v1/payment_methods"
FORWARD_BODY = {"card": {"number": "", "cvc": ""}}


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def customer(bench, **given: Any) -> dict[str, Any]:
    answer = bench.post(CUSTOMERS, {"email": "jane@shop.example", "name": "Jane Roe"} | given)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def attach(bench, method: str, to: str) -> Any:
    return bench.post(f"{METHODS}/{method}/attach", {"customer": to})


def ids(answer: Any) -> list[str]:
    return [row["id"] for row in answer.json()["data"]]


def test_a_customer_is_kept_changed_and_listed(bench):
    first = customer(bench, metadata={"a": "1", "b": "2"}, address={"city": "Oslo"})
    other = customer(bench, email="other@shop.example")
    change = {"name": "", "metadata": {"a": "", "c": "3"}, "phone": "+47 1"}
    changed = bench.post(f"{CUSTOMERS}/{first['id']}", change).json()
    assert (changed["name"], changed["phone"]) == (None, "+47 1")
    assert changed["metadata"] == {"b": "2", "c": "3"}
    assert changed["address"]["city"] == "Oslo"
    assert bench.get(f"{CUSTOMERS}/{first['id']}").json() == changed
    assert ids(bench.get(CUSTOMERS)) == [other["id"], first["id"]]
    assert ids(bench.get(f"{CUSTOMERS}?email=jane@shop.example")) == [first["id"]]
    assert ids(bench.get(f"{CUSTOMERS}?created={first['created']}&limit=1")) == [other["id"]]
    assert ids(bench.get(f"{CUSTOMERS}?created[gt]={first['created']}")) == []


def test_a_deleted_customer_leaves_an_id(bench):
    made = customer(bench)["id"]
    method = attach(bench, bench.card()["id"], made).json()["id"]
    gone = {"id": made, "object": "customer", "deleted": True}
    assert bench.delete(f"{CUSTOMERS}/{made}").json() == gone
    assert bench.get(f"{CUSTOMERS}/{made}").json() == gone
    assert ids(bench.get(CUSTOMERS)) == []
    assert bench.delete(f"{CUSTOMERS}/{made}").status_code == 404
    assert bench.post(f"{CUSTOMERS}/{made}", {"name": "x"}).status_code == 404
    assert error(attach(bench, "pm_card_visa", made))["param"] == "customer"
    assert bench.get(f"{METHODS}/{method}").json()["customer"] is None


@pytest.mark.parametrize(
    ("form", "param", "code"),
    [
        ({"email": "jane"}, "email", "email_invalid"),
        ({"name": "x" * 257}, "name", None),
        ({"phone": "1" * 21}, "phone", None),
        ({"balance": "1.5"}, "balance", "parameter_invalid_integer"),
        ({"tax_exempt": "maybe"}, "tax_exempt", None),
        ({"address": {"street": "x"}}, "address[street]", "parameter_unknown"),
        ({"shipping": {"name": "x"}}, "shipping[address]", "parameter_missing"),
        ({"metadata": {"k" * 41: "v"}}, "metadata", None),
        ({"source": "tok_visa"}, "source", None),
        ({"payment_method": "pm_none"}, "payment_method", "resource_missing"),
        ({"payment_method": ""}, "payment_method", "parameter_invalid_empty"),
        (
            {"invoice_settings": {"default_payment_method": "pm_card_visa"}},
            "invoice_settings[default_payment_method]",
            "resource_missing",
        ),
        ({"expand": ["sources"]}, "expand[0]", None),
        ({"card": "x", "bank": {"a": 1}}, "card", "parameter_unknown"),
    ],
)
def test_bad_parameters_of_customers(bench, form, param, code):
    answer = bench.post(CUSTOMERS, form)
    assert answer.status_code == 400
    assert (error(answer)["param"], error(answer).get("code")) == (param, code)
    assert ids(bench.get(CUSTOMERS)) == []


def test_attach_list_and_detach(bench):
    made, other = customer(bench)["id"], customer(bench)["id"]
    cards = [attach(bench, bench.card()["id"], made).json() for _ in range(3)]
    assert {card["customer"] for card in cards} == {made}
    newest = [card["id"] for card in cards][::-1]
    assert ids(bench.get(f"{METHODS}?customer={made}&type=card")) == newest
    assert ids(bench.get(f"{CUSTOMERS}/{made}/payment_methods?limit=2")) == newest[:2]
    assert ids(bench.get(f"{METHODS}?customer={made}&starting_after={newest[0]}")) == newest[1:]
    assert ids(bench.get(f"{METHODS}?customer={other}")) == []
    one = f"{CUSTOMERS}/{made}/payment_methods/{newest[0]}"
    assert bench.get(f"{one}?expand[]=customer").json()["customer"]["id"] == made
    assert bench.get(one.replace(made, other)).status_code == 404
    assert attach(bench, newest[0], made).status_code == 200
    assert error(attach(bench, newest[0], other))["message"].endswith("attached to a customer.")
    gone = bench.post(f"{METHODS}/{newest[0]}/detach", {}).json()
    assert gone["customer"] is None
    assert ids(bench.get(f"{METHODS}?customer={made}")) == newest[1:]
    for again in (
        attach(bench, newest[0], made),
        bench.post(f"{METHODS}/{newest[0]}/detach", {}),
    ):
        assert (again.status_code, error(again)["type"]) == (400, "invalid_request_error")


def test_lists_name_their_own_url(bench):
    made = customer(bench)["id"]
    url = f"{CUSTOMERS}/{made}/payment_methods"
    assert bench.get(url).json()["url"] == url
    assert bench.get(f"{METHODS}?customer=cus_none").status_code == 400
    assert bench.get(f"{CUSTOMERS}/cus_none/payment_methods").status_code == 404
    assert bench.get(f"{METHODS}?expand[]=customer").status_code == 400
    assert bench.get(f"{METHODS}?expand[]=data.customer").status_code == 200


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_sandbox_visa"])
def test_a_card_for_everyone_is_copied_when_it_is_attached(bench, method):
    made = customer(bench)["id"]
    copies = [attach(bench, method, made).json()["id"] for _ in range(2)]
    assert len({method, *copies}) == 3
    assert bench.get(f"{METHODS}/{method}").json()["customer"] is None
    assert bench.post(f"{METHODS}/{method}", {"metadata": {"a": 1}}).status_code == 400
    assert bench.post(f"{METHODS}/{method}/detach", {}).status_code == 400


def test_attaching_verifies_the_card_and_uses_the_cvc(bench):
    method = attach(bench, bench.card()["id"], customer(bench)["id"]).json()
    assert method["card"]["checks"]["cvc_check"] == "pass"
    bench.forward(FORWARD_BODY, "card_number card_cvc", method=method["id"])
    assert bench.left() == {"card": {"number": "4242424242424242", "cvc": ""}}


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    ],
)
def test_cards_that_are_declined_cannot_be_attached(bench, method, code):
    made = customer(bench)["id"]
    answer = attach(bench, method, made)
    assert (answer.status_code, error(answer)["type"]) == (402, "card_error")
    assert error(answer)["code"] == code
    assert bench.post(CUSTOMERS, {"payment_method": method}).status_code == 402
    assert ids(bench.get(CUSTOMERS)) == [made]


def test_one_declined_card_can_be_attached(bench):
    assert attach(bench, "pm_card_chargeCustomerFail", customer(bench)["id"]).status_code == 200


def test_what_a_payment_used_up_cannot_be_attached(bench):
    method = bench.card()["id"]
    form = {"amount": 500, "currency": "usd", "confirm": True, "payment_method": method}
    bench.post("/v1/payment_intents", form | {"allowed_payment_method_types": ["card"]})
    answer = attach(bench, method, customer(bench)["id"])
    assert error(answer)["message"].endswith("may not be used again.")


def test_an_attached_method_can_be_changed(bench):
    method = attach(bench, bench.card()["id"], customer(bench)["id"]).json()["id"]
    form = {
        "card": {"exp_year": 2033},
        "billing_details": {"email": "new@shop.example", "address": {"city": "Oslo"}},
        "metadata": {"a": "1"},
        "allow_redisplay": "always",
    }
    changed = bench.post(f"{METHODS}/{method}", form).json()
    assert (changed["card"]["exp_year"], changed["card"]["exp_month"]) == (2033, 3)
    assert changed["billing_details"]["name"] == "Jane Roe"
    assert changed["billing_details"]["address"]["city"] == "Oslo"
    assert ids(bench.get(f"{METHODS}?allow_redisplay=always")) == [method]
    bench.forward({"card": {"exp_year": ""}}, "card_expiry", method=method)
    assert bench.left() == {"card": {"exp_year": "2033"}}
    past = bench.post(f"{METHODS}/{method}", {"card": {"exp_year": 2020}})
    assert (past.status_code, error(past)["code"]) == (402, "invalid_expiry_year")
    assert bench.post(f"{METHODS}/{bench.card()['id']}", {"metadata": {"a": 1}}).status_code == 400


def test_a_customer_with_a_payment_method_at_once(bench):
    settings = {"default_payment_method": "pm_card_visa"}
    made = customer(bench, payment_method="pm_card_visa", invoice_settings=settings)
    (held,) = ids(bench.get(f"{CUSTOMERS}/{made['id']}/payment_methods"))
    assert made["invoice_settings"]["default_payment_method"] == held
