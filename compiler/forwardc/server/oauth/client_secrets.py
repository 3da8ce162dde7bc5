"""Secrets of OAuth clients: made with a form that scanners find, and kept as scrypt hashes only.

Knows no client. A hash stores its parameters, so that they can be raised without a change here.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import scrypt
from string import ascii_letters, digits
from typing import Final
from zlib import crc32

_ALPHABET: Final = digits + ascii_letters
_START: Final = "fwc_"
# 43 characters of 62 are 256 bits.
_RANDOM: Final = 43
_CHECK: Final = 6
# OWASP's Password Storage Cheat Sheet, of equal strength: the row that needs 16 MiB.
_N: Final = 2**14
_R: Final = 8
_P: Final = 5
_MEMORY: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScryptParameters:
    """How a hash is made: scrypt's parameters (RFC 7914) and the salt."""

    n: int
    r: int
    p: int
    salt: bytes


def new_secret() -> str:
    """A secret of 256 random bits. Its last six characters check those before."""
    text = _START + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return text + _check(text)


def has_form(secret: str) -> bool:
    """Whether a text was made here, by its checksum. What does not is not worth a hash."""
    return (
        secret.isascii()
        and len(secret) == len(_START) + _RANDOM + _CHECK
        and secret.startswith(_START)
        and hmac.compare_digest(_check(secret[:-_CHECK]), secret[-_CHECK:])
    )


def new_parameters() -> ScryptParameters:
    """The parameters of today, and a new salt."""
    return ScryptParameters(_N, _R, _P, secrets.token_bytes(16))


def digest(secret: str, recipe: ScryptParameters) -> bytes:
    """The hash itself. Takes about a tenth of a second of one core."""
    return scrypt(
        secret.encode(),
        salt=recipe.salt,
        n=recipe.n,
        r=recipe.r,
        p=recipe.p,
        maxmem=_MEMORY,
        dklen=32,
    )


def format_stored_hash(digested: bytes, recipe: ScryptParameters) -> str:
    """A hash as the table keeps it: `scrypt$n$r$p$salt$hash`."""
    salt, hashed = (b64encode(part).decode("ascii") for part in (recipe.salt, digested))
    return f"scrypt${recipe.n}${recipe.r}${recipe.p}${salt}${hashed}"


def parse_stored_hash(text: str) -> tuple[ScryptParameters, bytes]:
    """The recipe and the hash of a stored text. Raises `ValueError`."""
    kind, n, r, p, salt, hashed = text.split("$")
    if kind != "scrypt":
        raise ValueError("the hash of a client's secret is of an unknown kind")
    return ScryptParameters(int(n), int(r), int(p), b64decode(salt)), b64decode(hashed)


def _check(text: str) -> str:
    number, found = crc32(text.encode("ascii")), ""
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_ALPHABET))
        found = _ALPHABET[rest] + found
    return found
