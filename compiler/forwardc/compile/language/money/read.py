"""Reads `money:` of a destination: a shipped table by name, or a table of its own.

Knows the shape that the schema allows. Reports FC0332 for what does not fit together.
"""

from collections.abc import Iterator, Mapping

from forwardc.compile.language import access
from forwardc.compile.language.money.declared import DeclaredMoney, assumed, from_table
from forwardc.compile.language.money.tables import SHIPPED_TABLES, currency_row, table
from forwardc.compile.language.nodes import Entry, Node, YamlScalar
from forwardc.compile.language.report import Report
from forwardc.core.currencies import iso
from forwardc.core.terms.money import Digits

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
        self._report.at(at.pointer).error(_CODE, message, at.span, hint)


def _integers(node: Node | None) -> dict[str, int]:
    return {
        entry.key: entry.value.value
        for entry in access.entries(node)
        if isinstance(entry.value, YamlScalar) and isinstance(entry.value.value, int)
    }
