"""A run as it is recorded, and read back so that it can be continued.

`new_run` writes down what a run was asked to do; a sensitive value is left out by its type, and
only its name is kept. `progress_of` reads back what the run already did, and nothing that the
record does not hold is guessed. Doubt is told by attempts: one whose end nobody knows stays in
doubt, whatever a later one came to, until the destination's answer decides the step.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome
from forwardc.core.terms.terms import If, Ref, Term, walk
from forwardc.core.terms.values import Secret
from forwardc.plan.approvals import approval_key
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan, PlanOperation, PlanStep
from forwardc.runtime.history.records import (
    AttemptState,
    NewRun,
    PlannedStep,
    StepState,
    StoredRun,
    StoredStep,
)
from forwardc.runtime.run.amounts import currencies
from forwardc.runtime.run.destination_request import request_shapes
from forwardc.runtime.run.polling import is_decided
from forwardc.runtime.run.request import IdempotencyKeys, RunRequest
from forwardc.runtime.run.result import RunResult, StepReport

if TYPE_CHECKING:
    # Whoever reads records, as `history show` does, binds and sends nothing.
    from forwardc.runtime.run.prepare import PreparedRun


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

    def step(self, step: str) -> StepProgress:
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


def missing_outputs(operation: PlanOperation, progress: RunProgress) -> list[str]:
    """Outputs that a step still to be sent needs and that no record holds, such as sensitive ones.

    As `step.output`, sorted. One of a step whose result serves several runs is had anew.
    """
    withheld = {
        f"steps.{step.name}.{name}"
        for step in operation.steps
        for report in (progress.step(step.name).report,)
        if report is not None and step.reuse is None
        for name in report.withheld
    }
    needed = {
        name
        for step in operation.steps
        if progress.step(step.name).report is None or step.poll is not None
        for term in step.http.terms()
        for name in _names(term)
    }
    return sorted(name.removeprefix("steps.") for name in withheld & needed)


def is_obtained_again(step: PlanStep, operation: PlanOperation, progress: RunProgress) -> bool:
    """Whether a decided step is asked for once more, since a later one needs what no record has."""
    report = progress.step(step.name).report
    if report is None or step.reuse is None:
        return False
    if only_asks(operation, progress):
        # By now it may have ended, or an earlier question was in vain since it could not be had.
        mine = {f"steps.{step.name}.{name}" for name in step.outputs}
        return bool(outputs_read(operation.steps[-1]) & mine)
    if not report.withheld:
        return False
    later = operation.steps[operation.steps.index(step) + 1 :]
    return any(progress.step(other.name).report is None for other in later)


def only_asks(operation: PlanOperation, progress: RunProgress) -> bool:
    """Whether a run goes on with a payment that its record calls pending, and asks for it."""
    if operation.steps[-1].poll is None:
        return False
    payment = progress.step(operation.steps[-2].name).report
    question = progress.step(operation.steps[-1].name).report
    is_pending = payment is not None and payment.outcome is Outcome.PENDING
    return is_pending and (question is None or not is_decided(question))


def outputs_read(step: PlanStep) -> set[str]:
    """The outputs of other steps that a step's request reads, as `steps.STEP.OUTPUT`."""
    names = {name for term in step.http.terms() for name in _names(term)}
    return {name for name in names if name.startswith("steps.")}


def is_asked_for(operation: PlanOperation, step: PlanStep) -> bool:
    """Whether the step behind this one asks what became of a payment that it called pending."""
    later = operation.steps[operation.steps.index(step) + 1 :]
    return bool(later) and later[0].poll is not None


def _names(term: Term) -> Iterator[str]:
    for node in walk(term):
        if isinstance(node, Ref):
            yield node.name
        elif isinstance(node, If):
            # A member of a param is there with its param: `params.order/id`.
            yield node.present.partition("/")[0]


def new_run(prepared: "PreparedRun", progress: RunProgress, lock: Lock) -> NewRun:
    """The run before its first step; whose journal it is, the journal says."""
    plan, values = prepared.plan, prepared.values
    return NewRun(
        id=str(prepared.run_id),
        environment=plan.place,
        vault=plan.vault,
        destination=plan.destination,
        operation=prepared.name,
        asked_operation=progress.asked or prepared.name,
        fell_back=progress.fell_back,
        digest=prepared.digest,
        reference=str(values["run.reference"]),
        source_kind=prepared.source.prefix,
        source_id=values.get("source.id"),
        params=_texts(values, "params."),
        sensitive_params=tuple(
            name
            for name, value in sorted(values.items())
            if isinstance(value, Secret) and name.startswith(("params.", "inputs."))
        ),
        inputs=_texts(values, "inputs."),
        without=tuple(sorted(prepared.without)),
        given_key=prepared.given_key,
        steps=tuple(
            PlannedStep(step.name, step.deliver, step.idempotent)
            for step in prepared.operation.steps
        ),
        owner="",
        approval=_approval(plan, prepared.name, lock),
        amounts=currencies(plan, prepared.operation, values),
        shapes=request_shapes(plan, prepared.operation),
    )


