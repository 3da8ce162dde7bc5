"""Claims for an event loop: what each call is, and how its forward ended, on the disk.

What the database could not be asked is asked once more where that is safe; what it
could not be told is kept, answered from memory, and told at a heartbeat after it has come back.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import field
from functools import partial
from random import uniform
from time import monotonic
from typing import Final, TypeVar

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryError, HistoryUnavailableError
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.journal import JournalError, Precondition, SendingPausedError
from forwardc.server.payment_sharing import claim_tables
from forwardc.server.payment_sharing.claim import (
    ClaimKeyReused,
    ClaimRequest,
    ClaimResult,
    ClaimStatus,
    ClaimWon,
    ForwardEnd,
    ForwardState,
    LiveForwards,
)
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess, ClaimKeyTakenError
from forwardc.server.telemetry.calls import Observer

LEASE_S: Final = 60.0
"""How long a call may take from its claim to the record of its run; the run has its own lease."""
HEARTBEAT_S: Final = 2.0
"""How often a process looks whether its name stands at something that it does not forward."""
# Seconds between two deletions of what is replayed no longer: windows are minutes and hours.
_FORGET_EVERY_S: Final = 60.0
_WAITS: Final = (0.1, 0.5, 2.0)
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class ClaimStore:
    """The claims of one process in a history that others may share."""

    store: Store
    process: ClaimingProcess
    clock: Callable[[], float] = monotonic
    # A claim whose answer was lost can be in the history until then, and only then.
    _doubtful_until: float = 0.0

    @property
    def live(self) -> LiveForwards:
        """What this process forwards now."""
        return self.process.live

    async def claim(
        self,
        ask: ClaimRequest,
        begin: Callable[[Precondition], Awaitable[None]] | None = None,
        tried: list[ClaimResult] | None = None,
    ) -> ClaimResult:
        """What this call is; durable when it returns. Raises `HistoryUnavailableError`.

        `begin` begins a run in one transaction with the claim, where that is won, and what it
        raises is let through. `tried` gets what each try was told, in force or not: the last one
        counts. Whoever is told that it is `ClaimWon` lets go of it with `let_go`.
        """
        told: list[ClaimResult] = [] if tried is None else tried

        def claimed(tx: Transaction) -> bool:
            now = self.store.timestamp()
            told.append(claim_tables.claim(tx, ask, self.process, now))
            return isinstance(told[-1], ClaimWon)

        async def asked() -> ClaimResult:
            if begin is None:
                await self.store.commits.write(claimed)
            else:
                await begin(claimed)
            return told[-1]

        self.live.begin(ask.run_id)
        try:
            claim = await _with_retries(asked, (_WAITS[0],))
        except ClaimKeyTakenError:
            claim = ClaimKeyReused()
        except BaseException:
            # The database may have it, or get it yet.
            self.let_go(ask.run_id, in_doubt=True)
            raise
        if not isinstance(claim, ClaimWon):
            self.let_go(ask.run_id)
        return claim

    def let_go(self, run_id: str, *, in_doubt: bool = False) -> None:
        """Forward under this id no longer. `in_doubt`: the history may say otherwise."""
        self.live.end(run_id)
        if in_doubt:
            self._doubtful_until = self.clock() + LEASE_S

    async def look(self, forward_id: str) -> ClaimStatus:
        """What has become of a forward. Raises `HistoryUnavailableError`."""
        process, moment = self.process, self.store.timestamp()
        return await self.store.commits.read(
            lambda tx: claim_tables.look(tx, forward_id, process, moment)
        )

    async def outcome(self, run_id: str) -> str | None:
        """What a run came to, as its record tells. Raises `HistoryUnavailableError`."""
        return await self.store.commits.read(lambda tx: claim_tables.outcome_of(tx, run_id))

    async def end(
        self,
        won: ClaimWon,
        state: ForwardState,
        status: int,
        sealed: str | None = None,
        *,
        retry: bool = True,
    ) -> None:
        """Record how a forward ended.

        Raises `HistoryUnavailableError`: where `patient`, at the end.
        """

        def work(tx: Transaction) -> None:
            claim_tables.end(tx, won, state, status, sealed)

        await _with_retries(lambda: self.store.commits.write(work), _WAITS if retry else ())

    def end_soon(
        self,
        won: ClaimWon,
        state: ForwardState,
        status: int,
        sealed: str | None,
        failed: Callable[[Exception], None],
    ) -> None:
        """The same in the transaction of the next write; `failed` is told before that returns."""

        def work(tx: Transaction) -> None:
            claim_tables.end(tx, won, state, status, sealed)

        self.store.commits.write_behind(work, failed)

    async def give_up(self, won: ClaimWon) -> ForwardState:
        """Record what is certain of a forward that was given up. As `end`."""

        def work(tx: Transaction) -> ForwardState:
            return claim_tables.give_up(tx, won, self.store.timestamp())

        return await _with_retries(lambda: self.store.commits.write(work), _WAITS)

    async def run_heartbeat(self) -> None:
        """At each heartbeat: tell the history what it does not know. Ends by being cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await self.record_owed_ends()
            except HistoryError:
                # Whoever calls meanwhile is told, and `/ready` says so, too.
                continue
            except Exception as problem:
                _log.error("FC9901 ends were not recorded: %s", type(problem).__name__)

    async def record_owed_ends(self) -> None:
        """Record each end that is owed, and what is certain of forwards that were left.

        Raises `HistoryError` where the history is still away: then the rest stays owed.
        """
        for unrecorded in self.live.unrecorded:
            await self._record_end_again(unrecorded)
        if self.clock() < self._doubtful_until:
            for won in await self._abandoned():
                await self._end_abandoned(won)

    async def _record_end_again(self, unrecorded: ForwardEnd) -> None:
        won = unrecorded.won
        await self.end(won, unrecorded.state, unrecorded.status, unrecorded.sealed, retry=False)
        try:
            if unrecorded.journal is not None:
                await unrecorded.journal.flush()
        except JournalError as problem:
            if problem.code == HistoryError.code:
                raise HistoryUnavailableError(str(problem)) from None
            _log.error("%s the end of run %s was not recorded", problem.code, won.run_id)
        self.live.drop_unrecorded(won.run_id)
        _log.info("the end of run %s is recorded now", won.run_id)

    async def _abandoned(self) -> list[ClaimWon]:
        process = self.process
        return await self.store.commits.read(
            lambda tx: claim_tables.abandoned_forwards(tx, process)
        )

    async def _end_abandoned(self, won: ClaimWon) -> None:
        process, moment = self.process, self.store.timestamp()
        await self.store.commits.write(
            lambda tx: claim_tables.end_abandoned(tx, won, process, moment)
        )

    async def forget(self) -> None:
        """Delete what is replayed no longer, also while nobody calls. Ends by being cancelled."""
        while True:
            # Processes that began together need not delete together.
            await asyncio.sleep(_FORGET_EVERY_S * uniform(0.5, 1.5))  # noqa: S311 - no secret
            moment = self.store.timestamp()
            try:
                while await self.store.commits.write(partial(claim_tables.forget, now=moment)):
                    continue
            except HistoryError as problem:
                _log.warning("%s old answers were not deleted: %s", problem.code, problem.message)


