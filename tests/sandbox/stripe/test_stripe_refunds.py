"""Capture, cancel and list payment intents, and give money back."""

from typing import Any

import pytest

INTENTS = "/v1/payment_intents"
REFUNDS = "/v1/refunds"
PAY = {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def ids(answer: Any) -> list[str]:
    return [row["id"] for row in answer.json()["data"]]


def paid(bench, method: str = "pm_card_visa", **extra: Any) -> dict[str, Any]:
    answer = bench.post(INTENTS, PAY | {"confirm": True, "payment_method": method} | extra)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def customer(bench) -> str:
    made: str = bench.post("/v1/customers", {"name": "Jane Roe"}).json()["id"]
    return made


# --- capture and cancel


def test_capture_in_part(bench):
    intent = paid(bench, capture_method="manual")
    url = f"{INTENTS}/{intent['id']}/capture"
    assert error(bench.post(url, {"amount_to_capture": 1100}))["param"] == "amount_to_capture"
    done = bench.post(url, {"amount_to_capture": 1000, "expand": ["latest_charge"]}).json()
    assert (done["status"], done["amount_received"], done["amount_capturable"]) == (
        "succeeded",
        1000,
        0,
    )
    assert done["latest_charge"]["amount_captured"] == 1000
    assert error(bench.post(url, {}))["code"] == "payment_intent_unexpected_state"
    assert error(bench.post(REFUNDS, {"payment_intent": intent["id"], "amount": 1001}))


@pytest.mark.parametrize("status", ["requires_payment_method", "requires_capture"])
def test_cancel(bench, status):
    made = paid(bench, capture_method="manual") if "capture" in status else None
    intent = made or bench.post(INTENTS, PAY).json()
    assert intent["status"] == status
    url = f"{INTENTS}/{intent['id']}/cancel"
    gone = bench.post(url, {"cancellation_reason": "duplicate"}).json()
    assert (gone["status"], gone["cancellation_reason"]) == ("canceled", "duplicate")
    assert (gone["canceled_at"], gone["amount_capturable"]) == (int(bench.time), 0)
    for verb in ("cancel", "confirm", "capture"):
        again = bench.post(f"{INTENTS}/{intent['id']}/{verb}", {})
        assert error(again)["code"] == "payment_intent_unexpected_state"
    assert bench.post(REFUNDS, {"payment_intent": intent["id"]}).status_code == 400


def test_what_is_paid_cannot_be_canceled(bench):
    answer = bench.post(f"{INTENTS}/{paid(bench)['id']}/cancel", {})
    assert error(answer)["code"] == "payment_intent_unexpected_state"
    wrong = bench.post(f"{INTENTS}/{bench.post(INTENTS, PAY).json()['id']}/cancel", {"reason": "x"})
    assert error(wrong)["code"] == "parameter_unknown"


# --- lists, updates and whose method it is


def test_list_by_customer_and_time(bench):
    owner = customer(bench)
    first = bench.post(INTENTS, PAY | {"customer": owner}).json()["id"]
    bench.time += 10
    second = bench.post(INTENTS, PAY).json()["id"]
    for query, found in (
        ("", [second, first]),
        (f"customer={owner}", [first]),
        ("limit=1", [second]),
        (f"ending_before={first}", [second]),
        (f"created={int(bench.time)}", [second]),
        (f"created[lt]={int(bench.time)}", [first]),
    ):
        assert ids(bench.get(f"{INTENTS}?{query}")) == found
    expanded = bench.get(f"{INTENTS}?expand[]=data.customer").json()["data"]
    assert expanded[1]["customer"]["name"] == "Jane Roe"
    assert error(bench.get(f"{INTENTS}?starting_after=pi_none"))["param"] == "starting_after"


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (INTENTS, "customer", "cus_none"),
        ("/v1/setup_intents", "customer", "cus_none"),
        ("/v1/setup_intents", "payment_method", "pm_none"),
        ("/v1/charges", "customer", "cus_none"),
        ("/v1/charges", "payment_intent", "pi_none"),
        (REFUNDS, "payment_intent", "pi_none"),
        ("/v1/payment_methods", "customer", "cus_none"),
    ],
)
def test_a_list_by_an_id_of_nothing(bench, path, name, value):
    answer = bench.get(f"{path}?{name}={value}")
    assert (answer.status_code, error(answer)["param"]) == (400, name)
    assert error(answer)["code"] == "resource_missing"


def test_update(bench):
    intent = bench.post(INTENTS, PAY | {"metadata": {"a": "1"}}).json()["id"]
    form = {"amount": 2000, "currency": "eur", "metadata": {"b": "2"}, "description": "x"}
    changed = bench.post(f"{INTENTS}/{intent}", form).json()
    assert (changed["amount"], changed["currency"]) == (2000, "eur")
    assert changed["metadata"] == {"a": "1", "b": "2"}
    assert error(bench.post(f"{INTENTS}/{intent}", {"amount": 0}))["param"] == "amount"
    with_method = bench.post(f"{INTENTS}/{intent}", {"payment_method": "pm_card_visa"}).json()
    assert with_method["status"] == "requires_confirmation"
    bench.post(f"{INTENTS}/{intent}/confirm", {})
    late = bench.post(f"{INTENTS}/{intent}", {"amount": 100})
    assert error(late)["code"] == "payment_intent_unexpected_state"
    assert bench.post(f"{INTENTS}/{intent}", {"metadata": ""}).json()["metadata"] == {}


