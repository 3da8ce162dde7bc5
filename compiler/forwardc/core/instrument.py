"""The values that a vault tells of a card before anything is sent: `instrument.brand` and others.

They are no card data: a run reads them from the vault's API, where `card.*` stays inside the vault.
The first digits and the last four together say much of a number, though, so that a request may hold
both, and no record of ours holds either.

Brands and fundings are closed lists. How a vault spells each stands in its facts; a spelling that
nobody listed is no value.
"""

import re
from collections.abc import Mapping
from typing import Final

from forwardc.core.countries import COUNTRIES
from forwardc.core.dataclass import dataclass

ROOT: Final = "instrument"
"""What stands before the dot of each name."""
BRANDS: Final = (
    *("visa", "mastercard", "amex", "discover", "jcb", "diners", "unionpay", "maestro"),
    *("cartes_bancaires", "eftpos_au", "mada"),
)
FUNDINGS: Final = ("credit", "debit", "prepaid", "unknown")
"""`unknown`: the vault says that it does not know, or names a kind that is none of the three."""


@dataclass(frozen=True, slots=True)
class InstrumentValue:
    """One value of an instrument, in words, with an example, and what every text of it is.

    `listed` are all the texts there are; without a list, `form` says what one looks like.
    """

    title: str
    example: str
    listed: tuple[str, ...] = ()
    form: re.Pattern[str] | None = None

    def is_one(self, text: str) -> bool:
        """Whether a text is a value of this kind."""
        return text in self.listed if self.form is None else self.form.fullmatch(text) is not None


INSTRUMENT: Final[Mapping[str, InstrumentValue]] = {
    "brand": InstrumentValue("the card's brand", "visa", BRANDS),
    # ISO/IEC 7812-1: six digits until 2022, eight since; vaults tell either.
    "bin": InstrumentValue(
        "the first digits of the card (BIN)", "424242", form=re.compile("[0-9]{6,8}")
    ),
    "last4": InstrumentValue(
        "the last four digits of the card", "4242", form=re.compile("[0-9]{4}")
    ),
    "funding": InstrumentValue("how the card is funded", "credit", FUNDINGS),
    "country": InstrumentValue("the issuer's country", "US", tuple(sorted(COUNTRIES))),
}
"""Every value by its short name, in the order in which lists name them."""
NAMES: Final = tuple(f"{ROOT}.{name}" for name in INSTRUMENT)
"""The full names."""
DIGITS: Final = frozenset({f"{ROOT}.bin", f"{ROOT}.last4"})
"""Those that are digits of the card's number: they are masked in whatever comes back, too."""


def folded(spelling: str) -> str:
    """A vault's spelling without case, spaces and signs: vendors change these from page to page."""
    return "".join(filter(str.isalnum, spelling.lower()))
