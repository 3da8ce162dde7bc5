"""Rate limits: never more than the limit over all processes, and mostly without the database."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import postgres
from bearer import NOW, Time
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.store import Store, open_store
from forwardc.server.http.rate_limits import RateLimits
from patience import LONG_S

ROOT = Path(__file__).resolve().parents[3]


Given = Callable[..., int]


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """One event loop, as a server has it."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def given(loop: asyncio.Runner) -> Given:
    """Makes calls at once, all on one loop, and counts those that were let through."""

    async def take(rates: RateLimits, calls: int, limit: int, name: str = "a") -> int:
        found = await asyncio.gather(*(rates.take(name, limit, 60) for _ in range(calls)))
        return found.count(None)

    return lambda *args: loop.run(take(*args))


@pytest.mark.parametrize("limit", [1, 7, 20, 100])
def test_a_window_has_as_many_permits_as_its_limit(
    store: Store, time: Time, limit: int, given: Given
) -> None:
    rates = RateLimits(store.commits, time)
    assert given(rates, limit + 30, limit) == limit
    assert given(rates, 5, limit) == 0
    assert given(rates, 5, limit, "b") == min(5, limit)
    time.now += 60
    assert given(rates, limit + 5, limit) == limit


def test_the_longest_name_of_a_client_has_a_limit(store: Store, given: Given) -> None:
    assert given(RateLimits(store.commits), 3, 2, "misses/" + "a" * 255) == 2


def test_who_is_refused_learns_when_to_come_back(
    store: Store, given: Given, loop: asyncio.Runner
) -> None:
    time = Time(NOW - NOW % 60 + 17.5)
    rates = RateLimits(store.commits, time)
    assert given(rates, 1, 1) == 1
    assert loop.run(rates.take("a", 1, 60)) == pytest.approx(42.5)


def test_two_servers_share_a_limit(store: Store, time: Time, given: Given) -> None:
    both = [RateLimits(store.commits, time) for _ in range(2)]
    taken = sum(given(both[turn % 2], 7, 50) for turn in range(30))
    # What one holds and the other wants is lost: a portion of each at the most.
    assert 50 - 2 * 2 <= taken <= 50


def test_most_calls_cost_no_transaction(file_store: Store, time: Time, given: Given) -> None:
    counted = Counted(file_store)
    assert given(RateLimits(counted, time), 700, 600) == 600
    # The last one finds nothing, and another deletes old rows.
    assert counted.writes <= 22


def test_one_portion_serves_those_who_waited_for_it(
    file_store: Store, time: Time, given: Given
) -> None:
    counted = Counted(file_store)
    assert given(RateLimits(counted, time), 30, 600) == 30
    assert counted.writes <= 2


class Counted:
    """The commits of a store, counted."""

    def __init__(self, store: Store) -> None:
        self.commits, self.writes, self.reads = store.commits, 0, 0

    async def write(self, work: Callable[[Transaction], object]) -> object:
        self.writes += 1
        return await self.commits.write(work)

    async def read(self, work: Callable[[Transaction], object]) -> object:
        self.reads += 1
        return await self.commits.read(work)


def test_peeking_takes_nothing(store: Store, time: Time) -> None:
    rates, other = RateLimits(store.commits, time), RateLimits(store.commits, time)

    async def run() -> None:
        for _ in range(5):
            assert await rates.peek("a", 2, 60) is None
        assert await rates.take("a", 2, 60) is None
        assert await rates.peek("a", 2, 60) is None
        assert await rates.take("a", 2, 60) is None
        time.now += 1
        assert (await other.peek("a", 2, 60) or 0) > 0
        assert (await other.take("a", 2, 60) or 0) > 0
        time.now += 60
        assert await other.peek("a", 2, 60) is None

    asyncio.run(run())


def test_peeking_often_asks_once_a_second(file_store: Store, time: Time) -> None:
    counted = Counted(file_store)
    rates = RateLimits(counted, time)

    async def run() -> None:
        for _ in range(50):
            await rates.peek("a", 2, 60)

    asyncio.run(run())
    time.now += 1
    asyncio.run(run())
    assert counted.reads == 2


def test_a_clock_that_jumps_back_gives_no_second_limit(
    store: Store, time: Time, given: Given
) -> None:
    rates = RateLimits(store.commits, time)
    assert given(rates, 5, 5) == 5
    time.now += 600
    given(rates, 1, 5)
    time.now -= 600
    assert given(rates, 5, 5) == 0


def test_old_windows_leave_the_table(store: Store, time: Time) -> None:
    rates = RateLimits(store.commits, time)

    async def run() -> None:
        for _ in range(2):
            await rates.take("a", 5, 60)
            assert rates._fetching
            await rates._fetching
            time.now += 3 * 86_400

    asyncio.run(run())
    assert store.database.read(lambda tx: tx.rows("SELECT count(*) FROM rates"))[0][0] == 1


def test_names_in_memory_are_bounded(
    file_store: Store, time: Time, monkeypatch: pytest.MonkeyPatch, given: Given
) -> None:
    monkeypatch.setattr("forwardc.server.http.rate_limits._MOST_NAMES", 5)
    rates = RateLimits(file_store.commits, time)
    for number in range(9):
        assert given(rates, 1, 1, f"name {number}") == 1
    assert len(rates._held) == 5
    # The table knows whom this process forgot.
    assert given(rates, 1, 1, "name 0") == 0


_PROCESS = """
import asyncio, random, sys
from forwardc.server.http.rate_limits import RateLimits
from forwardc.runtime.history.store import open_store

async def spend(rates, names, calls):
    order = [name for name in range(names) for _ in range(calls)]
    random.shuffle(order)
    found = await asyncio.gather(*(rates.take(f"name {one}", 40, 3600) for one in order))
    return found.count(None)

with open_store(sys.argv[1]) as store:
    rates = RateLimits(store.commits, lambda: 1795000000.0)
    sys.stdin.read(1)
    print(asyncio.run(spend(rates, *map(int, sys.argv[2:]))))
"""


@pytest.mark.parametrize(("names", "calls"), [(1, 60), (30, 30)])
def test_two_processes_with_the_same_postgresql_share_a_limit(
    postgres_server: postgres.Server, names: int, calls: int
) -> None:
    """Neither waits for the other, in whatever order their calls come."""
    url = postgres_server.database()
    open_store(url).close()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, url, str(names), str(calls)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "compiler")},
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write(b"x")
        process.stdin.flush()
    assert sum(int(process.communicate(timeout=LONG_S)[0]) for process in processes) == 40 * names


def test_what_the_history_refuses_is_told_and_tried_again(
    file_store: Store, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(file_store)
    rates = RateLimits(counted, time)

    async def away(_: object) -> object:
        raise HistoryUnavailableError("it is away")

    async def run() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(counted, "write", away)
            calls = (rates.take("a", 5, 60) for _ in range(3))
            found = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(one) for one in found] == [HistoryUnavailableError] * 3
        assert await rates.take("a", 5, 60) is None

    asyncio.run(run())
