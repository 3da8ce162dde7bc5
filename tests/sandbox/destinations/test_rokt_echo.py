"""The Rokt stand-in and the recording echo: both let test cards decide."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from forwardc.sandbox.app import InProcessExchange, call, scope_of
from forwardc.sandbox.cards import CARDS, Behaviour
from forwardc.sandbox.destinations import echo
from forwardc.sandbox.destinations.rokt import party as rokt
from forwardc.sandbox.world import (
    DestinationTimeoutError,
    DestinationUnreachableError,
    OutboundRequest,
    World,
)

AUTHORIZED = (("Authorization", "Bearer made-up"), ("Content-Type", "application/json"))


def number(behaviour: Behaviour) -> str:
    return next(card.number for card in CARDS if card.behaviour is behaviour)


def card(**payment: Any) -> dict[str, Any]:
    content = {"number": "4242424242424242", "expiryMonth": "03", "expiryYear": "2030"} | payment
    return {"payment": content, "reference": "r-1"}


def to_rokt(content: Any, headers: Any = AUTHORIZED, path: str = "/v1/cards") -> InProcessExchange:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    world = World(now=lambda: 1_790_000_000.0)
    outbound = OutboundRequest("POST", f"https://cards.rokt.example{path}", headers, data)
    return asyncio.run(call(rokt.create(world), scope_of(outbound), data))


def to_echo(
    data: bytes, type_: str = "application/octet-stream", method: str = "POST"
) -> InProcessExchange:
    headers = (("Content-Type", type_),)
    outbound = OutboundRequest(method, "https://new.partner.example/any/path?q=1", headers, data)
    return asyncio.run(call(echo.create(World()), scope_of(outbound), data))


@pytest.mark.parametrize("path", ["/", "/v1/cards", "/a/b/c"])
def test_rokt_accepts_on_any_path(path: str) -> None:
    exchange = to_rokt(card(cvc="123"), path=path)
    answer = json.loads(bytes(exchange.body))
    assert exchange.status == 200
    assert answer["status"] == "accepted"
    assert answer["last4"] == "4242"
    assert answer["standIn"] is True
    assert "42424242" not in bytes(exchange.body).decode()


def test_rokt_takes_an_address_that_may_be_empty() -> None:
    address = {"line1": "1 Main St", "line2": "", "state": "", "city": "B", "country": "KZ"}
    assert to_rokt(card(cvc="") | {"billingAddress": address}).status == 200
    assert to_rokt(card() | {"billingAddress": address | {"zip": "1"}}).status == 422


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (card(), (("Content-Type", "application/json"),), 401),
        (card(), (("Authorization", "Bearer x"),), 415),
        (b"{", AUTHORIZED, 400),
        ({"payment": {}}, AUTHORIZED, 422),
        (card(number=4242424242424242), AUTHORIZED, 422),
        (card(number="4111111111111112"), AUTHORIZED, 422),
        (card(expiryMonth="3"), AUTHORIZED, 422),
        (card(cvc="12"), AUTHORIZED, 422),
        (card(), (("Authorization", "Bearer {{ secret_x }}"), AUTHORIZED[1]), 401),
        (card(pan="4242424242424242"), AUTHORIZED, 422),
        (card(expiryYear="2025"), AUTHORIZED, 402),
        (card(number=number(Behaviour.DECLINE)), AUTHORIZED, 402),
        (card(number=number(Behaviour.INSUFFICIENT_FUNDS)), AUTHORIZED, 402),
        (card(number=number(Behaviour.SERVER_ERROR)), AUTHORIZED, 500),
    ],
)
def test_rokt_refuses(content: Any, headers: Any, status: int) -> None:
    exchange = to_rokt(content, headers)
    assert exchange.status == status
    assert json.loads(bytes(exchange.body))["standIn"] is True


def test_rokt_faults() -> None:
    with pytest.raises(DestinationTimeoutError):
        to_rokt(card(number=number(Behaviour.TIMEOUT)))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_echo_takes_anything_and_gives_nothing_back(method: str) -> None:
    exchange = to_echo(b"\xff\x00 some body", method=method)
    assert exchange.status == 200
    assert json.loads(bytes(exchange.body)) == {"received": True}


JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("wrap", "type_"),
    [
        (lambda run: json.dumps({"n": run}).encode(), JSON),
        (lambda run: json.dumps({"inner": json.dumps({"n": run})}).encode(), JSON),
        (lambda run: urlencode({"card[number]": run}).encode(), FORM),
        (lambda run: f"<n>{run}</n>".encode(), "text/xml"),
        (lambda run: f"<n>{run}</n>".encode("utf-16"), "text/xml"),
        (lambda run: ("n=" + "".join(f"%{ord(digit):02X}" for digit in run)).encode(), FORM),
    ],
)
def test_echo_lets_test_cards_decide(wrap: Any, type_: str) -> None:
    assert to_echo(wrap("4242424242424242"), type_).status == 200
    assert to_echo(wrap(number(Behaviour.DECLINE)), type_).status == 402
    assert to_echo(wrap(number(Behaviour.SERVER_ERROR)), type_).status == 500
    assert to_echo(wrap(number(Behaviour.MALFORMED)), type_).body == b'{"status":"'
    with pytest.raises(DestinationUnreachableError):
        to_echo(wrap(number(Behaviour.NOT_CONNECTED)), type_)


def test_echo_refuses_what_looks_like_a_real_card() -> None:
    # Passes Luhn and fits a brand, but is published nowhere as this sandbox's test card.
    exchange = to_echo(b'{"number":"4000000000000010"}')
    assert exchange.status == 422
    assert b"4000000000000010" not in bytes(exchange.body)
    assert to_echo(b'{"order":"4000000000000011"}').status == 200
    assert to_echo(b'{"time":1790000000000}').status == 200
