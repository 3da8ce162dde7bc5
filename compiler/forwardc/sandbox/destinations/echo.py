"""The recording echo: takes any request to a host that no party of the sandbox names.

Knows no vendor and no schema. What arrived is in the sandbox's record; nothing of it goes back.
Test cards that stand readable in the body decide the answer; in an encrypted body none is seen.
"""

import re
from urllib.parse import unquote_to_bytes

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour, TestCard, lookup, luhn
from forwardc.sandbox.destinations.bodies import answer
from forwardc.sandbox.destinations.faults import transport_fault
from forwardc.sandbox.world import World

HOSTS = ("*",)

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_RUN = re.compile(rb"(?<![0-9])[0-9]{12,19}(?![0-9])")
# First digits and lengths of the big brands, to tell a card from an order number.
_CARD = re.compile(r"4(?:[0-9]{12}|[0-9]{15})|5[1-5][0-9]{14}|2[2-7][0-9]{14}|3[47][0-9]{13}")


def create(world: World) -> Starlette:
    """The app of every other host. It keeps no state: the record is the sandbox's."""
    del world

    async def echo(request: Request) -> Response:
        runs = {match.decode() for match in _RUN.findall(unquote_to_bytes(await request.body()))}
        cards = [card for card in map(lookup, sorted(runs)) if card is not None]
        if not cards and any(_looks_like_card(run) for run in runs):
            return answer(422, {"received": False, "error": "only test cards are accepted"})
        return _by_card(cards[0] if cards else None)

    return Starlette(routes=[Route("/{path:path}", echo, methods=_METHODS)])


def _looks_like_card(run: str) -> bool:
    return _CARD.fullmatch(run) is not None and luhn(run)


def _by_card(card: TestCard | None) -> Response:
    behaviour = card.behaviour if card else Behaviour.APPROVE
    fault = transport_fault(behaviour)
    if fault is not None:
        return fault
    if behaviour is Behaviour.SERVER_ERROR:
        return answer(500, {"received": True, "error": behaviour.value})
    if behaviour is not Behaviour.APPROVE:
        return answer(402, {"received": True, "error": behaviour.value})
    return answer(200, {"received": True})
