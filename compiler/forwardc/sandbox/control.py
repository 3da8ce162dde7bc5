"""What the sandbox tells about itself, on an address of this machine only: `/_sandbox/...`.

Everything is masked: no card number, CVC or credential leaves through here.
"""

from collections.abc import Collection
from dataclasses import asdict
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from forwardc.sandbox.filled import mask_filled
from forwardc.sandbox.laxness import laxnesses
from forwardc.sandbox.masking import HIDDEN, mask_headers, mask_text
from forwardc.sandbox.parties import sources
from forwardc.sandbox.world import ReceivedRequest, World

# Digits: shorter ones are no card number, and are hidden whole.
SHORTEST_NUMBER = 12


def create_control(world: World) -> Starlette:
    """The app of `/_sandbox/health`, `/_sandbox/sources`, `/_sandbox/slips` and the like."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "lax": sorted(filter(world.allows, laxnesses()))})

    async def fixed_sources(_: Request) -> JSONResponse:
        return JSONResponse({"data": sources(world)})

    async def slips(_: Request) -> JSONResponse:
        return JSONResponse({"data": [asdict(slip) for slip in world.slips]})

    async def received(_: Request) -> JSONResponse:
        credentials = world.project.credentials() if world.project is not None else ()
        return JSONResponse({"data": [show(request, credentials) for request in world.received]})

    async def forget(_: Request) -> JSONResponse:
        world.received.clear()
        return JSONResponse({"data": []})

    return Starlette(
        routes=[
            Route("/_sandbox/health", health),
            Route("/_sandbox/sources", fixed_sources),
            Route("/_sandbox/slips", slips, methods=["GET"]),
            Route("/_sandbox/received", received, methods=["GET"]),
            Route("/_sandbox/received", forget, methods=["DELETE"]),
        ]
    )


def show(request: ReceivedRequest, credentials: Collection[str] = ()) -> dict[str, object]:
    """One received request for showing, masked; `known` are credentials of the project."""
    hide = partial(_hide, request=request, credentials=credentials)
    return {
        "at": request.at,
        "host": request.host,
        "method": request.method,
        "target": hide(request.target, is_document=False),
        "headers": mask_headers(
            (name, hide(value, is_document=False)) for name, value in request.headers
        ),
        "body": hide(request.body.decode("utf-8", "replace")),
        "sum": _sum(request),
    }


def _hide(
    text: str, *, request: ReceivedRequest, credentials: Collection[str], is_document: bool = True
) -> str:
    """A text of a request without what a vault filled in and what looks like a secret.

    Numbers come last: those that stand there plainly show their first and last digits.
    """
    numbers = [
        value for value in request.filled if value.isdecimal() and len(value) >= SHORTEST_NUMBER
    ]
    others = [*(value for value in request.filled if value not in numbers), *credentials]
    shown = mask_text(mask_filled(text, others, HIDDEN, is_document=is_document))
    return mask_filled(shown, numbers, HIDDEN, is_document=is_document)


def _sum(request: ReceivedRequest) -> str | None:
    """The sum in words; one that a vault filled in is hidden, and so is one that is a card."""
    words = request.in_words
    if words is None:
        return None
    plain = words.replace(",", "")
    if mask_filled(plain, request.filled, HIDDEN, is_document=False) != plain:
        # The same digits stand there once more, with a point between them.
        return HIDDEN
    masked = mask_text(plain)
    return words if masked == plain else masked
