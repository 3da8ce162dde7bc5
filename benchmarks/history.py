"""A history of a million runs, and the questions that people ask it. Times by the clock, in ms.

Runs are written by the tables' own columns, since a million of them one by one would take hours.
What they have in common with recorded ones is checked: the store answers as it does for those.
"""

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import httpx

from forwardc.core.outcome import Outcome
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.dashboard.views import DashboardSettings
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.rollups import TallyKey, bucket_of
from forwardc.runtime.history.store import Store, open_store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_DAYS = 90
_ENDS = (
    *[("approved", None, 200)] * 80,
    *[("declined", None, 200)] * 10,
    *[("rejected", "destination", 422)] * 5,
    *[("rejected", "vault", None)] * 3,
    *[("pending", None, 202)] * 1,
    *[("unknown", None, None)] * 1,
)
_ROUTES = [
    (vault, destination)
    for vault in ("checkout", "stripe")
    for destination in ("adyen", "rokt", "stripe", "visa", "rocketpay")
]
_RUN = (
    "INSERT INTO runs (id, created_at, updated_at, environment, emulated, vault, destination,"
    " operation, asked_operation, fell_back, digest, plan, reference, source_id, params,"
    " sensitive_params, inputs, without_atoms, state, outcome, rejected_by, status, attempts,"
    " owner, lease_until, duration_ms, cause) VALUES (?, ?, ?, 'production', 0, ?, ?, 'payment',"
    " 'payment', 0, '', 1, ?, ?, '{}', '[]', '{}', '[]', 'done', ?, ?, ?, 1, '', 0, ?, ?)"
)
_KEY = (
    "grain, start, environment, emulated, vault, destination, operation, outcome, rejected_by,"
    " status"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and how long its answer took: the median and the slowest, in milliseconds."""

    what: str
    median_ms: float
    worst_ms: float


def measured(url: str, runs: int, repeat: int) -> Iterator[Asked]:
    """Fill an empty history and ask it everything `repeat` times."""
    with open_store(url, now=lambda: NOW) as store:
        fill(store, runs)
        newest = store.search(RunFilter()).runs[0].id
        old = RunFilter(since=_ago(61), until=_ago(60))
        lost = RunFilter(outcome=Outcome.UNKNOWN, vault="stripe")
        with asyncio.Runner() as loop, _browser(store, loop) as get:
            questions: dict[str, Callable[[], object]] = {
                "dashboard, first page": lambda: get("/"),
                "dashboard, first page over all time": lambda: get("/?time=all"),
                "dashboard, list of runs": lambda: get("/history"),
                "dashboard, search by reference": lambda: get(f"/history?find=ORDER-{runs // 2}"),
                "dashboard, list of runs with one reason": lambda: get("/history?reason=reason+3"),
                "dashboard, one run": lambda: get(f"/runs/{newest}"),
                "store, figures and list of one day, two months ago": lambda: _figures_and_list(
                    store, old
                ),
                "store, unknown runs through one vault": lambda: store.search(lost),
                "store, search by reference": lambda: _found(
                    store, RunFilter(reference=f"ORDER-{runs // 2}")
                ),
                "store, search by the start of a reference": lambda: _found(
                    store, RunFilter(text="ORDER-5")
                ),
            }
            for what, ask in questions.items():
                times = list(_times(ask, repeat))
                yield Asked(what, statistics.median(times), max(times))


def fill(store: Store, runs: int) -> None:
    """Record `runs` finished runs over 90 days, the same ones every time."""
    dice = random.Random(4)  # noqa: S311 - the same runs every time
    rows = (_row(dice, number, runs) for number in range(runs))
    tallies: Counter[tuple[object, ...]] = Counter()
    timings: Counter[tuple[object, ...]] = Counter()
    causes: Counter[tuple[object, ...]] = Counter()
    hours: dict[str, list[int]] = {}
    number = 0
    while some := list(islice(rows, 20_000)):
        for row in some:
            number += 1
            hours.setdefault(row[1][:13], [number, number])[1] = number
            _count(row, tallies, timings, causes)
        store.database.write(lambda tx, some=some: tx.many(_RUN, some))  # type: ignore[misc]
    plan = "INSERT INTO plans (digest, approval) VALUES ('sha256:0', '')"
    store.database.write(lambda tx: tx.run(plan))
    store.database.write(lambda tx: _figures(tx, tallies, timings, causes, hours))
    _settle(store)


def _settle(store: Store) -> None:
    """Let the database look at what it holds, as its own housekeeping does in time."""
    store.database.write(lambda tx: tx.run("ANALYZE"))


def _row(dice: random.Random, number: int, runs: int) -> tuple[Any, ...]:
    began = NOW - timedelta(days=_DAYS) * ((runs - number) / runs)
    at = began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    vault, destination = dice.choice(_ROUTES)
    outcome, party, status = dice.choice(_ENDS)
    took = round(dice.lognormvariate(6, 0.5)) if status else None
    run_id = f"{number:08x}-0000-4000-8000-000000000000"
    names = (vault, destination, f"ORDER-{number}", f"src_{number:026}")
    cause = None if outcome == "approved" else f"reason {min(int(dice.expovariate(0.2)), 39)}"
    return (run_id, at, at, *names, outcome, party, status, took, cause)


def _count(
    row: tuple[Any, ...],
    tallies: Counter[tuple[object, ...]],
    timings: Counter[tuple[object, ...]],
    causes: Counter[tuple[object, ...]],
) -> None:
    _, at, _, vault, destination, _, _, outcome, party, status, took, cause = row
    place = (at, "production", 0, vault, destination, "payment")
    for key in TallyKey(*place, outcome, party, status, cause, took).rows():
        tallies[key] += 1
        if took:
            timings[(*key, bucket_of(took))] += 1
        if cause:
            causes[(*key, cause)] += 1


def _figures(
    tx: Transaction,
    tallies: Counter[tuple[object, ...]],
    timings: Counter[tuple[object, ...]],
    causes: Counter[tuple[object, ...]],
    hours: dict[str, list[int]],
) -> None:
    marks = ", ".join("?" * 11)
    tally = f"INSERT INTO tallies ({_KEY}, n) VALUES ({marks})"  # noqa: S608 - no value
    timing = f"INSERT INTO timings ({_KEY}, bucket, n) VALUES ({marks}, ?)"  # noqa: S608 - no value
    cause = f"INSERT INTO causes ({_KEY}, cause, n) VALUES ({marks}, ?)"  # noqa: S608 - no value
    tx.many(tally, [(*key, n) for key, n in tallies.items()])
    tx.many(timing, [(*key, n) for key, n in timings.items()])
    tx.many(cause, [(*key, n) for key, n in causes.items()])
    span = "INSERT INTO hours (start, first_seq, last_seq) VALUES (?, ?, ?)"
    tx.many(span, [(start, *ends) for start, ends in hours.items()])


@contextmanager
def _browser(store: Store, loop: asyncio.Runner) -> Iterator[Callable[[str], None]]:
    """A function that gets a page of the dashboard, signed in, without a socket between."""
    settings = DashboardSettings(frozenset({"127.0.0.1"}), now=lambda: NOW)
    transport = httpx.ASGITransport(create(store, settings))
    client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8300")
    code = settings.logins.issue(Role.VIEWER)
    loop.run(client.post("/login", data={"code": code}))

    def get(path: str) -> None:
        loop.run(client.get(path)).raise_for_status()

    try:
        yield get
    finally:
        loop.run(client.aclose())


def _figures_and_list(store: Store, wanted: RunFilter) -> None:
    if not store.statistics(wanted).count or not store.search(wanted).runs:
        raise RuntimeError("the history was not filled")


def _found(store: Store, wanted: RunFilter) -> None:
    if not store.search(wanted).runs:
        raise RuntimeError("the run was not found")


def _ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _times(ask: Callable[[], object], repeat: int) -> Iterator[float]:
    ask()
    for _ in range(repeat):
        started = time.perf_counter()
        ask()
        yield (time.perf_counter() - started) * 1000
