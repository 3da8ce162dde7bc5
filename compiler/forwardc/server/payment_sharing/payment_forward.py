"""One call of the payment-sharing API from the card's look-up to the answer.

Knows no web framework and no table. What was begun is finished and recorded, whether or not its
caller still waits; calls about the same payment wait for the first one and get its answer.
One file, since every step of a call needs its claim, its time and its record.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final, Protocol

from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.ids import new_uuid
from forwardc.runtime.run.journal import JournalFailed
from forwardc.server.directory.identifiers import same
from forwardc.server.directory.payment_directory import (
    Instrument,
    Lookup,
    LookupFailed,
    LookupWrong,
)
from forwardc.server.http.problems import Kind, Refusal, retry_after
from forwardc.server.payment_sharing.answer import Ending, ending_of, not_at_all, not_now, unknown
from forwardc.server.payment_sharing.batched_journal import JoinedJournal
from forwardc.server.payment_sharing.claim import (
    Ask,
    Claim,
    Done,
    Free,
    KeyReused,
    Mine,
    Others,
    Running,
    Seen,
    State,
    Unknown,
    claim_digest,
)
from forwardc.server.payment_sharing.claims import Claims
from forwardc.server.payment_sharing.forwarder import Forwarder
from forwardc.server.payment_sharing.live import End
from forwardc.server.payment_sharing.replay_cipher import CannotOpen, Sealer
from forwardc.server.payment_sharing.request import SharingRequest
from forwardc.server.settings import Limits, Replays
from forwardc.server.telemetry.calls import Observer, Unwatched

RUN_HEADER: Final = "Forwardc-Run"
_HOUR_S: Final = 3600
_FIRST_POLL_S: Final = 0.05
_LONGEST_POLL_S: Final = 0.5
_STILL_S: Final = 2.0
_MISSED_S: Final = 0.05
_log = logging.getLogger("forwardc.server")


class Rates(Protocol):
    """Rate limits by name. Both methods raise `HistoryUnavailableError`."""

    async def take(self, name: str, limit: int, window_s: int) -> float | None:
        """Count one: None where it is allowed, else the seconds to wait."""
        ...

    async def peek(self, name: str, limit: int, window_s: int) -> float | None:
        """What `take` would say, and nothing is counted."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that may be answered: what it asks, who asks, and its Idempotency-Key."""

    request: SharingRequest
    client_id: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Shared:
    """The answer of a call, byte for byte that of the first one. `outcome`: None of a record."""

    body: bytes = field(repr=False)
    run_id: str
    vault: str
    replayed: bool
    outcome: str | None = None


class RunRefused(Refusal):
    """A problem of a call whose payment has a run. `outcome` is what is known of that."""

    def __init__(
        self, why: Refusal, run_id: str, instrument: Instrument, outcome: str | None = None
    ) -> None:
        super().__init__(
            why.kind, why.detail, more=why.more, headers={**why.headers, RUN_HEADER: run_id}
        )
        self.run_id = run_id
        self.vault = instrument.vault
        self.outcome = outcome


