"""Several works in one transaction, each with a fate of its own. Knows no table and no thread."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, Final, Generic, TypeAlias, TypeVar

from forwardc.runtime.history.database import Database, SavepointError, Transaction
from forwardc.runtime.history.errors import HistoryConflictError, HistoryUnavailableError
from forwardc.runtime.work_executor import WorkExecutor

Work: TypeAlias = Callable[[Transaction], Any]

_COMMIT_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What a work came to: its result, or why there is none."""

    result: Any = None
    problem: BaseException | None = None


TaskRunner: TypeAlias = Callable[[Callable[[], list[WorkResult]]], list[WorkResult]]


def inline(task: Callable[[], list[WorkResult]]) -> list[WorkResult]:
    """Do works in this thread."""
    return task()


def commit_batch(
    database: Database, works: Sequence[Work], place: TaskRunner = inline
) -> list[WorkResult]:
    """Do works in one transaction, each where `place` has it done.

    What another process stood in the way of is done again.
    """
    came = _tried(database, works, place)
    for _ in range(_COMMIT_TRIES - 1):
        again = [at for at, one in enumerate(came) if isinstance(one.problem, HistoryConflictError)]
        if not again:
            break
        once_more = _tried(database, [works[at] for at in again], place)
        for at, one in zip(again, once_more, strict=True):
            came[at] = one
    return came


def _tried(database: Database, works: Sequence[Work], place: TaskRunner) -> list[WorkResult]:
    """Do works together, and where one raises, each as a part of its own."""
    refused = False

    def together(tx: Transaction) -> list[WorkResult]:
        nonlocal refused
        try:
            return place(lambda: _together(tx, works))
        except Exception:
            refused = True
            raise

    try:
        try:
            return database.write(together)
        except Exception:
            if not refused:
                raise
            return database.write(lambda tx: [_apart(tx, work) for work in works])
    # Whatever it is, somebody waits to be told.
    except BaseException as problem:
        return [WorkResult(problem=problem)] * len(works)


def _together(tx: Transaction, works: Sequence[Work]) -> list[WorkResult]:
    """All works, and what they have gathered: whoever is quick at the ones is at the other."""
    came = [WorkResult(work(tx)) for work in works]
    tx.flush()
    return came


def _apart(tx: Transaction, work: Work) -> WorkResult:
    try:
        return WorkResult(tx.savepoint(work))
    except SavepointError:
        raise
    except Exception as problem:
        return WorkResult(problem=problem)


# --- errand: Something that a thread waits for and an event loop does: each on its own would be in
# the way.
#
# A thread that does many short things gives the interpreter away at each, and gets it back late
# from a loop that is busy. Knows no database.

T_task = TypeVar("T_task")

# A loop that has ended, or stands still: the thread does it by itself then.
_PATIENCE_S: Final = 0.05


class LoopTask(Generic[T_task]):
    """A task that is done once, by whoever comes first."""

    def __init__(self, task: Callable[[], T_task]) -> None:
        self._task = task
        self._taken = threading.Lock()
        self._done = threading.Event()
        self._result: list[T_task] = []
        self._problem: BaseException | None = None

    def do(self) -> None:
        """Do the task, unless somebody has begun with it."""
        if not self._taken.acquire(blocking=False):
            return
        try:
            self._result.append(self._task())
        except BaseException as problem:
            self._problem = problem
        finally:
            self._done.set()

    def result(self) -> T_task:
        """What it came to. Raises what the task raised."""
        if not self._done.wait(_PATIENCE_S):
            self.do()
            self._done.wait()
        if self._problem is not None:
            raise self._problem
        return self._result[0]


def run_on_loop(loop: asyncio.AbstractEventLoop, task: Callable[[], T_task]) -> T_task:
    """Do a task on a loop, and wait for it; here where the loop cannot. Raises what it raises."""
    errand = LoopTask(task)
    try:
        loop.call_soon_threadsafe(errand.do)
    except RuntimeError:
        errand.do()
    return errand.result()


# --- commits: History for event loops: what many runs write at once is one transaction, and one
# wait.
#
# Knows no table. A work may be done again from the start before it counts, so that it changes
# nothing but the database, and takes all it needs to know of it from its transaction. One that
# often cannot be done gives that as its result: one that raises is rolled back, and makes its
# neighbours be done again.

T = TypeVar("T")

_AT_ONCE: Final = 256
_MANY: Final = 8
# What nobody waits for, waits this long for a write that somebody does.
_LINGER_S: Final = 0.005
# How long the thread stays where there is nothing to do.
_IDLE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class _Asked:
    """A work, and whom to tell on which loop. `since` is set where nobody waits for it."""

    work: Work
    loop: asyncio.AbstractEventLoop
    told: Callable[[WorkResult], None]
    since: float | None = None


