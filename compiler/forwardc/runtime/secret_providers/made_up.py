"""The sandbox's values of secrets and credentials, made up by the rule of docs/sandbox.md.

They depend on names, and on what the plan says a value must be; they open nothing but a sandbox.
"""

import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256, sha512
from typing import Final, assert_never

from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.model import PlanSecret
from forwardc.plan.parts import CredentialShape, misfit
from forwardc.plan.secret_names import SecretId
from forwardc.runtime.secret_providers.made_up_rsa import EXPONENT, private_jwk
from forwardc.runtime.secret_providers.made_up_shape import beginning

_OCTETS: Final = 32


def digest(name: str) -> bytes:
    """H(name) of the rule."""
    return sha256(f"forwardc-sandbox:{name}".encode()).digest()


def sandbox_secret(owner: str, name: str) -> str:
    """The value that an owner's secret has in every sandbox, where the plan asks for no form."""
    return "sbx_" + _hex40(owner, name)


def made_up_secret(secret: SecretId, spec: PlanSecret, class_: EnvironmentClass) -> str:
    """What the operator would give: text that has the form, and the shape, that the plan says."""
    raw = sandbox_secret(secret.owner, secret.name)
    if spec.form is None:
        if spec.as_key == "jwk":
            return _oct_jwk(raw, _OCTETS)
        return _shaped(spec.shape, class_, secret) or raw
    octets = spec.form.octets or _OCTETS
    match spec.form.kind:
        case "rsa_jwk":
            return _public(_private(secret))
        case "oct_jwk":
            return _oct_jwk(raw, octets)
        case "base64url":
            return base64url(_octets(raw, octets))
        case "text":
            return sha512(raw.encode()).hexdigest()[:octets]
        case "basic":
            return b64encode(f"sandbox:{raw}".encode()).decode()
        case "login":
            return f"sandbox:{raw}"
        case kind:
            assert_never(kind)


def made_up_private(secret: SecretId, spec: PlanSecret) -> dict[str, str] | None:
    """The private JWK of a made-up public key, for who plays the destination; None for others."""
    if spec.form is None or spec.form.kind != "rsa_jwk":
        return None
    return _private(secret)


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _private(secret: SecretId) -> dict[str, str]:
    return private_jwk(f"{secret.owner}:{secret.name}")


def _public(private: dict[str, str]) -> str:
    return json.dumps({"kty": "RSA", "n": private["n"], "e": base64url(EXPONENT.to_bytes(3))})


def _oct_jwk(raw: str, octets: int) -> str:
    return json.dumps({"kty": "oct", "k": base64url(_octets(raw, octets))})


def _octets(raw: str, octets: int) -> bytes:
    data = raw.encode()
    return (sha256(data).digest() if octets <= _OCTETS else sha512(data).digest())[:octets]


def _shaped(
    shape: CredentialShape | None, class_: EnvironmentClass, secret: SecretId
) -> str | None:
    """A text that begins as the class of environment says; None where nothing simple does."""
    pattern = getattr(shape, class_, None)
    start = None if pattern is None else beginning(pattern)
    text = None if start is None else start + _hex40(secret.owner, secret.name)
    return text if text is not None and misfit(shape, class_, text) is None else None


def _hex40(owner: str, name: str) -> str:
    return digest(f"{owner}:{name}").hex()[:40]