@dataclass(slots=True)
class Sharing:
    """The service behind the endpoint, for one process. `destinations` are its names.

    `not_card` names what of a call may look like a card number.
    """

    lookup: Lookup
    forwarder: Forwarder
    claims: Claims
    sealer: Sealer
    rates: Rates
    replay: Replays
    limits: Limits
    destinations: tuple[str, ...]
    observer: Observer = field(default_factory=Unwatched)
    not_card: frozenset[str] = frozenset()
    _under_way: dict[str, asyncio.Task[Ending]] = field(default_factory=dict)

    async def share(self, asked: Asked) -> Shared:
        """Forward the payment, or answer as its first call was answered. Raises `Refusal`."""
        instrument = await self._find(asked)
        deadline = monotonic() + self.replay.wait
        while True:
            match await self._claim(asked):
                case Mine() as mine:
                    try:
                        task = self._begin(mine, asked, instrument)
                    except BaseException:
                        self.claims.let_go(mine.run_id, in_doubt=True)
                        raise
                    ending = await asyncio.shield(task)
                    return _answered(ending, mine.run_id, instrument, replayed=False)
                case KeyReused():
                    raise Refusal(Kind.KEY_REUSED)
                case Others():
                    # Neither its answer nor its run's id, and no second forward of one payment.
                    raise Refusal(Kind.SHARED_BY_ANOTHER)
                case Running() as other:
                    shared = await self._follow(other, instrument, deadline)
                    if shared is not None:
                        return shared
                case known:
                    return await self._known(known, instrument)

    async def drain(self, within_s: float) -> int:
        """Wait for what is under way, and give up what takes longer; how many were given up.

        What was given up is recorded as what is certain of it: not sent, or unknown.
        """
        late: set[asyncio.Task[Ending]] = set()
        if self._under_way:
            _, late = await asyncio.wait(tuple(self._under_way.values()), timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        if self.claims.live.owed:
            await self._pay_at_last()
        return len(late)

    async def _pay_at_last(self) -> None:
        try:
            await self.claims.mended()
        except HistoryError as problem:
            for owed in self.claims.live.owed:
                _log.error("%s the end of run %s is lost", problem.code, owed.mine.run_id)

    async def _find(self, asked: Asked) -> Instrument:
        """The instrument of a reference. Raises `Refusal`, the same for whatever does not fit."""
        name, limit = f"misses/{asked.client_id}", self.limits.misses_per_hour
        began = monotonic()
        try:
            wait = await self.rates.peek(name, limit, _HOUR_S)
            if wait is not None:
                raise Refusal(Kind.TOO_MANY_REQUESTS, headers=retry_after(wait))
            with self.observer.span("lookup"):
                instrument = await self.lookup.find(asked.request.reference)
            known = same(instrument.identifiers if instrument else None, asked.request.identifiers)
            if instrument is not None and known:
                return self._reachable(asked, instrument)
            wait = await self.rates.take(name, limit, _HOUR_S)
        except LookupWrong as problem:
            _log.error("FC0855 the lookup has to be mended: %s", problem)
            raise not_at_all() from None
        except LookupFailed as problem:
            _log.error("the lookup failed: %s", problem)
            raise not_now() from None
        except HistoryError as problem:
            raise _no_history(problem) from None
        # A row that is found is read, too; how long that takes is the merchant's data's business.
        await asyncio.sleep(_MISSED_S - (monotonic() - began) % _MISSED_S)
        if wait is not None:
            raise Refusal(Kind.TOO_MANY_REQUESTS, headers=retry_after(wait))
        raise Refusal(Kind.PAYMENT_NOT_FOUND)

    def _reachable(self, asked: Asked, instrument: Instrument) -> Instrument:
        if not self.forwarder.has(asked.request.destination, instrument.vault):
            _log.error("FC0704 the lookup names a vault that the destination is not built for")
            raise not_at_all()
        return instrument

    async def _claim(self, asked: Asked) -> Claim:
        ask = self._ask(asked)
        try:
            with self.observer.span("claim"):
                return await self.claims.claim(ask)
        except HistoryError as problem:
            raise _no_history(problem) from None
        except BaseException:
            # Also one that was ours already: nobody forwards it.
            self.claims.let_go(ask.run_id, in_doubt=True)
            raise

    def _ask(self, asked: Asked) -> Ask:
        process, request = self.claims.process, asked.request
        world = (process.environment, process.emulated)
        by_reference = claim_digest("reference", *world, request.destination, request.reference)
        by_key = claim_digest("key", *world, asked.client_id, asked.key) if asked.key else None
        # A share has the id of its first run: one draw of chance is enough for both.
        new = str(new_uuid())
        return Ask(
            share_id=new,
            run_id=new,
            by_reference=by_reference,
            by_key=by_key,
            by_client=claim_digest("client", *world, asked.client_id),
            destination=request.destination,
            window_s=self.replay.window_minutes * 60,
            key_s=self.replay.key_hours * _HOUR_S,
        )

    def _begin(self, mine: Mine, asked: Asked, instrument: Instrument) -> asyncio.Task[Ending]:
        """Start the forward as a task of its own: its caller may leave, and it goes on."""
        task = asyncio.create_task(self._forward(mine, asked, instrument))
        self._under_way[mine.share_id] = task
        task.add_done_callback(partial(self._ended, mine))
        return task

    def _ended(self, mine: Mine, task: asyncio.Task[Ending]) -> None:
        # What sent nothing may be under way once more before its first task has ended.
        if self._under_way.get(mine.share_id) is task:
            del self._under_way[mine.share_id]
        failed = task.cancelled() or task.exception() is not None
        self.claims.let_go(mine.run_id, in_doubt=failed)

    async def _forward(self, mine: Mine, asked: Asked, instrument: Instrument) -> Ending:
        try:
            return await self._forwarded(mine, asked, instrument)
        finally:
            self.claims.let_go(mine.run_id)

    async def _forwarded(self, mine: Mine, asked: Asked, instrument: Instrument) -> Ending:
        request = asked.request
        try:
            with self.observer.span("forward"):
                forwarded = await self.forwarder.forward(
                    request.destination, instrument, request.reference, mine
                )
            ending = ending_of(forwarded.result, mine.run_id, lasting=bool(forwarded.lasting))
        except (Exception, asyncio.CancelledError) as problem:
            _log.error("FC9901 a forward was given up: %s", type(problem).__name__)
            ending = await self._give_up(mine)
            self._tell_forward(ending, asked, instrument)
            return ending
        if forwarded.result is None and forwarded.lasting:
            # Names and no values: what the operator has to mend.
            _log.error("FC0855 nothing was sent: %s", "; ".join(forwarded.lasting))
        if forwarded.codes:
            told = ", ".join(forwarded.codes)
            _log.warning("%s in run %s, ended as %s", told, mine.run_id, ending.state)
        await self._record(mine, ending, forwarded.journal)
        self._tell_forward(ending, asked, instrument)
        return ending

    def _tell_forward(self, ending: Ending, asked: Asked, instrument: Instrument) -> None:
        outcome = ending.outcome if ending.state is State.DONE else ending.state
        destination = asked.request.destination
        self.observer.forward(
            instrument.vault, destination, str(outcome or State.UNKNOWN), ending.losses
        )

    async def _record(self, mine: Mine, ending: Ending, journal: JoinedJournal) -> None:
        """Record what a share came to; what cannot be recorded is known, and recorded later."""
        is_kept = ending.state is State.DONE and ending.body is not None
        sealed = self.sealer.seal(ending.body or b"", mine.share_id) if is_kept else None
        end = End(mine, ending.state, ending.status, sealed, journal)
        try:
            with self.observer.span("record"):
                await self._end(end, journal)
        except (Exception, asyncio.CancelledError) as problem:
            # The caller gets the answer that came, and so does a repeat here.
            self.claims.live.owe(end)
            code = problem.code if isinstance(problem, HistoryError | JournalFailed) else "FC9901"
            _log.error("%s the answer of run %s was not recorded yet", code, mine.run_id)

    async def _end(self, end: End, journal: JoinedJournal) -> None:
        """Record the end of the share and of its run, in one transaction where there is a run.

        Raises `HistoryError` and `JournalFailed` after several tries.
        """
        told = (end.mine, end.state, end.status, end.sealed)
        lost: list[Exception] = []
        unsettled = False
        if journal.is_open:
            self.claims.end_soon(*told, lost.append)
            unsettled = await _refused(journal) is not None
        if lost or not journal.is_open:
            await self.claims.end(*told)
        # Once more: the database that took the share's end after some waiting may take this, too.
        if unsettled:
            await journal.settle()

    async def _give_up(self, mine: Mine) -> Ending:
        """What is certain of a forward that ended in the middle, by its own record."""
        try:
            state = await self.claims.give_up(mine)
        except HistoryError:
            self.claims.let_go(mine.run_id, in_doubt=True)
            state = State.UNKNOWN
        if state is State.NOT_SENT:
            return Ending(state, None, refusal=Refusal(Kind.INTERNAL_ERROR))
        return Ending(State.UNKNOWN, None, refusal=unknown(mine.run_id))

    async def _follow(
        self, other: Running, instrument: Instrument, deadline: float
    ) -> Shared | None:
        """The answer of the call that forwards; None where its process has left it."""
        task = self._under_way.get(other.share_id)
        if task is None:
            return await self._poll(other, instrument, deadline)
        done, _ = await asyncio.wait((task,), timeout=max(0.0, deadline - monotonic()))
        if not done:
            raise _still_running(other, instrument)
        return _answered(task.result(), other.run_id, instrument, replayed=True)

    async def _poll(self, other: Running, instrument: Instrument, deadline: float) -> Shared | None:
        """The same where another process forwards: the history tells."""
        pause = _FIRST_POLL_S
        while (left := deadline - monotonic()) > 0:
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_POLL_S)
            match await self._look(other):
                case Running():
                    continue
                case Free(left=True):
                    return None
                case Free():
                    raise RunRefused(not_now(), other.run_id, instrument)
                case known:
                    return await self._known(known, instrument)
        raise _still_running(other, instrument)

    async def _look(self, other: Running) -> Seen:
        try:
            return await self.claims.look(other.share_id)
        except HistoryError as problem:
            raise _no_history(problem) from None

    async def _known(self, known: Done | Unknown, instrument: Instrument) -> Shared:
        if isinstance(known, Unknown):
            why = unknown(known.run_id, known.outcome)
            raise RunRefused(why, known.run_id, instrument, known.outcome or "unknown")
        try:
            body = self.sealer.open(known.sealed, known.share_id)
        except CannotOpen:
            _log.error("a recorded answer cannot be opened: the server's keys have changed")
            raise await self._unreadable(known.run_id, instrument) from None
        return Shared(body, known.run_id, instrument.vault, replayed=True)

    async def _unreadable(self, run_id: str, instrument: Instrument) -> Refusal:
        try:
            outcome = await self.claims.outcome(run_id)
        except HistoryError:
            outcome = None
        return RunRefused(unknown(run_id, outcome), run_id, instrument, outcome)


async def _refused(journal: JoinedJournal) -> JournalFailed | None:
    """Keep the end of a run; why it could not be kept."""
    try:
        await journal.settle()
    except JournalFailed as problem:
        return problem
    return None


def _answered(ending: Ending, run_id: str, instrument: Instrument, *, replayed: bool) -> Shared:
    """The answer of an ending, or its problem: a new one for each caller."""
    if ending.refusal is not None:
        raise RunRefused(ending.refusal, run_id, instrument, ending.outcome)
    return Shared(ending.body or b"", run_id, instrument.vault, replayed, ending.outcome)


def _still_running(other: Running, instrument: Instrument) -> Refusal:
    refusal = Refusal(Kind.STILL_RUNNING, headers=retry_after(_STILL_S))
    return RunRefused(refusal, other.run_id, instrument)


def _no_history(problem: HistoryError) -> Refusal:
    _log.error("%s the history cannot be used: %s", problem.code, problem.message)
    return not_now()
