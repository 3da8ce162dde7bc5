"""The sandbox's made-up credentials, and which of them open a destination.

Each is derived from a name, so that every process has the same: a client that talks to the sandbox
derives them itself, by the rule that docs/sandbox.md states. They open nothing but a sandbox.

With a project every owner that calls a host has credentials there, so that a copied destination
works under its own name; without one the names are those of docs/sandbox.md.
"""

import hmac
import re
from base64 import b32encode, b64decode
from binascii import Error
from collections.abc import Iterable
from hashlib import sha256

from forwardc.sandbox.project import CredentialHolder, MadeUpCredential


def _digest(name: str) -> bytes:
    return sha256(f"forwardc-sandbox:{name}".encode()).digest()


def base32_of(name: str) -> str:
    """The digest of a name in base32, in small letters: what a vault's key is cut from."""
    return b32encode(_digest(name)).decode("ascii").lower()


def hex_of(name: str) -> str:
    """The first 40 hexadecimal digits of the digest of a name."""
    return _digest(name).hex()[:40]


def secret(owner: str, name: str) -> str:
    """The value of an owner's secret (a destination's or a vendor's): `sbx_` and 40 hex digits."""
    return "sbx_" + hex_of(f"{owner}:{name}")


def holder(owner: str, *places: tuple[str, str]) -> CredentialHolder:
    """The credentials of a sandbox without a project: the name of each secret and its place."""
    secrets = {
        name: MadeUpCredential(secret(owner, name), frozenset({place})) for name, place in places
    }
    return CredentialHolder(owner, secrets)


def opens(text: str, expected: Iterable[str]) -> bool:
    """Whether a text is one of these."""
    return any(hmac.compare_digest(text.encode(), secret_text.encode()) for secret_text in expected)


def with_place(
    holders: Iterable[CredentialHolder], place: str, *texts: str
) -> tuple[CredentialHolder, ...]:
    """The holders that have one of these texts at a place."""
    return tuple(
        candidate
        for candidate in holders
        if any(opens(text, candidate.at(place)) for text in texts)
    )


def of_basic(header: str, users: re.Pattern[str]) -> tuple[str, ...]:
    """What a header of HTTP Basic (RFC 7617) may have been made of: none for any other header.

    A plan has a secret there as it is sent, before it is encoded, or as the password alone; then
    the user must be one of `users`.
    """
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ()
    try:
        pair = b64decode(encoded, validate=True).decode()
    except (Error, UnicodeDecodeError):
        return ()
    user, colon, password = pair.partition(":")
    if not colon:
        return ()
    return (encoded, pair, password) if users.fullmatch(user) else (encoded, pair)
