"""Figures kept beside the runs, so that the dashboard need not count a million of them.

A finished run adds one to the hour and to the day in which it began; resolving it later moves it.
Durations fall into buckets, each 15 % wider than the one before. Runs are counted by cause, too:
why they ended as they did, in one spelling. A reason is a destination's own words, or ours. Two
that differ in case, in spaces or in the number of a request are one cause. Nothing is translated:
what two destinations call differently stays so.
"""

import re
from bisect import bisect_left
from operator import add
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import DeferredUpsert, Transaction

MAX_CAUSE_CHARACTERS: Final = 80
"""Characters of a cause: as many as are shown in a table."""
RESOLVED_CAUSE: Final = "settled afterwards"
"""The cause of a run that a person or the vault's list resolved: its reason names who."""
_QUOTED: Final = "; it says: "
# Digits that are no code: a long number, an amount, or a name that a machine made up.
_MADE_UP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9t:.z+]*|[0-9]{6,}|[0-9]+[.,:][0-9][0-9.,:]*|(?=[a-z0-9-]*[0-9])[a-z0-9]+(?:-[a-z0-9]+){3,}"
    r"|(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{10,}"
)
_MASKED: Final = re.compile(r"[0-9]*\*{2,}[0-9]*")
_BETWEEN: Final = re.compile(r"[\s_]+")
_ELSEWHERE: Final = "…"
# Milliseconds of the last bucket's edge: ten minutes, longer than the longest run with its retries.
_LONGEST_MS: Final = 600_000
# How much wider each bucket is than the one before: a percentile is off by less than that, and 90
# buckets are enough.
_GROWTH: Final = 1.15


def normalize_cause(reason: str | None) -> str | None:
    """A reason in its one spelling; None where it says nothing."""
    if reason is None:
        return None
    # Where a destination spoke, its words are the cause, and ours only say what we made of them.
    words = reason.rpartition(_QUOTED)[2].casefold()
    plain = _BETWEEN.sub(" ", _MADE_UP.sub(_ELSEWHERE, _MASKED.sub(_ELSEWHERE, words)))
    text = plain.strip(" .!;:,'\"")
    if len(text) > MAX_CAUSE_CHARACTERS:
        text = text[: MAX_CAUSE_CHARACTERS - 1].rstrip() + _ELSEWHERE
    return text or None


def counted_cause(outcome: str | None, reason: str | None) -> str | None:
    """The cause that a run is counted under; an approved one has none."""
    return None if outcome in (None, Outcome.APPROVED) else normalize_cause(reason)


def _edges() -> tuple[int, ...]:
    edges = [0, 1]
    while edges[-1] < _LONGEST_MS:
        edges.append(max(edges[-1] + 1, round(edges[-1] * _GROWTH)))
    return tuple(edges)


BUCKET_EDGES_MS: Final = _edges()
"""The largest duration of each bucket, in milliseconds; what is longer falls into the last one."""

_KEY: Final = (
    "grain, start, environment, emulated, vault, destination, operation, outcome, rejected_by,"
    " status"
)
_COUNT: Final = DeferredUpsert(
    "INSERT INTO tallies (n, " + _KEY + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (" + _KEY + ") DO UPDATE SET n = tallies.n + excluded.n",
    merge=(add,),
)
_TIME: Final = DeferredUpsert(
    "INSERT INTO timings (n, " + _KEY + ", bucket) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (" + _KEY + ", bucket) DO UPDATE SET n = timings.n + excluded.n",
    merge=(add,),
)
_BLAME: Final = DeferredUpsert(
    "INSERT INTO causes (n, " + _KEY + ", cause) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (" + _KEY + ", cause) DO UPDATE SET n = causes.n + excluded.n",
    merge=(add,),
)
_WHICH: Final = (
    " WHERE grain = ? AND start = ? AND environment = ? AND emulated = ? AND vault = ?"
    " AND destination = ? AND operation = ? AND outcome = ? AND rejected_by = ? AND status = ?"
)
_UNCOUNT: Final = DeferredUpsert("UPDATE tallies SET n = n - ?" + _WHICH, merge=(add,))
_UNBLAME: Final = DeferredUpsert(
    "UPDATE causes SET n = n - ?" + _WHICH + " AND cause = ?", merge=(add,)
)
_UNTIME: Final = DeferredUpsert(
    "UPDATE timings SET n = n - ?" + _WHICH + " AND bucket = ?", merge=(add,)
)


TALLY_COLUMNS: Final = (
    "created_at, environment, emulated, vault, destination, operation, outcome, rejected_by,"
    " status, cause, duration_ms"
)
"""The columns of a run that make a `TallyKey`."""


@dataclass(frozen=True, slots=True)
class TallyKey:
    """What a run adds to the figures, as its row has it."""

    created_at: str
    environment: str
    emulated: int
    vault: str
    destination: str
    operation: str
    outcome: str
    rejected_by: str | None
    status: int | None
    cause: str | None
    duration_ms: int | None

    def rows(self) -> tuple[tuple[object, ...], ...]:
        """The rows that it falls into: of its hour and of its day."""
        place = (self.environment, self.emulated, self.vault, self.destination, self.operation)
        end = (self.outcome, self.rejected_by or "", self.status or 0)
        starts = (("hour", self.created_at[:13]), ("day", self.created_at[:10]))
        return tuple((*start, *place, *end) for start in starts)


def bucket_of(duration_ms: int) -> int:
    """The bucket of a duration."""
    return min(bisect_left(BUCKET_EDGES_MS, duration_ms), len(BUCKET_EDGES_MS) - 1)


def add_to_rollups(tx: Transaction, tally: TallyKey) -> None:
    """Add a run to the figures. One that called nobody has no duration."""
    _defer(tx, tally, _COUNT, _TIME, _BLAME)


def remove_from_rollups(tx: Transaction, tally: TallyKey) -> None:
    """Take a run out of the figures again."""
    _defer(tx, tally, _UNCOUNT, _UNTIME, _UNBLAME)


def _defer(
    tx: Transaction,
    tally: TallyKey,
    count: DeferredUpsert,
    time: DeferredUpsert,
    blame: DeferredUpsert,
) -> None:
    for key in tally.rows():
        tx.defer(count, (1,), key)
        if tally.duration_ms:
            tx.defer(time, (1,), (*key, bucket_of(tally.duration_ms)))
        if tally.cause:
            tx.defer(blame, (1,), (*key, tally.cause))
