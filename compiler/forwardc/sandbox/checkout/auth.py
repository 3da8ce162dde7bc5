"""Who calls: the secret key, the public key or an access token, and what each may do.

Knows no endpoint. Documents send the key bare, SDKs send `Bearer`; both are accepted.
"""

from enum import Enum

from starlette.requests import Request

from forwardc.sandbox.checkout.clients import CheckoutAccount, by_key, is_live
from forwardc.sandbox.checkout.oauth import read_token
from forwardc.sandbox.checkout.problems import forbidden, unauthorized
from forwardc.sandbox.world import World


class KeyKind(Enum):
    """The kind of API key that an endpoint takes."""

    SECRET = "secret"  # noqa: S105 - a name
    PUBLIC = "public"
    NONE = "none"


def authorize(world: World, request: Request, key: KeyKind, *scopes: str) -> CheckoutAccount:
    """The account of the caller, or raise the vendor's 401 or 403.

    `scopes` are those of which an access token needs one.
    """
    credential = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not credential:
        raise unauthorized()
    host = request.url.hostname or ""
    live = is_live(host)
    client = (
        None
        if key is KeyKind.NONE
        else by_key(world, host, credential, public=key is KeyKind.PUBLIC)
    )
    if client is not None:
        return CheckoutAccount(world, client, live)
    # SDKs call what takes no key with an access token only.
    client = by_key(world, host, credential, public=False) if key is KeyKind.NONE else None
    if client is not None and world.lets("checkout_network_tokens_by_key", "authorization"):
        return CheckoutAccount(world, client, live)
    granted = read_token(world, credential, live=live)
    if granted is None:
        raise unauthorized()
    client, held = granted
    if not held.intersection(scopes):
        raise forbidden()
    return CheckoutAccount(world, client, live)
