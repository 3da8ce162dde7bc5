"""Deletes what is older than somebody wants to keep: whole days in UTC, figures included.

It goes in small transactions, the oldest rows first; what a person did is never deleted.
"""

from datetime import timedelta
from typing import Final

from forwardc.runtime.history import answers
from forwardc.runtime.history.database import Database, Transaction
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.history.writes import record_event

# Rows that one transaction deletes, so that runs under way wait for milliseconds and no longer.
_ROWS_AT_ONCE: Final = 1000
_OLD: Final = (
    "DELETE FROM runs WHERE seq IN (SELECT seq FROM runs WHERE created_at < ? AND state = 'done'"
    " AND outcome <> 'unknown' ORDER BY seq LIMIT ?)"
)


def prune(database: Database, keep_days: int, by: str, now: Timestamp) -> int:
    """Delete finished runs that began before the day `keep_days` days ago; how many.

    In small transactions, so that runs under way are not held up.

    Raises: `ValueError` for less than a day.
    """
    if keep_days < 1:
        raise ValueError("at least one day is kept")
    first_day = Timestamp(now.at - timedelta(days=keep_days)).text[:10]
    deleted = 0
    # Answers first, by their own index: what is left of them goes with its run, row by row.
    while database.write(lambda tx: answers.forget(tx, now, _ROWS_AT_ONCE)):
        pass
    while some := database.write(lambda tx: tx.run(_OLD, first_day, _ROWS_AT_ONCE)):
        deleted += some
    database.write(lambda tx: _figures(tx, first_day, deleted, by, now))
    return deleted


def prune_answers(database: Database, keep_days: int, by: str, now: Timestamp) -> int:
    """Delete the answers of runs that began before the day `keep_days` days ago; how many.

    The runs stay. 0 deletes all there are.

    Raises: `ValueError` below 0.
    """
    if keep_days < 0:
        raise ValueError("a number of days is none below zero")
    # A time is text with a T behind its day: nothing begins later than this.
    first_day = Timestamp(now.at - timedelta(days=keep_days)).text[:10] if keep_days else "9999"
    deleted = database.write(lambda tx: answers.forget_texts(tx, first_day))
    while some := database.write(lambda tx: answers.forget_older(tx, first_day, _ROWS_AT_ONCE)):
        deleted += some
    if deleted:
        description = (
            f"{deleted} answers of before {first_day}" if keep_days else f"{deleted} answers"
        )
        database.write(lambda tx: record_event(tx, "prune", by, description, now))
    return deleted


def _figures(tx: Transaction, first_day: str, deleted: int, by: str, now: Timestamp) -> None:
    for table in ("tallies", "timings", "causes"):
        tx.run(f"DELETE FROM {table} WHERE start < ?", first_day)
    # Tokens stay, and a callback that comes once more is applied once more, which changes nothing.
    tx.run("DELETE FROM callbacks WHERE received_at < ?", first_day)
    if deleted:
        record_event(tx, "prune", by, f"{deleted} runs of before {first_day}", now)
