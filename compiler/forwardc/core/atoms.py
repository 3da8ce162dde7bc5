"""The atoms: every value that exists only inside a vault, by name.

Knows the vocabulary of cards, and no vault: how a vault names an atom stands in its facts.
"""

from enum import StrEnum

from forwardc.core.dataclass import dataclass


class InstrumentKind(StrEnum):
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


class Charset(StrEnum):
    """What a value of an atom is made of: what may go wrong where a vault does not escape it."""

    DIGITS = "digits"
    CODE = "code"
    """Letters only: a code of a closed list (ISO 3166-1; `vts` or `mdes`)."""
    BASE64 = "base64"
    """A cryptogram: letters, digits, `+`, `/` and `=`. No quote, but not what a form takes."""
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class AtomKind:
    """One atom: its full name, instrument, sensitivity, and what it is made of."""

    name: str
    instrument: InstrumentKind
    sensitivity: Sensitivity
    charset: Charset

    @property
    def digits(self) -> bool:
        """Whether it is digits only."""
        return self.charset is Charset.DIGITS


def _kinds(instrument: InstrumentKind, sensitivity: Sensitivity, **named: str) -> list[AtomKind]:
    return [
        AtomKind(f"{instrument}.{name}", instrument, sensitivity, Charset(charset))
        for charset, names in named.items()
        for name in names.split()
    ]


_EXPIRY = "expiry.MM expiry.YY expiry.YYYY"
_ADDRESS = "line1 line2 city state postal_code"
_NAME = "first_name last_name"

ATOMS: dict[str, AtomKind] = {
    kind.name: kind
    for kind in [
        *_kinds(InstrumentKind.CARD, Sensitivity.ACCOUNT, digits="number cvc pin_first_two"),
        *_kinds(
            InstrumentKind.CARD,
            Sensitivity.DETAIL,
            digits=f"expiry.M {_EXPIRY}",
            text="holder_name",
        ),
        *_kinds(InstrumentKind.BILLING, Sensitivity.DETAIL, text=_ADDRESS, code="country"),
        *_kinds(InstrumentKind.BILLING, Sensitivity.DETAIL, text=_NAME),
        *_kinds(
            InstrumentKind.NETWORK_TOKEN, Sensitivity.ACCOUNT, digits="number", base64="cryptogram"
        ),
        *_kinds(
            InstrumentKind.NETWORK_TOKEN, Sensitivity.DETAIL, digits=f"eci {_EXPIRY}", code="type"
        ),
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
