"""Signs tokens by hand, good ones and forged ones. Shares nothing with the gate's own library."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NOW = 1_795_000_000
ISSUER = "https://pay.example"
AUDIENCE = "forwardc"

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass
class Time:
    """Seconds since the epoch, which a test turns."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Signer:
    """An issuer's key, with what its JWK says beside the public numbers."""

    key: Private
    alg: str
    about: dict[str, Any] = field(default_factory=dict)

    def jwk(self) -> dict[str, Any]:
        match self.key.public_key():
            case ec.EllipticCurvePublicKey() as public:
                size = public.key_size // 8
                curve = {32: "P-256", 48: "P-384"}[size]
                numbers = public.public_numbers()
                found = {"kty": "EC", "crv": curve, "x": _int(numbers.x, size)}
                found["y"] = _int(numbers.y, size)
            case rsa.RSAPublicKey() as public:
                rsa_numbers = public.public_numbers()
                found = {"kty": "RSA", "n": _int(rsa_numbers.n), "e": _int(rsa_numbers.e)}
            case ed25519.Ed25519PublicKey() as public:
                found = {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
        return {**found, **self.about}

    def sign(self, text: bytes) -> bytes:
        match self.key:
            case ec.EllipticCurvePrivateKey() as key:
                size = key.key_size // 8
                kind = hashes.SHA256() if size == 32 else hashes.SHA384()
                r, s = decode_dss_signature(key.sign(text, ec.ECDSA(kind)))
                return r.to_bytes(size, "big") + s.to_bytes(size, "big")
            case ed25519.Ed25519PrivateKey() as key:
                return key.sign(text)
            case rsa.RSAPrivateKey() as key if self.alg == "PS256":
                pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
                return key.sign(text, pss, hashes.SHA256())
            case rsa.RSAPrivateKey() as key:
                return key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        raise AssertionError(self.alg)

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        """A token; members of the header that are None are left out."""
        whole = {"alg": self.alg, "typ": "at+jwt", "kid": self.about.get("kid"), **header}
        shown = {name: value for name, value in whole.items() if value is not None}
        return joined(shown, claims, self.sign)


def ec_signer(kid: str | None = "one", **about: Any) -> Signer:
    named = {"kid": kid} if kid else {}
    return Signer(ec.generate_private_key(ec.SECP256R1()), "ES256", {**named, **about})


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token; one that is None is left out."""
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "client_1",
        "client_id": "client_1",
        "scope": "payment-sharing",
        "iat": NOW - 10,
        "exp": NOW + 600,
        "jti": "1",
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def joined(header: dict[str, Any], body: Any, sign: Any) -> str:
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(body).encode())}"
    return f"{text}.{b64(sign(text.encode()))}"


def hmac_token(body: dict[str, Any], secret: bytes, **header: Any) -> str:
    """A token signed with a shared secret: a public key, where a verifier can be confused."""
    whole = {"alg": "HS256", "typ": "at+jwt", **header}
    return joined(whole, body, lambda text: hmac.digest(secret, text, hashlib.sha256))


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _int(number: int, size: int | None = None) -> str:
    return b64(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))
