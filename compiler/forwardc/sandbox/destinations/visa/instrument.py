"""Opens and checks `encPaymentInstrument` of Visa Token Service.

The JWE is opened under the keys that the caller has for its body, and the plaintext is checked by
`schema`. Sources: Visa's own client (github.com/visa/mcp), the field list in Visa's developer
community (thread m-p/5930) and header samples of real messages.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.credentials import opens
from forwardc.sandbox.crypto import jwe
from forwardc.sandbox.destinations.endpoint import UnreadableBodyError, read_json
from forwardc.sandbox.destinations.shapes import MistakeKind, shape_mistakes
from forwardc.sandbox.destinations.visa.schema import (
    CONTEXT,
    MONTH,
    NEEDED_BY_SOURCE,
    PLAINTEXT,
    PROTECTED_HEADER,
    SHORT_MONTH,
)
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.laxness import Lets

# 32 bytes in base64url, without padding.
_KEY = re.compile("[A-Za-z0-9_-]{43}")


class UnopenedInstrumentError(SandboxError):
    """The field cannot be used. The text names what is wrong and holds no value."""


@dataclass(frozen=True, slots=True)
class VisaInstrument:
    """The card inside, with its expiry (year, month) where one was sent."""

    card: TestCard
    expires: tuple[int, int] | None


def encryption_key(shared: str) -> str:
    """The `k` of a JWK: SHA-256 of the shared secret's UTF-8 text."""
    return jwe.b64(hashlib.sha256(shared.encode()).digest())


def open_instrument(
    compact: str, *, credentials: Sequence[str], pan_source: str, lets: Lets
) -> VisaInstrument:
    """The card of a compact JWE. Raises `UnopenedInstrumentError`.

    `credentials` are what the caller has for its body: ids of keys, and keys as the `k` of a JWK.
    `lets` is asked where `channelSecurityContext` or `iat` is absent, as Visa's own client has
    it; where they stand they must be right in any case.
    """
    try:
        header = jwe.protected_header(compact)
        _check_header(header, lets)
        if not opens(str(header.get("kid")), credentials):
            raise UnopenedInstrumentError("kid is not the encryption API key")
        plaintext = _decrypted(compact, credentials)
    except RecursionError:
        raise UnopenedInstrumentError("the protected header is nested too deeply") from None
    except jwe.JweError as error:
        raise UnopenedInstrumentError(str(error)) from None
    try:
        document = read_json(plaintext)
    except UnreadableBodyError:
        raise UnopenedInstrumentError("the plaintext is not JSON") from None
    for problem in shape_mistakes(PLAINTEXT, document):
        if problem.path == MONTH and _is_short_month(document, lets):
            continue
        raise UnopenedInstrumentError(f"{problem.path or 'plaintext'}: {problem.kind}")
    return _instrument(document, pan_source)


def _is_short_month(document: dict[str, Any], lets: Lets) -> bool:
    month = document["expirationDate"].get("month")
    is_short = isinstance(month, str) and SHORT_MONTH.fullmatch(month) is not None
    return is_short and lets("visa_short_month", f"encPaymentInstrument.{MONTH}")


def _check_header(header: dict[str, Any], lets: Lets) -> None:
    for problem in shape_mistakes(PROTECTED_HEADER, header):
        bare = problem.kind is MistakeKind.MISSING and problem.path in CONTEXT
        if not (bare and lets("visa_jwe_without_context", f"encPaymentInstrument.{problem.path}")):
            raise UnopenedInstrumentError(f"protected header: {problem.path}: {problem.kind}")


def _decrypted(compact: str, credentials: Sequence[str]) -> bytes:
    """The plaintext under the one key that opens it. Raises `jwe.JweError`."""
    keys = [key for key in credentials if _KEY.fullmatch(key)]
    for last, key in enumerate(keys, 1 - len(keys)):
        try:
            return jwe.decrypt(compact, {"kty": "oct", "k": key}, algs=("A256GCMKW",)).plaintext
        except jwe.JweError:
            if last == 0:
                raise
    raise UnopenedInstrumentError("there is no key of 32 bytes")


def _instrument(document: dict[str, Any], pan_source: str) -> VisaInstrument:
    card = lookup(document["accountNumber"])
    if card is None:
        raise UnopenedInstrumentError("accountNumber: not a test card")
    needed = NEEDED_BY_SOURCE.get(pan_source)
    if needed is not None and needed not in document:
        raise UnopenedInstrumentError(f"{needed}: missing")
    expiry = document.get("expirationDate")
    expires = (int(expiry["year"]), int(expiry["month"])) if expiry else None
    return VisaInstrument(card, expires)
