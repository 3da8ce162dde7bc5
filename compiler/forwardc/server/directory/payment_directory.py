"""Where the card of a payment is, and whether a caller knows its customer.

A directory finds the instrument of a payment reference in the merchant's own data: a vault's name
and its name for the card, and no card data. The caller's identifiers are compared with the
merchant's in constant time: how long it takes tells nothing of what the merchant knows, since every
name that the caller gave is compared, with a stand-in where there is nothing to compare it with,
and all texts are padded to one length before they are digested.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import field
from typing import Final, Protocol

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError


@dataclass(frozen=True, slots=True)
class Instrument:
    """A payment method at its vault.

    `inputs` go with the source (`cvv_token`, `billing.line1` ...), `params` are further params of
    the destination, `identifiers` what the merchant knows of the customer, by Rokt's names.
    `without` are atoms that the vault is not to be asked for, such as a CVC that is used up.
    """

    vault: str
    source: str = field(repr=False)
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    identifiers: Mapping[str, str] = field(default_factory=dict, repr=False)
    without: frozenset[str] = frozenset()


class DirectoryError(ForwardcError):
    """The merchant's data cannot be asked, or answers what cannot be understood.

    The text is for the operator's log: it names the kind of failure and no value.
    """


class DirectoryFaultError(DirectoryError):
    """The same, where asking again changes nothing: somebody has to mend the data or the set-up."""


@dataclass(frozen=True, slots=True)
class DirectoryColumns:
    """What a lookup can tell beside vault and source, as titles: `param.email`, `billing.line1`.

    `vaults` are those that its data names; None where nobody has read it whole.
    """

    titles: frozenset[str]
    vaults: frozenset[str] | None = None


class PaymentDirectory(Protocol):
    """Finds instruments in the merchant's data, which it reads and never changes.

    All methods are for the event loop, which none of them blocks, and may be cancelled. A repeat is
    safe and may tell something else: the data are the merchant's. Each one bounds its own time.

    Raises: `DirectoryError` where the data cannot be asked now, `DirectoryFaultError` where asking
    again changes nothing.
    """

    async def find(self, reference: str) -> Instrument | None:
        """The instrument of a reference, any text of a caller; None where the merchant has none."""
        ...

    async def ready(self) -> None:
        """Ask without a reference, to see that the data is there. Each `/ready` asks."""
        ...

    async def supplies(self) -> DirectoryColumns | None:
        """What it can tell; None where nobody knows before a payment is asked for.

        No payment is read for it.
        """
        ...

    async def close(self) -> None:
        """Give connections back. Once, after the last question."""
        ...


# Identifiers have 256 characters at most, of four bytes in UTF-8 at most.
_LENGTH: Final = 1_024
_PUNCTUATION: Final = frozenset(" \t\u00a0+-./()")


def identifiers_match(expected: Mapping[str, str] | None, claimed: Mapping[str, str]) -> bool:
    """Whether all that the caller gave is what the merchant knows.

    `expected` is None where the reference is not known: then the answer is no, after as many
    comparisons. A name that only the merchant knows may be left out; a name that only the caller
    knows is a mismatch. Rokt documents the names `email` and `customerId`, and no rule by which
    they are compared: see `comparable`.
    """
    on_record = expected if expected is not None else {}
    equal = expected is not None
    for name, text in claimed.items():
        right = hmac.compare_digest(_digest(name, text), _digest(name, on_record.get(name, "")))
        equal = equal & right & (name in on_record)
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
        digits = "".join(
            str(unicodedata.decimal(character)) for character in text if character.isdecimal()
        )
        plain = all(character.isdecimal() or character in _PUNCTUATION for character in text)
        return digits if plain and digits else text
    return text


def _digest(name: str, text: str) -> bytes:
    # A JSON text can hold half of a surrogate pair, which strict UTF-8 has no bytes for.
    octets = comparable(name, text).encode("utf-8", "surrogatepass")
    padded = len(octets).to_bytes(8, "big") + octets.ljust(_LENGTH, b"\0")
    return hashlib.sha256(padded).digest()
