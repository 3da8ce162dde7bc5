"""How an endpoint of Checkout.com is reached and answers: key, scope, body, errors, headers.

`Cko-Request-Id` and `Cko-Version` stand on every answer, as in the API reference; a path that is
not there is answered with 404 and an empty body.
"""

import inspect
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from forwardc.sandbox.checkout.access import KeyKind, authorize
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.request_checks import CheckoutError, read_object
from forwardc.sandbox.parties import App, Receive, Scope, Send
from forwardc.sandbox.world import World

VERSION = "1.0.0"
# `forward.` has no prefix (SDK-python checkout_sdk_builder.py, 4.8.1); for the others it is
# optional, since the hosts without it are still there as a fallback.
_HOST = re.compile(
    r"(?:(?P<fixed>forward)|(?:(?:pl-)?[a-z0-9]+\.)?(?P<service>api|access))"
    r"\.(?:sandbox\.)?checkout\.com"
)


@dataclass(frozen=True, slots=True)
class CheckoutCall:
    """One call of a client: its account, the path's parts, the query and the JSON body."""

    account: CheckoutAccount
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: dict[str, Any]
    # The scheme and host that were called, and the path.
    base: str
    url: str


@dataclass(frozen=True, slots=True)
class CheckoutEndpoint:
    """One endpoint: what it takes, what it does, and the status of its good answer.

    `call` may be a coroutine function. It may give a status with its answer, as a pair, or a
    whole response. `reads` tells that a JSON object is the body; `optional`, that there may be
    none.
    """

    method: str
    path: str
    call: Callable[[CheckoutCall], Any]
    key: KeyKind
    scopes: tuple[str, ...]
    ok: int = 200
    reads: bool = False
    optional: bool = False


def service_of(host: str) -> str | None:
    """The service of a host, or None: no service of Checkout.com answers there.

    A merchant's prefix stands before `api.` and `access.` only.
    """
    match = _HOST.fullmatch(host)
    return (match["fixed"] or match["service"]) if match else None


def application(services: Mapping[str, Iterable[BaseRoute]]) -> App:
    """The ASGI app of services, each on all of its hosts."""
    handlers = {CheckoutError: _refuse, HTTPException: _not_there}
    apps = {
        service: Starlette(routes=list(served), exception_handlers=handlers)
        for service, served in services.items()
    }
    nowhere = Starlette(exception_handlers=handlers)

    async def answer_at(scope: Scope, receive: Receive, send: Send) -> None:
        service = service_of(Request(scope).url.hostname or "")
        await apps.get(service or "", nowhere)(scope, receive, send)

    return answer_at


def routes(world: World, endpoints: Iterable[CheckoutEndpoint], *prefixes: str) -> list[BaseRoute]:
    """The routes of endpoints, below each prefix."""
    return [
        _route(world, endpoint, f"{prefix}{endpoint.path}")
        for prefix in prefixes or ("",)
        for endpoint in endpoints
    ]


def answer(content: Any, status: int = 200) -> Response:
    """A JSON answer; without content an empty one."""
    empty = content is None and status != 200
    response = Response(status_code=status) if empty else JSONResponse(content, status)
    response.headers["Cko-Request-Id"] = str(uuid.uuid4())
    response.headers["Cko-Version"] = VERSION
    return response


def _route(world: World, endpoint: CheckoutEndpoint, path: str) -> Route:
    async def respond(request: Request) -> Response:
        account = authorize(world, request, endpoint.key, *endpoint.scopes)
        body: dict[str, Any] = {}
        if endpoint.reads and not (endpoint.optional and not await request.body()):
            body = await read_object(request)
        base = f"https://{request.url.hostname}"
        parts = request.path_params, request.query_params, request.headers
        call = CheckoutCall(account, *parts, body, base, request.url.path)
        content = endpoint.call(call)
        if inspect.isawaitable(content):
            content = await content
        if isinstance(content, Response):
            return content
        if isinstance(content, tuple):
            return answer(content[1], content[0])
        return answer(content, endpoint.ok)

    return Route(path, respond, methods=[endpoint.method])


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, CheckoutError):
        raise error
    if not error.codes:
        return answer(None, error.status)
    content: dict[str, Any] = {
        "request_id": str(uuid.uuid4()),
        "error_type": error.error_type,
        "error_codes": list(error.codes),
    }
    if error.where:
        content["errors"] = {member: list(codes) for member, codes in error.where.items()}
    return answer(content, error.status)


async def _not_there(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    response = answer(None, error.status_code)
    # 405 tells which methods there are (RFC 9110 section 15.5.6).
    response.headers.update(error.headers or {})
    return response
