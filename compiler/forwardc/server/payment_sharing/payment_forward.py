"""One call of the payment-sharing API from the card's look-up to the answer.

What was begun is finished and recorded, whether or not its caller still waits; calls about the same
payment wait for the first one and get its answer. One file, since whoever claims a payment and
whoever waits for it must come to the same answer.
"""

import asyncio
import logging
from dataclasses import field
from functools import partial
from time import monotonic
from typing import Final, assert_never

from forwardc.core.dataclass import dataclass
from forwardc.core.random_ids import random_uuid
from forwardc.runtime.history.errors import HistoryError
from forwardc.server.directory.payment_directory import Instrument, PaymentDirectory
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
    ForwardState,
    claim_digest,
)
from forwardc.server.payment_sharing.claims import ClaimStore, PendingClaim
from forwardc.server.payment_sharing.forward_record import ForwardRecord
from forwardc.server.payment_sharing.forwarder import Forwarder, ForwardResult
from forwardc.server.payment_sharing.payment_lookup import PaymentLookup
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


@dataclass(frozen=True, slots=True)
class _Forward:
    """What the task of a call came to. `ending` is None where the payment is another call's."""

    claim: ClaimResult
    ending: CallOutcome | None = None


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
    _lookup: PaymentLookup = field(init=False)
    _record: ForwardRecord = field(init=False)
    _under_way: dict[str, asyncio.Task[_Forward]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lookup = PaymentLookup(self.directory, self.rates, self.limits, self.observer)
        self._record = ForwardRecord(self.claims, self.cipher, self.observer)

    async def forward(self, call: ForwardCall) -> ForwardAnswer:
        """Forward the payment, or answer as its first call was answered. Raises `ProblemError`."""
        instrument = await self._find(call)
        deadline = monotonic() + self.replay.wait
        while True:
            task = self._begin(call, instrument)
            # A caller that leaves cancels its own waiting, and not the forward.
            forward = await asyncio.shield(task)
            claim = forward.claim
            match claim:
                case ClaimWon():
                    return _answered(forward, claim.run_id, instrument, replayed=False)
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

    async def drain(self, within_s: float) -> int:
        """Wait for what is under way, and give up what takes longer; how many were given up.

        What was given up is recorded as what is certain of it: not sent, or unknown.
        """
        late: set[asyncio.Task[_Forward]] = set()
        if self._under_way:
            _, late = await asyncio.wait(tuple(self._under_way.values()), timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        await self._record.keep_at_last()
        return len(late)

    async def _find(self, call: ForwardCall) -> Instrument:
        """The instrument of a call, for which there is a plan. Raises: `ProblemError`."""
        instrument = await self._lookup.find(call.request, call.client_id)
        if not self.forwarder.has(call.request.destination, instrument.vault):
            _log.error("FC0704 the lookup names a vault that the destination is not built for")
            raise not_forwardable()
        return instrument

    def _claim_request(self, call: ForwardCall) -> ClaimRequest:
        process, request = self.claims.process, call.request
        world = (process.environment, process.emulated)
        by_reference = claim_digest("reference", *world, request.destination, request.reference)
        by_key = claim_digest("key", *world, call.client_id, call.key) if call.key else None
        # A forward has the id of its first run: one draw of chance is enough for both.
        new = str(random_uuid())
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

    def _begin(self, call: ForwardCall, instrument: Instrument) -> asyncio.Task[_Forward]:
        """Start the forward as a task of its own: its caller may leave, and it goes on."""
        claim = PendingClaim(self.claims, self._claim_request(call), self.observer)
        task = asyncio.create_task(self._forward(claim, call, instrument))
        # Before anybody can read in the history which forward this is, but for an older one that
        # is taken over: that is known as soon as the history says so.
        self._under_way[claim.ask.forward_id] = task
        claim.when_won = partial(self._won, task)
        task.add_done_callback(partial(self._ended, claim))
        return task

    def _won(self, task: asyncio.Task[_Forward], won: ClaimWon) -> None:
        self._under_way[won.forward_id] = task

    def _ended(self, claim: PendingClaim, task: asyncio.Task[_Forward]) -> None:
        names = {claim.ask.forward_id, claim.won.forward_id if claim.won else claim.ask.forward_id}
        for forward_id in names:
            # What sent nothing may be under way once more before its first task has ended.
            if self._under_way.get(forward_id) is task:
                del self._under_way[forward_id]
        failed = task.cancelled() or task.exception() is not None
        self.claims.let_go(claim.run_id, in_doubt=failed)

    async def _forward(
        self, claim: PendingClaim, call: ForwardCall, instrument: Instrument
    ) -> _Forward:
        """Claim the payment and forward it; what is another call's is left to that one.

        Raises `ProblemError` where nobody can tell whose the payment is.
        """
        forwarded: ForwardResult | None = None
        try:
            forwarded = await self._run(claim, call, instrument)
            result = await claim.settle()
            if forwarded is None or not isinstance(result, ClaimWon):
                return _Forward(result)
            ending = _ending(forwarded, result)
        except (Exception, asyncio.CancelledError) as problem:
            if claim.won is None:
                if claim.in_doubt is not None:
                    journal = None if forwarded is None else forwarded.journal
                    self._record.owe_not_sent(claim.in_doubt, journal)
                raise _without_claim(problem) from None
            _log.error("FC9901 a forward was given up: %s", type(problem).__name__)
            ending = await self._record.give_up(claim.won)
            self._observe_forward(ending, call, instrument)
            return _Forward(claim.won, ending)
        await self._record.keep(result, ending, forwarded.journal)
        self._observe_forward(ending, call, instrument)
        return _Forward(result, ending)

    async def _run(
        self, claim: PendingClaim, call: ForwardCall, instrument: Instrument
    ) -> ForwardResult | None:
        """The run under its claim; None where that is another call's, and nothing was begun."""
        request = call.request
        asks_first = self.forwarder.asks_first(request.destination, instrument.vault)
        if asks_first and not isinstance(await claim.settle(), ClaimWon):
            return None
        with self.observer.span("forward"):
            return await self.forwarder.forward(
                request.destination, instrument, request.reference, claim
            )

    def _observe_forward(
        self, ending: CallOutcome, call: ForwardCall, instrument: Instrument
    ) -> None:
        outcome = ending.outcome if ending.state is ForwardState.DONE else ending.state
        destination = call.request.destination
        self.observer.forward(
            instrument.vault, destination, str(outcome or ForwardState.UNKNOWN), ending.losses
        )

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
        if task.cancelled() or task.exception() is not None:
            return None
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


def _ending(forwarded: ForwardResult, won: ClaimWon) -> CallOutcome:
    """How a forward ended, with what the operator has to know of it in the log."""
    ending = call_outcome(forwarded.result, won.run_id, lasting=bool(forwarded.lasting))
    if forwarded.result is None and forwarded.lasting:
        # Names and no values: what the operator has to mend.
        _log.error("FC0855 nothing was sent: %s", "; ".join(forwarded.lasting))
    if forwarded.codes:
        codes = ", ".join(forwarded.codes)
        _log.warning("%s in run %s, ended as %s", codes, won.run_id, ending.state)
    return ending


def _without_claim(problem: BaseException) -> BaseException:
    """What a call is told whose claim is not its own, or is not known: nothing of it was sent."""
    if isinstance(problem, HistoryError):
        return _no_history(problem)
    # Given up at the end of the process, as the claim was asked for.
    return unavailable() if isinstance(problem, asyncio.CancelledError) else problem


def _answered(
    forward: _Forward, run_id: str, instrument: Instrument, *, replayed: bool
) -> ForwardAnswer:
    """The answer of an ending, or its problem: a new one for each caller."""
    ending = forward.ending
    if ending is None:
        raise RunProblemError(unavailable(), run_id, instrument)
    if ending.refusal is not None:
        raise RunProblemError(ending.refusal, run_id, instrument, ending.outcome)
    return ForwardAnswer(ending.body or b"", run_id, instrument.vault, replayed, ending.outcome)


def _still_running(other: ClaimHeld, instrument: Instrument) -> ProblemError:
    refusal = ProblemError(ProblemKind.STILL_RUNNING, headers=retry_after(_STILL_S))
    return RunProblemError(refusal, other.run_id, instrument)


def _no_history(problem: HistoryError) -> ProblemError:
    _log.error("%s the history cannot be used: %s", problem.code, problem.message)
    return unavailable()
