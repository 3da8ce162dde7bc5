"""Who calls: the secret key, the public key or an access token, and what each may do.

Knows no endpoint. Documents send the key bare, SDKs send `Bearer`; both are accepted.
"""

import hmac
from enum import Enum

from starlette.requests import Request

from forwardc.sandbox.checkout.oauth import scopes_of
from forwardc.sandbox.checkout.problems import forbidden, unauthorized
from forwardc.sandbox.secrets_rule import checkout_public_key, checkout_secret_key
from forwardc.sandbox.world import World


class Key(Enum):
    """The kind of API key that an endpoint takes."""

    SECRET = "secret"  # noqa: S105 - a name
    PUBLIC = "public"
    NONE = "none"


def authorize(world: World, request: Request, key: Key, *scopes: str) -> None:
    """Let the caller through, or raise the vendor's 401 or 403.

    `scopes` are those of which an access token needs one.
    """
    credential = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not credential:
        raise unauthorized()
    if key is not Key.NONE and hmac.compare_digest(credential.encode(), _value(key).encode()):
        return
    granted = scopes_of(world, credential)
    if granted is None:
        raise unauthorized()
    if not granted.intersection(scopes):
        raise forbidden()


def _value(key: Key) -> str:
    return checkout_secret_key() if key is Key.SECRET else checkout_public_key()