@dataclass(slots=True)
class PendingClaim:
    """The claim of one call: `result` once it was asked for, `problem` where it could not be.

    A `RunClaim`: it is asked for by whatever comes first, the run's first intent or `settle`.
    """

    claims: ClaimStore
    ask: ClaimRequest
    observer: Observer
    when_won: Callable[[ClaimWon], None] = lambda _: None
    result: ClaimResult | None = None
    problem: HistoryError | None = None
    _tried: list[ClaimResult] = field(default_factory=list)

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.ask.run_id

    @property
    def won(self) -> ClaimWon | None:
        """The claim, where it is this call's."""
        return self.result if isinstance(self.result, ClaimWon) else None

    @property
    def in_doubt(self) -> ClaimWon | None:
        """The claim that the history may have, or get yet, where nobody could be told of it."""
        last = self._tried[-1] if self.result is None and self._tried else None
        return last if isinstance(last, ClaimWon) else None

    @property
    def lease_until(self) -> int | None:
        """Until when it holds, in milliseconds since 1970; None before it is won."""
        return self.won.lease_until if self.won is not None else None

    async def settle(self) -> ClaimResult:
        """What the call is, asked now if it was not. Raises `HistoryError`."""
        if self.problem is not None:
            raise self.problem
        if self.result is not None:
            return self.result
        with self.observer.span("claim"):
            return self._have(await self.claims.claim(self.ask))

    async def win(self, begin: Callable[[Precondition], Awaitable[None]]) -> bool:
        """Ask together with the begin of the run; whether it is won.

        Raises `JournalError`: where the history is away, which `problem` tells then, and where
        something is paused, so that the claim is won and the run did not begin.
        """
        paused: list[SendingPausedError] = []

        async def begun(claimed: Precondition) -> None:
            try:
                await begin(claimed)
            except SendingPausedError as problem:
                paused.append(problem)
            except JournalError as problem:
                raise HistoryUnavailableError(str(problem), problem.hint) from None

        try:
            with self.observer.span("claim"):
                self._have(await self.claims.claim(self.ask, begun, self._tried))
        except HistoryError as problem:
            self.problem = problem
            raise JournalError(problem.code, problem.message, problem.hint) from None
        if paused:
            raise paused[0]
        return self.won is not None

    def _have(self, result: ClaimResult) -> ClaimResult:
        self.result = result
        if isinstance(result, ClaimWon):
            self.when_won(result)
        return result


async def _with_retries(ask: Callable[[], Awaitable[T]], waits: tuple[float, ...]) -> T:
    """Ask a database that may be away for a moment, again after each wait."""
    for wait in waits:
        try:
            return await ask()
        except HistoryError:
            await asyncio.sleep(wait)
    return await ask()
