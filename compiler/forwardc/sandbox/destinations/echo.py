"""The recording echo: takes any request to a host that no party of the sandbox names.

What arrived is in the sandbox's record; nothing of it goes back. A body must be what its
Content-Type says (`wellformed`), a method one of HTTP's, and a signature that the project declares
must fit (`signatures`). Test cards that stand readable in the body, or that a vault put into what
it encrypted, decide the answer, but where it was told others (`told_answers`). A token that it gave
is good for a while (`bearer`).
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour, TestCard, lookup, luhn
from forwardc.sandbox.destinations.bearer import token_answer, token_refusal
from forwardc.sandbox.destinations.endpoint import answer, transport_fault
from forwardc.sandbox.destinations.signatures import refusal
from forwardc.sandbox.destinations.told_answers import ROWS, next_answer
from forwardc.sandbox.destinations.told_answers import routes as switches
from forwardc.sandbox.destinations.wellformed import NotWellFormedError, check
from forwardc.sandbox.parties import EmulatedParty, Emulation
from forwardc.sandbox.world import FILLED, World

HOSTS = ("*",)

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Methods of HTTP that no resource here has: 405. Any other word is none that is known: 501.
_NOT_ALLOWED: Final = ("TRACE", "CONNECT")
_RUN = re.compile(rb"(?<![0-9])[0-9]{12,19}(?![0-9])")
# First digits and lengths of the big brands, to tell a card from an order number.
_CARD = re.compile(r"4(?:[0-9]{12}|[0-9]{15})|5[1-5][0-9]{14}|2[2-7][0-9]{14}|3[47][0-9]{13}")


def create(world: World) -> Starlette:
    """The app of every other host. It keeps nonces, its tokens and what it was told to answer."""

    async def echo(request: Request) -> Response:
        if request.method not in METHODS:
            status = 405 if request.method in _NOT_ALLOWED else 501
            error = "the method is not allowed" if status == 405 else "the method is not known"
            return answer(status, _refusal(error), {"Allow": ", ".join(METHODS)})
        body = await request.body()
        runs = _runs(body)
        put_in = request.scope.get(FILLED, ())
        cards = [card for card in map(lookup, (*sorted(runs), *put_in)) if card is not None]
        if not cards and any(_looks_like_card(run) for run in runs):
            return answer(422, _refusal("only test cards are accepted"))
        try:
            check(
                request.method,
                request.headers.getlist("content-type"),
                request.headers.getlist("content-encoding"),
                body,
            )
        except NotWellFormedError as wrong:
            return answer(400, _refusal(str(wrong)))
        unsigned = refusal(world, request, body)
        if unsigned is not None:
            return answer(401, _refusal(unsigned))
        by_token = token_answer(world, request, body) or token_refusal(world, request)
        if by_token is not None:
            return by_token
        return next_answer(world, request) or _by_card(cards[0] if cards else None)

    route = Route("/{path:path}", echo)
    # All methods come here, so that it is the echo that refuses one.
    route.methods = set()
    return Starlette(routes=[*switches(world, _holds_other_card), route])


def _runs(body: bytes) -> set[str]:
    """The digits in a body that are as long as a card number."""
    # In UTF-16 each digit has a zero byte beside it.
    plain = unquote_to_bytes(body.replace(b"\0", b""))
    return {match.decode() for match in _RUN.findall(plain)}


def _holds_other_card(body: bytes) -> bool:
    return any(_looks_like_card(run) and lookup(run) is None for run in _runs(body))


def _refusal(error: str) -> dict[str, object]:
    return {"received": False, "error": error}


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


def _start(world: World) -> EmulatedParty:
    return EmulatedParty("echo", HOSTS, create(world))


EMULATION = Emulation(_start, rows=ROWS)
