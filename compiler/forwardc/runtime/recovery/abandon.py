"""Leaves runs that their own process does not go on with, so that others tell the truth of them.

Sends nothing, and knows no vault. What was on its way is unknown from now on; what had not left yet
was certainly not sent, and can be continued.
"""

from typing import Final

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import reads, writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.records import AttemptState, RunState, StepState, StoredRun
from forwardc.runtime.history.store import Store
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run_record import report_of

_HELD: Final = "SELECT id FROM runs WHERE state <> 'done' AND owner = ? ORDER BY seq"


def abandon_all(store: Store, owner: str, reason: str) -> int:
    """Leave every run that `owner` holds; how many of them are unknown.

    Raises `HistoryUnavailableError`: then the next process finds them by their dead owner.
    """
    now = store.moment()

    def work(tx: Transaction) -> int:
        return sum(abandon(tx, run_id, reason, now) for (run_id,) in tx.rows(_HELD, owner))

    return store.database.write(work)


def abandon(tx: Transaction, run_id: str, reason: str, now: Timestamp) -> bool:
    """Leave one run; whether its fate is unknown. One that has ended, or never began, stays so."""
    run = reads.load_run(tx, run_id)
    if run is None or run.summary.state is RunState.DONE:
        return False
    for step in run.steps:
        for attempt in step.attempts:
            if attempt.state is AttemptState.INTENT:
                writes.record_unknown(tx, run.id, step.name, attempt.number, reason, now)
    run = reads.load_run(tx, run_id) or run
    in_doubt = next((step for step in run.steps if step.state is StepState.UNKNOWN), None)
    if in_doubt is not None and in_doubt.name == run.steps[-1].name:
        writes.finish(tx, run.id, _unknown(run, reason), now)
    else:
        writes.stop(tx, run.id, reason, now)
    return in_doubt is not None


def _unknown(run: StoredRun, reason: str) -> RunResult:
    reports = tuple(report_of(step) for step in run.steps if step.state is not StepState.WAITING)
    return RunResult(
        run_id=run.id,
        operation=run.summary.operation,
        fell_back=run.fell_back,
        digest=run.digest,
        outcome=Outcome.UNKNOWN,
        rejected_by=None,
        reason=reason,
        steps=reports,
        without=run.without,
    )
