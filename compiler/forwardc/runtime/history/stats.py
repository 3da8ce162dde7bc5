"""The dashboard's figures, out of the tallies; out of the runs only where a filter names some.

Whole hours are counted for up to three days, whole days beyond that. Percentiles are read from
buckets that are 15 % wide.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from forwardc.plan.program import Outcome
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.reads import clauses_of
from forwardc.runtime.history.records import Filter
from forwardc.runtime.history.tallies import EDGES, bucket_of
from forwardc.runtime.shapes import Party

_HOURS_UP_TO: Final = timedelta(days=3)
_MOST_RUNS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that half, 95 and 99 of a hundred runs stay within."""

    p50: int
    p95: int
    p99: int


@dataclass(frozen=True, slots=True)
class Share:
    """Runs that ended alike. `rejected_by` tells who rejected them."""

    outcome: Outcome
    rejected_by: Party | None
    count: int


@dataclass(frozen=True, slots=True)
class Route:
    """Runs of one destination through one vault."""

    vault: str
    destination: str
    count: int
    answered: int
    approved: int


@dataclass(frozen=True, slots=True)
class Through:
    """Runs through one vault."""

    vault: str
    count: int
    answered: int
    approved: int
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour (`2026-11-20T12`) or a day (`2026-11-20`) in UTC. One without runs has none."""

    start: str
    count: int
    outcomes: dict[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of all finished runs that fit a filter.

    `answered` counts those with an answer of the destination; `statuses` has its status codes, None
    where there was no answer. `grain` is `hour` or `day`.
    """

    count: int
    answered: int
    outcomes: tuple[Share, ...]
    statuses: tuple[tuple[int | None, int], ...]
    routes: tuple[Route, ...]
    vaults: tuple[Through, ...]
    latency: Latency | None
    grain: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """Runs that are alike in all that is counted."""

    start: str
    vault: str
    destination: str
    outcome: str
    rejected_by: str
    status: int
    n: int


# How many runs fell into a bucket, by vault and bucket.
_Buckets: TypeAlias = Counter[tuple[str, int]]


def stats(tx: Transaction, wanted: Filter, now: datetime) -> Stats:
    """The figures of a filter."""
    grain = _grain(wanted, now)
    if wanted.reference is not None or wanted.text is not None:
        lines, buckets = _of_runs(tx, wanted, grain)
    else:
        lines, buckets = _of_tallies(tx, wanted, grain)
    return _summed(lines, buckets, grain)


def _grain(wanted: Filter, now: datetime) -> str:
    if wanted.since is None:
        return "day"
    until = datetime.fromisoformat(wanted.until) if wanted.until else now
    return "hour" if until - datetime.fromisoformat(wanted.since) <= _HOURS_UP_TO else "day"


def _of_tallies(tx: Transaction, wanted: Filter, grain: str) -> tuple[list[_Line], _Buckets]:
    where, values = _where(wanted, grain)
    lines = tx.rows(
        "SELECT start, vault, destination, outcome, rejected_by, status, sum(n) FROM tallies"
        + where
        + " GROUP BY start, vault, destination, outcome, rejected_by, status",
        *values,
    )
    buckets = tx.rows(
        "SELECT vault, bucket, sum(n) FROM timings" + where + " GROUP BY vault, bucket", *values
    )
    # A sum is a decimal in PostgreSQL.
    found = [
        _Line(start, vault, destination, outcome, party, status, int(n))
        for start, vault, destination, outcome, party, status, n in lines
        if n
    ]
    return found, Counter({(vault, bucket): int(n) for vault, bucket, n in buckets})


def _where(wanted: Filter, grain: str) -> tuple[str, list[Any]]:
    size = 13 if grain == "hour" else 10
    conditions: list[tuple[str, Any]] = [("grain = ?", grain)]
    named = {
        "environment": wanted.environment,
        "emulated": wanted.emulated,
        "vault": wanted.vault,
        "destination": wanted.destination,
        "operation": wanted.operation,
        "outcome": wanted.outcome,
        "rejected_by": wanted.rejected_by,
        "status": wanted.status,
    }
    conditions += [(f"{name} = ?", value) for name, value in named.items() if value is not None]
    if wanted.since is not None:
        conditions.append(("start >= ?", wanted.since[:size]))
    if wanted.until is not None:
        # An hour that only begins there is outside, one that is cut is inside.
        conditions.append(
            ("start || ':00:00.000Z' < ?" if grain == "hour" else "start < ?", wanted.until)
        )
    clauses = " AND ".join(clause for clause, _ in conditions)
    return " WHERE " + clauses, [value for _, value in conditions]


