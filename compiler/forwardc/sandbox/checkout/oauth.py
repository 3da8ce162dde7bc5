"""OAuth client credentials: makes and reads the vault's access tokens.

Knows no other endpoint. Request, answer and error codes from Checkout.com's public API reference
(connect/token); the token's form (RS256, `typ: at+jwt`, its claims) from tests of SDK-node.
"""

import json
import secrets
from base64 import b64decode
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from forwardc.sandbox.checkout.clients import CheckoutClient, by_id, by_oauth
from forwardc.sandbox.checkout.keys import SIGNING, private_jwk
from forwardc.sandbox.checkout.rows import fixed_id
from forwardc.sandbox.crypto.jwe import JweError, b64, rsa_private_key, rsa_public_key, unb64
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.world import World

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
    given = f"{fields.get('client_id', '')}:{fields.get('client_secret', '')}"
    if "client_id" not in fields and basic:
        try:
            given = b64decode(basic, validate=True).decode("utf-8")
        except ValueError:
            return None
    client_id, _, client_secret = given.partition(":")
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
