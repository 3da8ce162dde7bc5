"""Seals a text to a vault's OpenPGP key, and proves on the result that only that key opens it.

Bytes in, bytes out. The library encrypts to keys that are expired or revoked, and to every subkey
that can encrypt, so key and result are checked here.
"""

from base64 import encodebytes
from collections.abc import Iterator
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.values import Secret

if TYPE_CHECKING:
    from pysequoia import Cert
    from pysequoia.packet import Packet

# Tags in the new format: an encrypted session key, and the data that it opens.
_PKESK: Final = b"\xc1"
_ENCRYPTED: Final = b"\xd2"
# The public-key algorithm RSA (encrypt or sign): RFC 9580, section 9.1.
_RSA: Final = 1


@dataclass(frozen=True, slots=True)
class ExpectedKey:
    """What the vault's documents print of its key, in upper-case hexadecimal digits.

    `key_id` is that of the encryption subkey; None where a person vouches for another key.
    """

    fingerprint: str
    key_id: str | None
    bits: int


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A public key that passed every check."""

    fingerprint: str
    key_id: str
    cert: "Cert" = field(repr=False)


class KeyRefusedError(ForwardcError, ValueError):
    """The key must not be used. The reason is safe to show."""


def key_hash(value: str) -> Secret:
    """SHA-256 of a third-party key as 64 hexadecimal digits, as secret as the key itself."""
    return Secret(sha256(value.encode()).hexdigest())


def read_key(data: bytes, expected: ExpectedKey, now: datetime) -> SealingKey:
    """Read a public key, armoured or not, and check it.

    Raises:
        KeyRefusedError: It must not be used; the reason is safe to show.
        ImportError: pysequoia is not installed.
    """
    try:
        cert = _read(data)
        _check_primary(cert, expected, now)
    except RuntimeError:
        # The library's message holds a stack of its own.
        raise KeyRefusedError("the file does not hold one undamaged OpenPGP key") from None
    key_id = _only_recipient(_encrypt(cert, b""))
    _check_subkey(cert, key_id, expected, now)
    return SealingKey(expected.fingerprint, key_id, cert)


def seal(key: SealingKey, text: Secret) -> bytes:
    """The text encrypted to the key, as lines of base64.

    Raises:
        KeyRefusedError: The message is not for the encryption subkey that was checked.
    """
    message = _encrypt(key.cert, str(text.reveal()).encode())
    if _only_recipient(message) != key.key_id:
        raise KeyRefusedError("the message is not for the encryption subkey of this key")
    return encodebytes(message)


def _encrypt(cert: "Cert", text: bytes) -> bytes:
    from pysequoia import encrypt

    try:
        return encrypt(bytes=text, recipients=[cert], armor=False)
    except RuntimeError:
        raise KeyRefusedError("it has no encryption subkey, or only a revoked one") from None


def _read(data: bytes) -> "Cert":
    from pysequoia import Cert
    from pysequoia.packet import Tag

    tags = [packet.tag for packet in _packets(data)]
    if Tag.SecretKey in tags or Tag.SecretSubkey in tags:
        raise KeyRefusedError("the file holds a private key; export the public key")
    return Cert.from_bytes(data)


def _check_primary(cert: "Cert", expected: ExpectedKey, now: datetime) -> None:
    fingerprint = cert.fingerprint.upper()
    if fingerprint != expected.fingerprint:
        raise KeyRefusedError(f"its fingerprint is {fingerprint}, not {expected.fingerprint}")
    if cert.is_revoked:
        raise KeyRefusedError("it is revoked")
    if cert.expiration is not None and cert.expiration <= now:
        raise KeyRefusedError(f"it expired on {cert.expiration.date().isoformat()}")


def _check_subkey(cert: "Cert", key_id: str, expected: ExpectedKey, now: datetime) -> None:
    block = list(_subkey(cert, key_id))
    if not block:
        raise KeyRefusedError("it has no encryption subkey beside its primary key")
    ends = _end_of(block)
    if ends is not None and ends <= now:
        raise KeyRefusedError(
            f"its encryption subkey {key_id} expired on {ends.date().isoformat()}"
        )
    # RFC 9580, section 5.5.2: version, four octets of time, algorithm, bits of the modulus.
    body = block[0].body
    bits = int.from_bytes(body[6:8], "big")
    if body[5] != _RSA or bits != expected.bits:
        raise KeyRefusedError(f"its encryption subkey {key_id} is not RSA of {expected.bits} bits")
    if expected.key_id not in (None, key_id):
        raise KeyRefusedError(f"its encryption subkey is {key_id}, not {expected.key_id}")


def _subkey(cert: "Cert", key_id: str) -> "Iterator[Packet]":
    """The packet of a subkey and the signatures that follow it."""
    from pysequoia.packet import Tag

    inside = False
    for packet in _packets(bytes(cert)):
        if packet.tag != Tag.Signature:
            inside = packet.tag == Tag.PublicSubkey and (packet.key_id or "").upper() == key_id
        if inside:
            yield packet


def _packets(data: bytes) -> "Iterator[Packet]":
    from pysequoia.packet import PacketPile

    yield from PacketPile.from_bytes(data)


def _end_of(block: "list[Packet]") -> datetime | None:
    """When a subkey expires by the newest of its bindings; None for never."""
    created = block[0].key_created
    bindings = [
        (packet.signature_created, packet) for packet in block[1:] if packet.signature_created
    ]
    if created is None or not bindings:
        return None
    period = max(bindings, key=itemgetter(0))[1].key_validity_period
    return created + period if period else None


def _only_recipient(message: bytes) -> str:
    key_ids = recipients(message)
    if len(key_ids) != 1:
        raise KeyRefusedError(f"it has {len(key_ids)} keys that can encrypt; there must be one")
    return key_ids[0]


def recipients(message: bytes) -> list[str]:
    """The key ids for whom a message is encrypted, as gpg lists them.

    RFC 9580, sections 4.2.1 and 5.1.1.

    Raises:
        KeyRefusedError: A key is not RSA, or something other than encrypted data follows.
    """
    key_ids: list[str] = []
    while message[:1] == _PKESK:
        size, start = _length(message)
        body, message = message[start : start + size], message[start + size :]
        if body[:1] != b"\x03" or body[9:10] != bytes([_RSA]):
            raise KeyRefusedError("its encryption subkey is not RSA as in RFC 4880")
        key_ids.append(body[1:9].hex().upper())
    if message[:1] != _ENCRYPTED:
        raise KeyRefusedError("what was encrypted to it is not a message as in RFC 4880")
    return key_ids


def _length(packet: bytes) -> tuple[int, int]:
    """How long a packet's body is, and where it starts."""
    first, second = (*packet[1:3], 0, 0)[:2]
    return (first, 2) if first < 192 else (((first - 192) << 8) + second + 192, 3)
