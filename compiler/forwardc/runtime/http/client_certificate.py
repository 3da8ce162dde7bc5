"""The certificate by which a destination knows who calls it (mutual TLS, RFC 8446, section 4.3.2).

Both parts come from providers of secrets as PEM and stay in memory. Python's `ssl` reads them from
a file only: on Linux that file is one of memory, elsewhere its private key is encrypted under a
password that this process alone has and forgets.

A pair is looked at before anything is sent: what is no certificate, not its key, or out of its time
would be found by the destination only, in the middle of a payment.

| what is wrong | who finds it | what the run says |
|---|---|---|
| no PEM, another key, not the certificate's time | `pair_problem`, before anything | FC0852 |
| a key or a signature too weak for this machine's TLS | `pair_problem`, before anything | FC0852 |
| there is no room to load it | `present`, before it connects | *not sent* |
| the destination takes it not, or asks where the plan has none | its TLS alert | *not sent* |

In TLS 1.3 a server judges the certificate when the request is on its way already. Where its alert
arrives, the request was not read; where the connection just ends, nobody knows: *unknown*.
"""

import os
import ssl
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from forwardc.core.dataclass import dataclass

# RFC 5246, section 7.2.2 and RFC 8446, section 6.2: alerts about the certificate of the other side,
# as OpenSSL names them. Who sends one has ended the handshake: no request was read.
_NO_REASON: Final = "ALERT_HANDSHAKE_FAILURE"
_ALERTS: Final = tuple(
    f"ALERT_{name}"
    for name in (
        *("BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "CERTIFICATE_REQUIRED", "CERTIFICATE_REVOKED"),
        *("CERTIFICATE_UNKNOWN", "UNKNOWN_CA", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED"),
    )
)
_PASSWORD_BYTES: Final = 32
"""Octets: 256 bits."""


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A certificate, its chain after it, and its private key, as PEM."""

    certificate: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """What tells one identity from another."""
        return sha256(b"\0".join((self.certificate.encode(), self.key.encode()))).digest()


def pair_problem(identity: ClientIdentity, now: datetime) -> str | None:
    """Why a certificate and its key cannot be used at a time, without anything of either."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    try:
        leaf = x509.load_pem_x509_certificates(identity.certificate.encode())[0]
    except (ValueError, IndexError):
        return "the certificate is no PEM of X.509"
    try:
        key = load_pem_private_key(_key_block(identity.key), password=None)
    except TypeError:
        return "the private key is encrypted: give it without a password"
    except UnsupportedAlgorithm:
        return "the private key is of a kind that is not supported"
    except ValueError:
        return "the private key is no PEM of PKCS #8 or PKCS #1"
    if now < leaf.not_valid_before_utc:
        return "the certificate is not valid yet"
    if now > leaf.not_valid_after_utc:
        return "the certificate has ended"
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        fits = key.public_key().public_bytes(*form) == leaf.public_key().public_bytes(*form)
    except (UnsupportedAlgorithm, ValueError):
        return "the certificate's key is of a kind that is not supported"
    if not fits:
        return "the private key is not that of the certificate: its chain stands after it"
    return None if _is_taken(identity) else "TLS does not take it: a key of it is too short or weak"


def _is_taken(identity: ClientIdentity) -> bool:
    """Whether this machine's TLS loads a pair: its policy may ask for longer keys, for one."""
    try:
        present(identity, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except ssl.SSLError:
        return False
    except OSError:
        # No room for a file now: that is said when it is sent.
        return True
    return True


def _key_block(text: str) -> bytes:
    """The private key alone, where the certificate stands before it in the same text."""
    at = text.rfind("-----BEGIN", 0, text.find("PRIVATE KEY-----"))
    return text[max(at, 0) :].encode()


def present(identity: ClientIdentity, context: ssl.SSLContext) -> ssl.SSLContext:
    """The context, which presents the identity where a server asks for it.

    Raises `ssl.SSLError` for a pair of which `pair_problem` would have told, and `OSError` where
    there is no room for a file.
    """
    with _readable(identity) as (file, password):
        context.load_cert_chain(file, password=password)
    return context


@contextmanager
def _readable(identity: ClientIdentity) -> Iterator[tuple[str, str | None]]:
    """A file that holds both while it is read, and the password of its key."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        text = f"{identity.certificate}\n{_key_block(identity.key).decode()}\n"
        with os.fdopen(os.memfd_create("client-certificate"), "wb") as memory:
            memory.write(text.encode())
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}", None
        return
    password = b64encode(os.urandom(_PASSWORD_BYTES)).decode()
    with tempfile.TemporaryDirectory(prefix="forwardc-") as folder:
        file = Path(folder, "client-certificate.pem")
        file.write_bytes(identity.certificate.encode() + b"\n" + _locked(identity.key, password))
        yield str(file), password


def _locked(key: str, password: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    private = load_pem_private_key(_key_block(key), password=None)
    lock = BestAvailableEncryption(password.encode())
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def is_certificate_refused(problem: BaseException | None) -> bool:
    """Whether a server ended the handshake over our certificate, or over having none of us.

    In TLS 1.3 it does so after the client has begun to send; what it sent was not read.
    """
    return _alert(problem).endswith(_ALERTS)


def is_handshake_refused(problem: BaseException | None) -> bool:
    """Whether a server ended the handshake without saying why: in TLS 1.2 for want of ours, too."""
    return _alert(problem).endswith(_NO_REASON)


def _alert(problem: BaseException | None) -> str:
    """OpenSSL's name of the alert behind a failure: `TLSV1_ALERT_UNKNOWN_CA`. Else empty."""
    while problem is not None:
        reason = str(getattr(problem, "reason", ""))
        if isinstance(problem, ssl.SSLError) and "ALERT_" in reason:
            return reason
        problem = problem.__cause__ or problem.__context__
    return ""