def _of_runs(tx: Transaction, wanted: Filter, grain: str) -> tuple[list[_Line], _Buckets]:
    clauses, values = clauses_of(wanted)
    found = tx.rows(
        "SELECT created_at, vault, destination, outcome, rejected_by, status, duration_ms FROM runs"
        " WHERE state = 'done' AND " + " AND ".join(clauses) + " ORDER BY seq DESC LIMIT ?",
        *values,
        _MOST_RUNS,
    )
    size = 13 if grain == "hour" else 10
    lines = [
        _Line(at[:size], vault, destination, outcome, party or "", status or 0, 1)
        for at, vault, destination, outcome, party, status, _ in found
    ]
    return lines, Counter(
        (vault, bucket_of(duration)) for _, vault, *_, duration in found if duration
    )


def _summed(lines: Sequence[_Line], buckets: _Buckets, grain: str) -> Stats:
    shares: Counter[tuple[str, str]] = Counter()
    statuses: Counter[int] = Counter()
    slots: dict[str, Counter[str]] = {}
    for line in lines:
        shares[line.outcome, line.rejected_by] += line.n
        statuses[line.status] += line.n
        slots.setdefault(line.start, Counter())[line.outcome] += line.n
    return Stats(
        count=shares.total(),
        answered=shares.total() - statuses[0],
        outcomes=tuple(
            Share(Outcome(outcome), Party(party) if party else None, n)
            for (outcome, party), n in shares.most_common()
        ),
        statuses=tuple((status or None, n) for status, n in sorted(statuses.items())),
        routes=_routes(lines),
        vaults=_vaults(lines, buckets),
        latency=_latency(buckets),
        grain=grain,
        slots=tuple(
            Slot(start, by.total(), {Outcome(name): n for name, n in sorted(by.items())})
            for start, by in sorted(slots.items())
        ),
    )


def _routes(lines: Iterable[_Line]) -> tuple[Route, ...]:
    sums: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        sum_ = sums.setdefault((line.vault, line.destination), [0, 0, 0])
        sum_[0] += line.n
        sum_[1] += line.n if line.status else 0
        sum_[2] += line.n if line.outcome == Outcome.APPROVED else 0
    return tuple(Route(*names, *sum_) for names, sum_ in sorted(sums.items()))


def _vaults(lines: Iterable[_Line], buckets: _Buckets) -> tuple[Through, ...]:
    found: dict[str, list[Route]] = {}
    for route in _routes(lines):
        found.setdefault(route.vault, []).append(route)
    return tuple(
        Through(
            vault,
            count=sum(route.count for route in routes),
            answered=sum(route.answered for route in routes),
            approved=sum(route.approved for route in routes),
            latency=_latency(Counter({key: n for key, n in buckets.items() if key[0] == vault})),
        )
        for vault, routes in found.items()
    )


def _latency(of_vaults: _Buckets) -> Latency | None:
    buckets: Counter[int] = Counter()
    for (_, bucket), n in of_vaults.items():
        buckets[bucket] += n
    total = sum(buckets.values())
    if total <= 0:
        return None
    p50, p95, p99 = (_within(buckets, total * share) for share in (0.5, 0.95, 0.99))
    return Latency(p50, p95, p99)


def _within(buckets: dict[int, int], rank: float) -> int:
    """The duration at a rank, read between the edges of its bucket."""
    seen = 0
    for bucket, n in sorted(buckets.items()):
        if n > 0 and seen + n >= rank:
            low = EDGES[bucket - 1] if bucket else 0
            return round(low + (EDGES[bucket] - low) * (rank - seen) / n)
        seen += n
    return EDGES[max(buckets)]
