"""Figures kept beside the runs, so that the dashboard need not count a million of them.

A finished run adds one to the hour and to the day in which it began; settling it later moves it.
Durations fall into buckets, each 15 % wider than the one before.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from forwardc.runtime.history.database import Transaction

_LONGEST_MS: Final = 600_000
_GROWTH: Final = 1.15


def _edges() -> tuple[int, ...]:
    edges = [0, 1]
    while edges[-1] < _LONGEST_MS:
        edges.append(max(edges[-1] + 1, round(edges[-1] * _GROWTH)))
    return tuple(edges)


EDGES: Final = _edges()
"""The largest duration of each bucket, in milliseconds; what is longer falls into the last one."""

_KEY: Final = (
    "grain, start, environment, emulated, vault, destination, operation, outcome, rejected_by,"
    " status"
)
_COUNT: Final = (
    "INSERT INTO tallies (" + _KEY + ", n) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
    " ON CONFLICT (" + _KEY + ") DO UPDATE SET n = tallies.n + 1"
)
_TIME: Final = (
    "INSERT INTO timings (" + _KEY + ", bucket, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
    " ON CONFLICT (" + _KEY + ", bucket) DO UPDATE SET n = timings.n + 1"
)
_WHICH: Final = (
    " WHERE grain = ? AND start = ? AND environment = ? AND emulated = ? AND vault = ?"
    " AND destination = ? AND operation = ? AND outcome = ? AND rejected_by = ? AND status = ?"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run adds to the figures."""

    created_at: str
    environment: str
    emulated: int
    vault: str
    destination: str
    operation: str
    outcome: str
    rejected_by: str | None
    status: int | None
    duration_ms: int | None

    def places(self) -> tuple[tuple[object, ...], ...]:
        """The rows that it falls into: of its hour and of its day."""
        place = (self.environment, self.emulated, self.vault, self.destination, self.operation)
        end = (self.outcome, self.rejected_by or "", self.status or 0)
        starts = (("hour", self.created_at[:13]), ("day", self.created_at[:10]))
        return tuple((*start, *place, *end) for start in starts)


def bucket_of(duration_ms: int) -> int:
    """The bucket of a duration."""
    return min(bisect_left(EDGES, duration_ms), len(EDGES) - 1)


def count_in(tx: Transaction, told: Told) -> None:
    """Add a run to the figures. One that called nobody has no duration."""
    for key in told.places():
        tx.run(_COUNT, *key)
        if told.duration_ms:
            tx.run(_TIME, *key, bucket_of(told.duration_ms))


def count_out(tx: Transaction, told: Told) -> None:
    """Take a run out of the figures again."""
    for key in told.places():
        tx.run("UPDATE tallies SET n = n - 1" + _WHICH, *key)
        if told.duration_ms:
            bucket = bucket_of(told.duration_ms)
            tx.run("UPDATE timings SET n = n - 1" + _WHICH + " AND bucket = ?", *key, bucket)
