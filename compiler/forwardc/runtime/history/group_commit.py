"""History for event loops: what many runs write at once is one transaction, and one wait.

A work is a function of a transaction. `GroupCommit` takes works from any event loop, and one thread
writes all that wait as a batch: together first, and each in a savepoint of its own where one of
them raises. A thread that does many short works gives the interpreter away at each and gets it back
late from a loop that is busy, so that a large batch on a local database is done by the loop, while
the thread waits. `InlineCommit` does the same without threads, for a process with a single run.

Callbacks, what a person does in the dashboard, clients and the end of a process write transactions
of their own (`Database.write`): they come a few times an hour, and nobody waits beside them whose
wait could be shared.

A work may be done again from the start before it counts: it changes nothing but the database, and
takes all it needs to know of it from its transaction. One that often cannot be done gives that as
its result, since one that raises makes its neighbours be done again. What is done again, in a
batch of three, as `tests/runtime/history/test_batches.py` counts it:

| in a batch | transactions | times the work is done | each neighbour | its caller gets |
|---|---|---|---|---|
| nothing | 1 | 1 | 1 | its result |
| a work raises | 2 | 2 | 2 | what it raised |
| another process is in the way once | 2 | 2 | 2 | its result |
| another process is in the way always | 8 | 8 | 2 | `HistoryConflictError` |
| the database is away | 1 | 0 | 0 | `HistoryUnavailableError` |

Threads. Works are added on event loops and taken by the writing thread, under one lock. A batch is
done by exactly one thread: the writing one, or, of `_LOOP_WORKS` works on a local database, a loop,
while the writing thread holds the database's lock and waits; `LoopTask` sees to it that whichever
comes first does it once. Results come back on the loop that asked. `make bench` has what the loop
saves ("history's works by the loop"). Invariants, and the tests that hold them:

- What returned is on the disk, whoever is killed:
  `test_record.py::test_an_intent_is_there_for_another_process_at_once`,
  `test_killed_server.py::test_what_was_sent_is_on_the_record`.
- A batch is done once, also where its loop stands still or has ended:
  `test_loop_tasks.py::test_a_loop_that_stands_still_or_has_ended_is_not_waited_for`.
- Writes are done in the order in which they were asked for, and a read sees those that returned:
  `test_group_commit.py`.

One batch, traced. Thirty calls add their claims in one turn of the loop; at its end the writing
thread is woken, takes all thirty, says BEGIN, and lets the loop do them: ninety statements without
giving the interpreter away. It says COMMIT, the disk answers, and one turn of the loop wakes all
thirty.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.database import Database, SavepointError, Transaction
from forwardc.runtime.history.errors import HistoryConflictError, HistoryUnavailableError
from forwardc.runtime.history.loop_task import run_on_loop
from forwardc.runtime.work_executor import WorkExecutor

T = TypeVar("T")
Work: TypeAlias = Callable[[Transaction], Any]

# Times that a work is tried that other processes stand in the way of. Each try waits for them, so
# that the fourth is only needed where three others changed the same rows in turn.
_MOST_TRIES: Final = 4
# Works in one batch at the most: what comes later must not wait for a transaction without an end.
_MOST_WORKS: Final = 256
# Works of a batch from which on the loop does them: for fewer, waking it costs more than it saves.
_LOOP_WORKS: Final = 8
# Seconds that a work nobody waits for waits for one that somebody waits for.
_LINGER_S: Final = 0.005
# Seconds that the writing thread stays where there is nothing to do.
_IDLE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What became of a work: its result, or why there is none."""

    result: Any = None
    problem: BaseException | None = None


TaskRunner: TypeAlias = Callable[[Callable[[], list[WorkResult]]], list[WorkResult]]


def inline(task: Callable[[], list[WorkResult]]) -> list[WorkResult]:
    """Do works in this thread."""
    return task()


def commit_batch(
    database: Database, works: Sequence[Work], runner: TaskRunner = inline
) -> list[WorkResult]:
    """The results of works that are done in one transaction, in their order; never raises.

    `runner` chooses the thread in which they are done. A work that another process stood in the way
    of is done again.
    """
    results = _commit_once(database, works, runner)
    for _ in range(_MOST_TRIES - 1):
        conflicts = [
            at
            for at, result in enumerate(results)
            if isinstance(result.problem, HistoryConflictError)
        ]
        if not conflicts:
            break
        repeated = _commit_once(database, [works[at] for at in conflicts], runner)
        for at, result in zip(conflicts, repeated, strict=True):
            results[at] = result
    return results


