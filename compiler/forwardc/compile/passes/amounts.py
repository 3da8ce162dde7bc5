"""Puts amounts as the destination counts them where a request holds an amount, and nowhere else.

`iso`, `decimal`, `exponent` and comparisons take an amount as its caller gave it. `money_block` is
what a plan says of it: how every currency that a run may give is counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from forwardc.compile.ir.program import ProgramOperation
from forwardc.compile.language.call_checks import currency_of
from forwardc.compile.language.destination import Destination, Param, ParamType
from forwardc.compile.language.money.tables import DeclaredMoney
from forwardc.core.currencies import DISPUTED, iso
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.functions import FUNCTIONS
from forwardc.core.terms.money import AmountRefusedError, exponent, major
from forwardc.core.terms.terms import (
    HAS_AMOUNT,
    HAS_CALL,
    HAS_REF,
    Amount,
    Atom,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Map,
    Measure,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
    map_children,
    walk,
)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of one operation. `outputs` are those of its steps, by reference."""

    money: DeclaredMoney
    params: Mapping[str, Param]
    outputs: Mapping[str, Term]

    def placed(self, term: Term) -> Term:
        """The term with every amount in the destination's form."""
        if not term.holds & (HAS_REF | HAS_CALL):
            return term
        match term:
            case Call(function=function) if FUNCTIONS[function].rules_only:
                return map_children(term, self._as_given)
            case Call(function="iso" | "decimal" | "exponent"):
                return self._as_given(term)
            case Ref():
                return self._wire(term)
            case Amount() | Lit() | Atom() | Raw() | Source():
                return term
            case Call() | Text() | Map() | Seq() | If() | Encoded() | Limit():
                return map_children(term, self.placed)
            case _:
                assert_never(term)

    def _as_given(self, term: Term) -> Term:
        """The term with amounts as their caller gave them."""
        match term:
            case Call(function="iso", args=(amount,)):
                return self._as_given(amount)
            case Call(function="decimal", args=(amount, currency)):
                return self._measured(self._as_given(amount), currency, Measure.DECIMAL, term)
            case Call(function="exponent", args=(currency,)):
                return self._measured(None, currency, Measure.EXPONENT, term)
            case Amount() | Lit() | Ref() | Atom() | Raw() | Source():
                return term
            case Call() | Text() | Map() | Seq() | If() | Encoded() | Limit():
                return map_children(term, self._as_given)
            case _:
                assert_never(term)

    def _measured(self, of: Term | None, currency: Term, measure: Measure, call: Call) -> Term:
        """A decimal or digits: computed where all is known, and optional where a part is."""
        code = currency_of(currency)
        inner = of.then if isinstance(of, If) else of
        amount: Term = Amount(inner, code, measure, span=call.span)
        if isinstance(code, Lit) and isinstance(code.value, str):
            amount = self._computed(inner, code.value, call) or amount
        for part in (currency_mark(currency), of):
            if isinstance(part, If):
                amount = If(part.present, amount, span=call.span)
        return amount

    def _computed(self, of: Term | None, code: str, call: Call) -> Lit | None:
        """The value itself where it is known now; None where it is not, or was reported."""
        try:
            if of is None:
                return Lit(exponent(self.money, code), span=call.span)
            if isinstance(of, Lit) and isinstance(of.value, int):
                return Lit(major(self.money, of.value, code), span=call.span)
        except AmountRefusedError:
            return None
        return None

    def _wire(self, ref: Ref) -> Term:
        if self.money.assumed:
            return self._assumed(ref)
        if ref.name in self.outputs:
            return Amount(ref, self.outputs[ref.name], span=ref.span)
        param = self.params.get(ref.name.removeprefix("params.")) if ref.root == "params" else None
        if param is None:
            return ref
        if param.type is ParamType.AMOUNT and param.currency is not None:
            return Amount(ref, param.currency, span=ref.span)
        amount: Term = ref
        for currency, places in param.amounts.items():
            amount = Amount(amount, currency, at=places, span=ref.span)
        return amount

    def _assumed(self, ref: Ref) -> Term:
        """An amount as it comes; a constant in which destinations differ is told to the runtime."""
        param = self.params.get(ref.name.removeprefix("params.")) if ref.root == "params" else None
        currency = param.currency if param is not None else None
        if isinstance(currency, Lit) and currency.value in DISPUTED:
            return Amount(ref, Lit(currency.value), span=ref.span)
        return ref


def currency_mark(term: Term) -> If | None:
    """The `?` of a currency, inside `lower` and `upper` too."""
    if isinstance(term, Call) and len(term.args) == 1:
        return currency_mark(term.args[0])
    return term if isinstance(term, If) else None


def of_outputs(destination: Destination, operation: str) -> dict[str, Term]:
    """The currencies of the outputs that are amounts, by reference."""
    return {
        f"steps.{step.name}.{output.name}": output.currency
        for step in destination.operations[operation].steps
        for output in step.outputs.values()
        if output.currency is not None
    }


def admitted(destination: Destination, currencies: Iterable[Term]) -> frozenset[str]:
    """The codes that a run may give where these currencies stand, of those that are counted."""
    codes = (code for currency in currencies for code in _codes(destination, currency))
    return frozenset(codes) & frozenset(destination.money.digits)


def _codes(destination: Destination, currency: Term) -> Iterator[str]:
    currencies, money = iso(), destination.money
    param = None
    if isinstance(currency, Lit) and isinstance(currency.value, str):
        yield currency.value.upper()
        return
    if isinstance(currency, Ref):
        param = destination.params.get(currency.name.removeprefix("params."))
    if param is not None and param.bounds.values:
        yield from map(str, param.bounds.values)
        return
    yield from (code for code in currencies.current)
    yield from money.extra
    if param is None or param.withdrawn:
        yield from currencies.ended


def money_block(
    destination: Destination, operations: Sequence[ProgramOperation]
) -> dict[str, object] | None:
    """The block as a plan says it, None where no operation counts an amount."""
    money, currencies = destination.money, list(_currencies(operations))
    if not currencies and money.assumed:
        return None
    codes = admitted(destination, currencies)
    rows = {code: list(money.digits[code]) for code in sorted(codes)}
    limits = {"max_digits": money.max_digits, "min": money.least}
    origin = {"table": money.table, "as_of": money.as_of, "assumed": money.assumed or None}
    return {
        "unit": money.unit,
        "form": money.form,
        **{key: value for key, value in {**limits, **origin}.items() if value is not None},
        "digits": rows,
    }


def _currencies(operations: Sequence[ProgramOperation]) -> Iterator[Term]:
    for operation in operations:
        for step in operation.steps:
            rules = (rule.when for rule in step.outcome if rule.when)
            in_rules = [node for when in rules for node in walk(when, HAS_AMOUNT)]
            for node in (*step.request.holding(HAS_AMOUNT), *in_rules):
                if isinstance(node, Amount):
                    yield node.currency
            yield from (output.currency for output in step.outputs if output.currency is not None)
