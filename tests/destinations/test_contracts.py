"""Compiled bodies of Adyen and Stripe, filled with test cards, are valid for the real APIs."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from compiled import Run, bind, plan_of, program_of, repository_settings
from contracts import fill_blanks, filled, from_form, problems, request_schema

ROOT = Path(__file__).resolve().parents[2]
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


STRIPE = ("stripe-openapi-subset.json", "stripe-openapi-subset.dahlia.json")
# Dahlia's client did not know this parameter yet; Stripe added it in 2026-07-29.dahlia.
ADDED_LATER = "'allowed_payment_method_types' was unexpected"


def examples(root: Path, destination: str, *, optional: bool) -> dict[str, Any]:
    """The examples that the file gives for its params, or what stands in the list above."""
    data = yaml.safe_load((root / "destinations" / f"{destination}.yaml").read_bytes())
    return {
        name: given.get("example", PARAMS.get(name, given.get("default", "text")))
        for name, given in data.get("params", {}).items()
        if optional or not given.get("optional")
    }


def forwarded() -> list[str]:
    """Every shipped destination that goes through Stripe."""
    return sorted(one.parent.name for one in ROOT.glob("build/stripe/*/sandbox.plan.json"))


@pytest.mark.parametrize("optional", [True, False], ids=["every-param", "no-optional-param"])
@pytest.mark.parametrize("name", STRIPE)
@pytest.mark.parametrize("destination", forwarded())
def test_every_destination_through_stripe_is_a_forwarding_request(
    destination: str, name: str, optional: bool, root: Path, shared: Shared
) -> None:
    plan = plan_for(root, destination, "stripe")
    schema = request_schema(contract(shared, name), "/v1/forwarding/requests")
    seen = 0
    for operation, without in itertools.product(
        plan["operations"], (set(), {"card.cvc"}, {"card.holder_name"})
    ):
        params = examples(root, destination, optional=optional)
        run = Run(params=params, without=frozenset(without))
        for request in bind(plan, operation, run):
            if request["deliver"] != "vault":
                continue
            text = "&".join(
                f"{quote(key, safe='[]')}={quote(value)}"
                for key, value in (line.split(" = ", 1) for line in request["body"])
            )
            assert problems(schema, from_form(text, schema)) == [], operation
            seen += 1
    assert seen >= len(plan["operations"])


@pytest.mark.parametrize("optional", [True, False], ids=["every-param", "no-optional-param"])
@pytest.mark.parametrize("name", STRIPE)
@pytest.mark.parametrize("cvc", [True, False], ids=["cvc", "no-cvc"])
def test_stripe_as_a_destination_in_both_versions(
    name: str, cvc: bool, optional: bool, root: Path, shared: Shared
) -> None:
    plan = plan_for(root, "stripe", "checkout")
    stripe = contract(shared, name)
    run = Run(
        params=examples(root, "stripe", optional=optional),
        inputs=CVV if cvc else {},
        without=frozenset(() if cvc else {"card.cvc"}),
    )
    for operation in plan["operations"]:
        for request in bind(plan, operation, run):
            vaulted = request["deliver"] == "vault"
            sent = request["body"]["destination_request"] if vaulted else request
            path = (
                sent["url"].removeprefix("https://api.stripe.com").replace("intent-id", "{intent}")
            )
            schema = request_schema(stripe, path)
            body = filled(sent["body"]) if vaulted else sent["body"]
            found = problems(schema, from_form(body, schema))
            assert [line for line in found if ADDED_LATER not in line] == []


def test_the_contract_finds_a_wrong_body(root: Path, shared: Shared) -> None:
    schema = request_schema(contract(shared, "adyen-checkout-v71-mini.json"), "/payments")
    assert problems(schema, {"amount": {"value": 1}})
    stripe = contract(shared, "stripe-openapi-subset.json")
    schema = request_schema(stripe, "/v1/payment_methods")
    assert problems(schema, from_form("type=card&card[pan]=1", schema))
