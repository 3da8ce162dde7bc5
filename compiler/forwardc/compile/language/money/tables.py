"""The shipped tables: how known destinations count money, one file of data each.

Knows the files and ISO 4217; not what a destination's own file says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from forwardc.core.currencies import iso
from forwardc.core.terms.money import Digits

SHIPPED_TABLES = (
    "iso",
    "stripe",
    "adyen",
    "checkout",
    "paypal",
    "cybersource",
    "datatrans",
    "sumup",
)


@dataclass(frozen=True, slots=True)
class CurrencyTable:
    """One vendor's way to count. `hosts` are domains whose hosts count so.

    `digits` has a row for every currency that can be paid there, and for ended ones.
    """

    name: str
    title: str
    source: str
    as_of: str
    digits: Mapping[str, Digits]
    hosts: tuple[str, ...] = ()
    unit: str = "minor"
    form: str = "integer"
    max_digits: int | None = None
    least: str | None = None
    unconfirmed: str | None = None
    note: str | None = None


@cache
def table(name: str) -> CurrencyTable:
    """The shipped table of this name. Raises `KeyError` where there is none."""
    if name not in SHIPPED_TABLES:
        raise KeyError(name)
    text = files("forwardc.compile.language.money").joinpath(f"{name}.json").read_text("utf-8")
    data = json.loads(text)
    return CurrencyTable(
        name=data["table"],
        title=data["title"],
        source=data["source"],
        as_of=data["as_of"],
        digits=_rows(data),
        hosts=tuple(data["hosts"]),
        unit=data["unit"],
        form=data["form"],
        max_digits=data.get("max_digits"),
        least=None if data.get("min") is None else str(data["min"]),
        unconfirmed=data.get("unconfirmed"),
        note=data.get("note"),
    )


def _rows(data: Mapping[str, Any]) -> dict[str, Digits]:
    multiple_of = data["multiple_of"]
    rows: dict[str, Digits] = {}
    for group in (data["currencies"], data.get("ended", {})):
        for digits, lines in group.items():
            for code in " ".join(lines).split():
                rows[code] = currency_row(code, int(digits), multiple_of.get(code, 1))
    return dict(sorted(rows.items()))


def currency_row(code: str, digits: int, multiple: int = 1) -> Digits:
    """A row of a currency; a code that ISO does not know is counted by callers as there."""
    currency = iso().find(code)
    return (currency.digits if currency else digits), digits, multiple


def table_of_host(host: str) -> CurrencyTable | None:
    """The table of the vendor whose host this is, None for any other."""
    name = host.partition(":")[0].lower()
    for candidate in map(table, SHIPPED_TABLES):
        if any(name == domain or name.endswith(f".{domain}") for domain in candidate.hosts):
            return candidate
    return None
