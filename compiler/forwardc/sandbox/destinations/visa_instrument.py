"""Opens and checks `encPaymentInstrument` of Visa Token Service.

Knows no HTTP and no signature. Sources: Visa's own client (github.com/visa/mcp), the field list in
Visa's developer community (thread m-p/5930) and header samples of real messages.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.crypto import jwe
from forwardc.sandbox.destinations.bodies import Unreadable, read_json
from forwardc.sandbox.destinations.shapes import Kind, problems
from forwardc.sandbox.destinations.visa_forms import (
    CONTEXT,
    NEEDED_BY_SOURCE,
    PLAINTEXT,
    PROTECTED_HEADER,
)
from forwardc.sandbox.laxness import Lets
from forwardc.sandbox.secrets_rule import secret


class NotOpened(Exception):  # noqa: N818 - an answer of the vendor, not a fault of ours
    """The field cannot be used. The text names what is wrong and holds no value."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """The card inside, with its expiry (year, month) where one was sent."""

    card: TestCard
    expires: tuple[int, int] | None


def encryption_key() -> dict[str, str]:
    """The key as a JWK: SHA-256 of the shared secret's UTF-8 text."""
    shared = secret("visa", "visa_encryption_shared_key")
    return {"kty": "oct", "k": jwe.b64(hashlib.sha256(shared.encode()).digest())}


def open_instrument(compact: str, *, pan_source: str, lets: Lets) -> Instrument:
    """The card of a compact JWE. Raises `NotOpened`.

    `lets` is asked where `channelSecurityContext` or `iat` is absent, as Visa's own client has
    it; where they stand they must be right in any case.
    """
    try:
        _check_header(jwe.protected_header(compact), lets)
        plaintext = jwe.decrypt(compact, encryption_key(), algs=("A256GCMKW",)).plaintext
    except RecursionError:
        raise NotOpened("the protected header is nested too deeply") from None
    except jwe.JweError as error:
        raise NotOpened(str(error)) from None
    try:
        document = read_json(plaintext)
    except Unreadable:
        raise NotOpened("the plaintext is not JSON") from None
    for problem in problems(PLAINTEXT, document):
        raise NotOpened(f"{problem.path or 'plaintext'}: {problem.kind}")
    return _instrument(document, pan_source)


def _check_header(header: dict[str, Any], lets: Lets) -> None:
    for problem in problems(PROTECTED_HEADER, header):
        bare = problem.kind is Kind.MISSING and problem.path in CONTEXT
        if not (bare and lets("visa_jwe_without_context", f"encPaymentInstrument.{problem.path}")):
            raise NotOpened(f"protected header: {problem.path}: {problem.kind}")
    if header.get("kid") != secret("visa", "visa_encryption_api_key"):
        raise NotOpened("kid is not the encryption API key")


def _instrument(document: dict[str, Any], pan_source: str) -> Instrument:
    card = lookup(document["accountNumber"])
    if card is None:
        raise NotOpened("accountNumber: not a test card")
    needed = NEEDED_BY_SOURCE.get(pan_source)
    if needed is not None and needed not in document:
        raise NotOpened(f"{needed}: missing")
    expiry = document.get("expirationDate")
    expires = (int(expiry["year"]), int(expiry["month"])) if expiry else None
    return Instrument(card, expires)
