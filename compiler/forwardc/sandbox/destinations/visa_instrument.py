"""Opens and checks `encPaymentInstrument` of Visa Token Service.

Knows no HTTP and no signature. Sources: Visa's own client (github.com/visa/mcp), the field list in
Visa's developer community (thread m-p/5930) and header samples of real messages.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.crypto import jwe
from forwardc.sandbox.destinations.bodies import Unreadable, read_json
from forwardc.sandbox.destinations.shapes import Object, Shape, Text, problems
from forwardc.sandbox.laxness import Lets
from forwardc.sandbox.secrets_rule import secret

_ADDRESS_FIELDS: dict[str, Shape] = dict.fromkeys(
    ("line1", "line2", "city", "state", "country", "postalCode"), Text(longest=256)
)
_EXPIRATION = Object(
    {"month": Text(pattern="0[1-9]|1[0-2]"), "year": Text(pattern="20[0-9]{2}")},
    required=("month", "year"),
)
PLAINTEXT = Object(
    {
        "accountNumber": Text(pattern="[0-9]{13,19}"),
        "cvv2": Text(pattern="[0-9]{3,4}"),
        "name": Text(longest=256),
        "expirationDate": _EXPIRATION,
        "billingAddress": Object(_ADDRESS_FIELDS),
        "provider": Text(1),
    },
    required=("accountNumber",),
)


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
    if header.get("enc") != "A256GCM":
        raise NotOpened("enc is not A256GCM")
    if header.get("kid") != secret("visa", "visa_encryption_api_key"):
        raise NotOpened("kid is not the encryption API key")
    context, iat = header.get("channelSecurityContext"), header.get("iat")
    if context != "SHARED_SECRET" and not (context is None and _bare(lets)):
        raise NotOpened("channelSecurityContext is not SHARED_SECRET")
    # Text of seconds; another Visa API has a number of milliseconds, which must not pass here.
    seconds = isinstance(iat, str) and re.fullmatch("[0-9]{10}", iat)
    if not seconds and not (iat is None and _bare(lets)):
        raise NotOpened("iat is not a text of seconds")


def _bare(lets: Lets) -> bool:
    return lets("visa_jwe_without_context", "encPaymentInstrument")


def _instrument(document: dict[str, Any], pan_source: str) -> Instrument:
    card = lookup(document["accountNumber"])
    if card is None:
        raise NotOpened("accountNumber: not a test card")
    if pan_source == "ISSUER_PUSH_PROVISION" and "provider" not in document:
        raise NotOpened("provider: missing")
    expiry = document.get("expirationDate")
    expires = (int(expiry["year"]), int(expiry["month"])) if expiry else None
    return Instrument(card, expires)
