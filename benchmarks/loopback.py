"""One forward over loopback, by `forwardc` and by hand: the same call, sandbox and connection pool.

Times by the clock, because the sandbox answers in a process of its own.
"""

import asyncio
import json
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

import httpx

from benchmarks.runtime import OPERATION, bound_call, plan_of, request_of
from forwardc.cli.sandbox.link import store_secrets, transport_to
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.journal import Journal, NoJournal
from forwardc.runtime.run.request import ClockAndIds
from forwardc.runtime.run.run import run
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

Forward: TypeAlias = Callable[[], Awaitable[object]]
Forwards: TypeAlias = Callable[[], AbstractAsyncContextManager[Forward]]

# A run of one step waits three times for the disk: begun, intended, answered and finished. So many
# rows are written each time: the run, its step, the attempt, and the figures of the dashboard.
_BEGIN, _INTENT, _END = 3, 3, 8


@dataclass(frozen=True, slots=True)
class Loop:
    """Seconds by the clock of one forward: medians, and the median of the ratios."""

    ours: float
    theirs: float
    ratio: float


def forwards(build: Path, folder: Path, pairs: int, repeat: int) -> Iterator[tuple[str, Loop]]:
    """One forward without a history, and one whose intent is on the disk before it is sent."""
    plan = plan_of(build)
    with _sandbox(build.parent) as url:
        call = json.dumps(bound_call(plan)).encode()
        key = sandbox_resolver(plan)("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY") or ""
        asyncio.run(_store(plan, url))
        for what, ours, theirs in (
            ("without history", _ours(plan, url, None), _by_hand(call, key, url, None)),
            (
                "history on SQLite",
                _ours(plan, url, folder / "ours.db"),
                _by_hand(call, key, url, folder / "theirs.db"),
            ),
        ):
            yield what, asyncio.run(_compared(ours, theirs, pairs, repeat))


async def _compared(ours: Forwards, theirs: Forwards, pairs: int, repeat: int) -> Loop:
    mine: list[float] = []
    other: list[float] = []
    async with ours() as one, theirs() as another:
        await _seconds(one, 3)
        await _seconds(another, 3)
        for _ in range(pairs):
            mine.append(await _seconds(one, repeat))
            other.append(await _seconds(another, repeat))
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    return Loop(statistics.median(mine), statistics.median(other), statistics.median(ratios))


async def _seconds(forward: Forward, repeat: int) -> float:
    started = perf_counter()
    for _ in range(repeat):
        await forward()
    return (perf_counter() - started) / repeat


def _ours(plan: Plan, url: str, history: Path | None) -> Forwards:
    @asynccontextmanager
    async def opened() -> Any:
        journal: Journal = (
            StoreJournal(open_store(str(history)), alone=True) if history else NoJournal()
        )
        async with Sender(transport_to(url)) as sender:
            means = RunDependencies(sender, VaultKeys(sender), ClockAndIds(), journal)
            look_up = sandbox_resolver(plan)

            async def forward() -> None:
                sink = Sink()
                request = request_of()
                done = await run(plan, OPERATION, request, look_up, means, sink)
                if done is None:
                    raise RuntimeError(", ".join(found.message for found in sink.sorted()))

            yield forward

    return opened


def _by_hand(call: bytes, key: str, url: str, history: Path | None) -> Forwards:
    """What a careful person writes: one client, the key, the body, both answers read."""

    @asynccontextmanager
    async def opened() -> Any:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        record = _recorder(history)
        async with httpx.AsyncClient(transport=transport_to(url), trust_env=False) as client:

            async def forward() -> None:
                record(_BEGIN)
                record(_INTENT)
                address = "https://forward.sandbox.checkout.com/forward"
                answer = await client.post(address, content=call, headers=headers)
                answer.raise_for_status()
                json.loads(answer.json()["destination_response"]["body"])
                record(_END)

            yield forward

    return opened


def _recorder(history: Path | None) -> Callable[[int], None]:
    """A function that puts rows on the disk, together; one that does nothing without a history."""
    if history is None:
        return lambda _: None
    database = sqlite3.connect(history, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE runs (at REAL, what TEXT) STRICT")

    def record(rows: int) -> None:
        database.execute("BEGIN IMMEDIATE")
        told = ((perf_counter(), "a forward") for _ in range(rows))
        database.executemany("INSERT INTO runs VALUES (?, ?)", told)
        database.execute("COMMIT")

    return record


async def _store(plan: Plan, url: str) -> None:
    async with Sender(transport_to(url)) as sender:
        await store_secrets(plan, OPERATION, sender)


@contextmanager
def _sandbox(project: Path) -> Iterator[str]:
    """A sandbox that knows the project's plans, and forwards what they name and nothing else."""
    command = [sys.executable, "-P", "-m", "forwardc", "sandbox", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - ours
        command, stdout=subprocess.PIPE, text=True, cwd=project
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the sandbox says nothing")
            yield process.stdout.readline().rpartition(" ")[2].strip()
        finally:
            process.terminate()
