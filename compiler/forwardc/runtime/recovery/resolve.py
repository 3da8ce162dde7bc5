"""Records what became of a run of unknown fate: found out at the vault, or told by a person.

A run that another process holds is not touched.
"""

from typing import Final

from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.runtime.history import answers, writes
from forwardc.runtime.history.database import Transaction
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
_KIND: Final = "reconcile"


async def resolve_step(store: Store, in_doubt: StepInDoubt, report: StepReport) -> bool:
    """Record a step that was found out. Whether steps that follow it can now be sent.

    Raises `JournalError` (FC0823) where another process holds the run.
    """
    run = in_doubt.run
    if run.summary.state is not RunState.DONE:
        await _take(StoreJournal(store), run)
    message = f"step {report.name}: the vault tells that the destination answered {report.status}"
    goes_on = report.outcome is Outcome.APPROVED and report.name != run.steps[-1].name

    def work(tx: Transaction) -> bool:
        """All of it at once: nobody finds a step that is decided in a run that is not."""
        now = store.timestamp()
        # Taken first by everybody who adds an event: see `writes.resolve`.
        tx.exclusive()
        writes.record_answer(tx, run.id, in_doubt.stored.attempts[-1].number, report, now)
        answers.store_packed(tx, run.id, report.name, store.packed(report))
        if run.summary.state is RunState.DONE:
            why = mask(message)
            if writes.resolve(tx, run.id, report.outcome, (report.rejected_by, why), now):
                writes.record_event(tx, _KIND, _BY, f"{report.outcome}: {why}", now, run.id)
            return False
        writes.record_event(tx, _KIND, _BY, mask(message), now, run.id)
        if goes_on:
            writes.stop(tx, run.id, f"{message}; later steps were not sent", now)
        else:
            writes.finish(tx, run.id, _result(in_doubt, report), now)
        return goes_on

    return await store.inline.write(work)


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
