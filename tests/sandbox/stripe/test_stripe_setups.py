"""Setup intents: a card verified and kept without a payment, and what it does to the CVC."""

from typing import Any

import pytest

SETUPS = "/v1/setup_intents"
METHODS = "/v1/payment_methods"
CARD_ONLY = {"allowed_payment_method_types": ["card"]}
BODY = {"card": {"number": "", "cvc": ""}}


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def customer(bench) -> str:
    made: str = bench.post("/v1/customers", {"name": "Jane Roe"}).json()["id"]
    return made


def set_up(bench, method: str, **extra: Any) -> Any:
    return bench.post(SETUPS, CARD_ONLY | {"payment_method": method, "confirm": True} | extra)


def test_create_then_confirm(bench):
    made = bench.post(SETUPS, CARD_ONLY | {"metadata": {"a": "1"}}).json()
    assert (made["status"], made["usage"]) == ("requires_payment_method", "off_session")
    early = bench.post(f"{SETUPS}/{made['id']}/confirm", {})
    assert error(early)["code"] == "setup_intent_unexpected_state"
    assert error(early)["setup_intent"]["id"] == made["id"]
    method = bench.card()["id"]
    done = bench.post(f"{SETUPS}/{made['id']}/confirm", {"payment_method": method}).json()
    assert (done["status"], done["payment_method"]) == ("succeeded", method)
    assert bench.get(f"{SETUPS}/{made['id']}").json() == done
    again = bench.post(f"{SETUPS}/{made['id']}/confirm", {})
    assert error(again)["code"] == "setup_intent_unexpected_state"


def test_confirming_uses_the_cvc(bench):
    method = bench.card()["id"]
    set_up(bench, method)
    bench.forward(BODY, "card_number card_cvc", method=method)
    assert bench.left() == {"card": {"number": "4242424242424242", "cvc": ""}}


def test_creating_alone_does_not_use_the_cvc(bench):
    method = bench.card()["id"]
    bench.post(SETUPS, CARD_ONLY | {"payment_method": method})
    bench.forward(BODY, "card_number card_cvc", method=method)
    assert bench.left()["card"]["cvc"] == "737"


def test_stripe_keeps_the_cvc_by_arrangement(bench):
    bench.switch("settings", {"setup_keeps_cvc": True})
    method = bench.card()["id"]
    set_up(bench, method, customer=customer(bench))
    bench.forward(BODY, "card_number card_cvc", method=method)
    assert bench.left()["card"]["cvc"] == "737"


def test_the_method_is_attached_to_the_customer(bench):
    owner, method = customer(bench), bench.card()["id"]
    done = set_up(bench, method, customer=owner, expand=["payment_method", "customer"]).json()
    assert done["payment_method"]["customer"] == owner
    assert done["customer"]["name"] == "Jane Roe"
    listed = bench.get(f"{METHODS}?customer={owner}").json()["data"]
    assert [row["id"] for row in listed] == [method]


def test_without_a_customer_it_can_be_attached_later(bench):
    method = bench.card()["id"]
    assert set_up(bench, method).json()["status"] == "succeeded"
    owner = customer(bench)
    answer = bench.post(f"{METHODS}/{method}/attach", {"customer": owner})
    assert answer.json()["customer"] == owner


def test_a_card_that_the_bank_refuses(bench):
    answer = set_up(bench, "pm_card_visa_chargeDeclinedInsufficientFunds")
    found = error(answer)
    assert (answer.status_code, found["code"]) == (402, "card_declined")
    assert found["decline_code"] == "insufficient_funds"
    intent = bench.get(f"{SETUPS}/{found['setup_intent']['id']}").json()
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert intent["last_setup_error"]["code"] == "card_declined"
    other = bench.post(f"{SETUPS}/{intent['id']}/confirm", {"payment_method": "pm_card_visa"})
    assert (other.json()["status"], other.json()["last_setup_error"]) == ("succeeded", None)


@pytest.mark.parametrize(
    "method",
    [
        "pm_card_authenticationRequired",
        "pm_card_authenticationRequiredOnSetup",
        "pm_card_authenticationRequiredSetupForOffSession",
    ],
)
def test_authentication(bench, method):
    intent = set_up(bench, method, return_url="https://shop.example/back").json()
    assert intent["status"] == "requires_action"
    assert intent["next_action"]["redirect_to_url"]["return_url"] == "https://shop.example/back"


def test_too_many_attempts_cancel(bench):
    found = error(set_up(bench, "pm_card_visa_chargeDeclined"))["setup_intent"]
    form = {"payment_method": "pm_card_visa_chargeDeclined"}
    seen = 1
    while found["status"] == "requires_payment_method" and seen < 50:
        found = error(bench.post(f"{SETUPS}/{found['id']}/confirm", form))["setup_intent"]
        seen += 1
    assert found["status"] == "canceled"


