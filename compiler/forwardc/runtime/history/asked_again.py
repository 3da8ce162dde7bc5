"""A run that ended pending and is resumed: found, open again, and ended once more.

Between the two its figures do not count it. A process that dies there leaves a run that is
*stopped* or *running*, which can be resumed as any other. Which runs have a step that asks, only
their plans tell: the history names the operations that have pending runs, then the runs of one.
"""

from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.reads import load_run
from forwardc.runtime.history.records import RunState, StoredRun
from forwardc.runtime.history.rollups import add_to_rollups, remove_from_rollups
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.history.writes import record_event, tally_key

_KIND: Final = "reconcile"
# Ended so, or left by its process while its payment was asked for.
_PENDING: Final = (
    "((outcome = 'pending' AND state = 'done') OR (state <> 'done'"
    " AND (owner = '' OR lease_until < ?) AND EXISTS (SELECT 1 FROM steps"
    " WHERE steps.run_seq = runs.seq AND steps.outcome = 'pending')))"
)


@dataclass(frozen=True, slots=True)
class PendingTarget:
    """An operation at one vault and in one environment that has runs that are pending."""

    vault: str
    destination: str
    environment: str
    operation: str


def pending_targets(tx: Transaction, now: Timestamp) -> tuple[PendingTarget, ...]:
    """The operations that have pending runs which no process holds, in a fixed order."""
    rows = tx.rows(
        "SELECT DISTINCT vault, destination, environment, operation FROM runs"
        f" WHERE {_PENDING} ORDER BY vault, destination, environment, operation",
        now.milliseconds,
    )
    return tuple(PendingTarget(*row) for row in rows)


def pending_runs(
    tx: Transaction, target: PendingTarget, now: Timestamp, limit: int
) -> tuple[StoredRun, ...]:
    """The pending runs of an operation which no process holds, the oldest first."""
    rows = tx.rows(
        f"SELECT id FROM runs WHERE {_PENDING} AND vault = ? AND destination = ?"
        " AND environment = ? AND operation = ? ORDER BY seq LIMIT ?",
        *(now.milliseconds, target.vault, target.destination, target.environment),
        *(target.operation, limit),
    )
    return tuple(run for (run_id,) in rows if (run := load_run(tx, run_id, now)) is not None)


def record_settlement(tx: Transaction, run_id: str, by: str, now: Timestamp) -> None:
    """Tell that a run which was pending got its outcome later, by which command."""
    row = first_row(tx, "SELECT outcome FROM runs WHERE id = ? AND state = 'done'", run_id)
    if row is not None and row[0] != Outcome.PENDING:
        told = "its destination was asked again and tells so"
        record_event(tx, _KIND, by, f"{row[0]}: {told}", now, run_id)


def reopen(tx: Transaction, run_id: str, now: Timestamp) -> bool:
    """Let a run that ended pending be resumed, so that its payment is asked for again.

    False where it did not, or not any more. Its figures count it again when it ends.
    """
    tx.exclusive()
    row = first_row(tx, "SELECT state, outcome FROM runs WHERE id = ?", run_id)
    if row is None or (row[0], row[1]) != (RunState.DONE, Outcome.PENDING):
        return False
    remove_from_rollups(tx, tally_key(tx, run_id))
    tx.run(
        "UPDATE runs SET state = 'stopped', outcome = NULL, updated_at = ? WHERE id = ?",
        *(now.text, run_id),
    )
    return True


def close_pending(tx: Transaction, run_id: str, now: Timestamp) -> None:
    """End a run pending once more that `reopen` let be resumed, and of which nothing was sent."""
    tx.exclusive()
    closed = tx.run(
        "UPDATE runs SET state = 'done', outcome = 'pending', updated_at = ?, owner = '',"
        " lease_until = 0 WHERE id = ? AND state <> 'done'",
        *(now.text, run_id),
    )
    if closed:
        add_to_rollups(tx, tally_key(tx, run_id))
