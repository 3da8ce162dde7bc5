"""The least that can stand in the place of `forwardc serve`: `-m benchmarks.bare VAULT CALL`.

A Starlette app with one route that reads its JSON and makes the same outbound call over the same
connections, with the same parser and event loop; with `--pool`, over httpx's own pool. It checks
nothing, remembers nothing, knows nobody. Prints its port.
"""

import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from forwardc.runtime.http.addresses import is_loopback
from forwardc.runtime.http.connection_pool import network_pool

# Without a bound, all but twenty idle connections would be closed after each call.
_POOL = httpx.Limits(keepalive_expiry=2.0)


def app(vault: str, call: dict[str, object], *, pool: bool) -> Starlette:
    """The app: every request is one call of the vault at `vault`."""
    url = f"{vault}/forward"
    clients: list[httpx.AsyncClient] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        transport = httpx.AsyncHTTPTransport(limits=_POOL) if pool else network_pool(is_loopback)
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            clients.append(client)
            yield

    async def share(request: Request) -> JSONResponse:
        asked = await request.json()
        body = json.dumps(call | {"reference": asked["partnerPaymentReference"]}).encode()
        started = perf_counter()
        answer = await clients[0].post(url, content=body, headers=_HEADERS)
        took = round((perf_counter() - started) * 1000)
        told = answer.json()
        nested = told["destination_response"]
        headers = {name: values[0] for name, values in nested["headers"].items()}
        return JSONResponse(
            {"status": nested["status"], "headers": headers, "body": told, "request-time": took}
        )

    path = "/v1/initiate-payment-sharing"
    return Starlette(routes=[Route(path, share, methods=["POST"])], lifespan=lifespan)


_HEADERS = {"Authorization": "Bearer " + "k" * 35, "Content-Type": "application/json"}


def main() -> None:
    """Serve on a free port until interrupted."""
    vault, call, *more = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        app(vault, json.loads(call), pool="--pool" in more),
        loop="uvloop",
        http="httptools",
        log_level="critical",
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
