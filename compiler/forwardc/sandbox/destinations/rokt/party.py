"""A stand-in for Rokt's card endpoint.

Nothing of Rokt's endpoint is public: not the URL, the headers or the schema. Host, field names and
answers here are this sandbox's own, and say so (`standIn`).
"""

import re
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour, TestCard, lookup
from forwardc.sandbox.credentials import with_place
from forwardc.sandbox.destinations.endpoint import (
    UnreadableBodyError,
    answer,
    app_of,
    is_json,
    read_json,
    transport_fault,
)
from forwardc.sandbox.destinations.rokt.hosts import HOSTS
from forwardc.sandbox.destinations.shapes import JsonShape, ObjectShape, TextShape, shape_mistakes
from forwardc.sandbox.parties import EmulatedParty, Emulation
from forwardc.sandbox.world import World

# RFC 6750 section 2.1: what is left of a template that nobody filled does not pass.
_BEARER = re.compile("Bearer ([A-Za-z0-9._~+/-]+=*)")

_PAYMENT = ObjectShape(
    {
        "number": TextShape(pattern="[0-9]{12,19}"),
        "expiryMonth": TextShape(pattern="0[1-9]|1[0-2]"),
        "expiryYear": TextShape(pattern="20[0-9]{2}"),
        # Vaults may have none and then send an empty text: Rokt asks for it "if available" only.
        "cvc": TextShape(pattern="(?:[0-9]{3,4})?"),
    },
    required=("number", "expiryMonth", "expiryYear"),
)
_ADDRESS_FIELDS: dict[str, JsonShape] = dict.fromkeys(
    ("line1", "line2", "city", "state", "postalCode"), TextShape(longest=255)
)
_ADDRESS = ObjectShape(_ADDRESS_FIELDS | {"country": TextShape(pattern="(?:[A-Z]{2})?")})
SCHEMA = ObjectShape(
    {"payment": _PAYMENT, "billingAddress": _ADDRESS, "reference": TextShape(1, 255)},
    required=("payment", "reference"),
)


def create(world: World) -> Starlette:
    """The app of the stand-in's hosts; any path takes a card."""

    async def card(request: Request) -> Response:
        if not _may_come_in(world, request):
            return _refused(401, "unauthorized")
        if not is_json(request):
            return _refused(415, "not_json")
        try:
            document = read_json(await request.body())
        except UnreadableBodyError:
            return _refused(400, "not_json")
        wrong = [f"{problem.path}: {problem.kind}" for problem in shape_mistakes(SCHEMA, document)]
        if wrong:
            return _refused(422, "invalid", wrong)
        return _take(world, document)

    def refused(status: int, words: str) -> Response:
        return _refused(status, words.lower().replace(" ", "_"))

    return app_of([Route("/{path:path}", card, methods=["POST"])], refused)


def _may_come_in(world: World, request: Request) -> bool:
    """With a project the token of its plans; without one any, since no name of it is public."""
    bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if bearer is None or world.project is None:
        return bearer is not None
    holders = world.holders(request.url.hostname or "")
    return bool(with_place(holders, "header authorization", bearer[1]))


def _take(world: World, document: dict[str, Any]) -> Response:
    payment = document["payment"]
    test_card = lookup(payment["number"])
    if test_card is None:
        return _refused(422, "invalid", ["payment.number: not a test card"])
    if (int(payment["expiryYear"]), int(payment["expiryMonth"])) < world.month():
        return _refused(402, "declined", reason=Behaviour.EXPIRED_CARD.value)
    return _by_card(test_card, document["reference"])


def _by_card(test_card: TestCard, reference: str) -> Response:
    behaviour = test_card.behaviour
    fault = transport_fault(behaviour)
    if fault is not None:
        return fault
    if behaviour is Behaviour.SERVER_ERROR:
        return _refused(500, "error")
    if behaviour is not Behaviour.APPROVE:
        return _refused(402, "declined", reason=behaviour.value)
    return answer(
        200,
        {
            "status": "accepted",
            "reference": reference,
            "last4": test_card.last4,
            "brand": test_card.brand,
            "standIn": True,
        },
    )


def _refused(status: int, word: str, wrong: list[str] | None = None, reason: str = "") -> Response:
    content: dict[str, Any] = {"status": word, "standIn": True}
    if wrong:
        content["errors"] = wrong
    if reason:
        content["reason"] = reason
    return answer(status, content)


def _start(world: World) -> EmulatedParty:
    return EmulatedParty("rokt", HOSTS, create(world))


EMULATION = Emulation(_start)
