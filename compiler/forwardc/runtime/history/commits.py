"""History for event loops: each work is one transaction, and nothing blocks the loop.

Knows no table. A work may be done again from the start before it counts, so that it changes nothing
but the database, and takes what it needs from its transaction.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from forwardc.runtime.history.database import Database, Transaction

T = TypeVar("T")


class Commits:
    """Writes to one database in the order in which they were asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = ThreadPoolExecutor(1, "forwardc-history")

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`; durable when it returns. Raises `HistoryUnavailable`, and what `work` raises.

        A caller that is cancelled does not take its work back.
        """
        return await asyncio.wrap_future(self._writer.submit(self._database.write, work))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` on one state of the database. Raises `HistoryUnavailable`."""
        return await asyncio.wrap_future(self._writer.submit(self._database.read, work))

    def soon(
        self, work: Callable[[Transaction], object], failed: Callable[[Exception], None]
    ) -> None:
        """Do `work` before every later write, and wait for nothing.

        `failed` is told on the caller's loop why it could not be done.
        """
        loop = asyncio.get_running_loop()

        def tell(done: Future[Any]) -> None:
            problem = done.exception()
            if isinstance(problem, Exception) and not loop.is_closed():
                loop.call_soon_threadsafe(failed, problem)

        self._writer.submit(self._database.write, work).add_done_callback(tell)

    def close(self) -> None:
        """Do what was asked for, and take nothing more. The database stays open."""
        self._writer.shutdown()
