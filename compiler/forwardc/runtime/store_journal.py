"""The journal in a history store, for one process. Each call is on the disk when it returns.

Knows the store, and nothing of how a run is sent. The store's calls block, so that each one runs
in a thread of its own.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final, TypeVar
from uuid import uuid4

from forwardc.plan.program import Outcome
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.records import Intent, NewRun
from forwardc.runtime.history.store import Store
from forwardc.runtime.journal import JournalFailed
from forwardc.runtime.shapes import RunResult, StepReport
from forwardc.runtime.tokens.tables import TokenTables

LEASE_S: Final = 300.0
_RENEW_AFTER_S: Final = 60.0
T = TypeVar("T")


def this_process() -> str:
    """A name for this process that no other one has had: host, process id, and chance."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether an owner is a process of this host that certainly does not run any more."""
    host, _, rest = owner.partition("/")
    number = rest.partition("/")[0]
    if host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


@dataclass(slots=True)
class StoreJournal:
    """A `Journal`. `emulated` marks runs that a sandbox answered."""

    store: Store
    emulated: bool = False
    owner: str = field(default_factory=this_process)
    _renewed: float = field(default_factory=monotonic)

    async def paused(self, names: Iterable[str]) -> str | None:
        """The first of these vaults and destinations that is paused."""
        wanted = tuple(names)
        pause = await self._do(lambda: self.store.paused(wanted))
        return pause.name if pause else None

    async def begin(self, run: NewRun) -> None:
        """Keep a run before its first step, and hold it for this process."""
        ours = replace(run, owner=self.owner, emulated=self.emulated, lease_s=LEASE_S)
        await self._do(lambda: self.store.begin(ours))

    async def take(self, run_id: str, holder: str) -> bool:
        """Hold a recorded run for this process; False where another one has it.

        `holder` is who held it when it was read: a dead process of this host gives way at once,
        another one when its lease has ended.
        """

        def work() -> bool:
            if holder and is_dead(holder):
                # Only the dead owner's own lease can be ended so: a second taker finds another.
                self.store.lease(run_id, holder, -1)
            return self.store.lease(run_id, self.owner, LEASE_S)

        return await self._do(work)

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Keep an attempt and give its number. Refused where another process took the run over."""

        def work() -> int:
            if monotonic() - self._renewed > _RENEW_AFTER_S:
                self.store.lease(run_id, self.owner, LEASE_S)
                self._renewed = monotonic()
            return self.store.intent(run_id, self.owner, intent)

        return await self._do(work)

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt reached no destination, for certain."""
        await self._do(lambda: self.store.not_sent(run_id, step, number, reason))

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt may have reached the destination; no answer tells."""
        await self._do(lambda: self.store.unknown(run_id, step, number, reason))

    async def answered(self, run_id: str, number: int, report: StepReport) -> None:
        """An attempt ended with an answer, and the step is decided by it."""
        await self._do(lambda: self.store.answered(run_id, number, report))

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep what the run came to, and let it go."""
        if result.stopped:
            await self._do(lambda: self.store.stop(run_id, result.reason or "stopped"))
        else:
            await self._do(lambda: self.store.finish(run_id, result))
        if result.outcome in (Outcome.PENDING, Outcome.UNKNOWN):
            # A callback can be faster than the answer to its request: it lies in the store.
            await self._do(TokenTables(self.store).settle_waiting)

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except HistoryError as problem:
            raise JournalFailed(problem.code, problem.message, problem.hint) from None
