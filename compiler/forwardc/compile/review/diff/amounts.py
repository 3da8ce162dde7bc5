"""What a change of the way a destination counts means to callers: one line a currency.

Knows plans and ISO 4217. A text holds made-up sums only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forwardc.compile.review.diff.finding import DifferenceClass
from forwardc.core.currencies import iso
from forwardc.core.terms.money import AmountRefused, Digits, exponent, major, wire
from forwardc.core.terms.terms import Amount, Measure, Ref, Term, walk
from forwardc.plan.digests import requests_of
from forwardc.plan.model import Operation, Plan
from forwardc.plan.parts import Money

Found = Iterator[tuple[DifferenceClass, str]]

# The sum of the examples: of a currency with four digits a tenth.
_EXAMPLE = 1000


@dataclass(frozen=True, slots=True)
class _Counting:
    """How an operation counts: the rows of what it may be given, and how amounts are written."""

    money: Money
    measures: frozenset[Measure]


def recounted(old: tuple[Plan, Operation], new: tuple[Plan, Operation]) -> Found:
    """The currencies that leave as another number, that are refused, and that are taken, now."""
    before, after = _counting(*old), _counting(*new)
    if before is None or after is None:
        return
    old_rows, new_rows = before.money.digits, after.money.digits
    # What the param itself does not take any more is told of the param.
    asked = _codes(*new)
    gone = [code for code in old_rows if code not in new_rows and (asked is None or code in asked)]
    if gone:
        yield DifferenceClass.BREAKING, f"amounts in {', '.join(gone)} are refused now"
    fresh = [code for code in new_rows if code not in old_rows]
    if fresh:
        yield DifferenceClass.SAFE, f"amounts in {', '.join(fresh)} are taken now"
    for code in (code for code in new_rows if code in old_rows):
        yield from _currency(code, before, after)
    yield from _limits(before.money, after.money)


def _counting(plan: Plan, operation: Operation) -> _Counting | None:
    """None where the operation is given no amount, and where it only ever looks at one."""
    if not any(plan.params[name].type == "amount" for name in operation.params):
        return None
    terms = [node for term in requests_of(operation) for node in walk(term)]
    amounts = [node for node in terms if isinstance(node, Amount)]
    measures = frozenset(amount.measure for amount in amounts)
    money = plan.money or Money(digits={})
    if _leaves_as_given(plan, terms):
        return _Counting(Money(digits=_as_iso(plan, operation)), measures | {Measure.WIRE})
    if not amounts:
        return None
    codes = _codes(plan, operation)
    rows = {code: row for code, row in money.digits.items() if codes is None or code in codes}
    return _Counting(money.model_copy(update={"digits": rows}), measures)


def _leaves_as_given(plan: Plan, terms: list[Term]) -> bool:
    """Whether an amount stands in a request outside every conversion."""
    inside = {id(inner) for node in terms if isinstance(node, Amount) for inner in walk(node)}
    names = {f"params.{name}" for name, spec in plan.params.items() if spec.type == "amount"}
    return any(
        isinstance(node, Ref) and node.name in names and id(node) not in inside for node in terms
    )


def _codes(plan: Plan, operation: Operation) -> set[str] | None:
    """The currencies that callers may give; None where a constant or an open param decides."""
    specs = [plan.params[name] for name in operation.params]
    currencies = [spec for spec in specs if spec.type == "currency"]
    if not currencies or any(not spec.values for spec in currencies):
        return None
    return {str(code) for spec in currencies for code in spec.values or ()}


def _as_iso(plan: Plan, operation: Operation) -> Mapping[str, Digits]:
    codes = _codes(plan, operation) or set(iso().current)
    currencies = ((code, iso().find(code)) for code in sorted(codes))
    return {
        code: (currency.digits, currency.digits, 1)
        for code, currency in currencies
        if currency is not None
    }


def _currency(code: str, before: _Counting, after: _Counting) -> Found:
    for measure in sorted(before.measures & after.measures):
        left, leaves = _example(code, before, measure), _example(code, after, measure)
        if left is not None and leaves is not None and left != leaves:
            amount = f"{_EXAMPLE} minor units of {code}"
            yield DifferenceClass.BREAKING, f"{amount} leave as {leaves} now, and left as {left}"
    old, new = _step(before.money.digits[code]), _step(after.money.digits[code])
    if new > old:
        yield DifferenceClass.BREAKING, f"an amount in {code} must be a multiple of {new} now"
    elif new < old:
        yield DifferenceClass.SAFE, f"an amount in {code} need not be a multiple of {old} any more"


def _example(code: str, counting: _Counting, measure: Measure) -> str | None:
    """How the example is written; None where it cannot be, which the multiple tells."""
    try:
        match measure:
            case Measure.WIRE:
                value: object = wire(counting.money, _EXAMPLE, code, part=True)
            case Measure.DECIMAL:
                value = major(counting.money, _EXAMPLE, code)
            case Measure.EXPONENT:
                return f"the exponent {exponent(counting.money, code)}"
    except AmountRefused:
        return None
    return f'"{value}"' if isinstance(value, str) else str(value)


def _step(row: Digits) -> int:
    """The smallest sum in the caller's units of which every multiple can leave."""
    own, digits, multiple = row
    step = 1
    while (step * 10**digits) % (10**own * multiple):
        step *= 10
        if step > 10**12:
            break
    return step


def _limits(before: Money, after: Money) -> Found:
    if before.max_digits != after.max_digits:
        narrower = after.max_digits is not None and (
            before.max_digits is None or after.max_digits < before.max_digits
        )
        limit = f"at most {after.max_digits} digits" if after.max_digits else "any number of digits"
        yield (
            DifferenceClass.BREAKING if narrower else DifferenceClass.SAFE,
            f"an amount has {limit} now",
        )
    if before.least != after.least:
        least = after.least or "anything"
        class_ = DifferenceClass.BREAKING if after.least is not None else DifferenceClass.SAFE
        yield class_, f"the smallest amount that leaves is {least} now"
