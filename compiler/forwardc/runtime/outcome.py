"""Turns a destination's answer into an outcome by the plan's rules. Knows no destination."""

from collections.abc import Mapping
from typing import Any

from forwardc.plan.escape import NotExpressible
from forwardc.plan.evaluate import CannotCompute, Scope, evaluate
from forwardc.plan.model import Rule
from forwardc.plan.program import Outcome
from forwardc.plan.terms import Term


def outcome_of(rules: tuple[Rule, ...], values: Mapping[str, Any]) -> Outcome:
    """The first rule that is true; else 2xx approved, 4xx rejected, anything else unknown."""
    for rule in rules:
        if rule.when is None or holds(rule.when, values):
            return Outcome(rule.verdict)
    status = values["response.status"]
    if 200 <= status <= 299:
        return Outcome.APPROVED
    if 400 <= status <= 499:
        return Outcome.REJECTED
    return Outcome.UNKNOWN


def holds(condition: Term, values: Mapping[str, Any]) -> bool:
    """Whether a condition is true. One that cannot be computed over this answer is not."""
    try:
        return evaluate(condition, Scope(values, reveal=True)) is True
    except (CannotCompute, NotExpressible):
        return False
