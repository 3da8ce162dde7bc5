"""Mastercard's OAuth 1.0a: an RSA signature over method, URL and parameters, with the body's hash.

RFC 5849, section 3.4.1, with the parameter `oauth_body_hash` (SHA-256 of the body, of nothing where
there is none) and RSA-SHA256 (PKCS #1 v1.5); github.com/Mastercard/oauth1-signer-python.
"""

import base64
from hashlib import sha256
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote

from forwardc.core.signatures.keys import SigningError, private_key
from forwardc.core.signatures.request_text import RequestText

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def encoded(text: str) -> str:
    """Percent-encoding of RFC 5849, section 3.6."""
    return quote(text, safe="")


def parameters(request: RequestText) -> list[tuple[str, str]]:
    """The parameters of the protocol, in the order of the header, without the signature."""
    body_hash = base64.b64encode(sha256(request.body_bytes).digest()).decode()
    return [
        ("oauth_consumer_key", request.option("consumer_key")),
        ("oauth_nonce", request.nonce),
        ("oauth_timestamp", str(request.time)),
        ("oauth_signature_method", "RSA-SHA256"),
        ("oauth_version", "1.0"),
        ("oauth_body_hash", body_hash),
    ]


def base_string(request: RequestText) -> str:
    """The text that is signed."""
    query = [(unquote(name), unquote(value.replace("+", " "))) for name, value in request.query]
    # Mastercard's own signers encode the values of the query twice, and those of `oauth_*` once.
    twice = ((encoded(name), encoded(value)) for name, value in query)
    pairs = sorted([*twice, *parameters(request)])
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    parts = request.parts
    address = f"{parts.scheme.lower()}://{request.host}{request.path}"
    return "&".join((request.method.upper(), encoded(address), encoded(joined)))


def authorization(request: RequestText, secret: str) -> str:
    """The header `Authorization`. Raises `SigningError`."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    consumer = request.option("consumer_key")
    if not consumer.isascii() or not consumer.isprintable() or '"' in consumer or "," in consumer:
        raise SigningError("the consumer key cannot stand between quotes")
    key = cast("RSAPrivateKey", private_key(secret, "RSA"))
    signature = base64.b64encode(key.sign(base_string(request).encode(), PKCS1v15(), SHA256()))
    pairs = [*parameters(request), ("oauth_signature", encoded(signature.decode()))]
    return "OAuth " + ",".join(f'{name}="{value}"' for name, value in pairs)
