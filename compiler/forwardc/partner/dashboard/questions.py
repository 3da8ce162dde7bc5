"""What to ask whom about a run whose fate is unknown. Texts for people, from what is recorded."""

from collections.abc import Iterator

from forwardc.diagnostics.scan import mask
from forwardc.partner.dashboard.render import moment
from forwardc.runtime.history.records import (
    AttemptState,
    StepState,
    StoredAttempt,
    StoredRun,
    StoredStep,
)

_OPEN = (StepState.INTENT, StepState.UNKNOWN)


def questions(run: StoredRun) -> list[str]:
    """Each thing to ask, the destination first; empty where the run's fate is known."""
    return [text for step in run.steps for text in _about(run, step)]


def _about(run: StoredRun, step: StoredStep) -> Iterator[str]:
    if step.state not in _OPEN:
        return
    if step.status is not None:
        yield f"Ask {_place(run, step)} Its answer, {step.status}, tells no outcome."
        return
    yield f"Ask {_place(run, step)} There is no answer on record."
    if step.deliver != "direct":
        yield _vault(run, step)


def _place(run: StoredRun, step: StoredStep) -> str:
    when = moment(_sent(step)[-1].started_at if _sent(step) else run.summary.created_at)
    key = f"the idempotency key `{step.destination_key}` and " if step.destination_key else ""
    return (
        f"{run.summary.destination}: did it receive `{step.called or step.name}` at about {when} "
        f"UTC with {key}the reference `{run.summary.reference}`, and what became of it?"
    )


def _vault(run: StoredRun, step: StoredStep) -> str:
    keys = ", ".join(f"`{one.vault_key}`" for one in _sent(step))
    told = step.request_id
    known = f"its request `{mask(told)}`" if told else f"a request with the key {keys}"
    return (
        f"Ask {run.summary.vault}: has it {known}, and did it reach the destination? "
        f"Where the vault can be asked by program, `forwardc reconcile {run.id}` does."
    )


def _sent(step: StoredStep) -> list[StoredAttempt]:
    return [one for one in step.attempts if one.state is not AttemptState.NOT_SENT]
