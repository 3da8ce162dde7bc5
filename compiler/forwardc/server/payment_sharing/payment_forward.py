"""One call of the payment-sharing API from the card's look-up to the answer.

What was begun is finished and recorded, whether or not its caller still waits; calls about the same
payment wait for the first one and get its answer. One file, since whoever claims a payment and
whoever waits for it must come to the same answer.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final, assert_never
from uuid import uuid4

from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.run.journal import JournalError
from forwardc.server.directory.payment_directory import (
    DirectoryError,
    DirectoryFaultError,
    Instrument,
    PaymentDirectory,
    identifiers_match,
)
from forwardc.server.http.problems import ProblemError, ProblemKind, retry_after
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.payment_sharing.answer import (
    CallOutcome,
    CannotDecryptError,
    ReplayCipher,
    call_outcome,
    not_forwardable,
    outcome_unknown,
    unavailable,
)
from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimHeld,
    ClaimKeyReused,
    ClaimOfAnotherClient,
    ClaimReleased,
    ClaimRequest,
    ClaimResult,
    ClaimStatus,
    ClaimUnknown,
    ClaimWon,
    ForwardEnd,
    ForwardState,
    claim_digest,
)
from forwardc.server.payment_sharing.claims import ClaimStore
from forwardc.server.payment_sharing.forwarder import Forwarder
from forwardc.server.payment_sharing.request import SharingRequest
from forwardc.server.settings import LimitSettings, ReplaySettings
from forwardc.server.telemetry.calls import NullObserver, Observer

RUN_HEADER: Final = "Forwardc-Run"
# Seconds of an hour, the window of `limits.misses_per_hour`.
_HOUR_S: Final = 3600
# Seconds before the first look at another process's forward: a fast vault has answered by then.
_FIRST_POLL_S: Final = 0.05
# Seconds between two looks at most: half a second more is nothing to a buyer who waits.
_LONGEST_POLL_S: Final = 0.5
# Seconds: a forward that took this long is usually over after as long again.
_STILL_S: Final = 2.0
# Seconds that every answer of a miss is a multiple of, so that its time tells nothing of a row.
_MISSED_S: Final = 0.05
_log = logging.getLogger("forwardc.server")


@dataclass(frozen=True, slots=True)
class ForwardCall:
    """A call that may be answered: what it asks, who asks, and its Idempotency-Key."""

    request: SharingRequest
    client_id: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ForwardAnswer:
    """The answer of a call, byte for byte that of the first one. `outcome`: None of a record."""

    body: bytes = field(repr=False)
    run_id: str
    vault: str
    replayed: bool
    outcome: str | None = None


class RunProblemError(ProblemError):
    """A problem of a call whose payment has a run. `outcome` is what is known of that."""

    def __init__(
        self, why: ProblemError, run_id: str, instrument: Instrument, outcome: str | None = None
    ) -> None:
        super().__init__(
            why.kind, why.detail, more=why.more, headers={**why.headers, RUN_HEADER: run_id}
        )
        self.run_id = run_id
        self.vault = instrument.vault
        self.outcome = outcome


@dataclass(slots=True)
class PaymentForwarding:
    """The service behind the endpoint, for one process. `destinations` are its names.

    `not_card` names what of a call may look like a card number.
    """

    directory: PaymentDirectory
    forwarder: Forwarder
    claims: ClaimStore
    cipher: ReplayCipher
    rates: RateLimits
    replay: ReplaySettings
    limits: LimitSettings
    destinations: tuple[str, ...]
    observer: Observer = field(default_factory=NullObserver)
    not_card: frozenset[str] = frozenset()
    _under_way: dict[str, asyncio.Task[CallOutcome]] = field(default_factory=dict)

    async def forward(self, call: ForwardCall) -> ForwardAnswer:
        """Forward the payment, or answer as its first call was answered. Raises `ProblemError`."""
        instrument = await self._find(call)
        deadline = monotonic() + self.replay.wait
        while True:
            claim = await self._claim(call)
            match claim:
                case ClaimWon():
                    return await self._forward_shielded(claim, call, instrument)
                case ClaimKeyReused():
                    raise ProblemError(ProblemKind.KEY_REUSED)
                case ClaimOfAnotherClient():
                    # Neither its answer nor its run's id, and no second forward of one payment.
                    raise ProblemError(ProblemKind.SHARED_BY_ANOTHER)
                case ClaimHeld():
                    answer = await self._follow(claim, instrument, deadline)
                    if answer is not None:
                        return answer
                case ClaimFinished() | ClaimUnknown():
                    return await self._answer_of_record(claim, instrument)
                case _:
                    assert_never(claim)

    async def _forward_shielded(
        self, won: ClaimWon, call: ForwardCall, instrument: Instrument
    ) -> ForwardAnswer:
        try:
            task = self._begin(won, call, instrument)
        except BaseException:
            self.claims.let_go(won.run_id, in_doubt=True)
            raise
        # A caller that leaves cancels its own waiting, and not the forward.
        ending = await asyncio.shield(task)
        return _answered(ending, won.run_id, instrument, replayed=False)

    async def drain(self, within_s: float) -> int:
        """Wait for what is under way, and give up what takes longer; how many were given up.

        What was given up is recorded as what is certain of it: not sent, or unknown.
        """
        late: set[asyncio.Task[CallOutcome]] = set()
        if self._under_way:
            _, late = await asyncio.wait(tuple(self._under_way.values()), timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        if self.claims.live.unrecorded:
            await self._record_at_last()
        return len(late)

    async def _record_at_last(self) -> None:
        try:
            await self.claims.record_owed_ends()
        except HistoryError as problem:
            for unrecorded in self.claims.live.unrecorded:
                _log.error("%s the end of run %s is lost", problem.code, unrecorded.won.run_id)

    async def _find(self, call: ForwardCall) -> Instrument:
        """The instrument of a reference.

        Raises: `ProblemError`, the same for whatever does not fit.
        """
        name, limit = f"misses/{call.client_id}", self.limits.misses_per_hour
        began = monotonic()
        try:
            wait = await self.rates.peek(name, limit, _HOUR_S)
            if wait is not None:
                raise ProblemError(ProblemKind.TOO_MANY_REQUESTS, headers=retry_after(wait))
            with self.observer.span("lookup"):
                instrument = await self.directory.find(call.request.reference)
            identified = identifiers_match(
                instrument.identifiers if instrument else None, call.request.identifiers
            )
            if instrument is not None and identified:
                return self._reachable(call, instrument)
            wait = await self.rates.take(name, limit, _HOUR_S)
        except DirectoryFaultError as problem:
            _log.error("FC0855 the lookup has to be mended: %s", problem)
            raise not_forwardable() from None
        except DirectoryError as problem:
            _log.error("the lookup failed: %s", problem)
            raise unavailable() from None
        except HistoryError as problem:
            raise _no_history(problem) from None
        # A row that is found is read, too; how long that takes is the merchant's data's business.
        await asyncio.sleep(_MISSED_S - (monotonic() - began) % _MISSED_S)
        if wait is not None:
            raise ProblemError(ProblemKind.TOO_MANY_REQUESTS, headers=retry_after(wait))
        raise ProblemError(ProblemKind.PAYMENT_NOT_FOUND)

    def _reachable(self, call: ForwardCall, instrument: Instrument) -> Instrument:
        if not self.forwarder.has(call.request.destination, instrument.vault):
            _log.error("FC0704 the lookup names a vault that the destination is not built for")
            raise not_forwardable()
        return instrument

    async def _claim(self, call: ForwardCall) -> ClaimResult:
        ask = self._claim_request(call)
        try:
            with self.observer.span("claim"):
                return await self.claims.claim(ask)
        except HistoryError as problem:
            raise _no_history(problem) from None
        except BaseException:
            # Also one that was ours already: nobody forwards it.
            self.claims.let_go(ask.run_id, in_doubt=True)
            raise

    def _claim_request(self, call: ForwardCall) -> ClaimRequest:
        process, request = self.claims.process, call.request
        world = (process.environment, process.emulated)
        by_reference = claim_digest("reference", *world, request.destination, request.reference)
        by_key = claim_digest("key", *world, call.client_id, call.key) if call.key else None
        # A forward has the id of its first run: one draw of chance is enough for both.
        new = str(uuid4())
        return ClaimRequest(
            forward_id=new,
            run_id=new,
            by_reference=by_reference,
            by_key=by_key,
            by_client=claim_digest("client", *world, call.client_id),
            destination=request.destination,
            window_s=self.replay.window_minutes * 60,
            key_s=self.replay.key_hours * _HOUR_S,
        )

    def _begin(
        self, won: ClaimWon, call: ForwardCall, instrument: Instrument
    ) -> asyncio.Task[CallOutcome]:
        """Start the forward as a task of its own: its caller may leave, and it goes on."""
        task = asyncio.create_task(self._forward(won, call, instrument))
        self._under_way[won.forward_id] = task
        task.add_done_callback(partial(self._ended, won))
        return task

    def _ended(self, won: ClaimWon, task: asyncio.Task[CallOutcome]) -> None:
        # What sent nothing may be under way once more before its first task has ended.
        if self._under_way.get(won.forward_id) is task:
            del self._under_way[won.forward_id]
        failed = task.cancelled() or task.exception() is not None
        self.claims.let_go(won.run_id, in_doubt=failed)

    async def _forward(
        self, won: ClaimWon, call: ForwardCall, instrument: Instrument
    ) -> CallOutcome:
        try:
            return await self._forwarded(won, call, instrument)
        finally:
            self.claims.let_go(won.run_id)

    async def _forwarded(
        self, won: ClaimWon, call: ForwardCall, instrument: Instrument
    ) -> CallOutcome:
        request = call.request
        try:
            with self.observer.span("forward"):
                forwarded = await self.forwarder.forward(
                    request.destination, instrument, request.reference, won
                )
            ending = call_outcome(forwarded.result, won.run_id, lasting=bool(forwarded.lasting))
        except (Exception, asyncio.CancelledError) as problem:
            _log.error("FC9901 a forward was given up: %s", type(problem).__name__)
            ending = await self._give_up(won)
            self._observe_forward(ending, call, instrument)
            return ending
        if forwarded.result is None and forwarded.lasting:
            # Names and no values: what the operator has to mend.
            _log.error("FC0855 nothing was sent: %s", "; ".join(forwarded.lasting))
        if forwarded.codes:
            codes = ", ".join(forwarded.codes)
            _log.warning("%s in run %s, ended as %s", codes, won.run_id, ending.state)
        await self._record(won, ending, forwarded.journal)
        self._observe_forward(ending, call, instrument)
        return ending

    def _observe_forward(
        self, ending: CallOutcome, call: ForwardCall, instrument: Instrument
    ) -> None:
        outcome = ending.outcome if ending.state is ForwardState.DONE else ending.state
        destination = call.request.destination
        self.observer.forward(
            instrument.vault, destination, str(outcome or ForwardState.UNKNOWN), ending.losses
        )

    async def _record(self, won: ClaimWon, ending: CallOutcome, journal: BatchedJournal) -> None:
        """Record what a forward came to; what cannot be recorded is known, and recorded later."""
        is_kept = ending.state is ForwardState.DONE and ending.body is not None
        sealed = self.cipher.encrypt(ending.body or b"", won.forward_id) if is_kept else None
        end = ForwardEnd(won, ending.state, ending.status, sealed, journal)
        try:
            with self.observer.span("record"):
                await self._end(end, journal)
        except (Exception, asyncio.CancelledError) as problem:
            # The caller gets the answer that came, and so does a repeat here.
            self.claims.live.keep_unrecorded(end)
            code = problem.code if isinstance(problem, HistoryError | JournalError) else "FC9901"
            _log.error("%s the answer of run %s was not recorded yet", code, won.run_id)

    async def _end(self, end: ForwardEnd, journal: BatchedJournal) -> None:
        """Record the end of the forward and of its run, in one transaction where there is a run.

        Raises `HistoryError` and `JournalError` after several tries.
        """
        end_of_forward = (end.won, end.state, end.status, end.sealed)
        lost: list[Exception] = []
        unsettled = False
        if journal.is_open:
            self.claims.end_soon(*end_of_forward, lost.append)
            unsettled = await _refused(journal) is not None
        if lost or not journal.is_open:
            await self.claims.end(*end_of_forward)
        # Once more: the database that took the forward's end after some waiting may take this, too.
        if unsettled:
            await journal.flush()

    async def _give_up(self, won: ClaimWon) -> CallOutcome:
        """What is certain of a forward that ended in the middle, by its own record."""
        try:
            state = await self.claims.give_up(won)
        except HistoryError:
            self.claims.let_go(won.run_id, in_doubt=True)
            state = ForwardState.UNKNOWN
        if state is ForwardState.NOT_SENT:
            return CallOutcome(state, None, refusal=ProblemError(ProblemKind.INTERNAL_ERROR))
        return CallOutcome(ForwardState.UNKNOWN, None, refusal=outcome_unknown(won.run_id))

    async def _follow(
        self, other: ClaimHeld, instrument: Instrument, deadline: float
    ) -> ForwardAnswer | None:
        """The answer of the call that forwards; None where its process has left it."""
        task = self._under_way.get(other.forward_id)
        if task is None:
            return await self._poll(other, instrument, deadline)
        done, _ = await asyncio.wait((task,), timeout=max(0.0, deadline - monotonic()))
        if not done:
            raise _still_running(other, instrument)
        return _answered(task.result(), other.run_id, instrument, replayed=True)

    async def _poll(
        self, other: ClaimHeld, instrument: Instrument, deadline: float
    ) -> ForwardAnswer | None:
        """The same where another process forwards: the history tells."""
        pause = _FIRST_POLL_S
        while (left := deadline - monotonic()) > 0:
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_POLL_S)
            status = await self._look(other)
            match status:
                case ClaimHeld():
                    continue
                case ClaimReleased():
                    if status.abandoned:
                        return None
                    raise RunProblemError(unavailable(), other.run_id, instrument)
                case ClaimFinished() | ClaimUnknown():
                    return await self._answer_of_record(status, instrument)
                case _:
                    assert_never(status)
        raise _still_running(other, instrument)

    async def _look(self, other: ClaimHeld) -> ClaimStatus:
        try:
            return await self.claims.look(other.forward_id)
        except HistoryError as problem:
            raise _no_history(problem) from None

    async def _answer_of_record(
        self, ended: ClaimFinished | ClaimUnknown, instrument: Instrument
    ) -> ForwardAnswer:
        if isinstance(ended, ClaimUnknown):
            why = outcome_unknown(ended.run_id, ended.outcome)
            raise RunProblemError(why, ended.run_id, instrument, ended.outcome or "unknown")
        try:
            body = self.cipher.open(ended.sealed, ended.forward_id)
        except CannotDecryptError:
            _log.error("a recorded answer cannot be opened: the server's keys have changed")
            raise await self._unreadable(ended.run_id, instrument) from None
        return ForwardAnswer(body, ended.run_id, instrument.vault, replayed=True)

    async def _unreadable(self, run_id: str, instrument: Instrument) -> ProblemError:
        try:
            outcome = await self.claims.outcome(run_id)
        except HistoryError:
            outcome = None
        return RunProblemError(outcome_unknown(run_id, outcome), run_id, instrument, outcome)


async def _refused(journal: BatchedJournal) -> JournalError | None:
    """Keep the end of a run; why it could not be kept."""
    try:
        await journal.flush()
    except JournalError as problem:
        return problem
    return None


def _answered(
    ending: CallOutcome, run_id: str, instrument: Instrument, *, replayed: bool
) -> ForwardAnswer:
    """The answer of an ending, or its problem: a new one for each caller."""
    if ending.refusal is not None:
        raise RunProblemError(ending.refusal, run_id, instrument, ending.outcome)
    return ForwardAnswer(ending.body or b"", run_id, instrument.vault, replayed, ending.outcome)


def _still_running(other: ClaimHeld, instrument: Instrument) -> ProblemError:
    refusal = ProblemError(ProblemKind.STILL_RUNNING, headers=retry_after(_STILL_S))
    return RunProblemError(refusal, other.run_id, instrument)


def _no_history(problem: HistoryError) -> ProblemError:
    _log.error("%s the history cannot be used: %s", problem.code, problem.message)
    return unavailable()