class GroupCommit:
    """Writes to one database in the order in which they were asked for, from any event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Asked] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._serving = False
        self._closed = False
        self._writer = WorkExecutor("forwardc-history", 1)
        self._reader: Database | None = None
        self._readers = WorkExecutor("forwardc-history-reader", 1)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`; durable when it returns.

        Raises `HistoryUnavailableError`, and what `work` raises.

        A caller that is cancelled does not take its work back.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()

        def told(came: WorkResult) -> None:
            if waiter.done():
                return
            if came.problem is None:
                waiter.set_result(came.result)
            else:
                waiter.set_exception(came.problem)

        self._add(_Asked(work, loop, told))
        return await waiter

    def write_behind(
        self, work: Callable[[Transaction], object], failed: Callable[[Exception], None]
    ) -> None:
        """Do `work` before every later write, and wait for nothing.

        It is on the disk when a later write is, and within milliseconds without one. `failed` is
        told on the caller's loop, before a later write returns, why it could not be done. Raises
        `HistoryUnavailableError` after `close`.
        """

        def told(came: WorkResult) -> None:
            if isinstance(came.problem, Exception):
                failed(came.problem)

        self._add(_Asked(work, asyncio.get_running_loop(), told, since=monotonic()))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` on one state of the database, beside the writes.

        Raises `HistoryUnavailableError`.

        It sees every write that has returned.
        """
        if self._closed:
            raise _closed()
        return await self._readers.run(self._read, work)

    def close(self) -> None:
        """Do what was asked for, and take nothing more. The database stays open."""
        with self._changed:
            self._closed = True
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

    def _add(self, asked: _Asked) -> None:
        with self._changed:
            if self._closed:
                raise _closed()
            self._waiting.append(asked)
            if not self._serving:
                self._serving = True
                self._writer.submit(self._serve)
            elif asked.since is None or len(self._waiting) == 1:
                self._changed.notify()

    def _serve(self) -> None:
        """Write batches until there has been nothing to do for a while. Runs in the thread."""
        while batch := self._next():
            works = [asked.work for asked in batch]
            _tell(batch, commit_batch(self._database, works, self._place(batch)))

    def _place(self, batch: Sequence[_Asked]) -> TaskRunner:
        """Where works are done: many quick ones on the loop of the first, while we wait."""
        if len(batch) < _MANY or not self._database.is_local:
            return inline
        return partial(run_on_loop, batch[0].loop)

    def _next(self) -> list[_Asked]:
        """What is written together; empty where nothing came."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(_IDLE_S)
            while self._waiting and not self._closed:
                first = self._waiting[0].since
                left = 0.0 if first is None else first + _LINGER_S - monotonic()
                if left <= 0 or any(one.since is None for one in self._waiting):
                    break
                self._changed.wait(left)
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
            self._serving = bool(batch)
            return batch


def _closed() -> HistoryUnavailableError:
    return HistoryUnavailableError("the history was closed")


def _tell(batch: Sequence[_Asked], came: Sequence[WorkResult]) -> None:
    """Wake each loop once."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Asked, WorkResult]]] = {}
    for asked, one in zip(batch, came, strict=True):
        loops.setdefault(asked.loop, []).append((asked, one))
    for loop, pairs in loops.items():
        try:
            loop.call_soon_threadsafe(_tell_all, pairs)
        except RuntimeError:
            # The loop is closed: nobody is left who could be told.
            continue


def _tell_all(pairs: Sequence[tuple[_Asked, WorkResult]]) -> None:
    untold = []
    for asked, came in pairs:
        try:
            asked.told(came)
        except MemoryError:
            # Whoever is not told waits for ever: once more, when all others have been.
            untold.append((asked, came))
    for asked, came in untold:
        asked.told(came)


# --- inline: History for a process whose event loop waits for one run: written at once, in its own
# thread.
#
# The loop stands still meanwhile, so that this is nothing for a server. Knows no table.

T_inline = TypeVar("T_inline")

# What nobody waits for, waits this long for a write that somebody does.
_LINGER_inline: Final = 0.005


class InlineCommit:
    """What `Commits` does, without threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Work, Callable[[Exception], None]]] = []

    async def write(self, work: Callable[[Transaction], T_inline]) -> T_inline:
        """Do `work`; durable when it returns.

        Raises `HistoryUnavailableError`, and what it raises.
        """
        came: WorkResult = self._flush(work)
        if came.problem is not None:
            raise came.problem
        result: T_inline = came.result
        return result

    def write_behind(
        self, work: Callable[[Transaction], object], failed: Callable[[Exception], None]
    ) -> None:
        """Do `work` together with the next write, and within milliseconds without one."""
        self._waiting.append((work, failed))
        asyncio.get_running_loop().call_later(_LINGER_inline, self.close)

    def close(self) -> None:
        """Do what waits. The database stays open."""
        if self._waiting:
            self._flush(_nothing)

    def _flush(self, work: Work) -> WorkResult:
        waiting, self._waiting = self._waiting, []
        *before, last = commit_batch(self._database, [*(one for one, _ in waiting), work])
        for (_, failed), came in zip(waiting, before, strict=True):
            if isinstance(came.problem, Exception):
                failed(came.problem)
        return last


def _nothing(_: Transaction) -> None:
    """Only what waits is done."""
