"""A run that ended pending and is resumed: open again, and ended once more.

Between the two its figures do not count it. A process that dies there leaves a run that is
*stopped* or *running*, which can be resumed as any other.
"""

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.records import RunState
from forwardc.runtime.history.rollups import add_to_rollups, remove_from_rollups
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.history.writes import tally_key


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
