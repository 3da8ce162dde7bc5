"""The Checkout.com party: its hosts, paths, keys and scopes.

Knows no behaviour: each endpoint is one function of another module. Hosts as in SDK-python
environment.py; `/forward` on the api host and `/forward/secrets` are older paths still in use.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Host, Route, Router

from forwardc.sandbox.checkout import (
    forward,
    instruments,
    network_tokens,
    oauth,
    stored_secrets,
    tokens,
)
from forwardc.sandbox.checkout.auth import Key, authorize
from forwardc.sandbox.checkout.body import read_object
from forwardc.sandbox.checkout.keys import jwk_set
from forwardc.sandbox.checkout.problems import Refused
from forwardc.sandbox.world import World

_ENVIRONMENTS = ("sandbox.checkout.com", "checkout.com")
_SERVICES = ("forward", "api", "access")
# The fixed hosts, and those with a merchant's prefix: `{prefix}.api.sandbox.checkout.com`.
HOSTS = tuple(
    f"{prefix}{service}.{environment}"
    for environment in _ENVIRONMENTS
    for service in _SERVICES
    for prefix in ("", "*.")
)
# First segments of the paths that only one service has; every other path is the api host's.
_SERVICE_OF = {
    "forward": "forward",
    "secrets": "forward",
    ".well-known": "forward",
    "connect": "access",
}
VERSION = "1.0.0"

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, dict[str, Any]], Any]


def create(world: World) -> Starlette:
    """The ASGI app of all Checkout.com hosts, sandbox and production alike."""
    # /forward/secrets comes before /forward/{id}, which would take it for an id.
    routers = {
        "forward": Router([*_secrets(world), *_forward(world), *_key_set(world)]),
        "api": Router([*_secrets(world, "/forward"), *_forward(world), *_vault(world)]),
        "access": Router([Route("/connect/token", _connect(world), methods=["POST"])]),
    }
    routes = [Host(host.replace("*", "{prefix}"), app=routers[_service(host)]) for host in HOSTS]
    return Starlette(routes=routes, exception_handlers={Refused: _refuse})


def host_of_path(path: str) -> str:
    """The host of the sandbox environment that serves a path, where only the path is known."""
    first = path.removeprefix("/").partition("/")[0]
    service = _SERVICE_OF.get(first, "api")
    return f"{service}.{_ENVIRONMENTS[0]}"


def _service(host: str) -> str:
    return host.removeprefix("*.").split(".")[0]


def _forward(world: World) -> list[BaseRoute]:
    async def create_forward(request: Request) -> Response:
        authorize(world, request, Key.SECRET, "forward")
        body = await read_object(request)
        return _json(await forward.forward(world, body))

    def get(request: Request, _: dict[str, Any]) -> Any:
        return forward.get_forward(world, request.path_params["id"])

    return [
        Route("/forward", create_forward, methods=["POST"]),
        _route(world, "GET", "/forward/{id:str}", get, Key.SECRET, "forward"),
    ]


def _secrets(world: World, *more_prefixes: str) -> list[BaseRoute]:
    calls: tuple[tuple[str, str, Handler, int], ...] = (
        ("POST", "", lambda _, b: stored_secrets.create_secret(world, b), 201),
        ("GET", "", lambda _, __: stored_secrets.list_secrets(world), 200),
        ("PATCH", "/{name}", lambda r, b: stored_secrets.update_secret(world, _name(r), b), 200),
        ("DELETE", "/{name}", lambda r, _: stored_secrets.delete_secret(world, _name(r)), 204),
    )
    prefixes = more_prefixes or ("", "/forward")
    return [
        _route(world, method, f"{prefix}/secrets{path}", call, Key.SECRET, "forward:secrets", ok=ok)
        for prefix in prefixes
        for method, path, call, ok in calls
    ]


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _key_set(world: World) -> list[BaseRoute]:
    async def keys(_: Request) -> Response:
        # Making an RSA key takes its time: other requests go on meanwhile.
        return _json(await asyncio.to_thread(jwk_set, world))

    return [Route("/.well-known/jwks", keys)]


def _vault(world: World) -> list[BaseRoute]:
    return [
        *_token_routes(world),
        *_instrument_routes(world),
        *_network_token_routes(world),
    ]


def _token_routes(world: World) -> list[BaseRoute]:
    scopes = ("vault", "vault:tokenization")
    metadata = ("vault", "vault:tokenization", "vault:card-metadata")
    return [
        _route(
            world,
            "POST",
            "/tokens",
            lambda _, body: tokens.create_token(world, body),
            Key.PUBLIC,
            *scopes,
            ok=201,
        ),
        _route(
            world,
            "GET",
            "/tokens/{id}/metadata",
            lambda request, _: tokens.metadata(world, request.path_params["id"]),
            Key.SECRET,
            *metadata,
        ),
    ]


def _instrument_routes(world: World) -> list[BaseRoute]:
    calls: tuple[tuple[str, str, Callable[[str, dict[str, Any]], Any], int], ...] = (
        ("POST", "", lambda _, b: instruments.create_instrument(world, b), 201),
        ("GET", "/{id}", lambda i, _: instruments.get_instrument(world, i), 200),
        ("PATCH", "/{id}", lambda i, b: instruments.update_instrument(world, i, b), 200),
        ("DELETE", "/{id}", lambda i, _: instruments.delete_instrument(world, i), 204),
        ("PATCH", "/{id}/revoke", lambda i, _: instruments.revoke_instrument(world, i), 200),
    )
    scopes = ("vault", "vault:instruments")
    return [
        _route(world, method, f"/instruments{path}", _by_id(call), Key.SECRET, *scopes, ok=ok)
        for method, path, call, ok in calls
    ]


def _network_token_routes(world: World) -> list[BaseRoute]:
    tokens_of = network_tokens
    calls: tuple[tuple[str, str, Callable[[str, dict[str, Any]], Any], int], ...] = (
        ("POST", "", lambda _, b: tokens_of.create_network_token(world, b), 201),
        ("GET", "/{id}", lambda i, _: tokens_of.get_network_token(world, i), 200),
        ("POST", "/{id}/cryptograms", lambda i, b: tokens_of.create_cryptogram(world, i, b), 201),
        ("PATCH", "/{id}/delete", lambda i, b: tokens_of.delete_network_token(world, i, b), 204),
    )
    # SDKs call it with an access token only; the secret key would be a convenience of ours.
    key = Key.SECRET if world.lenient else Key.NONE
    scopes = ("vault", "vault:network-tokens")
    return [
        _route(world, method, f"/network-tokens{path}", _by_id(call), key, *scopes, ok=ok)
        for method, path, call, ok in calls
    ]


def _by_id(call: Callable[[str, dict[str, Any]], Any]) -> Handler:
    return lambda request, body: call(request.path_params.get("id", ""), body)


def _route(
    world: World, method: str, path: str, handler: Handler, key: Key, *scopes: str, ok: int = 200
) -> Route:
    async def endpoint(request: Request) -> Response:
        authorize(world, request, key, *scopes)
        reads = method in ("POST", "PATCH") and not path.endswith("/revoke")
        answer = handler(request, await read_object(request) if reads else {})
        return _json(answer, ok) if ok != 204 else _marked(Response(status_code=204))

    return Route(path, endpoint, methods=[method])


def _connect(world: World) -> Endpoint:
    async def connect(request: Request) -> Response:
        scheme, _, basic = request.headers.get("authorization", "").partition(" ")
        try:
            credential = basic if scheme.lower() == "basic" else ""
            return _json(oauth.grant(world, await request.body(), credential))
        except oauth.TokenError as error:
            return _json({"error": str(error)}, 400)

    return connect


async def _refuse(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    if not error.codes:
        return _marked(Response(status_code=error.status))
    content: dict[str, Any] = {
        "request_id": str(uuid.uuid4()),
        "error_type": error.error_type,
        "error_codes": list(error.codes),
    }
    if error.where:
        content["errors"] = {member: list(codes) for member, codes in error.where.items()}
    return _json(content, error.status)


def _json(content: Any, status: int = 200) -> Response:
    return _marked(JSONResponse(content, status))


def _marked(response: Response) -> Response:
    response.headers["Cko-Request-Id"] = str(uuid.uuid4())
    response.headers["Cko-Version"] = VERSION
    return response
