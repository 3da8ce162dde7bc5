"""What the dashboard asks: figures by a filter, the names it can have, how many are unresolved.

Figures come out of the roll-ups, and out of the runs only where a filter names some. Names and the
number of unresolved runs are a handful of index entries, however many runs are recorded.

Whole hours are counted for up to three days, whole days beyond that. Percentiles are read from
buckets that are 15 % wide; those of one reason are of its newest runs, ten thousand at the most.

One file, since every question counts in the same slots and buckets.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import Row, Transaction, first_row
from forwardc.runtime.history.reads import filter_clauses
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.rollups import BUCKET_EDGES_MS, bucket_of
from forwardc.runtime.run.result import Party

# Up to here the slots are hours: 72 bars are still told apart.
_HOURS_UP_TO: Final = timedelta(days=3)
# Runs that are counted one by one, the newest: a bound for what one page costs in a long history.
_MOST_RUNS: Final = 10_000
MAX_CAUSES: Final = 20
"""Causes that are told one by one: as many as a table of a page shows without scrolling."""
_AFTER: Final = {
    "vault": "SELECT min(vault) FROM runs WHERE vault > ?",
    "destination": "SELECT min(destination) FROM runs WHERE destination > ?",
    "cause": "SELECT min(cause) FROM runs WHERE cause > ?",
}
# A row for each day and kind of end: few, however many runs there are.
_DONE: Final = "SELECT DISTINCT environment, operation FROM tallies WHERE grain = 'day'"
# Causes in the list of a filter: more than anybody reads through.
_MOST_NAMED_CAUSES: Final = 100
_WAITING: Final = (
    "SELECT count(*) FROM (SELECT id FROM runs WHERE outcome = 'unknown' AND state = 'done'"
    " UNION ALL SELECT id FROM runs WHERE state <> 'done' AND (owner = '' OR lease_until < ?)"
    " AND EXISTS (SELECT 1 FROM steps WHERE steps.run_seq = runs.seq"
    " AND steps.state IN ('intent', 'unknown')) LIMIT ?) AS found"
)


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that half, 95 and 99 of a hundred runs stay within."""

    p50: int
    p95: int
    p99: int


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """Runs that ended alike. `rejected_by` tells who rejected them."""

    outcome: Outcome
    rejected_by: Party | None
    count: int


@dataclass(frozen=True, slots=True)
class RouteCount:
    """Runs of one destination through one vault."""

    vault: str
    destination: str
    count: int
    answered: int
    approved: int


@dataclass(frozen=True, slots=True)
class OperationCount:
    """Runs of one operation of a destination, through whatever vault."""

    destination: str
    operation: str
    count: int
    answered: int
    approved: int


@dataclass(frozen=True, slots=True)
class CauseCount:
    """Runs that ended for the same reason, in its one spelling."""

    cause: str
    outcome: Outcome
    count: int


