"""History for a process whose event loop waits for one run: written at once, in its own thread.

The loop stands still meanwhile, so that this is nothing for a server. Knows no table.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from forwardc.runtime.history.batch import Work, WorkResult, commit_batch
from forwardc.runtime.history.database import Database, Transaction

T = TypeVar("T")

# What nobody waits for, waits this long for a write that somebody does.
_LINGER_S: Final = 0.005


class InlineCommit:
    """What `Commits` does, without threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Work, Callable[[Exception], None]]] = []

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`; durable when it returns.

        Raises `HistoryUnavailableError`, and what it raises.
        """
        came: WorkResult = self._flush(work)
        if came.problem is not None:
            raise came.problem
        result: T = came.result
        return result

    def soon(
        self, work: Callable[[Transaction], object], failed: Callable[[Exception], None]
    ) -> None:
        """Do `work` together with the next write, and within milliseconds without one."""
        self._waiting.append((work, failed))
        asyncio.get_running_loop().call_later(_LINGER_S, self.close)

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
