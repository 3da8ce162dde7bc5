"""What people did, so that nobody can change it unseen: each event vouches for the one before.

An event's `chain` is a SHA-256 over the previous one's and its own content. Whoever changes,
removes or inserts one breaks every later link. Only the newest can be taken away unseen: note the
head elsewhere now and then. Events of before version 3 have no link, and stand before the first.
"""

import hashlib
import json
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.database import Transaction, first_row, sanitize
from forwardc.runtime.history.records import Event, EventFilter, EventPage
from forwardc.runtime.history.timestamps import Timestamp

# Events that are read at once, so that memory does not grow with the chain.
_EVENTS_AT_ONCE: Final = 1000
_LAST: Final = "SELECT chain FROM events ORDER BY seq DESC LIMIT 1"
_ADD: Final = (
    "INSERT INTO events (at, kind, run_id, by_whom, what, chain) VALUES (?, ?, ?, ?, ?, ?)"
)
_NEXT: Final = (
    "SELECT seq, chain, at, kind, run_id, by_whom, what FROM events WHERE seq > ?"
    " ORDER BY seq LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class ChainVerification:
    """How many events there are, the last link, and the number of the first that does not fit.

    `head` is None without any, `wrong` where all of them fit.
    """

    events: int
    head: str | None
    wrong: int | None


def append_event(
    tx: Transaction, now: Timestamp, kind: str, run_id: str | None, by: str, description: str
) -> None:
    """Add an event after the last one.

    Nobody else adds one before this transaction ends: two would vouch for the same event.
    """
    tx.exclusive()
    last = first_row(tx, _LAST)
    content = tuple(sanitize((now.text, kind, run_id, by, description)))
    tx.run(_ADD, *content, _link(last[0] if last else None, content))


def search_events(
    tx: Transaction, event_filter: EventFilter, limit: int, cursor: int | None
) -> EventPage:
    """The newest events that fit, `limit` of them, older than `cursor`."""
    named: list[tuple[str, object]] = [
        ("kind = ?", event_filter.kind),
        ("substr(by_whom, 1, length(?)) = ?", event_filter.by),
        ("at >= ?", event_filter.since),
        ("at < ?", event_filter.until),
        ("seq < ?", cursor),
    ]
    chosen = [(clause, value) for clause, value in named if value is not None]
    where = " WHERE " + " AND ".join(clause for clause, _ in chosen) if chosen else ""
    values = [value for clause, value in chosen for _ in range(clause.count("?"))]
    rows = tx.rows(
        f"SELECT seq, at, kind, run_id, by_whom, what FROM events{where} ORDER BY seq DESC LIMIT ?",
        *values,
        limit + 1,
    )
    events = tuple(Event(*columns) for columns in rows[:limit])
    return EventPage(events, events[-1].seq if len(rows) > limit else None)


def event_kinds(tx: Transaction) -> tuple[str, ...]:
    """The kinds of all events, in order."""
    return tuple(
        str(columns[0]) for columns in tx.rows("SELECT DISTINCT kind FROM events ORDER BY kind")
    )


def verify_chain(tx: Transaction) -> ChainVerification:
    """Follow the chain from its begin. Memory does not grow with the events."""
    count, head, wrong, seq = 0, None, None, 0
    while rows := tx.rows(_NEXT, seq, _EVENTS_AT_ONCE):
        for seq, chain, *content in rows:
            count += 1
            if head is None and chain is None:
                continue
            if wrong is None and chain != _link(head, tuple(content)):
                wrong = seq
            head = chain
    return ChainVerification(count, head, wrong)


def _link(before: str | None, content: tuple[str | None, ...]) -> str:
    text = json.dumps([before, *content])
    return hashlib.sha256(text.encode("ascii")).hexdigest()
