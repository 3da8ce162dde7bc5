"""ISO 4217 as this project has read it: codes, numeric codes, digits, and codes that have ended.

The list is a file of the project, so that no update of a package changes what is sent. How a
destination counts money stands in its plan.
"""

import json
from collections.abc import Mapping
from functools import cache

from forwardc.core.dataclass import dataclass
from forwardc.core.resources import package_file

DISPUTED = frozenset(
    """
    BIF CLP CLF COP CVE HUF IDR ISK LAK MGA MMK TWD UGX UYI UYW BHD IQD JOD KWD LYD OMR TND
    """.split()
)
"""Currencies that destinations count in different ways: by vendors' tables or their clients'."""


@dataclass(frozen=True, slots=True)
class Currency:
    """One code. `numeric` is text of three characters; `digits` are those of the minor unit."""

    code: str
    numeric: str
    digits: int


@dataclass(frozen=True, slots=True)
class IsoCurrencies:
    """The list: current codes, those that have ended, and which of the first are funds.

    `not_money` are codes without digits: metals, baskets and tests.
    """

    published: str
    current: Mapping[str, Currency]
    ended: Mapping[str, Currency]
    funds: frozenset[str]
    not_money: frozenset[str]

    @property
    def payable(self) -> tuple[str, ...]:
        """Current codes that somebody can be paid in, sorted: no funds, metals or test codes."""
        return tuple(code for code in self.current if code not in self.funds)

    def find(self, code: str) -> Currency | None:
        """A current or ended currency, None where there is none of this code."""
        return self.current.get(code) or self.ended.get(code)


@cache
def iso() -> IsoCurrencies:
    """The project's list, read once."""
    text = package_file("core", "data", "iso4217.json").read_text("utf-8")
    data = json.loads(text)
    return IsoCurrencies(
        published=data["published"],
        current=_read(data["codes"]),
        ended=_read(data["ended"]),
        funds=frozenset(data["funds"].split()),
        not_money=frozenset(data["not_money"].split()),
    )


def _read(rows: Mapping[str, Mapping[str, object]]) -> dict[str, Currency]:
    return {
        code: Currency(code, str(row["numeric"]), int(str(row["digits"])))
        for code, row in sorted(rows.items())
    }
