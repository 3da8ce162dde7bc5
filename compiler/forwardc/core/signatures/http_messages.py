"""HTTP Message Signatures (RFC 9421), with or without the body's `Content-Digest` (RFC 9530).

The author names the components; without `content-digest` among them nothing of the body is signed.
"""

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Final, cast

from forwardc.core.signatures.keys import SigningError, base64_key, private_key, text_key
from forwardc.core.signatures.request_text import RequestText

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ALGORITHMS: Final = (
    *("hmac-sha256", "rsa-v1_5-sha256", "rsa-pss-sha512"),
    *("ecdsa-p256-sha256", "ed25519"),
)
"""RFC 9421, section 3.3, but for P-384, for which nobody has asked."""
DERIVED: Final = (
    *("@method", "@target-uri", "@authority", "@scheme", "@request-target"),
    *("@path", "@query"),
)
"""RFC 9421, section 2.2, but for the components of an answer and of single query parameters."""
DIGESTS: Final = {"sha-256": "sha256", "sha-512": "sha512"}
# The bytes of one number of an ECDSA signature on P-256 (RFC 9421, section 3.3.4).
_P256_BYTES: Final = 32
# The bytes of salt of rsa-pss-sha512 (RFC 9421, section 3.3.1).
_SALT_BYTES: Final = 64


def content_digest(request: RequestText) -> str:
    """The header `Content-Digest`."""
    name = request.option("content_digest") or "sha-256"
    value = hashlib.new(DIGESTS[name], request.body_bytes).digest()
    return f"{name}=:{base64.b64encode(value).decode()}:"


def parameters(request: RequestText) -> str:
    """The value of `@signature-params`: the components and what is said of the signature."""
    components = " ".join(f'"{name}"' for name in _components(request))
    said = [("keyid", request.option("key_id"))]
    if request.options.get("nonce") is True:
        said.append(("nonce", request.nonce))
    if "tag" in request.options:
        said.append(("tag", request.option("tag")))
    texts = "".join(f";{name}={_string(value)}" for name, value in said)
    return f"({components});created={request.time}{texts}"


def base(request: RequestText) -> str:
    """The text that is signed. Raises `SigningError` for a header that the request lacks."""
    lines = [f'"{name}": {_component(request, name)}' for name in _components(request)]
    return "\n".join([*lines, f'"@signature-params": {parameters(request)}'])


def _components(request: RequestText) -> list[str]:
    return [str(name) for name in request.options.get("components", [])]


def _component(request: RequestText, name: str) -> str:
    derived = {
        "@method": request.method.upper(),
        "@target-uri": request.url + (f"?{request.query_text}" if request.query else ""),
        "@authority": request.host,
        "@scheme": request.parts.scheme.lower(),
        "@request-target": request.target,
        "@path": request.path,
        "@query": f"?{request.query_text}",
    }
    if name == "content-digest":
        return content_digest(request)
    value = derived[name] if name in derived else request.header(name)
    if value is None:
        raise SigningError(f"the signature covers the header {name}, and the request has none")
    return value


def _string(text: str) -> str:
    """A string of a structured field (RFC 8941, section 3.3.3)."""
    if not text.isascii() or not text.isprintable():
        raise SigningError("what is said of a signature is printable ASCII")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def signed(request: RequestText, secret: str) -> bytes:
    """The signature over `base`. Raises `SigningError`."""
    text, algorithm = base(request).encode(), request.option("alg")
    if algorithm == "hmac-sha256":
        key = base64_key if request.option("key_form") == "base64" else text_key
        return hmac.digest(key(secret), text, "sha256")
    return _with_private_key(text, algorithm, secret)


def _with_private_key(text: bytes, algorithm: str, secret: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, padding
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256, SHA512

    if algorithm == "ed25519":
        return cast("Ed25519PrivateKey", private_key(secret, "Ed25519")).sign(text)
    if algorithm == "ecdsa-p256-sha256":
        curve_key = cast("EllipticCurvePrivateKey", private_key(secret, "EC"))
        r, s = decode_dss_signature(curve_key.sign(text, ec.ECDSA(SHA256())))
        return r.to_bytes(_P256_BYTES) + s.to_bytes(_P256_BYTES)
    key = cast("RSAPrivateKey", private_key(secret, "RSA"))
    if algorithm == "rsa-pss-sha512":
        pss: Any = padding.PSS(padding.MGF1(SHA512()), _SALT_BYTES)
        return key.sign(text, pss, SHA512())
    return key.sign(text, padding.PKCS1v15(), SHA256())


def header(request: RequestText, gives: str, secret: str) -> str:
    """One of the headers that the scheme adds. Raises `SigningError`."""
    label = request.option("label") or "sig1"
    match gives:
        case "Content-Digest":
            return content_digest(request)
        case "Signature-Input":
            return f"{label}={parameters(request)}"
        case _:
            return f"{label}=:{base64.b64encode(signed(request, secret)).decode()}:"
