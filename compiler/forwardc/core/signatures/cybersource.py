"""Cybersource's HTTP signature: `Digest` over the body, and a keyed hash over header lines.

developer.cybersource.com, REST, Getting Started; cybersource-rest-client-python 0.0.80. The secret
is base64. The request line has two names in their texts; list and text agree in either.
"""

import base64
import hmac
from hashlib import sha256

from forwardc.core.signatures.keys import SigningError, base64_key
from forwardc.core.signatures.request_text import RequestText

BODIES = frozenset({"POST", "PUT", "PATCH"})
"""The methods whose body is hashed."""


def digest(request: RequestText) -> str:
    """The header `Digest`."""
    return "SHA-256=" + base64.b64encode(sha256(request.body_bytes).digest()).decode()


def lines(request: RequestText) -> list[tuple[str, str]]:
    """The lines that are signed, by name and in their order."""
    target = request.option("request_target") or "request-target"
    signed = [
        ("host", request.host),
        ("date", request.http_date),
        (target, f"{request.method.lower()} {request.target}"),
    ]
    if request.method in BODIES:
        signed.append(("digest", digest(request)))
    return [*signed, ("v-c-merchant-id", request.option("merchant_id"))]


def signature(request: RequestText, secret: str) -> str:
    """The header `Signature`. Raises `SigningError`."""
    signed, key_id = lines(request), request.option("key_id")
    if '"' in key_id or "\\" in key_id:
        raise SigningError("the key id cannot stand between quotes")
    text = "\n".join(f"{name}: {value}" for name, value in signed)
    value = hmac.digest(base64_key(secret), text.encode(), "sha256")
    names = " ".join(name for name, _ in signed)
    return (
        f'keyid="{key_id}", algorithm="HmacSHA256", headers="{names}", '
        f'signature="{base64.b64encode(value).decode()}"'
    )


def header(request: RequestText, gives: str, secret: str) -> str:
    """One of the headers that the scheme adds. Raises `SigningError`."""
    match gives:
        case "Date":
            return request.http_date
        case "Digest":
            return digest(request)
        case "v-c-merchant-id":
            return request.option("merchant_id")
        case _:
            return signature(request, secret)
