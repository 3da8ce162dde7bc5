"""What the sandbox's Adyen takes and answers, held against the published contract."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from adyen_request import NOW, body, network_token, post
from contracts import response_schema
from forwardc.sandbox.cards import CARDS
from forwardc.sandbox.destinations.adyen.schema import CARD, payment_request
from forwardc.sandbox.world import World
from mistakes import mistakes

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


def test_a_rule_of_the_table_that_is_not_the_contracts_is_a_stricter_one(
    world: World, contract: Draft202012Validator
) -> None:
    """Whatever a table refuses is refused; what the contract refuses is in a table."""
    for what, request in mistakes(payment_request(71), body()):
        assert post(world, request)[0].status != 200, what
    names = contract.schema["components"]["schemas"]["PaymentRequest"]["properties"]
    assert payment_request(71).fields.keys() == names.keys()
    card = contract.schema["components"]["schemas"]["CardDetails"]["properties"]
    assert CARD.fields.keys() == card.keys()


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


def test_each_answer_is_that_of_its_path_and_status(
    shared: Callable[[str], Path], world: World
) -> None:
    document = json.loads(shared(CONTRACT).read_text(encoding="utf-8"))
    judges = {
        status: Draft202012Validator(response_schema(document, "/payments", status))
        for status in (200, 400, 401, 403, 422, 500)
    }
    seen = set()
    for headers, request in requests():
        exchange, answer = post(world, request, *headers, key=not headers)
        assert list(judges[exchange.status].iter_errors(answer)) == []
        seen.add(exchange.status)
    assert seen == set(judges)


def requests() -> Iterator[tuple[tuple[tuple[str, str], ...], Any]]:
    """Payments by each card and under each holder name that decides, and each way to be wrong."""
    yield (("X-API-Key", "another"),), body()
    yield (), b"{"
    for card in CARDS:
        if card.behaviour.value not in FAULTS:
            number = {"number": card.number, "cvc": "7373"[: cvc_length(card.number)]}
            yield (), body(card=number)
            yield (), body(card=number, shopperInteraction="ContAuth")
            native = {"threeDSRequestData": {"nativeThreeDS": "preferred"}}
            yield (), body(card=number, authenticationData=native)
    for holder in ("DECLINED", "REFERRAL", "ERROR", "PENDING", "SANDBOX_PENDING"):
        yield (), body(card={"holderName": holder})
    yield (), network_token()
    yield from (((), wrong) for _, wrong in mistakes(payment_request(71), body()))


FAULTS = {"timeout", "broken", "not_connected", "malformed"}


def cvc_length(number: str) -> int:
    return 4 if number[:2] in ("34", "37") else 3
