"""How one destination counts money, as its file says it or as is assumed where it says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from forwardc.compile.language.money.tables import CurrencyTable, currency_row
from forwardc.core.currencies import iso
from forwardc.core.diagnostics.span import Span
from forwardc.core.terms.money import Digits
from forwardc.core.terms.types import Type


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
