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

Counted: TypeAlias = Sequence[Any]
"""A currency's code, and the digits of its minor unit in ISO 4217, None where nobody told."""


@dataclass(frozen=True, slots=True)
class Money:
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


def money(name: str, minor: object, counted: Counted) -> Money | None:
    """Minor units as money; None for what is no whole number."""
    if isinstance(minor, bool) or not _WHOLE.match(str(minor)):
        return None
    currency, digits = counted
    if digits is None:
        return Money(name, f"{int(str(minor))} minor units", currency)
    return Money(name, decimal_text(int(str(minor)), digits), currency)


def sums(params: Mapping[str, object], amounts: Mapping[str, Counted]) -> Iterator[Money]:
    """The amounts among the params of a run, the one that is called `amount` first."""
    for name in sorted(amounts, key=lambda one: one != _USUAL):
        if name in params and (found := money(name, params[name], amounts[name])):
            yield found


def first_sum(params: str, amounts: str | None) -> Money | None:
    """What a run is about, from its record's JSON; None where no amount is told."""
    if amounts is None:
        return None
    return next(sums(json.loads(params), json.loads(amounts)), None)
