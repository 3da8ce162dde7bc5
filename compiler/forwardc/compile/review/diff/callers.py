"""What a change of an operation means to those who call it: what they give, and what they read.

Knows plans; nothing of what leaves. A text names the new limit, so that a break that was accepted
is not taken for a later one of the same param.
"""

import json
from collections.abc import Iterator, Mapping

from forwardc.compile.review.diff.amounts import recounted
from forwardc.compile.review.diff.finding import DifferenceClass
from forwardc.core.uris import DEFAULT_SCHEMES
from forwardc.plan.digests import file_digest
from forwardc.plan.model import Operation, Plan, ValueSpec

Found = Iterator[tuple[DifferenceClass, str]]


def caller_changes(old: tuple[Plan, Operation], new: tuple[Plan, Operation]) -> Found:
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


def _params(plan: Plan, operation: Operation) -> Mapping[str, ValueSpec]:
    return {name: plan.params[name] for name in operation.params}


def _values(kind: str, old: Mapping[str, ValueSpec], new: Mapping[str, ValueSpec]) -> Found:
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


def _value(subject: str, old: ValueSpec, new: ValueSpec) -> Found:
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


def _bound(subject: str, name: str, old: ValueSpec, new: ValueSpec, *, narrower: int) -> Found:
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


def _outputs(old: Operation, new: Operation) -> Found:
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
