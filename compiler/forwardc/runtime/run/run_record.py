"""Reads a recorded run back: what was asked for, and what its steps came to.

Knows the record's shape and no database. Doubt is told by attempts: one whose end nobody knows
stays in doubt, whatever a later one came to, until the destination's answer decides the step.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import AttemptState, StepState, StoredRun, StoredStep
from forwardc.runtime.run.past import Doubt, RunProgress, StepProgress
from forwardc.runtime.run.result import IdempotencyKeys, RunRequest, RunResult, StepReport

_DECIDED: Final = (StepState.ANSWERED, StepState.DONE)
_OPEN: Final = (AttemptState.INTENT, AttemptState.UNKNOWN)


def request_of(run: StoredRun, given: RunRequest) -> RunRequest:
    """What was asked for; `given` holds the sensitive values once more."""
    recorded = {name: str(value) for name, value in run.params.items()}
    return RunRequest(
        source=run.source_id,
        inputs={**run.inputs, **given.inputs},
        texts={**recorded, **given.texts},
        params=given.params,
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
