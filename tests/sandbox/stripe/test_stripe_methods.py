"""Stripe as a destination: payment methods, and the fixed ones."""

import json
from typing import Any

import pytest

from forwardc.sandbox.stripe.seed import seed, sources
from forwardc.sandbox.world import World

METHODS = "/v1/payment_methods"
INTENTS = "/v1/payment_intents"
CARD = {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030}
PAY = {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def pay(bench, method: str = "pm_card_visa", **extra: Any) -> Any:
    headers = {"Stripe_Version": extra.pop("version")} if "version" in extra else {}
    return bench.post(INTENTS, PAY | {"confirm": True, "payment_method": method} | extra, **headers)


def test_a_payment_method_shows_the_card_without_its_number(bench, follows_contract):
    shown = bench.card(metadata={"order": "7"}, allow_redisplay="always")
    follows_contract("payment_method", shown)
    assert shown["card"]["last4"] == "4242"
    assert (shown["card"]["exp_month"], shown["card"]["exp_year"]) == (3, 2030)
    assert shown["card"]["checks"]["cvc_check"] == "unchecked"
    assert shown["billing_details"]["name"] == "Jane Roe"
    assert shown["metadata"] == {"order": "7"}
    assert "4242424242424242" not in json.dumps(shown)
    assert bench.get(f"{METHODS}/{shown['id']}").json() == shown


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"number": "4242424242424241"}, "incorrect_number", "number"),
        ({"number": "4242 4242 4242 4242"}, "incorrect_number", "number"),
        ({"number": "4000000000000010"}, "incorrect_number", "number"),
        ({"exp_month": "13"}, "invalid_expiry_month", "exp_month"),
        ({"exp_month": "8", "exp_year": "2026"}, "invalid_expiry_month", "exp_month"),
        ({"exp_year": "95"}, "invalid_expiry_year", "exp_year"),
        ({"exp_year": "2025"}, "invalid_expiry_year", "exp_year"),
        ({"cvc": "99"}, "invalid_cvc", "cvc"),
        ({"cvc": "1234"}, "invalid_cvc", "cvc"),
    ],
)
def test_bad_cards(bench, follows_contract, change, code, param):
    card = {"number": "4242424242424242", "exp_month": "9", "exp_year": "2030", "cvc": "737"}
    answer = bench.post(METHODS, {"type": "card", "card": card | change})
    assert answer.status_code == 402
    found = error(answer)
    assert (found["type"], found["code"], found["param"]) == ("card_error", code, param)
    assert card["number"] not in answer.text
    follows_contract("error", answer.json())


@pytest.mark.parametrize(
    ("form", "param", "code"),
    [
        ({"card": {"number": "4242424242424242"}}, "type", "parameter_missing"),
        ({"type": "card"}, "card", "parameter_missing"),
        ({"type": "card", "card": {"exp_year": 2030}}, "card[number]", "parameter_missing"),
        (
            {"type": "card", "card": {"exp_month": "x"}},
            "card[exp_month]",
            "parameter_invalid_integer",
        ),
        ({"type": "card", "card": "x"}, "card", None),
        ({"type": "card", "card": {"token": "tok_none"}}, "card[token]", "resource_missing"),
        ({"type": "card", "source": {"id": "x"}}, "source", "parameter_unknown"),
        ({"type": "klarna"}, "type", None),
        ({"type": "card", "customer": "cus_1"}, "customer", None),
        ({"type": "card", "card": ""}, "card", "parameter_invalid_empty"),
        (
            {"type": "card", "card": CARD | {"cvc": ""}},
            "card[cvc]",
            "parameter_invalid_empty",
        ),
        (
            {"type": "card", "card": CARD, "billing_details": {"email": "jane"}},
            "billing_details[email]",
            "email_invalid",
        ),
        ({"type": ""}, "type", "parameter_invalid_empty"),
    ],
)
def test_bad_parameters_of_payment_methods(bench, form, param, code):
    answer = bench.post(METHODS, form)
    assert answer.status_code == 400
    assert (error(answer)["param"], error(answer).get("code")) == (param, code)


@pytest.mark.parametrize(
    ("country", "status"), [("GBR", 400), ("JA", 400), ("no", 400), ("GB", 200), ("XK", 200)]
)
def test_the_country_of_a_billing_address(bench, country, status):
    form = {"type": "card", "card": CARD, "billing_details": {"address": {"country": country}}}
    answer = bench.post(METHODS, form)
    assert answer.status_code == status
    if status == 400:
        assert error(answer)["param"] == "billing_details[address][country]"
        assert error(answer)["message"].startswith(f"Country '{country}' is unknown.")


def test_a_parameter_by_arrangement_is_unknown(bench):
    options = {"payment_method_options": {"card": {"moto": True}}}
    answer = pay(bench, **options)
    assert error(answer)["code"] == "parameter_unknown"
    assert error(answer)["param"] == "payment_method_options[card][moto]"


def test_raw_cards_can_be_switched_off(bench):
    bench.switch("settings", {"raw_card_access": False})
    card = {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030}
    answer = bench.post(METHODS, {"type": "card", "card": card})
    assert answer.status_code == 402
    assert error(answer)["message"].startswith("Sending credit card numbers directly")
    token = bench.post(METHODS, {"type": "card", "card": {"token": "tok_visa"}})
    assert token.json()["card"]["last4"] == "4242"


def test_an_unknown_payment_method(bench):
    answer = bench.get(f"{METHODS}/pm_none")
    assert (answer.status_code, error(answer)["code"]) == (404, "resource_missing")
    assert error(answer)["message"] == "No such PaymentMethod: 'pm_none'"


def test_fixed_sources_are_there_and_listed(bench):
    listed = {source["id"]: source for source in sources(bench.world)}
    assert listed["pm_sandbox_visa"]["last4"] == "4242"
    for identifier in listed:
        assert bench.get(f"{METHODS}/{identifier}").status_code == 200


def test_every_fixed_source_follows_the_schema(bench, follows_contract):
    for source in sources(bench.world):
        follows_contract("payment_method", bench.get(f"{METHODS}/{source['id']}").json())


def test_seeding_twice_changes_nothing(bench):
    bench.forward({"card": {"cvc": ""}}, "card_cvc", method="pm_sandbox_visa")
    before = json.dumps(bench.world.tables)
    seed(bench.world)
    assert json.dumps(bench.world.tables) == before


def test_the_state_survives_a_dump(bench):
    made = bench.card()
    again = World(now=bench.world.now, tables=json.loads(json.dumps(bench.world.tables)))
    assert again.tables == bench.world.tables
    assert made["id"] in again.table("stripe.payment_methods")
