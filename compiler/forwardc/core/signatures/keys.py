"""The key that a secret is: text, base64, or a private key as JWK or PEM.

How a scheme reads its secret is the most common cause of a signature that does not fit, so that a
secret of another form is refused by name, before anything is sent. No message holds a part of it.
"""

import base64
import binascii
import json
from typing import Any, Final

from forwardc.core.diagnostics.errors import ForwardcError

LEAST_RSA_BITS: Final = 2048
"""Bits of a modulus: the least that NIST SP 800-131A allows for signing."""


class SigningError(ForwardcError, ValueError):
    """A request cannot be signed, or the secret is no key of the scheme; no value is in it."""


def base64_key(secret: str) -> bytes:
    """The octets of a secret in base64. Raises `SigningError`."""
    try:
        key = base64.b64decode(secret.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise SigningError("the secret of this signature is base64, and this is none") from None
    if not key:
        raise SigningError("the secret of this signature is empty")
    return key


def text_key(secret: str) -> bytes:
    """The octets of a secret that is text. Raises `SigningError` for an empty one."""
    if not secret:
        raise SigningError("the secret of this signature is empty")
    return secret.encode()


def private_key(secret: str, kind: str) -> Any:
    """A private key of one kind: RSA, EC or Ed25519, from JWK or unencrypted PEM.

    Raises `SigningError`.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    key = _loaded(secret.strip())
    kinds: dict[str, type[Any]] = {
        "RSA": rsa.RSAPrivateKey,
        "EC": ec.EllipticCurvePrivateKey,
        "Ed25519": ed25519.Ed25519PrivateKey,
    }
    if not isinstance(key, kinds[kind]):
        raise SigningError(f"this signature needs a private key of the kind {kind}")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        raise SigningError(f"an RSA key that signs has {LEAST_RSA_BITS} bits or more")
    if isinstance(key, ec.EllipticCurvePrivateKey) and not isinstance(key.curve, ec.SECP256R1):
        raise SigningError("the key is on another curve than P-256")
    return key


def _loaded(secret: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from jwcrypto.jwk import JWK

    try:
        if secret.startswith("{"):
            jwk = JWK(**json.loads(secret))
            if not jwk.has_private:
                raise SigningError("this signature needs a private key, and this is a public one")
            return jwk.get_op_key("sign")
        return load_pem_private_key(secret.encode(), None)
    except SigningError:
        raise
    except Exception:
        # Not chained: what the libraries say may quote the key.
        message = "the secret of this signature is a private key as JWK or PEM, and this is none"
        raise SigningError(message) from None
