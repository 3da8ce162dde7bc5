"""What the sandbox's Adyen takes and answers, held against the published contract."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from adyen_request import NOW, body, network_token, post
from forwardc.sandbox.cards import CARDS
from forwardc.sandbox.world import World

CONTRACT = "contracts/adyen-checkout-v71-mini.json"


@pytest.fixture
def world() -> World:
    return World(now=lambda: NOW)


# What a mutation does to one member of a valid body.
MUTATIONS: tuple[Any, ...] = (None, 0, 1.5, True, "", "x", "x" * 15_001, [], {}, {"x": "y"})


def mutations() -> list[tuple[str, dict[str, Any]]]:
    """Bodies that differ from a valid one in a single member: changed, dropped or added."""
    address = {
        "city": "B",
        "country": "DE",
        "houseNumberOrName": "1",
        "postalCode": "1",
        "street": "S",
    }
    full = network_token(
        billingAddress=address,
        shopperName={"firstName": "J", "lastName": "R"},
        metadata={"a": "b"},
        shopperReference="abc",
        shopperInteraction="Ecommerce",
        recurringProcessingModel="CardOnFile",
        channel="Web",
    )
    full["paymentMethod"] |= {"holderName": "J", "fundingSource": "credit"}
    found = []
    places = [(), *((name,) for name, value in full.items() if isinstance(value, dict))]
    for place in places:
        parent = full[place[0]] if place else full
        for name in (*parent, "other"):
            for value in (..., *MUTATIONS):
                request = copy.deepcopy(full)
                target = request[place[0]] if place else request
                if value is ...:
                    target.pop(name, None)
                else:
                    target[name] = value
                found.append((".".join((*place, name)), request))
    return found


@pytest.fixture(scope="module")
def contract(shared: Callable[[str], Path]) -> Draft202012Validator:
    document = json.loads(shared(CONTRACT).read_text(encoding="utf-8"))
    return Draft202012Validator({"$ref": "#/components/schemas/PaymentRequest"} | document)


def test_what_the_contract_refuses_is_refused_here(
    world: World, contract: Draft202012Validator
) -> None:
    refused = [pair for pair in mutations() if not contract.is_valid(pair[1])]
    assert len(refused) > 200
    taken = [where for where, request in refused if post(world, request)[0].status == 200]
    assert taken == []


def test_what_is_taken_here_is_valid_by_the_contract(
    world: World, contract: Draft202012Validator
) -> None:
    taken = [pair for pair in mutations() if post(world, pair[1])[0].status == 200]
    assert len(taken) > 20
    assert [where for where, request in taken if not contract.is_valid(request)] == []


def test_answers_are_valid_by_the_contract(world: World, contract: Draft202012Validator) -> None:
    document = contract.schema
    assert isinstance(document, dict)
    by_status = {200: "PaymentResponse"}
    cards = [{"number": card.number} for card in CARDS if card.at("adyen").value not in FAULTS]
    requests = [body(card=card | {"cvc": "7373"[: cvc_length(card)]}) for card in cards]
    for request in (*requests, {}, body(returnUrl=None), body(merchantAccount="")):
        exchange, answer = post(world, request)
        name = by_status.get(exchange.status, "ServiceError")
        if name == "PaymentResponse":
            # The cut contract has no schemas of actions, so that any action fits all of them.
            answer.pop("action", None)
        schema = {"$ref": f"#/components/schemas/{name}"} | {"components": document["components"]}
        assert Draft202012Validator(schema).is_valid(answer)


FAULTS = {"timeout", "broken", "not_connected", "malformed"}


def cvc_length(card: dict[str, str]) -> int:
    return 4 if card["number"][:2] in ("34", "37") else 3