def test_a_customers_method_needs_the_customer(bench):
    owner, other = customer(bench), customer(bench)
    method = bench.card()["id"]
    bench.post(f"/v1/payment_methods/{method}/attach", {"customer": owner})
    bare = bench.post(INTENTS, PAY | {"payment_method": method})
    assert "Please include the Customer" in error(bare)["message"]
    wrong = bench.post(INTENTS, PAY | {"payment_method": method, "customer": other})
    assert error(wrong)["code"] == "resource_missing"
    for _ in range(2):
        assert paid(bench, method, customer=owner)["status"] == "succeeded"


def test_a_method_is_kept_for_later_with_its_customer(bench):
    owner, method = customer(bench), bench.card()["id"]
    paid(bench, method, customer=owner, setup_future_usage="off_session")
    assert bench.get(f"/v1/payment_methods/{method}").json()["customer"] == owner
    again = paid(bench, method, customer=owner, off_session=True)
    assert again["status"] == "succeeded"


def test_an_amex_takes_nine_digits(bench):
    form = PAY | {"amount": 1_000_000_000, "confirm": True, "payment_method": "pm_card_amex"}
    assert error(bench.post(INTENTS, form))["code"] == "amount_too_large"
    assert bench.post(INTENTS, form | {"payment_method": "pm_card_visa"}).status_code == 200


# --- refunds


def test_a_refund_of_the_whole(bench):
    intent = paid(bench)
    refund = bench.post(REFUNDS, {"payment_intent": intent["id"], "metadata": {"a": 1}}).json()
    assert (refund["amount"], refund["status"], refund["currency"]) == (1099, "succeeded", "usd")
    assert refund["charge"] == intent["latest_charge"]
    assert bench.get(f"{REFUNDS}/{refund['id']}").json() == refund
    charge = bench.get(f"/v1/charges/{refund['charge']}").json()
    assert (charge["refunded"], charge["amount_refunded"]) == (True, 1099)
    again = bench.post(REFUNDS, {"charge": intent["latest_charge"]})
    assert (again.status_code, error(again)["code"]) == (400, "charge_already_refunded")


def test_refunds_in_parts_and_too_much(bench):
    intent = paid(bench)
    more = bench.post(REFUNDS, {"payment_intent": intent["id"], "amount": 1100})
    assert error(more)["message"] == (
        "Refund amount (11.00 usd) is greater than charge amount (10.99 usd)"
    )
    parts = [
        bench.post(REFUNDS, {"charge": intent["latest_charge"], "amount": amount}).json()["id"]
        for amount in (99, 500)
    ]
    left = bench.post(REFUNDS, {"payment_intent": intent["id"], "amount": 501})
    assert "unrefunded amount on charge (5.00 usd)" in error(left)["message"]
    rest = bench.post(REFUNDS, {"payment_intent": intent["id"]}).json()
    assert rest["amount"] == 500
    listed = ids(bench.get(f"{REFUNDS}?payment_intent={intent['id']}"))
    assert listed == [rest["id"], *parts[::-1]]
    assert error(bench.get(f"{REFUNDS}?charge=ch_none"))["param"] == "charge"
    assert ids(bench.get(f"{REFUNDS}?limit=1&starting_after={rest['id']}")) == [parts[1]]


def test_a_refunds_amount_follows_its_currency(bench):
    intent = paid(bench, amount=279000, currency="isk")
    form = {"payment_intent": intent["id"], "amount": 150}
    assert error(bench.post(REFUNDS, form))["param"] == "amount"
    assert bench.post(REFUNDS, form | {"amount": 200}).status_code == 200


def test_a_key_gives_back_once(bench):
    form = {"payment_intent": paid(bench)["id"], "amount": 100}
    first, second = (bench.post(REFUNDS, form, Idempotency_Key="k").json() for _ in range(2))
    assert first == second
    assert len(ids(bench.get(REFUNDS))) == 1


