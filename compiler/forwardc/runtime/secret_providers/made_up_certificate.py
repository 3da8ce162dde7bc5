"""The sandbox's client certificates: signed by themselves, with a key that follows from a name.

They never end, since every process must find the same bytes at any time, and no server trusts them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

_BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_END: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""RFC 5280, section 4.1.2.5: the time of a certificate that has no end."""


def key_pem(jwk: Mapping[str, str]) -> str:
    """A private key of RSA as PEM of PKCS #8."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    pem: bytes = _key(jwk).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


def certificate_pem(jwk: Mapping[str, str], owner: str) -> str:
    """A certificate of the key as PEM. RSA of PKCS #1 signs a text in the same way each time."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = _key(jwk)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"forwardc sandbox {owner}"[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def _key(jwk: Mapping[str, str]) -> Any:
    from jwcrypto.jwk import JWK

    return JWK(**jwk).get_op_key("sign")
