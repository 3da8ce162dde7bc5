"""What the sandbox tells about itself, on an address of this machine only: `/_sandbox/...`.

Knows no vendor. Everything is masked: no card number, CVC or credential leaves through here.
"""

from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from forwardc.sandbox.laxness import ALL
from forwardc.sandbox.masking import mask_headers, mask_text
from forwardc.sandbox.seed import sources
from forwardc.sandbox.world import Received, World


def create_control(world: World) -> Starlette:
    """The app of `/_sandbox/health`, `/_sandbox/sources`, `/_sandbox/slips` and the like."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "lax": sorted(filter(world.allows, ALL))})

    async def fixed_sources(_: Request) -> JSONResponse:
        return JSONResponse({"data": sources(world)})

    async def slips(_: Request) -> JSONResponse:
        return JSONResponse({"data": [asdict(slip) for slip in world.slips]})

    async def received(_: Request) -> JSONResponse:
        return JSONResponse({"data": [show(request) for request in world.received]})

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


def show(request: Received) -> dict[str, object]:
    """One received request for showing, masked."""
    return {
        "at": request.at,
        "host": request.host,
        "method": request.method,
        "target": mask_text(request.target),
        "headers": mask_headers(request.headers),
        "body": mask_text(request.body.decode("utf-8", "replace")),
        "sum": request.in_words and _without_card(request.in_words),
    }


def _without_card(words: str) -> str:
    """A sum as it stands, but for one that is a card number: that is masked and not grouped."""
    plain = words.replace(",", "")
    masked = mask_text(plain)
    return words if masked == plain else masked
