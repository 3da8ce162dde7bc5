"""What an interrupted run already did, as its record tells it, so that it can be continued.

Knows no database. What the record does not hold is never guessed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from forwardc.core.terms.terms import If, Ref, Term, walk
from forwardc.plan.model import PlanOperation, PlanStep
from forwardc.runtime.run.result import StepReport


@dataclass(frozen=True, slots=True)
class Doubt:
    """Attempts of a step whose fate is not known: their keys at the vault, the last one's start.

    `silent` says that no answer was recorded at all, not even one of the vault.
    """

    vault_keys: tuple[str, ...]
    sent_at: datetime
    silent: bool = True


@dataclass(frozen=True, slots=True)
class StepProgress:
    """A step that was decided (`report`), or left in doubt."""

    report: StepReport | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The steps of a run that are not simply still to be done, by name."""

    fell_back: bool = False
    asked: str | None = None
    steps: Mapping[str, StepProgress] = field(default_factory=dict)

    def of(self, step: str) -> StepProgress:
        """What is known of a step; nothing, where it was never sent."""
        return self.steps.get(step, StepProgress())


def restored_outputs(step: PlanStep, report: StepReport) -> dict[str, Any]:
    """The outputs of a decided step in their own types, without those that were not kept."""
    return {
        f"steps.{step.name}.{name}": _typed(step, name, value)
        for name, value in report.outputs.items()
        if name not in report.withheld and name in step.outputs
    }


def _typed(step: PlanStep, name: str, value: Any) -> Any:
    is_number = step.outputs[name].type == "number" and isinstance(value, str)
    return Decimal(value) if is_number else value


def missing_outputs(operation: PlanOperation, past: RunProgress) -> list[str]:
    """Outputs that a step still to be sent needs and that no record holds, such as sensitive ones.

    As `step.output`, sorted.
    """
    withheld = {
        f"steps.{step.name}.{name}"
        for step in operation.steps
        for report in (past.of(step.name).report,)
        if report is not None
        for name in report.withheld
    }
    needed = {
        name
        for step in operation.steps
        if past.of(step.name).report is None
        for term in _terms(step)
        for name in _names(term)
    }
    return sorted(name.removeprefix("steps.") for name in withheld & needed)


def _terms(step: PlanStep) -> Iterator[Term]:
    http = step.http
    yield http.url
    yield from (term for _, term in (*http.query, *http.headers))
    if http.body is not None:
        yield http.body


def _names(term: Term) -> Iterator[str]:
    for node in walk(term):
        if isinstance(node, Ref):
            yield node.name
        elif isinstance(node, If):
            yield node.present