@pytest.mark.parametrize(
    ("form", "param", "code"),
    [
        ({}, None, "parameter_missing"),
        ({"payment_intent": "pi_none"}, "payment_intent", "resource_missing"),
        ({"charge": "ch_none"}, "charge", "resource_missing"),
        ({"payment_intent": "PAID", "amount": 0}, "amount", "parameter_invalid_integer"),
        ({"payment_intent": "PAID", "reason": "regret"}, "reason", None),
        ({"payment_intent": "PAID", "cause": "x"}, "cause", "parameter_unknown"),
        ({"payment_intent": "PAID", "reverse_transfer": True}, "reverse_transfer", None),
        ({"payment_intent": "PAID", "origin": "customer_balance"}, "origin", None),
        ({"payment_intent": "OPEN"}, "payment_intent", None),
        ({"payment_intent": "HELD"}, "payment_intent", None),
    ],
)
def test_refunds_that_cannot_be(bench, form, param, code):
    made = {
        "PAID": paid(bench)["id"],
        "OPEN": bench.post(INTENTS, PAY).json()["id"],
        "HELD": paid(bench, capture_method="manual")["id"],
    }
    sent = {name: made.get(str(value), value) for name, value in form.items()}
    answer = bench.post(REFUNDS, sent)
    assert answer.status_code == 400
    assert (error(answer).get("param"), error(answer).get("code")) == (param, code)
    assert ids(bench.get(REFUNDS)) == []


def test_a_refund_is_changed_in_its_metadata_alone(bench):
    refund = bench.post(REFUNDS, {"payment_intent": paid(bench)["id"]}).json()["id"]
    changed = bench.post(f"{REFUNDS}/{refund}", {"metadata": {"a": "1"}}).json()
    assert changed["metadata"] == {"a": "1"}
    assert bench.post(f"{REFUNDS}/{refund}", {"amount": 1}).status_code == 400
    assert bench.post(f"{REFUNDS}/{refund}/cancel", {}).status_code == 400
    assert bench.get(f"{REFUNDS}/re_none").status_code == 404


def test_charges_tell_each_attempt(bench):
    intent = bench.post(INTENTS, PAY).json()["id"]
    form = {"payment_method": "pm_card_visa_chargeDeclinedLostCard"}
    declined = error(bench.post(f"{INTENTS}/{intent}/confirm", form))
    bench.post(f"{INTENTS}/{intent}/confirm", {"payment_method": "pm_card_visa"})
    rows = bench.get(f"/v1/charges?payment_intent={intent}").json()["data"]
    assert [row["status"] for row in rows] == ["succeeded", "failed"]
    assert (rows[1]["id"], rows[1]["failure_code"]) == (declined["charge"], "card_declined")
    assert bench.post(REFUNDS, {"charge": declined["charge"]}).status_code == 400


# --- options of the card


def card(**options: Any) -> dict[str, Any]:
    return {"payment_method_options": {"card": options}}


def test_the_cards_own_option_may_ask_for_a_capture(bench):
    held = paid(bench, **card(capture_method="manual"))
    assert (held["status"], held["amount_capturable"]) == ("requires_capture", 1099)
    done = bench.post(f"{INTENTS}/{held['id']}/capture", {}).json()
    assert done["status"] == "succeeded"
    later = bench.post(INTENTS, PAY | {"payment_method": "pm_card_visa"}).json()["id"]
    confirm = bench.post(f"{INTENTS}/{later}/confirm", card(capture_method="manual"))
    assert confirm.json()["status"] == "requires_capture"


def test_the_cards_own_option_may_set_it_up_for_later(bench):
    owner, method = customer(bench), bench.card()["id"]
    paid(bench, method, customer=owner, **card(setup_future_usage="off_session"))
    assert bench.get(f"/v1/payment_methods/{method}").json()["customer"] == owner


def test_a_network_is_chosen_when_it_is_confirmed_and_is_the_cards(bench):
    early = bench.post(INTENTS, PAY | card(network="visa"))
    assert error(early)["param"] == "payment_method_options[card][network]"
    assert paid(bench, **card(network="visa"))["status"] == "succeeded"
    form = PAY | {"confirm": True, "payment_method": "pm_card_visa"} | card(network="amex")
    assert error(bench.post(INTENTS, form))["param"] == "payment_method_options[card][network]"


@pytest.mark.parametrize("path", [INTENTS, "/v1/setup_intents"])
def test_a_3ds_server_of_ones_own_has_asked_already(bench, path):
    secure = {
        "cryptogram": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "transaction_id": "t",
        "version": "2.2.0",
    }
    form = {
        "confirm": True,
        "payment_method": "pm_card_authenticationRequired",
        "allowed_payment_method_types": ["card"],
    }
    form |= PAY if path == INTENTS else {}
    assert bench.post(path, form).json()["status"] == "requires_action"
    assert bench.post(path, form | card(three_d_secure=secure)).json()["status"] == "succeeded"


def test_metadata_grows_to_fifty_keys_and_no_further(bench):
    full = {f"k{at}": "v" for at in range(50)}
    made = paid(bench, capture_method="manual", metadata=full)["id"]
    form = {"metadata": {"one": "more"}}
    for path in (f"{INTENTS}/{made}", f"{INTENTS}/{made}/capture"):
        assert error(bench.post(path, form))["param"] == "metadata"
    assert bench.get(f"{INTENTS}/{made}").json()["status"] == "requires_capture"
    swap = {"metadata": {"k1": "", "one": "more"}}
    assert len(bench.post(f"{INTENTS}/{made}/capture", swap).json()["metadata"]) == 50
