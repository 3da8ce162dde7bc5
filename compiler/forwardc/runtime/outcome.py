"""Turns a destination's answer into an outcome by the plan's rules. Knows no destination."""

from collections.abc import Mapping
from typing import Any, Final

from forwardc.plan.escape import NotExpressible
from forwardc.plan.evaluate import CannotCompute, Scope, evaluate
from forwardc.plan.folded import Write, folded
from forwardc.plan.kept import Kept
from forwardc.plan.model import Rule
from forwardc.plan.program import Outcome
from forwardc.plan.settle import conditions
from forwardc.plan.terms import Term

_CONDITIONS: Final = Kept[Write]()


def outcome_of(rules: tuple[Rule, ...], values: Mapping[str, Any]) -> Outcome:
    """The first rule that is true; else 2xx approved, 4xx rejected, anything else unknown."""
    for rule in rules:
        if rule.when is None or _applies(rule, rule.when, values):
            return Outcome(rule.verdict)
    status = values["response.status"]
    if 200 <= status <= 299:
        return Outcome.APPROVED
    if 400 <= status <= 499:
        return Outcome.REJECTED
    return Outcome.UNKNOWN


def holds(condition: Term, values: Mapping[str, Any]) -> bool:
    """Whether a condition is true. One that cannot be computed over this answer is not."""
    return _is_true(lambda scope: evaluate(condition, scope), values)


def _applies(rule: Rule, condition: Term, values: Mapping[str, Any]) -> bool:
    return _is_true(_CONDITIONS.get(rule, "", lambda: _folded(condition)), values)


def _folded(condition: Term) -> Write:
    # What is optional in it would have to be settled for each answer.
    if conditions(condition):
        return lambda scope: evaluate(condition, scope)
    return folded(condition)


def _is_true(write: Write, values: Mapping[str, Any]) -> bool:
    try:
        return write(Scope(values, reveal=True)) is True
    except (CannotCompute, NotExpressible):
        return False
