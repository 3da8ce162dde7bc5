"""Writes recorded amounts as money: in the digits of ISO 4217, as `10.00` of `EUR`.

A record holds minor units, the currency's code and its digits, whatever a destination counts in.
Without the digits, for a plan that does not have them, the minor units are called so.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from forwardc.core.terms.money import decimal_text

_WHOLE: Final = re.compile(r"-?[0-9]{1,30}\Z")
_USUAL: Final = "amount"

CurrencyDigits: TypeAlias = Sequence[Any]
"""A currency's code, and the digits of its minor unit in ISO 4217, None where nobody told."""


@dataclass(frozen=True, slots=True)
class RecordedAmount:
    """A sum by the name that it has in a run.

    `major`: with the currency's decimal point, or `1250 minor units`.
    """

    name: str
    major: str
    currency: str

    @property
    def text(self) -> str:
        """Such as `10.00 EUR`, `1000 JPY` and `1250 minor units EUR`."""
        return f"{self.major} {self.currency}"


def recorded_amount(name: str, minor: object, counted: CurrencyDigits) -> RecordedAmount | None:
    """Minor units as money; None for what is no whole number."""
    if isinstance(minor, bool) or not _WHOLE.match(str(minor)):
        return None
    currency, digits = counted
    if digits is None:
        return RecordedAmount(name, f"{int(str(minor))} minor units", currency)
    return RecordedAmount(name, decimal_text(int(str(minor)), digits), currency)


def recorded_amounts(
    params: Mapping[str, object], amounts: Mapping[str, CurrencyDigits]
) -> Iterator[RecordedAmount]:
    """The amounts among the params of a run, the one that is called `amount` first."""
    for name in sorted(amounts, key=lambda one: one != _USUAL):
        if name in params and (found := recorded_amount(name, params[name], amounts[name])):
            yield found


def main_amount(params: str, amounts: str | None) -> RecordedAmount | None:
    """What a run is about, from its record's JSON; None where no amount is told."""
    if amounts is None:
        return None
    return next(recorded_amounts(json.loads(params), json.loads(amounts)), None)