def _approval(plan: Plan, operation: str, lock: Lock) -> dict[str, str] | None:
    """Who accepted what leaves, and the vault's ticket; None where nobody had to."""
    own, psp = (
        lock.own.get(approval_key(plan, operation)),
        lock.psp.get(approval_key(plan, operation)),
    )
    if own is None:
        return None
    ticket = {"ticket": psp.ticket} if psp else {}
    return {"digest": own.digest, "by": own.by, "date": own.date.isoformat(), **ticket}


def _texts(values: Mapping[str, Any], root: str) -> dict[str, str]:
    """Values as a person would type them, without the sensitive ones."""
    return {
        name.removeprefix(root): typed_by_hand(value)
        for name, value in sorted(values.items())
        if name.startswith(root) and not isinstance(value, Secret)
    }


def typed_by_hand(value: Any) -> str:
    """A param's value as the command line would take it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if type(value) is int else _json(value)


def _json(value: Any) -> str:
    """JSON with the digits of decimals as they are."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{_json(item)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    return json.dumps(value)


_DECIDED: Final = (StepState.ANSWERED, StepState.DONE)
_OPEN: Final = (AttemptState.INTENT, AttemptState.UNKNOWN)


def request_of(run: StoredRun, repeated: RunRequest) -> RunRequest:
    """What was asked for; `given` holds the sensitive values once more."""
    recorded = {name: str(value) for name, value in run.params.items()}
    return RunRequest(
        source=run.source_id,
        inputs={**run.inputs, **repeated.inputs},
        texts={**recorded, **repeated.texts},
        params=repeated.params,
        reference=run.summary.reference,
        without=frozenset(run.without),
        idempotency_key=run.given_key,
        run_id=UUID(run.id),
    )


def progress_of(run: StoredRun) -> RunProgress:
    """What the run already did."""
    asked = run.asked_operation
    return RunProgress(run.fell_back, asked, {step.name: _past_step(step) for step in run.steps})


def _past_step(step: StoredStep) -> StepProgress:
    if step.state in _DECIDED and step.outcome not in (None, Outcome.UNKNOWN):
        return StepProgress(report=report_of(step))
    doubt = doubt_of(step)
    if doubt is None:
        return StepProgress()
    return StepProgress(report_of(step) if step.state is StepState.UNKNOWN else None, doubt)


def doubt_of(step: StoredStep) -> Doubt | None:
    """The attempts of a step that may have reached the destination; None without any."""
    answered = step.state is StepState.UNKNOWN
    in_doubt = [
        attempt
        for attempt in step.attempts
        if attempt.state in _OPEN or (answered and attempt.state is AttemptState.ANSWERED)
    ]
    if not in_doubt:
        return None
    return Doubt(
        tuple(attempt.vault_key for attempt in in_doubt),
        datetime.fromisoformat(in_doubt[-1].started_at),
        silent=in_doubt[-1].state in _OPEN,
    )


def result_of(run: StoredRun) -> RunResult:
    """What a run that has ended came to, as its record tells it once more."""
    summary = run.summary
    sent = (step for step in run.steps if step.state is not StepState.WAITING)
    return RunResult(
        run_id=run.id,
        operation=summary.operation,
        fell_back=run.fell_back,
        digest=run.digest,
        outcome=summary.outcome or Outcome.UNKNOWN,
        rejected_by=summary.rejected_by,
        reason=run.reason,
        steps=tuple(report_of(step) for step in sent),
        replayed=True,
        without=run.without,
    )


def report_of(step: StoredStep) -> StepReport:
    """A step as it was reported."""
    last = step.attempts[-1].vault_key if step.attempts else ""
    return StepReport(
        name=step.name,
        deliver=step.deliver,
        called=step.called or "",
        keys=IdempotencyKeys(step.destination_key or "", last),
        outcome=step.outcome or Outcome.UNKNOWN,
        rejected_by=step.rejected_by,
        reason=step.reason,
        vault_status=step.vault_status,
        status=step.status,
        request_id=step.request_id,
        outputs=step.outputs,
        request=step.request,
        answer=step.answer,
        cards_masked=step.cards_masked,
        duration_ms=step.duration_ms or 0,
        withheld=step.sensitive_outputs,
        attempts=len(step.attempts),
        scheme=step.scheme,
        issuing_country=step.issuing_country,
        rule=step.rule,
        names=step.names or (),
        keyed=step.keyed or (),
        losses=step.losses,
        untold=step.untold,
        log_url=step.log_url,
    )
