"""Claims for an event loop: what each call is, and how its share ended, on the disk.

Knows no table. What the database could not be asked is asked once more where that is safe.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from random import uniform
from typing import Final, TypeVar

from forwardc.partner.sharing import claim_tables
from forwardc.partner.sharing.claim import Ask, Claim, KeyReused, Mine, Seen, State
from forwardc.partner.sharing.claim_tables import KeyTaken, Process
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.store import Store

LEASE_S: Final = 60.0
"""How long a call may take from its claim to the record of its run; the run has its own lease."""
_FORGET_EVERY_S: Final = 60.0
_WAITS: Final = (0.1, 0.5, 2.0)
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class Claims:
    """The claims of one process in a history that others may share."""

    store: Store
    process: Process

    async def claim(self, ask: Ask) -> Claim:
        """What this call is; durable when it returns. Raises `HistoryUnavailable`."""

        def work(tx: Transaction) -> Claim:
            return claim_tables.claim(tx, ask, self.process, self.store.moment())

        try:
            return await _patiently(lambda: self.store.commits.write(work), (_WAITS[0],))
        except KeyTaken:
            return KeyReused()

    async def look(self, share_id: str) -> Seen:
        """What has become of a share. Raises `HistoryUnavailable`."""
        moment = self.store.moment()
        return await self.store.commits.read(lambda tx: claim_tables.look(tx, share_id, moment))

    async def outcome(self, run_id: str) -> str | None:
        """What a run came to, as its record tells. Raises `HistoryUnavailable`."""
        return await self.store.commits.read(lambda tx: claim_tables.outcome_of(tx, run_id))

    async def end(self, mine: Mine, state: State, status: int, sealed: str | None = None) -> None:
        """Record how a share ended. Raises `HistoryUnavailable` after several tries."""

        def work(tx: Transaction) -> None:
            claim_tables.end(tx, mine, state, status, sealed)

        await _patiently(lambda: self.store.commits.write(work), _WAITS)

    def end_soon(
        self,
        mine: Mine,
        state: State,
        status: int,
        sealed: str | None,
        failed: Callable[[Exception], None],
    ) -> None:
        """The same in the transaction of the next write; `failed` is told before that returns."""

        def work(tx: Transaction) -> None:
            claim_tables.end(tx, mine, state, status, sealed)

        self.store.commits.soon(work, failed)

    async def give_up(self, mine: Mine) -> State:
        """Record what is certain of a share that is forwarded no longer. As `end`."""

        def work(tx: Transaction) -> State:
            return claim_tables.give_up(tx, mine, self.store.moment())

        return await _patiently(lambda: self.store.commits.write(work), _WAITS)

    async def forget(self) -> None:
        """Delete what is replayed no longer, also while nobody calls. Ends by being cancelled."""
        while True:
            # Processes that began together need not delete together.
            await asyncio.sleep(_FORGET_EVERY_S * uniform(0.5, 1.5))  # noqa: S311 - no secret
            moment = self.store.moment()
            try:
                while await self.store.commits.write(partial(claim_tables.forget, now=moment)):
                    continue
            except HistoryError as problem:
                _log.warning("%s old answers were not deleted: %s", problem.code, problem.message)


async def _patiently(ask: Callable[[], Awaitable[T]], waits: tuple[float, ...]) -> T:
    """Ask a database that may be away for a moment, again after each wait."""
    for wait in waits:
        try:
            return await ask()
        except HistoryError:
            await asyncio.sleep(wait)
    return await ask()
