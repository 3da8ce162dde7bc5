"""Acorn's API, after its document: it puts a card into a template, sends it, and says what came.

One card is behind every source.
"""

import json

from forwardc.sandbox.acorn.hosts import HOSTS
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forwardc.sandbox.parties import EmulatedParty, Emulation
from forwardc.sandbox.world import OutboundRequest, World

_CARD = {"number": "4242424242424242", "month": "12", "year": "2030"}


def create(world: World) -> Starlette:
    """The app of Acorn's hosts."""

    async def forward(request: Request) -> Response:
        asked = json.loads(await request.body())["request"]
        body = asked["body"]
        for name, value in _CARD.items():
            body = body.replace("{{" + name + "}}", value)
        headers = tuple((pair["name"], pair["value"]) for pair in asked["headers"])
        outbound = OutboundRequest(
            "POST", asked["url"], headers, body.encode(), filled=(_CARD["number"],)
        )
        answer = await world.deliver(outbound)
        pairs = [{"name": name, "value": value} for name, value in answer.headers]
        told = {"id": "fwd_1", "status": answer.status, "headers": pairs}
        return JSONResponse({**told, "body": answer.body.decode()})

    return Starlette(routes=[Route("/forward", forward, methods=["POST"])])


def _start(world: World) -> EmulatedParty:
    # No vault may be told to call it.
    return EmulatedParty("acorn", HOSTS, create(world), receives_at=lambda *_: False)


EMULATION = Emulation(_start)
