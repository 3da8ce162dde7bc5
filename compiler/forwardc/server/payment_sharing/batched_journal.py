"""The journal of a run under a claim: the same facts, with fewer waits for the disk.

Two transactions are enough for a forward of one step. The first holds the claim on the payment, the
run and its first intent: before it is on the disk, nothing is sent, and where the payment is
another call's, nothing of the run is kept. The second holds the end of the attempt, of the run, and
of the claim. A run that takes longer to get to the disk than its claim lasts sends nothing: whoever
takes the claim over later finds the run, and takes that, too.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol

from forwardc.core.terms.values import Secret
from forwardc.runtime.history.records import Intent, NewRun, StoredRun
from forwardc.runtime.run.journal import Journal, JournalError, Precondition
from forwardc.runtime.run.result import CardFacts, RunResult, StepReport

# Two machines need not agree on the time: a claim is let go of this long before it ends.
_MARGIN_MS: Final = 10_000


class RunClaim(Protocol):
    """The claim that a run needs. Used by one task."""

    @property
    def run_id(self) -> str:
        """The id of the run."""
        ...

    @property
    def lease_until(self) -> int | None:
        """Until when the claim holds, in milliseconds since 1970; None before it is won."""
        ...

    async def win(self, begin: Callable[[Precondition], Awaitable[None]]) -> bool:
        """Ask for the claim in the transaction that `begin` begins the run in; whether it is won.

        `begin` may be called twice. Raises what it raises.
        """
        ...


class BatchedJournal:
    """A `Journal` for one run, which begins where its claim is won."""

    __slots__ = ("_claim", "_first", "_inner", "_is_fenced", "_new", "_now", "_result")

    def __init__(self, inner: Journal, now: Callable[[], datetime], claim: RunClaim) -> None:
        self._inner = inner
        self._now = now
        self._claim = claim
        self._is_fenced = True
        self._new: NewRun | None = None
        # The step of the first intent, from before the disk can have it.
        self._first: str | None = None
        self._result: RunResult | None = None

    @property
    def keeps_answers(self) -> bool:
        """The inner journal's."""
        return self._inner.keeps_answers

    async def digest(self, content: Secret) -> str | None:
        """The inner journal's."""
        return await self._inner.digest(content)

    async def held(self, given_key: str) -> tuple[StoredRun, str] | None:
        """The inner journal's."""
        return await self._inner.held(given_key)

    async def withheld(self, run_id: str) -> str | None:
        """The inner journal's."""
        return await self._inner.withheld(run_id)

    async def begin(
        self, run: NewRun, first: Intent | None = None, under: Precondition | None = None
    ) -> None:
        """Keep a run together with what follows: its first intent, or its end without one."""
        self._new = run
        if first is not None:
            await self.intent(run.id, first)

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Keep an attempt; refused where the claim is another call's, or has ended."""
        number = await self._intended(run_id, intent)
        if self._is_fenced and self._has_ended():
            raise JournalError("FC0823", "the claim on this payment ended before it was sent")
        self._is_fenced = False
        return number

    async def _intended(self, run_id: str, intent: Intent) -> int:
        run, self._new = self._new, None
        if run is None:
            return await self._inner.intent(run_id, intent)
        self._first = intent.step
        if self._claim.lease_until is None:
            if not await self._claim.win(lambda claimed: self._inner.begin(run, intent, claimed)):
                raise JournalError("FC0823", "this payment is another call's")
        else:
            await self._inner.begin(run, intent)
        return 1

    def _has_ended(self) -> bool:
        until = self._claim.lease_until
        return until is None or self._now().timestamp() * 1000 >= until - _MARGIN_MS

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt reached no destination, for certain."""
        await self._inner.not_sent(run_id, step, number, reason)

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt may have reached the destination; no answer tells."""
        await self._inner.unknown(run_id, step, number, reason)

    async def answered(self, run_id: str, number: int, report: StepReport) -> None:
        """An attempt ended with an answer."""
        await self._inner.answered(run_id, number, report)

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep the run's end together with its forward's: `flush` does."""
        self._result = result

    async def card_of_source(self, vault: str, environment: str, source: str) -> CardFacts | None:
        """The inner journal's."""
        return await self._inner.card_of_source(vault, environment, source)

    async def record_card(self, run_id: str, card: CardFacts) -> None:
        """The inner journal's: what it is told of was begun there."""
        await self._inner.record_card(run_id, card)

    async def leave(self, run_id: str, reason: str) -> None:
        """Let a run go that was broken off; one that was never kept leaves nothing.

        What waited for its first intent was not sent, also where the disk has that by now.
        """
        if self._new is not None:
            return
        await self._take_back(run_id)
        await self._inner.leave(run_id, reason)

    @property
    def is_open(self) -> bool:
        """Whether there is something that only `flush` keeps."""
        return self._result is not None

    async def flush(self) -> None:
        """Keep the end of the run, and whatever was to be written before it."""
        if self._result is None:
            return
        if self._new is not None:
            await self._inner.begin(self._new)
            self._new = None
        await self._take_back(self._result.run_id)
        await self._inner.finish(self._result.run_id, self._result)

    async def _take_back(self, run_id: str) -> None:
        """Record of a first intent that was not confirmed, or came too late, that it is none."""
        if self._is_fenced and self._first is not None:
            await self._inner.not_sent(run_id, self._first, 1, "nothing was sent")
            self._first = None
