"""History for event loops: what many runs write at once is one transaction, and one wait.

Knows no table. A work may be done again from the start before it counts, so that it changes nothing
but the database, and takes all it needs to know of it from its transaction. One that often cannot
be done gives that as its result: one that raises is rolled back, and makes its neighbours be done
again.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Final, TypeVar

from forwardc.runtime.history.batch import TaskRunner, Work, WorkResult, commit_batch, inline
from forwardc.runtime.history.database import Database, Transaction
from forwardc.runtime.history.errand import run_on_loop
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.work_executor import WorkExecutor

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

    def soon(
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
            self._reader = self._database.another()
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
        if len(batch) < _MANY or not self._database.quick:
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
