"""Compiled bodies of Adyen and Stripe, filled with test cards, are valid for the real APIs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from compiled import Run, bind, plan_of, program_of, repository_settings
from contracts import fill_blanks, filled, from_form, problems, request_schema

Shared = Callable[[str], Path]
CVV = {"cvv_token": "tok_" + "c" * 26}
PARAMS = {
    "amount": 1000,
    "currency": "EUR",
    "reference": "ORDER-1001",
    "return_url": "https://shop.example/return",
    "shopper_reference": "shopper-42",
}
ADYEN_CARD = {
    "number": "4111111111111111",
    "expiryMonth": "03",
    "expiryYear": "2030",
    "cvc": "737",
    "holderName": "John Smith",
}


def plan_for(root: Path, destination: str, vault: str) -> Any:
    data = (root / "destinations" / f"{destination}.yaml").read_bytes()
    program = program_of(data, settings=repository_settings(root, destination))
    return plan_of(program, vault)


def contract(shared: Shared, name: str) -> Any:
    return json.loads(shared(f"contracts/{name}").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "operation", ["card_cit", "card_mit", "network_token_cit", "network_token_mit"]
)
@pytest.mark.parametrize("given", [set(), {"shopper_reference"}])
def test_adyen_through_checkout_is_a_payment_request(
    operation: str, given: set[str], root: Path, shared: Shared
) -> None:
    params = {name: PARAMS[name] for name in PARAMS if name in given or name[:7] != "shopper"}
    plan = plan_for(root, "adyen", "checkout")
    (request,) = bind(plan, operation, Run(params=params, inputs=CVV))
    body = json.loads(filled(request["body"]["destination_request"]["body"]))
    schema = request_schema(contract(shared, "adyen-checkout-v71-mini.json"), "/payments")
    assert problems(schema, body) == []
    assert body["paymentMethod"]["number"] == ADYEN_CARD["number"]


@pytest.mark.parametrize("without", [set(), {"card.cvc"}, {"card.cvc", "card.holder_name"}])
def test_adyen_through_stripe_is_a_payment_request_in_a_forwarding_request(
    without: set[str], root: Path, shared: Shared
) -> None:
    plan = plan_for(root, "adyen", "stripe")
    run = Run(params=PARAMS, without=frozenset(without))
    (request,) = bind(plan, "card_cit", run)
    fields = dict(line.split(" = ", 1) for line in request["body"])
    body = fill_blanks(json.loads(fields["request[body]"]), ADYEN_CARD)
    adyen = request_schema(contract(shared, "adyen-checkout-v71-mini.json"), "/payments")
    assert problems(adyen, body) == []
    assert ("cvc" in body["paymentMethod"]) is ("card.cvc" not in without)
    stripe = contract(shared, "stripe-openapi-subset.json")
    schema = request_schema(stripe, "/v1/forwarding/requests")
    text = "&".join(f"{name}={quote(value)}" for name, value in fields.items())
    assert problems(schema, from_form(text, schema)) == []


def test_stripe_through_checkout_calls_three_endpoints_of_the_contract(
    root: Path, shared: Shared
) -> None:
    plan = plan_for(root, "stripe", "checkout")
    params = {"amount": 1000, "currency": "EUR", "description": "Order 1001 & more"}
    method, intent, confirm = bind(plan, "payment", Run(params=params, inputs=CVV))
    sent = method["body"]["destination_request"]
    stripe = contract(shared, "stripe-openapi-subset.json")
    bodies = {
        "/v1/payment_methods": filled(sent["body"]),
        "/v1/payment_intents": intent["body"],
        "/v1/payment_intents/{intent}/confirm": confirm["body"],
    }
    for path, body in bodies.items():
        schema = request_schema(stripe, path)
        assert problems(schema, from_form(body, schema)) == [], path
    assert [sent["url"], intent["url"], confirm["url"]] == [
        f"https://api.stripe.com{path.replace('{intent}', 'intent-id')}" for path in bodies
    ]


def test_the_contract_finds_a_wrong_body(root: Path, shared: Shared) -> None:
    schema = request_schema(contract(shared, "adyen-checkout-v71-mini.json"), "/payments")
    assert problems(schema, {"amount": {"value": 1}})
    stripe = contract(shared, "stripe-openapi-subset.json")
    schema = request_schema(stripe, "/v1/payment_methods")
    assert problems(schema, from_form("type=card&card[pan]=1", schema))
