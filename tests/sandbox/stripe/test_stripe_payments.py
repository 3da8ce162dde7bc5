"""Stripe as a destination: payment intents by test card."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forwardc.sandbox.cards import CARDS, Behaviour
from forwardc.sandbox.stripe.intents import CONFIRM, CREATE
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
)

METHODS = "/v1/payment_methods"
INTENTS = "/v1/payment_intents"
DAHLIA = "2026-08-26.dahlia"
CARD = {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030}
PAY = {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def pay(bench, method: str = "pm_card_visa", **extra: Any) -> Any:
    headers = {"Stripe_Version": extra.pop("version")} if "version" in extra else {}
    return bench.post(INTENTS, PAY | {"confirm": True, "payment_method": method} | extra, **headers)


def test_a_payment_succeeds(bench, follows_contract):
    intent = pay(bench, bench.card()["id"]).json()
    follows_contract("payment_intent", intent)
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 1099)
    assert intent["latest_charge"].startswith("ch_")
    assert intent["payment_method_types"] == ["card"]
    assert bench.get(f"{INTENTS}/{intent['id']}").json() == intent


def test_create_then_confirm(bench, follows_contract):
    made = bench.post(INTENTS, PAY).json()
    assert made["status"] == "requires_payment_method"
    with_method = bench.post(INTENTS, PAY | {"payment_method": "pm_card_visa"}).json()
    assert with_method["status"] == "requires_confirmation"
    for intent, form in ((made, {"payment_method": "pm_card_visa"}), (with_method, {})):
        done = bench.post(f"{INTENTS}/{intent['id']}/confirm", form).json()
        follows_contract("payment_intent", done)
        assert done["status"] == "succeeded"


def test_manual_capture(bench):
    intent = pay(bench, capture_method="manual").json()
    assert (intent["status"], intent["amount_capturable"]) == ("requires_capture", 1099)


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        (
            "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
            "card_declined",
            "card_velocity_exceeded",
        ),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
    ],
)
def test_declines(bench, follows_contract, method, code, decline_code):
    answer = pay(bench, method)
    assert answer.status_code == 402
    found = error(answer)
    follows_contract("error", answer.json())
    assert (found["type"], found["code"], found.get("decline_code")) == (
        "card_error",
        code,
        decline_code,
    )
    assert found["payment_intent"]["status"] == "requires_payment_method"
    assert found["payment_method"]["id"] == method
    kept = bench.get(f"{INTENTS}/{found['payment_intent']['id']}").json()
    assert kept["last_payment_error"]["code"] == code
    assert kept["payment_method"] is None


def test_another_card_after_a_decline(bench):
    intent = error(pay(bench, "pm_card_visa_chargeDeclined"))["payment_intent"]
    form = {"payment_method": "pm_card_visa"}
    done = bench.post(f"{INTENTS}/{intent['id']}/confirm", form).json()
    assert (done["status"], done["last_payment_error"]) == ("succeeded", None)


def test_too_many_attempts_cancel(bench):
    found = error(pay(bench, "pm_card_visa_chargeDeclined"))
    url = f"{INTENTS}/{found['payment_intent']['id']}/confirm"
    form = {"payment_method": "pm_card_visa_chargeDeclined"}
    seen = [found["payment_intent"]["status"]]
    while seen[-1] == "requires_payment_method" and len(seen) < 50:
        seen.append(error(bench.post(url, form))["payment_intent"]["status"])
    assert seen[-1] == "canceled"
    assert error(bench.post(url, form))["code"] == "payment_intent_unexpected_state"


def test_authentication(bench, follows_contract):
    intent = pay(bench, "pm_card_authenticationRequired").json()
    follows_contract("payment_intent", intent)
    assert (intent["status"], intent["next_action"]["type"]) == (
        "requires_action",
        "use_stripe_sdk",
    )
    back = "https://shop.example/back"
    redirected = pay(bench, "pm_card_authenticationRequired", return_url=back).json()
    follows_contract("payment_intent", redirected)
    assert redirected["next_action"]["redirect_to_url"]["return_url"] == back


@pytest.mark.parametrize("option", [{"off_session": True}, {"error_on_requires_action": True}])
def test_authentication_that_cannot_happen_is_a_decline(bench, option):
    answer = pay(bench, "pm_card_authenticationRequired", **option)
    assert (answer.status_code, error(answer)["code"]) == (402, "authentication_required")


def test_a_card_set_up_for_off_session_use(bench):
    method = "pm_card_authenticationRequiredSetupForOffSession"
    assert pay(bench, method, off_session="recurring").json()["status"] == "succeeded"
    assert pay(bench, method).json()["status"] == "requires_action"


def test_processing(bench, follows_contract):
    intent = pay(bench, "pm_sandbox_processing").json()
    follows_contract("payment_intent", intent)
    assert (intent["status"], intent["amount_received"]) == ("processing", 0)
    again = bench.post(f"{INTENTS}/{intent['id']}/confirm", {})
    assert error(again)["code"] == "payment_intent_unexpected_state"


def test_a_payment_uses_the_card_up_but_not_for_forwarding(bench):
    method = bench.card()["id"]
    pay(bench, method)
    assert error(pay(bench, method))["param"] == "payment_method"
    body = {"card": {"number": "", "cvc": ""}}
    assert bench.forward(body, "card_number card_cvc", method=method).status_code == 200
    assert bench.left() == {"card": {"number": "4242424242424242", "cvc": ""}}


def test_payment_method_types_by_version(bench):
    form = {"amount": 100, "currency": "eur", "payment_method_types": ["card"]}
    assert bench.post(INTENTS, form, Stripe_Version=DAHLIA).status_code == 200
    answer = bench.post(INTENTS, form)
    assert answer.status_code == 400
    assert error(answer)["code"] == "payment_method_types_no_longer_supported"
    assert error(answer)["param"] == "payment_method_types"
    old = bench.post(INTENTS, PAY, Stripe_Version="2026-06-24.dahlia")
    assert error(old)["code"] == "parameter_unknown"
    both = form | {"automatic_payment_methods": {"enabled": True}}
    assert bench.post(INTENTS, both, Stripe_Version=DAHLIA).status_code == 400


def test_dynamic_payment_methods_want_a_return_url(bench):
    form = {"amount": 100, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
    assert error(bench.post(INTENTS, form))["param"] == "return_url"
    never = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    for extra in ({"return_url": "https://shop.example"}, never):
        assert bench.post(INTENTS, form | extra).json()["status"] == "succeeded"
    bench.world.lax = frozenset({"stripe_no_return_url"})
    assert bench.post(INTENTS, form).json()["status"] == "succeeded"


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"amount": None}, "amount", "parameter_missing"),
        ({"amount": 0}, "amount", "parameter_invalid_integer"),
        ({"amount": -5}, "amount", "parameter_invalid_integer"),
        ({"amount": "10.99"}, "amount", "parameter_invalid_integer"),
        ({"currency": None}, "currency", "parameter_missing"),
        ({"amount": 10**12}, "amount", "amount_too_large"),
        ({"amount": 49}, "amount", "amount_too_small"),
        ({"amount": 5, "currency": "jpy"}, "amount", "amount_too_small"),
        ({"amount": 1, "currency": "EUR"}, "amount", "amount_too_small"),
        ({"amount": 55, "currency": "sar"}, "amount", "amount_too_small"),
        ({"amount": 29, "currency": "gbp"}, "amount", "amount_too_small"),
        ({"amount": 49, "currency": "CAD"}, "amount", "amount_too_small"),
        ({"amount": 12345, "currency": "ugx"}, "amount", None),
        ({"amount": 2790, "currency": "isk"}, "amount", None),
        ({"amount": 5124, "currency": "kwd"}, "amount", None),
        ({"amount": 1001, "currency": "TND"}, "amount", None),
        ({"currency": "dollar"}, "currency", None),
        ({"currency": "zzz"}, "currency", None),
        ({"currency": "iqd"}, "currency", None),
        ({"currency": "4242424242424242"}, "currency", None),
        ({"confirm": "yes"}, "confirm", None),
        ({"off_session": True}, "off_session", None),
        ({"payment_method": "pm_none"}, "payment_method", "resource_missing"),
        ({"payment_method_data": {"type": "card"}}, "payment_method_data", None),
        ({"statement_descriptor": "x" * 23}, "statement_descriptor", None),
        ({"capture_method": "later"}, "capture_method", None),
        ({"cardholder": "x"}, "cardholder", "parameter_unknown"),
        ({"expand": ["charges"]}, "expand[0]", None),
        ({"expand": ["latest_charge.payment_intent.customer.test_clock.x"]}, "expand[0]", None),
        ({"description": ""}, "description", "parameter_invalid_empty"),
        ({"receipt_email": "jane"}, "receipt_email", "email_invalid"),
        ({"statement_descriptor": "Shop"}, "statement_descriptor", None),
        ({"customer": "cus_none"}, "customer", "resource_missing"),
        ({"on_behalf_of": "acct_other"}, "on_behalf_of", "resource_missing"),
        (
            {"transfer_data": {"destination": "acct_other"}},
            "transfer_data[destination]",
            "resource_missing",
        ),
        ({"application_fee_amount": 1}, "application_fee_amount", None),
        (
            {"allowed_payment_method_types": ["card", "klarna"]},
            "allowed_payment_method_types[1]",
            None,
        ),
        (
            {"payment_method_options": {"card": {"restrictions": {"a": 1}}}},
            "payment_method_options[card][restrictions]",
            "parameter_unknown",
        ),
        (
            {"payment_method_options": {"card": {"three_d_secure": {"version": "2.2.0"}}}},
            "payment_method_options[card][three_d_secure][cryptogram]",
            "parameter_missing",
        ),
        ({"shipping": {"name": "Jane"}}, "shipping[address]", "parameter_missing"),
    ],
)
def test_bad_parameters_of_intents(bench, follows_contract, change, param, code):
    form = {name: value for name, value in (PAY | change).items() if value is not None}
    answer = bench.post(INTENTS, form)
    assert answer.status_code == 400
    assert (error(answer)["param"], error(answer).get("code")) == (param, code)
    follows_contract("error", answer.json())


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (1000000, "ugx"),
        (279000, "isk"),
        (279000, "ISK"),
        (5120, "kwd"),
        (1000, "Eur"),
        (80, "jpy"),
        (3000, "mga"),
        (999_999_999_999, "usd"),
        (50, "usd"),
        (49, "eur"),
    ],
)
def test_amounts_as_stripe_counts_them(bench, amount, currency):
    made = bench.post(INTENTS, PAY | {"amount": amount, "currency": currency})
    assert made.status_code == 200
    assert (made.json()["amount"], made.json()["currency"]) == (amount, currency.lower())


@pytest.mark.parametrize(
    ("settlement", "least"), [("usd", 50), ("gbp", 30), ("jpy", 50), ("huf", 17500), ("czk", 1500)]
)
def test_the_minimum_counts_in_the_currency_of_settlement(bench, settlement, least):
    bench.switch("settings", {"settlement_currency": settlement})
    form = PAY | {"currency": settlement}
    refused = bench.post(INTENTS, form | {"amount": least - 1})
    assert error(refused)["code"] == "amount_too_small"
    assert bench.post(INTENTS, form | {"amount": least}).status_code == 200


def test_a_sum_in_another_currency_is_judged_where_no_rate_would_do(bench):
    refused = bench.post(INTENTS, PAY | {"amount": 5, "currency": "jpy"})
    assert error(refused)["message"] == (
        "Amount must convert to at least 50 cents. 5 jpy converts to approximately $0.03 usd."
    )
    bench.switch("settings", {"settlement_currency": "inr"})
    assert bench.post(INTENTS, PAY | {"amount": 1, "currency": "eur"}).status_code == 200
    bench.switch("settings", {"settlement_currency": "huf"})
    assert bench.post(INTENTS, PAY | {"amount": 20, "currency": "eur"}).status_code == 400
    bench.world.lax = frozenset({"stripe_small_amounts", "stripe_currencies"})
    assert bench.post(INTENTS, PAY | {"amount": 1, "currency": "eur"}).status_code == 200
    assert bench.post(INTENTS, PAY | {"amount": 1, "currency": "zzz"}).status_code == 200
    assert [one.name for one in bench.world.slips] == ["stripe_small_amounts", "stripe_currencies"]


def test_a_currency_of_settlement_must_be_one(bench):
    assert bench.switch("settings", {"settlement_currency": "zzz"}).status_code == 400


def test_empty_values_are_a_laxness(bench):
    bench.world.lax = frozenset({"stripe_empty_values"})
    form = {"type": "card", "card": CARD | {"cvc": ""}}
    assert bench.post(METHODS, form).json()["card"]["checks"]["cvc_check"] is None
    assert [(one.name, one.place) for one in bench.world.slips] == [
        ("stripe_empty_values", "card[cvc]")
    ]
    assert error(bench.post(METHODS, {"type": ""}))["code"] == "parameter_missing"


def test_a_refused_currency_is_named_in_small_letters_and_a_card_is_not(bench):
    named = error(bench.post(INTENTS, PAY | {"currency": "ZZZ"}))["message"]
    assert named.startswith("Invalid currency: zzz. Stripe currently supports these currencies: ")
    hidden = error(bench.post(INTENTS, PAY | {"currency": "4242424242424242"}))["message"]
    assert "4242" not in hidden


def test_confirm_without_a_method(bench, follows_contract):
    intent = bench.post(INTENTS, PAY).json()
    answer = bench.post(f"{INTENTS}/{intent['id']}/confirm", {})
    assert error(answer)["code"] == "payment_intent_unexpected_state"
    follows_contract("error", answer.json())
    assert bench.post(f"{INTENTS}/pi_none/confirm", {}).status_code == 404


def test_expanding_the_method(bench, follows_contract):
    intent = pay(bench, expand=["payment_method"]).json()
    follows_contract("payment_intent", intent)
    assert intent["payment_method"]["card"]["last4"] == "4242"


@pytest.mark.parametrize(
    ("path", "version", "shape"),
    [
        ("/v1/payment_intents", "stripe-openapi-subset.json", CREATE),
        ("/v1/payment_intents/{intent}/confirm", "stripe-openapi-subset.json", CONFIRM),
        ("/v1/payment_intents", "stripe-openapi-subset.dahlia.json", CREATE),
    ],
)
def test_every_published_parameter_is_known(
    shared: Callable[[str], Path], path: str, version: str, shape: Any
) -> None:
    document = json.loads(shared(f"contracts/{version}").read_text())
    body = document["paths"][path]["post"]["requestBody"]["content"]
    published = body["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert sorted(set(published) - set(shape.fields)) == []


# --- faults by test card


def number(behaviour: Behaviour) -> str:
    return next(card.number for card in CARDS if card.behaviour is behaviour)


@pytest.mark.parametrize(
    ("behaviour", "fault"),
    [
        (Behaviour.TIMEOUT, DestinationTimeoutError),
        (Behaviour.BROKEN, DestinationBrokenError),
        (Behaviour.NOT_CONNECTED, DestinationUnreachableError),
    ],
)
def test_faults_of_the_connection(bench, behaviour, fault):
    method = bench.card(number(behaviour))["id"]
    with pytest.raises(fault):
        pay(bench, method)


def test_faults_of_the_server(bench):
    broken = pay(bench, bench.card(number(Behaviour.SERVER_ERROR))["id"])
    assert (broken.status_code, error(broken)["type"]) == (500, "api_error")
    malformed = pay(bench, bench.card(number(Behaviour.MALFORMED))["id"])
    assert malformed.status_code == 200
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(malformed.content)


def test_a_card_forwarded_by_another_vault_fails_at_once(bench):
    """A vault's requests come from port 0; a client's own card is stored whatever it does."""
    form = (
        f"type=card&card[number]={number(Behaviour.TIMEOUT)}&card[exp_month]=3&card[exp_year]=2030"
    )
    assert bench.post(METHODS, form).status_code == 200
    with pytest.raises(DestinationTimeoutError):
        asyncio.run(bench.request("POST", METHODS, form, client=("127.0.0.1", 0)))
