"""Turns a destination's answer into an outcome by the plan's rules. Knows no destination.

It fails closed. An answer goes three ways before it is called approved: its status is a 2xx, its
body parses as the destination says that its answers do, and a rule says so that is true. A rule
that reads what is missing is neither true nor false, so that it does not hold; where nothing
holds, nobody knows. With `answer: json` and the rules `1: status == 'PAID' is approved` and
`2: status == 'REFUSED' is declined`:

| answer | ends as | because |
|---|---|---|
| 200 `{"status": "PAID"}` | approved | rule 1 |
| 200 `{"status": "WAIT"}`, 200 `{}` | unknown | no rule holds |
| 200 `<html>`, 200 with nothing in it, 302 | unknown | no rule is asked |
| 500 `{"status": "PAID"}` | unknown | a rule that approves a 500 must name the status |
| 200 `{"status": "PAID", "status": "REFUSED"}` | unknown | rule 1 cannot be computed |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from forwardc.core.identity_cache import IdentityCache
from forwardc.core.outcome import Outcome
from forwardc.core.terms.compiled_writer import Write, folded
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.specialize import conditions
from forwardc.core.terms.terms import Ref, Term, walk
from forwardc.core.terms.values import Value, is_null
from forwardc.plan.answers import PlanOutcomeRule
from forwardc.plan.model import PlanStep
from forwardc.runtime.run.answer import ResponseValues

_CONDITIONS: Final = IdentityCache[Write]()
_NAMES_STATUS: Final = IdentityCache[bool]()
_STATUS: Final = "response.status"

NO_RULES: Final = "the destination's file does not say what its answers mean"


@dataclass(frozen=True, slots=True)
class OutcomeDecision:
    """What an answer means, and which rule says so; without one, `why` nobody does."""

    outcome: Outcome
    rule: int | None = None
    why: str | None = None


def decide(step: PlanStep, told: ResponseValues) -> OutcomeDecision:
    """The outcome of an answer: the first rule that holds, else unknown."""
    status = told[_STATUS]
    why = _unbelievable(step, status, told)
    if why is not None:
        return OutcomeDecision(Outcome.UNKNOWN, why=why)
    for rule in step.outcome:
        try:
            holds_here = rule.when is None or _is_true(rule, rule.when, told)
        except (ComputationError, NotExpressibleError) as problem:
            why = f"rule {rule.rule} cannot be computed: {problem}"
            return OutcomeDecision(Outcome.UNKNOWN, why=why)
        if holds_here and (_is_success(status) or _may_fail(rule)):
            return OutcomeDecision(Outcome(rule.verdict), rule=rule.rule)
    return OutcomeDecision(
        Outcome.UNKNOWN, why=f"the destination answered {status}, and no rule holds"
    )


def holds(condition: Term, values: Mapping[str, Any]) -> bool:
    """Whether a condition is true. One that cannot be computed over this answer is not."""
    try:
        return evaluate(condition, Scope(values, reveal=True)) is True
    except (ComputationError, NotExpressibleError):
        return False


def _unbelievable(step: PlanStep, status: int, told: ResponseValues) -> str | None:
    """Why no rule is asked at all."""
    if not step.outcome:
        return NO_RULES
    if status < 200 or 300 <= status <= 399:
        return f"the destination answered {status}, which is no answer to a payment"
    if _is_success(status) and not told.reads_as(step.answer):
        return f"the destination answered {status}, and {_NOT[step.answer]}"
    return None


_NOT: Final[Mapping[str, str]] = {
    "json": "the body is no JSON",
    "xml": "the body is no XML",
    "form": "the body is no form",
    "text": "the body is empty or a page",
    "empty": "the body is not empty",
}


def _is_success(status: int) -> bool:
    return 200 <= status <= 299


def _may_fail(rule: PlanOutcomeRule) -> bool:
    """Whether a rule may decide outside 2xx: one that approves must name the status itself."""
    return Outcome(rule.verdict) is not Outcome.APPROVED or _NAMES_STATUS.get(
        rule, "", lambda: rule.when is not None and _names_status(rule.when)
    )


def _names_status(condition: Term) -> bool:
    return any(isinstance(node, Ref) and node.name == _STATUS for node in walk(condition))


def _is_true(rule: PlanOutcomeRule, condition: Term, told: Mapping[str, Any]) -> bool:
    """Raises `ComputationError` for what is neither true, false nor null."""
    write = _CONDITIONS.get(rule, "", lambda: _folded(condition))
    value: Value = write(Scope(told, reveal=True))
    if is_null(value):
        return False
    if not isinstance(value, bool):
        raise ComputationError("it is neither true nor false")
    return value


def _folded(condition: Term) -> Write:
    # What is optional in it would have to be settled for each answer.
    if conditions(condition):
        return lambda scope: evaluate(condition, scope)
    return folded(condition)
