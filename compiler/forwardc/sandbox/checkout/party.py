"""The Checkout.com party: its hosts, endpoints, keys and scopes.

Each endpoint is one function of another module. Hosts as in SDK-python environment.py, scopes from
its oauth_scopes.py; `/forward` on the api host and `/forward/secrets` are older paths still in use.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from forwardc.sandbox.checkout import (
    access,
    clients,
    forward,
    instruments,
    network_tokens,
    payment_actions,
    payments,
    seed,
    stored_secrets,
)
from forwardc.sandbox.checkout import (
    instruments as tokens,
)
from forwardc.sandbox.checkout.access import KeyKind, jwk_set
from forwardc.sandbox.checkout.clients import is_live
from forwardc.sandbox.checkout.hosts import HOSTS
from forwardc.sandbox.checkout.laxness import LAXNESSES
from forwardc.sandbox.checkout.payment_tables import DIGITS
from forwardc.sandbox.checkout.request_checks import read_object
from forwardc.sandbox.checkout.routes import (
    CheckoutCall,
    CheckoutEndpoint,
    answer,
    application,
    routes,
    service_of,
)
from forwardc.sandbox.memory import RowKinds
from forwardc.sandbox.money import in_words
from forwardc.sandbox.parties import SWITCHES, App, EmulatedParty, Emulation
from forwardc.sandbox.world import World


def _once(call: CheckoutCall, act: Callable[[CheckoutCall], Any]) -> Any:
    """A payment or an action of one, by its idempotency key. An action is a 202."""

    def acted() -> Any:
        answer_or_pair = act(call)
        return (202, answer_or_pair) if isinstance(answer_or_pair, dict) else answer_or_pair

    key = call.headers.get("cko-idempotency-key")
    return payment_actions.once(call.account, key, call.url, call.body, acted)


def _action(path: str, scope: str, act: Callable[..., Any]) -> CheckoutEndpoint:
    return CheckoutEndpoint(
        "POST",
        f"/payments/{{id}}/{path}",
        lambda c: _once(c, lambda c: act(c.account, c.path["id"], c.body, c.base)),
        KeyKind.SECRET,
        ("gateway", f"gateway:{scope}"),
        reads=True,
        optional=True,
    )


_DETAILS = ("gateway", "gateway:payment-details")
PAYMENTS = (
    CheckoutEndpoint(
        "POST",
        "/payments",
        lambda c: _once(c, lambda c: payments.request_payment(c.account, c.body, c.base)),
        KeyKind.SECRET,
        ("gateway", "gateway:payment"),
        reads=True,
    ),
    CheckoutEndpoint(
        "GET",
        "/payments",
        lambda c: payments.list_payments(
            c.account,
            c.query.get("reference", ""),
            c.query.get("limit", "10"),
            c.query.get("skip", "0"),
            c.base,
        ),
        KeyKind.SECRET,
        _DETAILS,
    ),
    CheckoutEndpoint(
        "GET",
        "/payments/{id}",
        lambda c: payments.get_payment(c.account, c.path["id"], c.base),
        KeyKind.SECRET,
        _DETAILS,
    ),
    CheckoutEndpoint(
        "GET",
        "/payments/{id}/actions",
        lambda c: payments.actions(c.account, c.path["id"]),
        KeyKind.SECRET,
        _DETAILS,
    ),
    _action("captures", "payment-captures", payment_actions.capture),
    _action("refunds", "payment-refunds", payment_actions.refund),
    _action("voids", "payment-voids", payment_actions.void),
    _action("reversals", "payment-voids", payment_actions.reverse),
)


# --- Forwarding and vault

# First segments of the paths that only one service has; every other path is the api host's.
_SERVICE_OF = {
    "forward": "forward",
    "secrets": "forward",
    ".well-known": "forward",
    "connect": "access",
}
# What a vault may be told to call, at the api host of another client or of the own one.
_REACHED = ("payments", "tokens", "instruments")

_FORWARD = (
    CheckoutEndpoint(
        "POST",
        "/forward",
        lambda c: forward.forward(c.account, c.body),
        KeyKind.SECRET,
        ("forward",),
        reads=True,
    ),
    CheckoutEndpoint(
        "GET",
        "/forward/{id:str}",
        lambda c: forward.get_forward(c.account, c.path["id"]),
        KeyKind.SECRET,
        ("forward",),
    ),
)
_SECRETS = tuple(
    CheckoutEndpoint(
        method, f"/secrets{path}", call, KeyKind.SECRET, ("forward:secrets",), ok, reads
    )
    for method, path, call, ok, reads in (
        ("POST", "", lambda c: stored_secrets.create_secret(c.account, c.body), 201, True),
        ("GET", "", lambda c: stored_secrets.list_secrets(c.account), 200, False),
        (
            "PATCH",
            "/{name}",
            lambda c: stored_secrets.update_secret(c.account, c.path["name"], c.body),
            200,
            True,
        ),
        (
            "DELETE",
            "/{name}",
            lambda c: stored_secrets.delete_secret(c.account, c.path["name"]),
            204,
            False,
        ),
    )
)
_TOKENS = (
    CheckoutEndpoint(
        "POST",
        "/tokens",
        lambda c: tokens.create_token(c.account, c.body),
        KeyKind.PUBLIC,
        ("vault", "vault:tokenization"),
        ok=201,
        reads=True,
    ),
    CheckoutEndpoint(
        "GET",
        "/tokens/{id}/metadata",
        lambda c: tokens.metadata(c.account, c.path["id"]),
        KeyKind.SECRET,
        ("vault", "vault:tokenization", "vault:card-metadata"),
    ),
)
_INSTRUMENTS = tuple(
    CheckoutEndpoint(
        method,
        f"/instruments{path}",
        call,
        KeyKind.SECRET,
        ("vault", "vault:instruments"),
        ok,
        reads,
    )
    for method, path, call, ok, reads in (
        ("POST", "", lambda c: instruments.create_instrument(c.account, c.body), 201, True),
        ("GET", "/{id}", lambda c: instruments.get_instrument(c.account, c.path["id"]), 200, False),
        (
            "PATCH",
            "/{id}",
            lambda c: instruments.update_instrument(c.account, c.path["id"], c.body),
            200,
            True,
        ),
        (
            "DELETE",
            "/{id}",
            lambda c: instruments.delete_instrument(c.account, c.path["id"]),
            204,
            False,
        ),
        (
            "PATCH",
            "/{id}/revoke",
            lambda c: instruments.revoke_instrument(c.account, c.path["id"]),
            200,
            False,
        ),
    )
)


def create(world: World) -> App:
    """The ASGI app of all Checkout.com hosts, sandbox and production alike."""
    # /forward/secrets comes before /forward/{id}, which would take it for an id.
    older = routes(world, _SECRETS, "/forward")
    forwarding = [*older, *routes(world, _FORWARD)]
    vault = (*_TOKENS, *_INSTRUMENTS, *_network_tokens(), *PAYMENTS)
    return application(
        {
            "forward": [*routes(world, _SECRETS), *forwarding, *_key_set(world)],
            "api": [*forwarding, *_switches(world), *routes(world, vault)],
            "access": [Route("/connect/token", _connect(world), methods=["POST"])],
        }
    )


def sum_in_words(body: bytes) -> str | None:
    """The sum of a payment request, or None where it names none.

    Checkout.com counts CLP in hundredths, unlike ISO 4217: a sum that is off is taken.
    """
    try:
        document = json.loads(body)
        amount, digits = document["amount"], DIGITS[document["currency"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    is_sum = type(amount) is int and 0 <= amount < 2**63
    return in_words(amount, document["currency"], digits) if is_sum else None


def host_of_path(path: str) -> str:
    """The host of the sandbox environment that serves a path, where only the path is known."""
    first = path.removeprefix("/").partition("/")[0]
    return f"{_SERVICE_OF.get(first, 'api')}.sandbox.checkout.com"


def receives_at(host: str, path: str, delivered: bool) -> bool:
    """Whether a request is one to a destination: `forward.` and `access.` never are.

    A payment always is; tokens and instruments are where a vault delivers them, and else a call
    of the merchant to its own vault.
    """
    first = path.removeprefix("/").partition("/")[0]
    reached = _REACHED if delivered else _REACHED[:1]
    return service_of(host) == "api" and first in reached


def _network_tokens() -> tuple[CheckoutEndpoint, ...]:
    calls: tuple[tuple[str, str, Callable[[Any], Any], int, bool], ...] = (
        ("POST", "", lambda c: network_tokens.create_network_token(c.account, c.body), 201, True),
        (
            "GET",
            "/{id}",
            lambda c: network_tokens.get_network_token(c.account, c.path["id"]),
            200,
            False,
        ),
        (
            "POST",
            "/{id}/cryptograms",
            lambda c: network_tokens.create_cryptogram(c.account, c.path["id"], c.body),
            201,
            True,
        ),
        (
            "PATCH",
            "/{id}/delete",
            lambda c: network_tokens.delete_network_token(c.account, c.path["id"], c.body),
            204,
            True,
        ),
    )
    scopes = ("vault", "vault:network-tokens")
    return tuple(
        CheckoutEndpoint(method, f"/network-tokens{path}", call, KeyKind.NONE, scopes, ok, reads)
        for method, path, call, ok, reads in calls
    )


def _key_set(world: World) -> list[BaseRoute]:
    async def keys(_: Request) -> Response:
        # Making an RSA key takes its time: other requests go on meanwhile.
        return answer(await asyncio.to_thread(jwk_set, world))

    return [Route("/.well-known/jwks", keys)]


def _switches(world: World) -> list[BaseRoute]:
    async def account(request: Request) -> Response:
        return answer(clients.switch(world, await read_object(request)))

    return [Route(f"{SWITCHES}checkout/account", account, methods=["POST"])]


def _connect(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def connect(request: Request) -> Response:
        scheme, _, basic = request.headers.get("authorization", "").partition(" ")
        live = is_live(request.url.hostname or "")
        try:
            credential = basic if scheme.lower() == "basic" else ""
            return answer(access.grant(world, await request.body(), credential, live=live))
        except access.TokenGrantError as error:
            return answer({"error": str(error)}, 400)

    return connect


def _start(world: World) -> EmulatedParty:
    return EmulatedParty(
        "checkout",
        HOSTS,
        create(world),
        in_words=sum_in_words,
        host_of_path=host_of_path,
        receives_at=receives_at,
    )


_ROWS = RowKinds(
    guards=frozenset({payment_actions.TABLE}),
    settings=frozenset(
        {
            access.KEYS_TABLE,
            clients.CHANNELS_TABLE,
            stored_secrets.TABLE,
            f"{stored_secrets.TABLE}.live",
        }
    ),
)

EMULATION = Emulation(_start, seed.seed, lambda _: seed.sources(), LAXNESSES, _ROWS)
