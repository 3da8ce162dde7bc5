"""Leaves the runs of a process that ends in order, so that the next one tells the truth of them.

Sends nothing, and knows no vault. What was on its way is unknown from now on; what had not left yet
was certainly not sent.
"""

from typing import Final

from forwardc.plan.program import Outcome
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.moments import Moment
from forwardc.runtime.history.records import AttemptState, RunState, StepState, StoredRun
from forwardc.runtime.history.store import Store
from forwardc.runtime.recorded import report_of
from forwardc.runtime.shapes import RunResult

_REASON: Final = "the server stopped before the answer came"
_NOTHING: Final = "the server stopped; nothing was sent"


def leave(store: Store, owner: str) -> int:
    """End the runs that `owner` still holds; how many of them are unknown.

    Raises `HistoryUnavailable`: then the next process finds them by their dead owner.
    """
    ours = [run for run in store.unfinished() if run.owner == owner]
    for run in ours:
        _mark(store, run)
    return sum(_end(store, run.id) for run in ours)


def _mark(store: Store, run: StoredRun) -> None:
    """Record that each attempt without an end may have arrived."""

    def work(tx: Transaction) -> None:
        now = store.moment()
        for step in run.steps:
            for attempt in step.attempts:
                if attempt.state is AttemptState.INTENT:
                    writes.unknown(tx, run.id, step.name, attempt.number, _REASON, now)

    store.database.write(work)


def _end(store: Store, run_id: str) -> bool:
    """End a run whose attempts have all ended; whether its fate is unknown."""
    run = store.load(run_id)
    if run is None or run.summary.state is RunState.DONE:
        return False
    now = store.moment()
    in_doubt = next((step for step in run.steps if step.state is StepState.UNKNOWN), None)
    if in_doubt is not None and in_doubt.name == run.steps[-1].name:
        store.database.write(lambda tx: _finish(tx, run, now))
        return True
    reason = _NOTHING if in_doubt is None else _REASON
    store.database.write(lambda tx: writes.stop(tx, run.id, reason, now))
    return in_doubt is not None


def _finish(tx: Transaction, run: StoredRun, now: Moment) -> None:
    reports = tuple(report_of(step) for step in run.steps if step.state is not StepState.WAITING)
    result = RunResult(
        run_id=run.id,
        operation=run.summary.operation,
        fell_back=run.fell_back,
        digest=run.digest,
        outcome=Outcome.UNKNOWN,
        rejected_by=None,
        reason=_REASON,
        steps=reports,
    )
    writes.finish(tx, run.id, result, now)
