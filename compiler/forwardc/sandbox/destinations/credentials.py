"""Which made-up credentials open a destination: those of the project at its host, or its own.

With a project every owner that calls a host has credentials there, so that a copied destination
works under its own name; without one the names are those of docs/sandbox.md.
"""

import hmac
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable

from forwardc.sandbox.project import CredentialHolder, MadeUpCredential
from forwardc.sandbox.secrets_rule import secret


def holder(owner: str, *places: tuple[str, str]) -> CredentialHolder:
    """The credentials of a sandbox without a project: the name of each secret and its place."""
    secrets = {
        name: MadeUpCredential(secret(owner, name), frozenset({place})) for name, place in places
    }
    return CredentialHolder(owner, secrets)


def opens(given: str, expected: Iterable[str]) -> bool:
    """Whether a text is one of these."""
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in expected)


def with_place(
    holders: Iterable[CredentialHolder], place: str, *given: str
) -> tuple[CredentialHolder, ...]:
    """The holders that have one of these texts at a place."""
    return tuple(one for one in holders if any(opens(text, one.at(place)) for text in given))


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