def _commit_once(database: Database, works: Sequence[Work], runner: TaskRunner) -> list[WorkResult]:
    """Do works together, and where one raises, each in a savepoint of its own."""
    refused = False

    def together(tx: Transaction) -> list[WorkResult]:
        nonlocal refused
        try:
            return runner(lambda: _run_all(tx, works))
        except Exception:
            refused = True
            raise

    try:
        try:
            return database.write(together)
        except Exception:
            if not refused:
                raise
            return database.write(lambda tx: [_run_in_savepoint(tx, work) for work in works])
    # Whatever it is, somebody waits to be told.
    except BaseException as problem:
        return [WorkResult(problem=problem)] * len(works)


def _run_all(tx: Transaction, works: Sequence[Work]) -> list[WorkResult]:
    """Do all works and what they have deferred: who is quick at the former is at the latter."""
    results = [WorkResult(work(tx)) for work in works]
    tx.flush()
    return results


def _run_in_savepoint(tx: Transaction, work: Work) -> WorkResult:
    try:
        return WorkResult(tx.savepoint(work))
    except SavepointError:
        raise
    except Exception as problem:
        return WorkResult(problem=problem)


@dataclass(frozen=True, slots=True)
class _PendingWork:
    """A work, and what to call on which loop when it is done.

    `since` is set where nobody waits for it: the reading of the monotonic clock at its begin.
    """

    work: Work
    loop: asyncio.AbstractEventLoop
    on_result: Callable[[WorkResult], None]
    since: float | None = None


