"""Many event loops and runs that write at once: what is durable, in order, and whose failure is it.

The same on both databases.
"""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

import postgres
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryConflictError, HistoryUnavailableError
from forwardc.runtime.history.group_commit import GroupCommit
from forwardc.runtime.history.records import NewRun, RunFilter
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.run.store_journal import StoreJournal
from patience import LONG_S, until
from rated import RefusedError, add, add_and_refuse, names
from stored_runs import OWNER, Clock, intent_of, new_run, open_runs, report_of, result_of

CARELESS = """
import asyncio, sys
from forwardc.runtime.history.store import open_store
commits = open_store(sys.argv[1]).commits
async def go():
    commits.write_behind(lambda tx: tx.run("INSERT INTO rates VALUES ('x', 1, 1)"), print)
asyncio.run(go())
"""


@pytest.fixture
def commits(store: Store) -> GroupCommit:
    return store.commits


@pytest.fixture
def transactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each write of the database."""
    seen: list[str] = []
    kind = type(store.database)
    inner = kind.write
    monkeypatch.setattr(
        kind, "write", lambda self, work: (seen.append("write"), inner(self, work))[1]
    )
    return seen


class Held:
    """The writer, held up at a work of ours, so that what comes meanwhile comes together."""

    def __init__(self, commits: GroupCommit) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()
        self.first = asyncio.ensure_future(commits.write(self._work))

    def _work(self, tx: Transaction) -> None:
        self.began.set()
        assert self.go_on.wait(LONG_S)

    async def until_begun(self) -> "Held":
        assert await asyncio.to_thread(self.began.wait, LONG_S)
        return self


def test_what_a_work_gives_comes_back_and_another_process_sees_it(
    commits: GroupCommit, history_url: str
) -> None:
    assert asyncio.run(commits.write(add("one", 7))) == 7
    with open_store(history_url) as other:
        assert names(other) == ["one"]


def test_what_waits_together_is_written_in_one_transaction_in_order(
    store: Store, commits: GroupCommit, transactions: list[str]
) -> None:
    order: list[int] = []

    def noted(number: int) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            add(f"{number:03}")(tx)
            order.append(number)

        return work

    async def go() -> None:
        held = await Held(commits).until_begun()
        waiting = [asyncio.ensure_future(commits.write(noted(number))) for number in range(100)]
        await asyncio.sleep(0)
        held.go_on.set()
        await asyncio.gather(held.first, *waiting)

    asyncio.run(go())
    assert transactions == ["write", "write"]
    assert order == list(range(100))
    assert len(names(store)) == 100


def test_a_loop_that_ends_before_its_turn_is_over_loses_nothing(
    store: Store, commits: GroupCommit
) -> None:
    """The writing thread is woken at the end of a turn, which this loop never has."""
    asyncio.run(commits.write(add("before")))

    loop = asyncio.new_event_loop()

    def leave() -> None:
        commits.write_behind(add("left"), print)
        loop.stop()

    loop.call_soon(leave)
    loop.run_forever()
    loop.close()
    until(lambda: "left" in names(store))
    assert asyncio.run(commits.write(add("after", 3))) == 3


def test_more_than_a_batch_is_written_in_several(
    store: Store, commits: GroupCommit, transactions: list[str]
) -> None:
    async def go() -> None:
        held = await Held(commits).until_begun()
        works = (commits.write(add(f"{number}")) for number in range(600))
        waiting = [asyncio.ensure_future(work) for work in works]
        await asyncio.sleep(0)
        held.go_on.set()
        await asyncio.gather(held.first, *waiting)

    asyncio.run(go())
    assert len(transactions) == 4
    assert len(names(store)) == 600


def test_a_work_that_raises_takes_nobody_with_it(store: Store, commits: GroupCommit) -> None:
    async def go() -> list[object]:
        held = await Held(commits).until_begun()
        works = (add("a", 1), add_and_refuse("b"), add("c", 3), add("a", 1), add("d", 4))
        waiting = [asyncio.ensure_future(commits.write(work)) for work in works]
        await asyncio.sleep(0)
        held.go_on.set()
        await held.first
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, refused, third, twice, last = asyncio.run(go())
    assert (first, third, last) == (1, 3, 4)
    assert isinstance(refused, RefusedError)
    # Our own mistake, as the driver tells it.
    assert isinstance(twice, sqlite3.IntegrityError | psycopg.errors.UniqueViolation)
    assert names(store) == ["a", "c", "d"]


def test_figures_of_a_work_that_raises_do_not_count(store: Store, commits: GroupCommit) -> None:
    kept, refused = new_run(), new_run()

    def work_of(run: NewRun) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            writes.begin(tx, run, store.timestamp())
            if run is refused:
                raise RefusedError

        return work

    async def go() -> None:
        held = await Held(commits).until_begun()
        waiting = [asyncio.ensure_future(commits.write(work_of(run))) for run in (kept, refused)]
        await asyncio.sleep(0)
        held.go_on.set()
        await asyncio.gather(held.first, *waiting, return_exceptions=True)

    asyncio.run(go())
    found = store.database.read(lambda tx: tx.rows("SELECT first_seq, last_seq FROM hours"))
    seqs = store.database.read(lambda tx: tx.rows("SELECT seq FROM runs"))
    assert found == [(seqs[0][0], seqs[0][0])]


def test_what_is_done_soon_is_there_when_a_later_write_is(
    store: Store, commits: GroupCommit
) -> None:
    failures: list[Exception] = []

    async def go() -> list[tuple[str]]:
        commits.write_behind(add("first"), failures.append)
        commits.write_behind(add_and_refuse("second"), failures.append)
        found = await commits.write(lambda tx: tx.rows("SELECT name FROM rates"))
        assert [type(one) for one in failures] == [RefusedError]
        return found

    assert asyncio.run(go()) == [("first",)]
    assert names(store) == ["first"]


def test_what_is_done_soon_shares_the_wait_of_the_next_write(
    store: Store, transactions: list[str]
) -> None:
    commits = GroupCommit(store.database, linger_s=LONG_S)

    async def go() -> None:
        commits.write_behind(add("first"), pytest.fail)
        await commits.write(add("second"))

    asyncio.run(go())
    assert transactions == ["write"]
    commits.close()


def test_what_is_done_soon_needs_no_later_write(store: Store, commits: GroupCommit) -> None:
    async def go() -> None:
        commits.write_behind(add("first"), pytest.fail)

    # The loop is gone before it is done.
    asyncio.run(go())
    until(lambda: names(store))
    assert names(store) == ["first"]


def test_several_loops_are_told_of_their_own(store: Store, commits: GroupCommit) -> None:
    failures: list[object] = []

    def one(loop: int) -> None:
        async def go() -> None:
            works = [commits.write(add(f"{loop}-{number}", number)) for number in range(50)]
            if await asyncio.gather(*works) != list(range(50)):
                failures.append(loop)

        asyncio.run(go())

    threads = [threading.Thread(target=one, args=(loop,)) for loop in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert (failures, len(names(store))) == ([], 200)


def test_a_caller_that_does_not_wait_takes_its_work_not_back(
    store: Store, commits: GroupCommit
) -> None:
    async def go() -> None:
        held = await Held(commits).until_begun()
        leaving = asyncio.ensure_future(commits.write(add("left")))
        await asyncio.sleep(0)
        leaving.cancel()
        held.go_on.set()
        await held.first
        assert await commits.write(add("after", 1)) == 1
        with pytest.raises(asyncio.CancelledError):
            await leaving

    asyncio.run(go())
    assert names(store) == ["after", "left"]


def test_a_loop_that_has_ended_keeps_nobody_else_from_its_answer(
    store: Store, commits: GroupCommit
) -> None:
    async def leave() -> Held:
        held = await Held(commits).until_begun()
        asyncio.ensure_future(commits.write(add("left"))).add_done_callback(lambda _: None)
        await asyncio.sleep(0)
        held.first.cancel()
        return held

    held = asyncio.run(leave())
    held.go_on.set()
    assert asyncio.run(commits.write(add("after", 2))) == 2
    assert names(store) == ["after", "left"]


def test_closing_does_what_waits_and_takes_nothing_more(store: Store, commits: GroupCommit) -> None:
    async def go() -> None:
        commits.write_behind(add("soon"), pytest.fail)
        waiting = asyncio.ensure_future(commits.write(add("last", 9)))
        await asyncio.sleep(0)
        commits.close()
        assert await waiting == 9
        for ask in (commits.write(add("late")), commits.read(lambda tx: tx.rows("SELECT 1"))):
            with pytest.raises(HistoryUnavailableError, match="closed"):
                await ask

    asyncio.run(go())
    assert names(store) == ["last", "soon"]


def test_reading_goes_on_beside_a_write_that_takes_long(commits: GroupCommit) -> None:
    async def go() -> tuple[list[tuple[int]], list[tuple[int]]]:
        await commits.write(add("one"))
        held = await Held(commits).until_begun()
        during = await commits.read(lambda tx: tx.rows("SELECT count(*) FROM rates"))
        held.go_on.set()
        await held.first
        await commits.write(add("two"))
        return during, await commits.read(lambda tx: tx.rows("SELECT count(*) FROM rates"))

    assert asyncio.run(go()) == ([(1,)], [(2,)])


def test_a_commit_that_fails_is_everybodys_failure(
    store: Store, commits: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(store.database)
    inner = kind.write

    def full(self: object, work: Callable[[Transaction], object]) -> object:
        def all_but_the_commit(tx: Transaction) -> object:
            work(tx)
            raise HistoryUnavailableError("the disk is full")

        return inner(self, all_but_the_commit)

    async def go() -> list[object]:
        with monkeypatch.context() as patch:
            patch.setattr(kind, "write", full)
            works = [commits.write(add(name)) for name in "abc"]
            came = await asyncio.gather(*works, return_exceptions=True)
        await commits.write(add("d"))
        return came

    assert [type(one) for one in asyncio.run(go())] == [HistoryUnavailableError] * 3
    assert names(store) == ["d"]


def test_what_another_process_stood_in_the_way_of_is_done_again(
    store: Store, commits: GroupCommit
) -> None:
    tries: list[int] = []

    def work(tx: Transaction) -> str:
        tries.append(1)
        # Together, apart, and together once more.
        if len(tries) < 3:
            raise HistoryConflictError("changed by somebody else")
        return "done"

    assert asyncio.run(commits.write(work)) == "done"


def test_a_pause_that_ends_as_a_run_begins_is_looked_at_again(
    store: Store, commits: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, pause_of = new_run(), writes._pause_of
    store.pause(run.vault, "ann", "maintenance")

    def late(tx: Transaction, of: NewRun) -> str:
        # What another process does between our two statements.
        tx.run("DELETE FROM pauses")
        return pause_of(tx, of)

    monkeypatch.setattr(writes, "_pause_of", late)
    with pytest.raises(HistoryConflictError):
        asyncio.run(commits.write(lambda tx: writes.begin(tx, run, store.timestamp())))


def test_it_gives_up_where_somebody_is_always_in_the_way(commits: GroupCommit) -> None:
    def work(tx: Transaction) -> None:
        raise HistoryConflictError("changed by somebody else")

    with pytest.raises(HistoryConflictError):
        asyncio.run(commits.write(work))


def test_a_process_that_ends_without_closing_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    subprocess.run([sys.executable, "-c", CARELESS, str(path)], check=True, timeout=LONG_S)
    with open_store(str(path)) as store:
        assert names(store) == ["x"]


def test_two_processes_that_count_the_same_runs_at_once(store: Store, history_url: str) -> None:
    async def one(journal: StoreJournal) -> None:
        run = new_run()
        await journal.begin(run)
        number = await journal.intent(run.id, intent_of(run))
        report = report_of(duration_ms=number)
        await journal.answered(run.id, number, report)
        await journal.finish(run.id, result_of(run, report))

    def many(of: Store) -> None:
        journal = StoreJournal(of, owner=OWNER)

        async def go() -> None:
            await asyncio.gather(*(one(journal) for _ in range(60)))

        asyncio.run(go())

    with open_store(history_url, now=Clock()) as other:
        threads = [threading.Thread(target=many, args=(of,)) for of in (store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG_S)
    assert store.statistics(RunFilter()).count == 120
    assert not open_runs(store)


def test_a_server_that_drops_the_connection_costs_one_batch_at_most(
    postgres_server: postgres.Server,
) -> None:
    url = postgres_server.history()
    with open_store(url) as store, psycopg.connect(url, autocommit=True) as admin:
        asyncio.run(store.commits.write(add("one")))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        asyncio.run(store.commits.write(add("two")))
        assert names(store) == ["one", "two"]
