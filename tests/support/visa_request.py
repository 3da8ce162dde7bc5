"""A card encrypted for Visa Token Service, by jwcrypto: the sandbox does not judge its own work."""

import base64
import hashlib
import json
from typing import Any

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from forwardc.sandbox.credentials import secret

NOW = 1_790_000_000


def key_of(shared: str) -> str:
    """The `k` of the JWK that a shared secret stands for."""
    return base64url(hashlib.sha256(shared.encode()).digest())


def base64url(data: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encrypted(plaintext: Any, *, shared: str = "", **header: Any) -> str:
    """A compact JWE. A header of None is left out."""
    shared = shared or secret("visa", "visa_encryption_shared_key")
    protected = {
        "alg": "A256GCMKW",
        "enc": "A256GCM",
        "kid": secret("visa", "visa_encryption_api_key"),
        "channelSecurityContext": "SHARED_SECRET",
        "iat": str(NOW),
    } | header
    kept = {name: value for name, value in protected.items() if value is not None}
    token = JWE(json.dumps(plaintext).encode(), protected=json.dumps(kept))
    token.add_recipient(JWK(kty="oct", k=key_of(shared)))
    return str(token.serialize(compact=True))
