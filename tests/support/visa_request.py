"""A card encrypted for Visa Token Service, by jwcrypto: the sandbox does not judge its own work."""

import base64
import hashlib
import json
from typing import Any

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from forwardc.sandbox.secrets_rule import secret

NOW = 1_790_000_000


def encrypted(plaintext: Any, *, shared: str = "", **header: Any) -> str:
    """A compact JWE. A header of None is left out."""
    shared = shared or secret("visa", "visa_encryption_shared_key")
    key = base64.urlsafe_b64encode(hashlib.sha256(shared.encode()).digest()).rstrip(b"=").decode()
    protected = {
        "alg": "A256GCMKW",
        "enc": "A256GCM",
        "kid": secret("visa", "visa_encryption_api_key"),
        "channelSecurityContext": "SHARED_SECRET",
        "iat": str(NOW),
    } | header
    kept = {name: value for name, value in protected.items() if value is not None}
    token = JWE(json.dumps(plaintext).encode(), protected=json.dumps(kept))
    token.add_recipient(JWK(kty="oct", k=key))
    return str(token.serialize(compact=True))
