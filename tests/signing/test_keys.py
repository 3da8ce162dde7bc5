"""A private key serves as JWK and as PEM; a weak one, and one of another kind, is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from forwardc.core.signatures import http_messages
from forwardc.core.signatures.keys import SigningError, private_key
from forwardc.core.signatures.request_text import RequestText
from forwardc.plan.model import PlanSecret
from forwardc.plan.parts import SecretForm
from forwardc.plan.secret_names import SecretId
from forwardc.runtime.secret_providers.made_up import made_up_secret
from forwardc.sandbox.crypto.signatures import messages
from forwardc.sandbox.crypto.signatures.received import ArrivedRequest

KINDS = {
    "RSA": ("rsa_private", "rsa-pss-sha512"),
    "EC": ("ec_private", "ecdsa-p256-sha256"),
    "Ed25519": ("ed25519_private", "ed25519"),
}
# Seconds since 1970: 20 November 2026.
NOW = 1_795_176_000


def jwk(form: str) -> str:
    spec = PlanSecret(form=SecretForm(kind=form))  # type: ignore[arg-type]
    return made_up_secret(SecretId("secret", "sandbox", "", "shop", "own"), spec, "sandbox")


def pem(key: object, encryption: object = NoEncryption()) -> str:
    data: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)  # type: ignore[attr-defined]
    return data.decode()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_key_as_jwk_and_as_pem_signs_alike(kind: str) -> None:
    form, algorithm = KINDS[kind]
    as_jwk = jwk(form)
    options = {"alg": algorithm, "key_id": "k", "components": ["@method"]}
    request = RequestText("POST", "https://api.shop.example/", time=NOW, options=options)
    for secret in (as_jwk, pem(private_key(as_jwk, kind))):
        headers = tuple(
            (name, http_messages.header(request, name, secret))
            for name in ("Signature-Input", "Signature")
        )
        arrived = ArrivedRequest(
            "POST", "https://api.shop.example/", headers, b"", NOW, options, as_jwk
        )
        assert messages.check(arrived) == ""


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_key_of_another_kind_or_with_a_password_is_refused(kind: str) -> None:
    for other, (form, _) in KINDS.items():
        if other != kind:
            with pytest.raises(SigningError, match=kind):
                private_key(jwk(form), kind)
    locked = pem(private_key(jwk(KINDS[kind][0]), kind), BestAvailableEncryption(b"hush"))
    with pytest.raises(SigningError, match="as JWK or PEM"):
        private_key(locked, kind)


def test_a_weak_key_is_refused() -> None:
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505 - what is refused
    with pytest.raises(SigningError, match="2048"):
        private_key(pem(short), "RSA")
    with pytest.raises(SigningError, match="P-256"):
        private_key(pem(ec.generate_private_key(ec.SECP384R1())), "EC")
