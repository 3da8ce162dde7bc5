"""How a destination counts money: by a shipped table, by its file's own, or by ISO 4217.

Each shipped table is a file of data beside this one. `read_money` lays what a destination's file
says over ISO 4217 and gives one row for each currency: digits in ISO, digits there, multiple.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache
from typing import Any

from forwardc.compile.language import access
from forwardc.compile.language.nodes import Entry, Node, YamlScalar
from forwardc.compile.language.report import Report
from forwardc.core.currencies import iso
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.resources import package_file
from forwardc.core.terms.functions import Type
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
    """The shipped table of this name.

    Raises:
        KeyError: There is none.
    """
    if name not in SHIPPED_TABLES:
        raise KeyError(name)
    text = package_file("compile", "language", "money", f"{name}.json").read_text("utf-8")
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


# Money of a destination


@dataclass(frozen=True, slots=True)
class DeclaredMoney:
    """The digits of every currency that the destination takes, and the form of an amount.

    `table` names a shipped table. `assumed` says that the file has no `money:`. `unconfirmed` says
    what the vendor's own documents do not confirm. `extra` are codes that ISO 4217 does not know.
    """

    digits: Mapping[str, Digits] = field(repr=False)
    unit: str = "minor"
    form: str = "integer"
    max_digits: int | None = None
    least: str | None = None
    table: str | None = None
    as_of: str | None = None
    source: str = ""
    unconfirmed: str | None = None
    extra: tuple[str, ...] = ()
    assumed: bool = False
    span: Span | None = None

    @property
    def wire_type(self) -> Type:
        """The type of an amount as it leaves."""
        if self.form == "text":
            return Type.TEXT
        return Type.NUMBER if self.unit == "major" else Type.INTEGER

    @property
    def differs_from_iso(self) -> bool:
        """Whether some amount leaves as another number or text than its caller gave."""
        if self.assumed:
            # It is ISO 4217 itself, whose 180 rows need not be compared with themselves.
            return False
        return self.unit == "major" or self.form == "text" or bool(self.different())

    def different(self) -> list[str]:
        """The currencies that have other digits here than in ISO 4217, or a rule of their own."""
        return [
            code
            for code, (own, digits, multiple) in self.digits.items()
            if own != digits or multiple != 1
        ]


@cache
def assumed() -> DeclaredMoney:
    """ISO 4217 for every code of it, ended ones too: what no file has confirmed."""
    iso4217 = iso()
    digits = {
        code: currency_row(code, currency.digits)
        for code, currency in {**iso4217.ended, **iso4217.current}.items()
    }
    return DeclaredMoney(dict(sorted(digits.items())), assumed=True, as_of=iso4217.published)


def from_table(table: CurrencyTable, span: Span | None) -> DeclaredMoney:
    """What a shipped table says."""
    iso4217 = iso()
    return DeclaredMoney(
        digits=table.digits,
        unit=table.unit,
        form=table.form,
        max_digits=table.max_digits,
        least=table.least,
        table=table.name,
        as_of=table.as_of,
        source=table.source,
        unconfirmed=table.unconfirmed,
        extra=tuple(code for code in table.digits if iso4217.find(code) is None),
        span=span,
    )


# `money:` of a destination's file

_CODE = "FC0332"


def read_money(entry: Entry | None, report: Report) -> DeclaredMoney:
    """How the destination counts; ISO 4217, assumed, where it does not say."""
    if entry is None:
        return assumed()
    node = entry.value
    name = access.text(node, "table")
    if name is not None:
        shipped = name if name in SHIPPED_TABLES else "iso"
        return from_table(table(shipped), entry.key_span)
    return _Own(node, report).read(entry)


class _Own:
    """A table that the file itself gives."""

    def __init__(self, node: Node, report: Report) -> None:
        self._node = node
        self._report = report
        self._iso4217 = iso()
        self._extra = _integers(access.get(node, "extra"))

    def read(self, entry: Entry) -> DeclaredMoney:
        node, source = self._node, access.text(self._node, "source") or ""
        unit = access.text(node, "unit") or "minor"
        form = access.text(node, "form") or ("integer" if unit == "minor" else "text")
        if unit == "major" and form == "integer":
            place = access.get(node, "form") or node
            hint = "write form: text or form: number"
            self._fail("an amount in major units is no integer", place, hint)
        least = access.number(node, "min")
        vague = not source or "unconfirmed" in source.lower()
        return DeclaredMoney(
            digits=self._digits(),
            unit=unit,
            form=form,
            max_digits=access.integer(node, "max_digits"),
            least=None if least is None else str(least),
            source=source,
            unconfirmed=(source or "no source is given for this table") if vague else None,
            extra=tuple(sorted(self._extra)),
            span=entry.key_span,
        )

    def _digits(self) -> dict[str, Digits]:
        node, base = self._node, access.text(self._node, "base") or "iso"
        declared, refused = _integers(access.get(node, "digits")), self._refused()
        counted = {code: digits for code, digits in self._base(base) if code not in refused}
        self._check_codes("digits", declared)
        for code in sorted(set(declared) & refused):
            self._fail(f"{code} has digits and is refused", access.get(node, "refuse"))
        counted |= {code: digits for code, digits in declared.items() if code not in refused}
        for code in sorted(self._extra):
            if self._iso4217.find(code) is not None:
                hint = "write it under `digits:`"
                self._fail(f"{code} is a code of ISO 4217", access.get(node, "extra"), hint)
        counted |= self._extra
        multiples = _integers(access.get(node, "multiple_of"))
        for code in sorted(set(multiples) - set(counted)):
            place = access.get(node, "multiple_of")
            self._fail(f"{code} has a multiple and no digits", place, "write it under `digits:`")
        sent = self._exponents()
        return {
            code: currency_row(code, digits, multiples.get(code, 1))
            for code, digits in sorted(counted.items())
            if sent is None or digits in sent
        }

    def _base(self, base: str) -> Iterator[tuple[str, int]]:
        """What a currency has that the file does not name: only where it cannot be wrong."""
        payable = {code: self._iso4217.current[code] for code in self._iso4217.payable}
        for code, currency in {**payable, **self._iso4217.ended}.items():
            if base == "iso" or currency.digits == 2:
                yield code, currency.digits

    def _refused(self) -> frozenset[str]:
        items = (item for item in access.items(access.get(self._node, "refuse")))
        codes = {str(item.value) for item in items if isinstance(item, YamlScalar)}
        self._check_codes("refuse", codes)
        return frozenset(codes)

    def _exponents(self) -> frozenset[int] | None:
        node = access.get(self._node, "exponents")
        if node is None:
            return None
        values = (item.value for item in access.items(node) if isinstance(item, YamlScalar))
        return frozenset(value for value in values if isinstance(value, int))

    def _check_codes(self, key: str, codes: Mapping[str, int] | set[str]) -> None:
        for code in sorted(codes):
            if self._iso4217.find(code) is None and code not in self._extra:
                place = access.get(self._node, key)
                hint = "correct it, or write a code of the destination's own under `extra:`"
                self._fail(f"ISO 4217 has no currency {code}", place, hint)

    def _fail(self, message: str, place: Node | None, hint: str | None = None) -> None:
        at = place or self._node
        self._report.at(at).error(_CODE, message, at.span, hint)


def _integers(node: Node | None) -> dict[str, int]:
    return {
        entry.key: entry.value.value
        for entry in access.entries(node)
        if isinstance(entry.value, YamlScalar) and isinstance(entry.value.value, int)
    }
