"""Who calls Checkout.com: the secret key, the public key or an access token, and what each may do.

Two RSA keys are made on first use and live in the state, so that a sandbox with a state file keeps
its key ids: one to encrypt headers for the vault, one that signs its access tokens. Documents send
an API key bare, SDKs send `Bearer`; both are accepted. Request, answer and error codes of OAuth
from the public API reference (connect/token); the token's form (RS256, `typ: at+jwt`, its claims)
from tests of SDK-node.
"""

import json
import secrets
from base64 import b64decode
from enum import Enum
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request

from forwardc.sandbox.checkout.clients import (
    CheckoutAccount,
    CheckoutClient,
    by_id,
    by_key,
    by_oauth,
    fingerprint,
    fixed_id,
    is_live,
)
from forwardc.sandbox.checkout.request_checks import forbidden, unauthorized
from forwardc.sandbox.crypto.jwe import JweError, b64, rsa_private_key, rsa_public_key, unb64
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.world import World

KEYS_TABLE = "checkout.keys"
ENCRYPTION = "encryption"
SIGNING = "signing"
_PUBLIC = ("kty", "use", "alg", "kid", "n", "e")


def private_jwk(world: World, purpose: str) -> dict[str, Any]:
    """The private JWK of one purpose, made when first asked for."""
    table = world.table(KEYS_TABLE)
    if purpose not in table:
        use, alg = ("enc", "RSA-OAEP-256") if purpose == ENCRYPTION else ("sig", "RS256")
        table[purpose] = {"kty": "RSA", "use": use, "alg": alg, **_generate()}
    jwk: dict[str, Any] = table[purpose]
    return jwk


def jwk_set(world: World) -> dict[str, Any]:
    """The JWK Set that /.well-known/jwks answers with. Its form is assumed, see docs/sandbox.md."""
    jwk = private_jwk(world, ENCRYPTION)
    return {"keys": [{name: jwk[name] for name in _PUBLIC}]}


def _generate() -> dict[str, str]:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    public = numbers.public_numbers
    members = {
        "n": public.n,
        "e": public.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    encoded = {name: b64(_bytes(value)) for name, value in members.items()}
    return {"kid": fingerprint(encoded["n"]), **encoded}


def _bytes(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


# --- Access tokens

# Seconds: `expires_in` of the public API reference (connect/token).
LIFETIME_SECONDS = 3600
ISSUER = "https://access.sandbox.checkout.com"
ISSUER_LIVE = "https://access.checkout.com"
SCOPES = frozenset(
    {
        "forward",
        "forward:secrets",
        "vault",
        "vault:instruments",
        "vault:tokenization",
        "vault:customers",
        "vault:card-metadata",
        "vault:network-tokens",
        "vault:real-time-account-updater",
        "vault:apme-enrollment",
        "vault:gpayme-enrollment",
        "gateway",
        "gateway:payment",
        "gateway:payment-authorizations",
        "gateway:payment-cancellations",
        "gateway:payment-captures",
        "gateway:payment-details",
        "gateway:payment-refunds",
        "gateway:payment-voids",
    }
)


class TokenGrantError(SandboxError):
    """The token request is refused; the text is OAuth's error code."""


def grant(world: World, form: bytes, basic: str, *, live: bool) -> dict[str, object]:
    """Answer a token request. `basic` is the credential part of HTTP Basic, or empty.

    `live` is production's host: neither environment takes the other's clients and tokens.

    Raises `TokenGrantError`.
    """
    fields = {name: values[-1] for name, values in parse_qs(form.decode("latin-1")).items()}
    if "grant_type" not in fields:
        raise TokenGrantError("invalid_request")
    if fields["grant_type"] != "client_credentials":
        raise TokenGrantError("unsupported_grant_type")
    client = _client(fields, basic, live=live)
    if client is None:
        raise TokenGrantError("invalid_client")
    scopes = fields.get("scope", "").split()
    if not scopes or not SCOPES.issuperset(scopes):
        raise TokenGrantError("invalid_scope")
    return {
        "access_token": _sign(world, client, scopes, live=live),
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "scope": " ".join(scopes),
    }


def read_token(
    world: World, token: str, *, live: bool
) -> tuple[CheckoutClient, frozenset[str]] | None:
    """Whose access token of this platform it is, with its scopes; None if it is not valid now."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    key = rsa_public_key(private_jwk(world, SIGNING))
    try:
        signed = f"{parts[0]}.{parts[1]}".encode()
        key.verify(unb64(parts[2]), signed, PKCS1v15(), SHA256())
        claims = json.loads(unb64(parts[1]))
    except (InvalidSignature, JweError, ValueError):
        return None
    client = by_id(claims["client_id"], live=live)
    if client is None or claims["iss"] != _issuer(live) or claims["exp"] <= world.now():
        return None
    return client, frozenset(claims["scope"])


def _issuer(live: bool) -> str:
    return ISSUER_LIVE if live else ISSUER


def _client(fields: dict[str, str], basic: str, *, live: bool) -> CheckoutClient | None:
    credential = f"{fields.get('client_id', '')}:{fields.get('client_secret', '')}"
    if "client_id" not in fields and basic:
        try:
            credential = b64decode(basic, validate=True).decode("utf-8")
        except ValueError:
            return None
    client_id, _, client_secret = credential.partition(":")
    return by_oauth(client_id, client_secret, live=live)


def _sign(world: World, client: CheckoutClient, scopes: list[str], *, live: bool) -> str:
    jwk = private_jwk(world, SIGNING)
    now = int(world.now())
    header = {"alg": "RS256", "kid": jwk["kid"], "typ": "at+jwt"}
    claims = {
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
        "iss": _issuer(live),
        "aud": sorted({scope.split(":")[0] for scope in scopes}),
        "client_id": client.client_id,
        "cko_client_id": fixed_id("cli", client.name),
        "cko_entity_id": client.entity_id,
        "jti": secrets.token_hex(16).upper(),
        "iat": now,
        "scope": scopes,
    }
    signed = f"{_part(header)}.{_part(claims)}"
    signature = rsa_private_key(jwk).sign(signed.encode(), PKCS1v15(), SHA256())
    return f"{signed}.{b64(signature)}"


def _part(value: object) -> str:
    return b64(json.dumps(value, separators=(",", ":")).encode())


# --- Who calls


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
