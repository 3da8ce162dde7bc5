"""The sandbox's own switches of Rocketpay Gate, at `/_sandbox/rocketpay`. Not the Gate's API.

Card numbers of test cards come from here by name: only whoever holds a number can sign `tokenize`,
and a client of this sandbox holds none. JSON in, JSON out; loopback only, so no key is asked for.
"""

import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from forwardc.sandbox.cards import lookup
from forwardc.sandbox.crypto import rocketpay as signature
from forwardc.sandbox.destinations.endpoint import loopback_url
from forwardc.sandbox.destinations.rocketpay import callbacks
from forwardc.sandbox.destinations.rocketpay.requests import (
    HOLD,
    PAYOUT,
    SALE,
    TOKENIZE,
    GateError,
    GateForm,
    GateRequest,
    behaviour_of,
    read,
    shared_secrets,
)
from forwardc.sandbox.world import World

# Published numbers, see cards.py. Names are this sandbox's own.
_NAMED = MappingProxyType(
    {
        "visa-test": "4242424242424242",
        "visa-approved": "4000000000000077",
        "visa-declined": "4111111111111111",
        "mastercard-test": "5555555555554444",
    }
)
_EXPIRY = {"year": 2030, "month": 8}

# How a card gets a token: asked for, or with its first payment that succeeds.
_WAYS = MappingProxyType({"tokenize": TOKENIZE, "purchase": SALE, "hold": HOLD, "payout": PAYOUT})

Perform = Callable[[World, GateRequest], dict[str, Any]]


def routes(world: World, perform: Perform) -> list[Route]:
    """`cards`, `tokens`, `callback-url` and `callbacks`.

    - GET cards: the names of test cards
    - POST tokens: {"card": name, "customer_id", "project_id", "ip_address"?, "year"?, "month"?,
      "by"?: tokenize | purchase | hold | payout}; the token is null where the payment gave none
    - POST callback-url: {"url": http://127.0.0.1:... | null}
    - GET callbacks: what is queued, without bodies
    """

    async def cards(_: Request) -> JSONResponse:
        return JSONResponse({"data": named_cards()})

    async def tokens(request: Request) -> JSONResponse:
        try:
            asked = await _object(request)
            form = _form(asked)
            document = _creation(world, asked, form)
            answer = perform(world, read(world, json.dumps(document).encode(), form))
        except GateError as refusal:
            return JSONResponse(refusal.body, refusal.status)
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        callback = world.table(callbacks.TABLE)[answer["request_id"]]["body"]
        token = callback.get("token") or callback["account"].get("token")
        return JSONResponse({**answer, "token": token})

    async def callback_url(request: Request) -> JSONResponse:
        try:
            url = (await _object(request)).get("url")
            world.callback_url = None if url is None else loopback_url(str(url))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        return JSONResponse({"url": world.callback_url})

    async def queued(_: Request) -> JSONResponse:
        rows = world.table(callbacks.TABLE).items()
        return JSONResponse({"data": [_shown(name, row) for name, row in rows]})

    base = "/_sandbox/rocketpay"
    return [
        Route(f"{base}/cards", cards, methods=["GET"]),
        Route(f"{base}/tokens", tokens, methods=["POST"]),
        Route(f"{base}/callback-url", callback_url, methods=["POST"]),
        Route(f"{base}/callbacks", queued, methods=["GET"]),
    ]


def named_cards() -> list[dict[str, str]]:
    """The test cards that have a name: brand, last four digits and what each does at the Gate."""
    listed = []
    for name, number in _NAMED.items():
        card = lookup(number)
        if card is not None:
            does = behaviour_of(card).value
            listed.append({"name": name, "brand": card.brand, "last4": card.last4, "does": does})
    return listed


def _form(asked: dict[str, Any]) -> GateForm:
    form = _WAYS.get(str(asked.get("by", "tokenize")))
    if form is None:
        raise ValueError(f"a card gets a token by: {', '.join(_WAYS)}")
    return form


def _creation(world: World, asked: dict[str, Any], form: GateForm) -> dict[str, Any]:
    """The signed request that a holder of the card would send."""
    number = _NAMED.get(str(asked.get("card")))
    if number is None:
        raise ValueError(f"the test cards are: {', '.join(_NAMED)}")
    expiry = {name: asked.get(name, value) for name, value in _EXPIRY.items()}
    shopper = {
        "id": asked.get("customer_id"),
        "ip_address": asked.get("ip_address", "198.51.100.47"),
    }
    signed = {"project_id": asked.get("project_id")}
    document: dict[str, Any] = {"card": {"pan": number, **expiry, "card_holder": "JANE ROE"}}
    if form.envelope == "customer":
        document["customer"] = shopper | signed
    else:
        document["card"]["cvv"] = "123"
        document |= {
            "customer": shopper,
            "general": signed | {"payment_id": f"sandbox-{callbacks.request_id()}"},
            "payment": {"amount": 100, "currency": "USD"},
        }
    secrets = shared_secrets(world)
    if not secrets:
        raise ValueError("no plan of the project signs at the Gate")
    document[form.envelope]["signature"] = signature.sign(document, secrets[0])
    return document


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise ValueError("the body must be JSON") from None
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _shown(request_id: str, row: dict[str, Any]) -> dict[str, Any]:
    members = ("queued_at", "attempts", "next_at", "answered")
    return {"request_id": request_id, **{name: row[name] for name in members}}
