"""The atoms: every value that exists only inside a vault, by name.

Knows the vocabulary of cards, and no vault: how a vault names an atom stands in its facts.
"""

from dataclasses import dataclass
from enum import StrEnum


class Instrument(StrEnum):
    """Which payment instrument an atom belongs to. A step uses one kind only."""

    CARD = "card"
    NETWORK_TOKEN = "network_token"  # noqa: S105 - a kind of payment instrument
    BILLING = "billing"


class Sensitivity(StrEnum):
    """How far a value may travel outside a body, after PCI DSS 4.0, requirement 3."""

    ACCOUNT = "account"
    """PAN, CVC, PIN, network token number, cryptogram: bodies only."""
    DETAIL = "detail"
    """Expiry, names, addresses, ECI and token type: bodies and headers."""


@dataclass(frozen=True, slots=True)
class AtomKind:
    """One atom: its full name, instrument, sensitivity, and whether it is digits only."""

    name: str
    instrument: Instrument
    sensitivity: Sensitivity
    digits: bool


def _kinds(
    instrument: Instrument, sensitivity: Sensitivity, digits: str, text: str
) -> list[AtomKind]:
    named = [(name, True) for name in digits.split()] + [(name, False) for name in text.split()]
    return [
        AtomKind(f"{instrument}.{name}", instrument, sensitivity, is_digits)
        for name, is_digits in named
    ]


_EXPIRY = "expiry.MM expiry.YY expiry.YYYY"

ATOMS: dict[str, AtomKind] = {
    kind.name: kind
    for kind in [
        *_kinds(Instrument.CARD, Sensitivity.ACCOUNT, "number cvc pin_first_two", ""),
        *_kinds(Instrument.CARD, Sensitivity.DETAIL, f"expiry.M {_EXPIRY}", "holder_name"),
        *_kinds(
            Instrument.BILLING,
            Sensitivity.DETAIL,
            "",
            "line1 line2 city state postal_code country",
        ),
        *_kinds(Instrument.NETWORK_TOKEN, Sensitivity.ACCOUNT, "number", "cryptogram"),
        *_kinds(Instrument.NETWORK_TOKEN, Sensitivity.DETAIL, f"eci {_EXPIRY}", "type"),
    ]
}
"""Every atom of the language by its full name, such as `card.expiry.MM`."""

NOT_FOR_MERCHANT_INITIATED = frozenset(
    {"card.cvc", "network_token.cryptogram", "network_token.eci"}
)
"""Atoms that a merchant-initiated transaction (MIT) does not have."""

EXPIRIES = tuple(name for name in ATOMS if ".expiry." in name)
"""The forms of an expiry date: the only atoms that `int` takes."""

NEVER_INTEGER = frozenset({"card.number", "card.cvc", "card.pin_first_two", "network_token.number"})
"""Digits whose leading zeros count: `int` refuses them."""