class GroupCommit:
    """Writes to one database in the order in which they were asked for, from any event loop.

    Every method but `close` is called on an event loop, `close` by any thread; a second `close`
    does nothing. `linger_s` is how long a work nobody waits for waits for one that somebody waits
    for, in seconds.
    """

    def __init__(self, database: Database, linger_s: float = _LINGER_S) -> None:
        self._database = database
        self._linger_s = linger_s
        self._waiting: deque[_PendingWork] = deque()
        # Guards the queue and both flags: loops of several threads add, and one thread takes.
        self._changed = threading.Condition(threading.Lock())
        self._serving = False
        self._is_closed = False
        # Loops whose turn is to wake the thread at its end. One that ends before is not missed: the
        # thread looks by itself after `_IDLE_S`.
        self._waking: set[asyncio.AbstractEventLoop] = set()
        self._writer = WorkExecutor("forwardc-history", 1)
        self._reader: Database | None = None
        self._readers = WorkExecutor("forwardc-history-reader", 1)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`; what it wrote is durable when this returns.

        A caller that is cancelled does not take its work back.

        Raises: `HistoryUnavailableError`, and what `work` raises.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()

        def set_result(result: WorkResult) -> None:
            if waiter.done():
                return
            if result.problem is None:
                waiter.set_result(result.result)
            else:
                waiter.set_exception(result.problem)

        self._add(_PendingWork(work, loop, set_result))
        return await waiter

    def write_behind(
        self, work: Callable[[Transaction], object], on_failure: Callable[[Exception], None]
    ) -> None:
        """Do `work` before every later write, and wait for nothing.

        It is on the disk when a later write is, and within milliseconds without one. `on_failure`
        is called on the caller's loop, before a later write returns, with the reason why it could
        not be done.

        Raises: `HistoryUnavailableError` after `close`.
        """

        def check(result: WorkResult) -> None:
            if isinstance(result.problem, Exception):
                on_failure(result.problem)

        self._add(_PendingWork(work, asyncio.get_running_loop(), check, since=monotonic()))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work` on one state of the database, beside the writes.

        It sees every write that has returned.

        Raises: `HistoryUnavailableError`.
        """
        if self._is_closed:
            raise _closed()
        return await self._readers.run(self._read, work)

    def close(self) -> None:
        """Do what was asked for, and take nothing more. The database stays open. Blocks."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._writer.close()
        self._readers.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _read(self, work: Callable[[Transaction], T]) -> T:
        if self._reader is None:
            self._reader = self._database.new_connection()
        return self._reader.read(work)

    def _add(self, pending: _PendingWork) -> None:
        with self._changed:
            if self._is_closed:
                raise _closed()
            self._waiting.append(pending)
            if not self._serving:
                self._serving = True
                self._writer.submit(self._serve)
            elif pending.since is None or len(self._waiting) == 1:
                self._wake_after_turn(pending.loop)

    def _wake_after_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wake the writing thread once for all works of a turn: it takes the interpreter then."""
        if loop not in self._waking:
            self._waking.add(loop)
            loop.call_soon(self._wake, loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._changed:
            self._waking.discard(loop)
            self._changed.notify()

    def _serve(self) -> None:
        """Write batches until there has been nothing to do for a while. Runs in the thread."""
        while batch := self._next_batch():
            works = [pending.work for pending in batch]
            _set_results(batch, commit_batch(self._database, works, self._runner(batch)))

    def _runner(self, batch: Sequence[_PendingWork]) -> TaskRunner:
        """Who does the works: for many quick ones the loop of the first, while we wait."""
        if len(batch) < _LOOP_WORKS or not self._database.is_local:
            return inline
        return partial(run_on_loop, batch[0].loop)

    def _next_batch(self) -> list[_PendingWork]:
        """The works that are written together; empty where there are none."""
        with self._changed:
            if not self._waiting and not self._is_closed:
                self._changed.wait(_IDLE_S)
            while self._waiting and not self._is_closed:
                first = self._waiting[0].since
                left = 0.0 if first is None else first + self._linger_s - monotonic()
                if left <= 0 or any(pending.since is None for pending in self._waiting):
                    break
                self._changed.wait(left)
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_WORKS))]
            self._serving = bool(batch)
            if not batch:
                # A loop that has ended wakes nobody any more.
                self._waking.clear()
            return batch


def _closed() -> HistoryUnavailableError:
    return HistoryUnavailableError("the history was closed")


def _set_results(batch: Sequence[_PendingWork], results: Sequence[WorkResult]) -> None:
    """Wake each loop once."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_PendingWork, WorkResult]]] = {}
    for pending, result in zip(batch, results, strict=True):
        loops.setdefault(pending.loop, []).append((pending, result))
    for loop, pairs in loops.items():
        try:
            loop.call_soon_threadsafe(_call_all, pairs)
        except RuntimeError:
            # The loop is closed: nobody is left who could be told.
            continue


def _call_all(pairs: Sequence[tuple[_PendingWork, WorkResult]]) -> None:
    failed = []
    for pending, result in pairs:
        try:
            pending.on_result(result)
        except MemoryError:
            # Whoever is not told waits for ever: once more, when all others have been.
            failed.append((pending, result))
    for pending, result in failed:
        pending.on_result(result)


class InlineCommit:
    """`GroupCommit` without threads: the loop stands still until the disk has what it wrote.

    For a process whose loop has nothing but one run, and nothing for a server.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Work, Callable[[Exception], None]]] = []

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`; what it wrote is durable when this returns.

        Raises: `HistoryUnavailableError`, and what `work` raises.
        """
        result: WorkResult = self._flush(work)
        if result.problem is not None:
            raise result.problem
        value: T = result.result
        return value

    def write_behind(
        self, work: Callable[[Transaction], object], on_failure: Callable[[Exception], None]
    ) -> None:
        """Do `work` together with the next write, and within milliseconds without one."""
        self._waiting.append((work, on_failure))
        asyncio.get_running_loop().call_later(_LINGER_S, self.close)

    def close(self) -> None:
        """Do what waits. The database stays open, and so does this."""
        if self._waiting:
            self._flush(_nothing)

    def _flush(self, work: Work) -> WorkResult:
        waiting, self._waiting = self._waiting, []
        works = [*(waiting_work for waiting_work, _ in waiting), work]
        *before, last = commit_batch(self._database, works)
        for (_, on_failure), result in zip(waiting, before, strict=True):
            if isinstance(result.problem, Exception):
                on_failure(result.problem)
        return last


def _nothing(_: Transaction) -> None:
    """Only what waits is done."""
