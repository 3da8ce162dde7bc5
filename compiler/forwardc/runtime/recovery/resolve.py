"""Records what became of a run of unknown fate: found out at the vault, or told by a person.

A run that another process holds is not touched.
"""

from typing import Final

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import RunState, StepState, StoredRun
from forwardc.runtime.history.store import Store
from forwardc.runtime.recovery.reconcile import StepInDoubt
from forwardc.runtime.run.journal import JournalError
from forwardc.runtime.run.result import RunResult, StepReport
from forwardc.runtime.run.run_record import report_of
from forwardc.runtime.run.store_journal import StoreJournal

WORDS: Final = {
    "approved": (Outcome.APPROVED, None),
    "declined": (Outcome.DECLINED, None),
    "not_sent": (Outcome.REJECTED, None),
}
"""What a person can say of a run."""
_BY: Final = "forwardc reconcile"


async def resolve_step(store: Store, in_doubt: StepInDoubt, report: StepReport) -> bool:
    """Record a step that was found out. Whether steps that follow it can now be sent.

    Raises `JournalError` (FC0823) where another process holds the run.
    """
    run, journal = in_doubt.run, StoreJournal(store)
    is_open = run.summary.state is not RunState.DONE
    if is_open:
        await _take(journal, run)
    store.answered(run.id, in_doubt.stored.attempts[-1].number, report)
    message = f"step {report.name}: the vault tells that the destination answered {report.status}"
    if not is_open:
        party = report.rejected_by
        store.resolve(
            run.id, report.outcome, _BY, rejected_by=party, reason=message, kind="reconcile"
        )
        return False
    store.record("reconcile", _BY, message, run.id)
    goes_on = report.outcome is Outcome.APPROVED and report.name != run.steps[-1].name
    if goes_on:
        store.stop(run.id, f"{message}; later steps were not sent")
    else:
        store.finish(run.id, _result(in_doubt, report))
    return goes_on


async def resolve_run(store: Store, run: StoredRun, word: str, by: str, reason: str | None) -> bool:
    """Record what a person says of a whole run; False where nothing was unknown.

    Raises `JournalError` (FC0823) where another process holds the run.
    """
    if run.summary.state is not RunState.DONE:
        await _take(StoreJournal(store), run)
    outcome, party = WORDS[word]
    return store.resolve(run.id, outcome, by, rejected_by=party, reason=reason)


async def _take(journal: StoreJournal, run: StoredRun) -> None:
    if not await journal.take(run.id, run.owner):
        raise JournalError("FC0823", f"run {run.id} is held by another process")


def _result(in_doubt: StepInDoubt, report: StepReport) -> RunResult:
    run = in_doubt.run
    before = tuple(report_of(step) for step in run.steps if step.state is StepState.ANSWERED)
    return RunResult(
        run_id=run.id,
        operation=run.summary.operation,
        fell_back=run.fell_back,
        digest=run.digest,
        outcome=report.outcome,
        rejected_by=report.rejected_by,
        reason=report.reason,
        steps=(*before, report),
        without=run.without,
    )
