"""What a change of an operation means to those who call it: what they give, and what they read.

Params, inputs and outputs are compared one by one, and amounts by a made-up sum in each currency.
A text names the new limit, so that a break that was accepted is not taken for a later one.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from forwardc.compile.review.diff.difference import DifferenceClass
from forwardc.core.currencies import iso
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.files.digest import file_digest
from forwardc.core.terms.money import AmountRefusedError, Digits, exponent, major, wire
from forwardc.core.terms.terms import Amount, Measure, Ref, Term, walk
from forwardc.core.uris import DEFAULT_SCHEMES
from forwardc.plan.digests import requests_of
from forwardc.plan.model import Plan, PlanOperation, ValueSpec
from forwardc.plan.parts import PlanMoney

CallerChanges: TypeAlias = Iterator[tuple[DifferenceClass, str]]
"""Who must act, and what has changed."""


# Params, inputs and outputs


def caller_changes(
    old: tuple[Plan, PlanOperation], new: tuple[Plan, PlanOperation]
) -> CallerChanges:
    """Params, inputs, the initiator and the outputs of an operation."""
    (old_plan, old_op), (new_plan, new_op) = old, new
    if old_op.initiator != new_op.initiator:
        yield DifferenceClass.BREAKING, f"the initiator is {new_op.initiator} now"
    yield from _values("param", _params(old_plan, old_op), _params(new_plan, new_op))
    yield from _values("input", old_op.inputs, new_op.inputs)
    yield from recounted(old, new)
    for atom in new_op.requires:
        if atom not in old_op.requires:
            yield DifferenceClass.BREAKING, f"{atom} must be there now"
    yield from _outputs(old_op, new_op)
    if old_op.level != new_op.level:
        yield DifferenceClass.SAFE, f"coverage is {new_op.level} now"
    if old_op.status != new_op.status:
        yield DifferenceClass.SAFE, f"the status is {new_op.status} now"


def _params(plan: Plan, operation: PlanOperation) -> Mapping[str, ValueSpec]:
    return {name: plan.params[name] for name in operation.params}


def _values(kind: str, old: Mapping[str, ValueSpec], new: Mapping[str, ValueSpec]) -> CallerChanges:
    for name in sorted({*old, *new}):
        if name not in new:
            yield DifferenceClass.BREAKING, f"the {kind} {name} is gone"
        elif name not in old:
            needed = _is_required(new[name])
            presence = "required" if needed else "optional"
            yield (
                DifferenceClass.BREAKING if needed else DifferenceClass.SAFE,
                f"a new {presence} {kind} {name}",
            )
        else:
            yield from _value(f"the {kind} {name}", old[name], new[name])


def _is_required(spec: ValueSpec) -> bool:
    return not spec.optional and spec.default is None


def _value(subject: str, old: ValueSpec, new: ValueSpec) -> CallerChanges:
    if not _is_required(old) and _is_required(new):
        yield DifferenceClass.BREAKING, f"{subject} is required now"
    if old.type != new.type:
        yield DifferenceClass.BREAKING, f"{subject} is of type {new.type} now, and was {old.type}"
        return
    for bound in ("minimum", "min_length"):
        yield from _bound(subject, bound, old, new, narrower=1)
    for bound in ("maximum", "max_length"):
        yield from _bound(subject, bound, old, new, narrower=-1)
    for rule in ("pattern", "json_schema"):
        if getattr(old, rule) != getattr(new, rule):
            is_new = getattr(new, rule) is not None
            yield (
                DifferenceClass.BREAKING if is_new else DifferenceClass.SAFE,
                f"{subject} {_rule(rule, new)}",
            )
    if old.schemes != new.schemes:
        yield _schemes(subject, old, new)
    allowed, before = set(new.values or ()), set(old.values or ())
    if new.values is not None and (old.values is None or before - allowed):
        yield (
            DifferenceClass.BREAKING,
            f"{subject} takes only {', '.join(map(str, new.values))} now",
        )
    elif old.values != new.values:
        yield DifferenceClass.SAFE, f"{subject} takes other values too"


def _schemes(subject: str, old: ValueSpec, new: ValueSpec) -> tuple[DifferenceClass, str]:
    before, after = old.schemes or DEFAULT_SCHEMES, new.schemes or DEFAULT_SCHEMES
    if set(before) - set(after):
        return DifferenceClass.BREAKING, f"{subject} takes only {', '.join(after)} addresses now"
    return DifferenceClass.SAFE, f"{subject} takes {', '.join(after)} addresses now"


def _bound(
    subject: str, name: str, old: ValueSpec, new: ValueSpec, *, narrower: int
) -> CallerChanges:
    before, after = _number(getattr(old, name)), _number(getattr(new, name))
    if before == after:
        return
    is_narrower = after is not None and (before is None or (after - before) * narrower > 0)
    limit = f"the {name} {getattr(new, name)}" if after is not None else f"no {name}"
    yield (
        DifferenceClass.BREAKING if is_narrower else DifferenceClass.SAFE,
        f"{subject} has {limit} now",
    )


def _rule(name: str, new: ValueSpec) -> str:
    """What is said of a rule that changed; a schema is too long to be shown."""
    rule = getattr(new, name)
    if rule is None:
        return f"has no {name} now"
    if isinstance(rule, str):
        return f"has the {name} {rule} now"
    return f"has another {name} now, {file_digest(json.dumps(rule).encode())[:19]}"


def _number(value: int | str | None) -> float | None:
    return None if value is None else float(value)


def _outputs(old: PlanOperation, new: PlanOperation) -> CallerChanges:
    before = {(step.name, name): out for step in old.steps for name, out in step.outputs.items()}
    after = {(step.name, name): out for step in new.steps for name, out in step.outputs.items()}
    for step, name in sorted({*before, *after}):
        subject = f"output {name} of step {step}"
        if (step, name) not in after:
            yield DifferenceClass.BREAKING, f"the {subject} is gone"
        elif (step, name) not in before:
            yield DifferenceClass.SAFE, f"a new {subject}"
        elif after[step, name].type != before[step, name].type:
            yield DifferenceClass.BREAKING, f"the {subject} is of type {after[step, name].type} now"
        elif after[step, name].optional and not before[step, name].optional:
            yield DifferenceClass.BREAKING, f"the {subject} may be missing now"
        elif after[step, name].at != before[step, name].at:
            yield DifferenceClass.SAFE, f"the {subject} is read elsewhere in the answer"


# Amounts

# The sum of the examples: of a currency with four digits a tenth.
_EXAMPLE = 1000


@dataclass(frozen=True, slots=True)
class _Counting:
    """How an operation counts: the rows of what it may be given, and how amounts are written."""

    money: PlanMoney
    measures: frozenset[Measure]


def recounted(old: tuple[Plan, PlanOperation], new: tuple[Plan, PlanOperation]) -> CallerChanges:
    """The currencies that leave as another number, that are refused, and that are taken, now."""
    before, after = _counting(*old), _counting(*new)
    # Nearly always they count alike, and there are 180 currencies to try.
    if before is None or after is None or before == after:
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


def _counting(plan: Plan, operation: PlanOperation) -> _Counting | None:
    """None where the operation is given no amount, and where it only ever looks at one."""
    if not any(plan.params[name].type == "amount" for name in operation.params):
        return None
    terms = [node for term in requests_of(operation) for node in walk(term)]
    amounts = [node for node in terms if isinstance(node, Amount)]
    measures = frozenset(amount.measure for amount in amounts)
    money = plan.money or PlanMoney(digits={})
    if _leaves_as_given(plan, terms):
        return _Counting(PlanMoney(digits=_as_iso(plan, operation)), measures | {Measure.WIRE})
    if not amounts:
        return None
    codes = _codes(plan, operation)
    rows = {code: row for code, row in money.digits.items() if codes is None or code in codes}
    return _Counting(replace(money, digits=rows), measures)


def _leaves_as_given(plan: Plan, terms: list[Term]) -> bool:
    """Whether an amount stands in a request outside every conversion."""
    inside = {id(inner) for node in terms if isinstance(node, Amount) for inner in walk(node)}
    names = {f"params.{name}" for name, spec in plan.params.items() if spec.type == "amount"}
    return any(
        isinstance(node, Ref) and node.name in names and id(node) not in inside for node in terms
    )


def _codes(plan: Plan, operation: PlanOperation) -> set[str] | None:
    """The currencies that callers may give; None where a constant or an open param decides."""
    specs = [plan.params[name] for name in operation.params]
    currencies = [spec for spec in specs if spec.type == "currency"]
    if not currencies or any(not spec.values for spec in currencies):
        return None
    return {str(code) for spec in currencies for code in spec.values or ()}


def _as_iso(plan: Plan, operation: PlanOperation) -> Mapping[str, Digits]:
    codes = _codes(plan, operation) or set(iso().current)
    currencies = ((code, iso().find(code)) for code in sorted(codes))
    return {
        code: (currency.digits, currency.digits, 1)
        for code, currency in currencies
        if currency is not None
    }


def _currency(code: str, before: _Counting, after: _Counting) -> CallerChanges:
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
    except AmountRefusedError:
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


def _limits(before: PlanMoney, after: PlanMoney) -> CallerChanges:
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