@dataclass(frozen=True, slots=True)
class VaultCount:
    """Runs through one vault."""

    vault: str
    count: int
    answered: int
    approved: int
    latency: Latency | None


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """An hour (`2026-11-20T12`) or a day (`2026-11-20`) in UTC. One without runs has none."""

    start: str
    count: int
    outcomes: dict[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """The figures of all finished runs that fit a filter.

    `answered` counts those with an answer of the destination; `statuses` has its status codes, None
    where there was no answer. `causes` are the most frequent reasons, `other_causes` counts the
    runs of the rest. `grain` is `hour` or `day`.
    """

    count: int
    answered: int
    outcomes: tuple[OutcomeCount, ...]
    statuses: tuple[tuple[int | None, int], ...]
    routes: tuple[RouteCount, ...]
    vaults: tuple[VaultCount, ...]
    latency: Latency | None
    grain: str
    slots: tuple[TimeSlot, ...]
    operations: tuple[OperationCount, ...] = ()
    causes: tuple[CauseCount, ...] = ()
    other_causes: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    """Runs that are alike in all that is counted."""

    start: str
    vault: str
    destination: str
    operation: str
    outcome: str
    rejected_by: str
    status: int
    n: int


@dataclass(frozen=True, slots=True)
class _Figures:
    """What is counted: `causes` are the most frequent ones, each with its outcome."""

    lines: list[_Line]
    buckets: "_Buckets"
    causes: list[tuple[str, str, int]]
    of_causes: int


# How many runs fell into a bucket, by vault and bucket.
_Buckets: TypeAlias = Counter[tuple[str, int]]


def run_statistics(tx: Transaction, run_filter: RunFilter, now: datetime) -> RunStatistics:
    """The figures of a filter."""
    grain = _grain(run_filter, now)
    of_runs = (
        run_filter.reference is not None
        or run_filter.text is not None
        or run_filter.state is not None
    )
    figures = _of_runs(tx, run_filter, grain) if of_runs else _of_tallies(tx, run_filter, grain)
    return _statistics(figures, grain)


def _grain(run_filter: RunFilter, now: datetime) -> str:
    if run_filter.since is None:
        return "day"
    until = datetime.fromisoformat(run_filter.until) if run_filter.until else now
    return "hour" if until - datetime.fromisoformat(run_filter.since) <= _HOURS_UP_TO else "day"


def _of_tallies(tx: Transaction, run_filter: RunFilter, grain: str) -> _Figures:
    where, values = _where(run_filter, grain)
    because = "" if run_filter.cause is None else " AND cause = ?"
    all_values = values if run_filter.cause is None else [*values, run_filter.cause]
    table = "tallies" if run_filter.cause is None else "causes"
    names = "start, vault, destination, operation, outcome, rejected_by, status"
    lines = tx.rows(
        f"SELECT {names}, sum(n) FROM {table}{where}{because} GROUP BY {names}",
        *all_values,
    )
    causes = tx.rows(
        f"SELECT cause, outcome, sum(n) AS n FROM causes{where}{because}"
        " GROUP BY cause, outcome HAVING sum(n) > 0 ORDER BY n DESC, cause, outcome",
        *all_values,
    )
    # A sum is a decimal in PostgreSQL.
    counts = [(cause, outcome, int(n)) for cause, outcome, n in causes]
    return _Figures(
        [_line(columns) for columns in lines if columns[-1]],
        _timings(tx, where, values)
        if run_filter.cause is None
        else _of_runs(tx, run_filter, grain).buckets,
        counts[:MAX_CAUSES],
        sum(n for _, _, n in counts),
    )


def _timings(tx: Transaction, where: str, values: list[Any]) -> _Buckets:
    rows = tx.rows(
        "SELECT vault, bucket, sum(n) FROM timings" + where + " GROUP BY vault, bucket", *values
    )
    return Counter({(vault, bucket): int(n) for vault, bucket, n in rows})


def _line(columns: Row) -> _Line:
    start, vault, destination, operation, outcome, party, status, n = columns
    return _Line(start, vault, destination, operation, outcome, party, status, int(n))


def _where(run_filter: RunFilter, grain: str) -> tuple[str, list[Any]]:
    size = 13 if grain == "hour" else 10
    conditions: list[tuple[str, Any]] = [("grain = ?", grain)]
    named = {
        "environment": run_filter.environment,
        "emulated": run_filter.emulated,
        "vault": run_filter.vault,
        "destination": run_filter.destination,
        "operation": run_filter.operation,
        "outcome": run_filter.outcome,
        "rejected_by": run_filter.rejected_by,
        "status": run_filter.status,
    }
    conditions += [(f"{name} = ?", value) for name, value in named.items() if value is not None]
    if run_filter.since is not None:
        conditions.append(("start >= ?", run_filter.since[:size]))
    if run_filter.until is not None:
        # What only begins there is outside, what is cut is inside.
        rest = ":00:00.000Z" if grain == "hour" else "T00:00:00.000Z"
        conditions.append((f"start || '{rest}' < ?", run_filter.until))
    clauses = " AND ".join(clause for clause, _ in conditions)
    return " WHERE " + clauses, [value for _, value in conditions]


def _of_runs(tx: Transaction, run_filter: RunFilter, grain: str) -> _Figures:
    clauses, values = filter_clauses(run_filter)
    rows = tx.rows(
        "SELECT created_at, vault, destination, operation, outcome, rejected_by, status, cause,"
        " duration_ms FROM runs"
        " WHERE state = 'done' AND " + " AND ".join(clauses) + " ORDER BY seq DESC LIMIT ?",
        *values,
        _MOST_RUNS,
    )
    size = 13 if grain == "hour" else 10
    causes = Counter((cause, outcome) for *_, outcome, _, _, cause, _ in rows if cause)
    return _Figures(
        [
            _Line(at[:size], vault, destination, operation, outcome, party or "", status or 0, 1)
            for at, vault, destination, operation, outcome, party, status, *_ in rows
        ],
        Counter((vault, bucket_of(duration)) for _, vault, *_, duration in rows if duration),
        [(cause, outcome, n) for (cause, outcome), n in causes.most_common(MAX_CAUSES)],
        causes.total(),
    )


def _statistics(figures: _Figures, grain: str) -> RunStatistics:
    lines, buckets = figures.lines, figures.buckets
    shares: Counter[tuple[str, str]] = Counter()
    statuses: Counter[int] = Counter()
    slots: dict[str, Counter[str]] = {}
    for line in lines:
        shares[line.outcome, line.rejected_by] += line.n
        statuses[line.status] += line.n
        slots.setdefault(line.start, Counter())[line.outcome] += line.n
    return RunStatistics(
        count=shares.total(),
        answered=shares.total() - statuses[0],
        outcomes=tuple(
            OutcomeCount(Outcome(outcome), Party(party) if party else None, n)
            for (outcome, party), n in shares.most_common()
        ),
        statuses=tuple((status or None, n) for status, n in sorted(statuses.items())),
        routes=_routes(lines),
        vaults=_vaults(lines, buckets),
        latency=_latency(buckets),
        grain=grain,
        slots=tuple(
            TimeSlot(start, by.total(), {Outcome(name): n for name, n in sorted(by.items())})
            for start, by in sorted(slots.items())
        ),
        operations=tuple(
            OperationCount(*names, *sums)
            for names, sums in _sums(lines, "destination", "operation")
        ),
        causes=tuple(
            CauseCount(cause, Outcome(outcome), n) for cause, outcome, n in figures.causes
        ),
        other_causes=figures.of_causes - sum(n for _, _, n in figures.causes),
    )


def _routes(lines: Iterable[_Line]) -> tuple[RouteCount, ...]:
    return tuple(RouteCount(*names, *sums) for names, sums in _sums(lines, "vault", "destination"))


def _sums(
    lines: Iterable[_Line], first: str, second: str
) -> list[tuple[tuple[str, str], tuple[int, int, int]]]:
    """All, answered and approved runs for each pair of two members, in their order."""
    sums: dict[tuple[str, str], tuple[int, int, int]] = {}
    for line in lines:
        names = (getattr(line, first), getattr(line, second))
        count, answered, approved = sums.get(names, (0, 0, 0))
        sums[names] = (
            count + line.n,
            answered + (line.n if line.status else 0),
            approved + (line.n if line.outcome == Outcome.APPROVED else 0),
        )
    return sorted(sums.items())


def _vaults(lines: Iterable[_Line], buckets: _Buckets) -> tuple[VaultCount, ...]:
    by_vault: dict[str, list[RouteCount]] = {}
    for route in _routes(lines):
        by_vault.setdefault(route.vault, []).append(route)
    return tuple(
        VaultCount(
            vault,
            count=sum(route.count for route in routes),
            answered=sum(route.answered for route in routes),
            approved=sum(route.approved for route in routes),
            latency=_latency(Counter({key: n for key, n in buckets.items() if key[0] == vault})),
        )
        for vault, routes in by_vault.items()
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
    below = 0
    for bucket, n in sorted(buckets.items()):
        if n > 0 and below + n >= rank:
            low = BUCKET_EDGES_MS[bucket - 1] if bucket else 0
            return round(low + (BUCKET_EDGES_MS[bucket] - low) * (rank - below) / n)
        below += n
    return BUCKET_EDGES_MS[max(buckets)]


@dataclass(frozen=True, slots=True)
class RecordedNames:
    """The names that any recorded run has, in order."""

    vaults: tuple[str, ...]
    destinations: tuple[str, ...]
    environments: tuple[str, ...] = ()
    """`production`, and `production@us` for an account of it."""
    operations: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    """The reasons of runs that ended, of a hundred at the most."""


def recorded_names(tx: Transaction) -> RecordedNames:
    """Every name once: one seek in an index for each; the others out of the days' figures."""
    done = [(str(environment), str(operation)) for environment, operation in tx.rows(_DONE)]
    return RecordedNames(
        tuple(_names(tx, "vault")),
        tuple(_names(tx, "destination")),
        tuple(sorted({environment for environment, _ in done})),
        tuple(sorted({operation for _, operation in done})),
        tuple(islice(_names(tx, "cause"), _MOST_NAMED_CAUSES)),
    )


def count_unresolved(tx: Transaction, now_ms: int, most: int) -> int:
    """How many runs somebody has to resolve, counted up to `most`."""
    columns = first_row(tx, _WAITING, now_ms, most)
    return int(columns[0]) if columns else 0


def _names(tx: Transaction, column: str) -> Iterator[str]:
    name = ""
    while (columns := first_row(tx, _AFTER[column], name)) and columns[0] is not None:
        name = columns[0]
        yield name
