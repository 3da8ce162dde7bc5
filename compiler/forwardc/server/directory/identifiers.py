"""Whether a caller knows the customer: its identifiers against the merchant's, in constant time.

Knows no request and no lookup. How long a comparison takes tells nothing of what the merchant
knows: every name that the caller gave is compared, with a stand-in where there is nothing to
compare it with, and all texts are padded to one length before they are digested.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from typing import Final

# Identifiers have 256 characters at most, of four bytes in UTF-8 at most.
_LENGTH: Final = 1_024
_PUNCTUATION: Final = frozenset(" \t\u00a0+-./()")


def identifiers_match(expected: Mapping[str, str] | None, given: Mapping[str, str]) -> bool:
    """Whether all that the caller gave is what the merchant knows.

    `expected` is None where the reference is not known: then the answer is no, after as many
    comparisons. A name that only the merchant knows may be left out; a name that only the caller
    knows is a mismatch. Rokt documents the names `email` and `customerId`, and no rule by which
    they are compared: see `comparable`.
    """
    known = expected if expected is not None else {}
    equal = expected is not None
    for name, text in given.items():
        right = hmac.compare_digest(_digest(name, text), _digest(name, known.get(name, "")))
        equal = equal & right & (name in known)
    return equal


def comparable(name: str, text: str) -> str:
    """A text as it is compared.

    An `email` is compared without surrounding spaces and case. What begins with `phone` is
    compared by its digits, whatever stands between them, unless it holds anything but digits
    and the punctuation of telephone numbers. Everything else is compared as it is.
    """
    if name == "email":
        return unicodedata.normalize("NFC", text.strip().casefold())
    if name.startswith("phone"):
        digits = "".join(str(unicodedata.decimal(one)) for one in text if one.isdecimal())
        plain = all(one.isdecimal() or one in _PUNCTUATION for one in text)
        return digits if plain and digits else text
    return text


def _digest(name: str, text: str) -> bytes:
    # A JSON text can hold half of a surrogate pair, which strict UTF-8 has no bytes for.
    octets = comparable(name, text).encode("utf-8", "surrogatepass")
    padded = len(octets).to_bytes(8, "big") + octets.ljust(_LENGTH, b"\0")
    return hashlib.sha256(padded).digest()