def test_cancel_and_list(bench):
    owner = customer(bench)
    first = bench.post(SETUPS, CARD_ONLY | {"customer": owner}).json()["id"]
    method = bench.card()["id"]
    second = bench.post(SETUPS, CARD_ONLY | {"payment_method": method}).json()["id"]
    gone = bench.post(f"{SETUPS}/{first}/cancel", {"cancellation_reason": "abandoned"}).json()
    assert (gone["status"], gone["cancellation_reason"]) == ("canceled", "abandoned")
    again = bench.post(f"{SETUPS}/{first}/cancel", {})
    assert error(again)["code"] == "setup_intent_unexpected_state"
    wrong = bench.post(f"{SETUPS}/{second}/cancel", {"cancellation_reason": "fraudulent"})
    assert error(wrong)["param"] == "cancellation_reason"
    for query, ids in (
        ("", [second, first]),
        (f"customer={owner}", [first]),
        (f"payment_method={method}", [second]),
        (f"starting_after={second}", [first]),
    ):
        assert [row["id"] for row in bench.get(f"{SETUPS}?{query}").json()["data"]] == ids


def test_update(bench):
    made = bench.post(SETUPS, CARD_ONLY).json()["id"]
    owner = customer(bench)
    form = {"customer": owner, "description": "later", "payment_method": "pm_card_visa"}
    changed = bench.post(f"{SETUPS}/{made}", form).json()
    assert (changed["status"], changed["customer"]) == ("requires_confirmation", owner)
    other = bench.post(f"{SETUPS}/{made}", {"customer": customer(bench)})
    assert error(other)["param"] == "customer"


@pytest.mark.parametrize(
    ("form", "param", "code"),
    [
        ({"usage": "never"}, "usage", None),
        ({"payment_method": "pm_none"}, "payment_method", "resource_missing"),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"amount": 100}, "amount", "parameter_unknown"),
        ({"return_url": "https://shop.example"}, "return_url", None),
        ({"confirm": True, "return_url": "back"}, "return_url", "url_invalid"),
        ({"single_use": {"amount": 1, "currency": "usd"}}, "single_use", None),
        (
            {"payment_method_types": ["card"]},
            "payment_method_types",
            "payment_method_types_no_longer_supported",
        ),
        (
            {"payment_method_options": {"klarna": {"currency": "usd"}}},
            "payment_method_options[klarna]",
            "parameter_unknown",
        ),
    ],
)
def test_bad_parameters(bench, form, param, code):
    answer = bench.post(SETUPS, form)
    assert answer.status_code == 400
    assert (error(answer)["param"], error(answer).get("code")) == (param, code)


def test_types_by_version(bench):
    form = {"payment_method_types": ["card"]}
    assert bench.post(SETUPS, form, Stripe_Version="2026-08-26.dahlia").status_code == 200


def test_an_unknown_setup_intent(bench):
    answer = bench.get(f"{SETUPS}/seti_none")
    assert (answer.status_code, error(answer)["code"]) == (404, "resource_missing")


# --- what the customer does


def waiting(bench, **extra: Any) -> dict[str, Any]:
    form = CARD_ONLY | {"amount": 1099, "currency": "usd", "confirm": True}
    form |= {"payment_method": "pm_card_authenticationRequired"} | extra
    made: dict[str, Any] = bench.post("/v1/payment_intents", form).json()
    assert made["status"] == "requires_action"
    return made


@pytest.mark.parametrize(
    ("extra", "status"),
    [({}, "succeeded"), ({"capture_method": "manual"}, "requires_capture")],
    ids=["automatic", "manual-capture"],
)
def test_a_customer_who_passes_has_paid(bench, extra, status):
    made = waiting(bench, **extra)
    answer = bench.switch("authentications", {"intent": made["id"], "passed": True})
    assert answer.status_code == 200
    done = bench.get(f"/v1/payment_intents/{made['id']}").json()
    assert (done["status"], done["next_action"]) == (status, None)
    again = bench.switch("authentications", {"intent": made["id"], "passed": True})
    assert again.status_code == 400


def test_a_customer_who_fails_may_try_another_card(bench):
    made = waiting(bench)
    bench.switch("authentications", {"intent": made["id"], "passed": False})
    failed = bench.get(f"/v1/payment_intents/{made['id']}").json()
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    url = f"/v1/payment_intents/{made['id']}/confirm"
    assert bench.post(url, {"payment_method": "pm_card_visa"}).json()["status"] == "succeeded"


def test_a_manual_confirmation_is_confirmed_again(bench):
    made = waiting(bench, confirmation_method="manual")
    bench.switch("authentications", {"intent": made["id"], "passed": True})
    url = f"/v1/payment_intents/{made['id']}"
    assert bench.get(url).json()["status"] == "requires_confirmation"
    assert bench.post(f"{url}/confirm", {}).json()["status"] == "succeeded"


def test_a_set_up_that_passes_attaches_the_card(bench):
    owner = customer(bench)
    made = set_up(bench, "pm_card_authenticationRequiredOnSetup", customer=owner).json()
    bench.switch("authentications", {"intent": made["id"], "passed": True})
    done = bench.get(f"{SETUPS}/{made['id']}?expand[]=payment_method").json()
    assert (done["status"], done["payment_method"]["customer"]) == ("succeeded", owner)


@pytest.mark.parametrize("body", [{}, {"intent": "pi_none", "passed": True}, {"intent": 1}])
def test_a_switch_for_no_intent_is_refused(bench, body):
    assert bench.switch("authentications", body).status_code == 400
