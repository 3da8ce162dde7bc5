"""The journal of a run under a claim: the same facts, with fewer waits for the disk.

Nothing is sent before its run and its intent are on the disk: they go there
together, as the run's end does with its forward's. A run that takes longer to get there than its
claim lasts sends nothing: whoever takes the claim over later finds the run, and takes that, too.
"""

from collections.abc import Callable
from datetime import datetime

from forwardc.core.terms.values import Secret
from forwardc.runtime.history.records import Intent, NewRun, StoredRun
from forwardc.runtime.run.journal import Journal, JournalError
from forwardc.runtime.run.result import CardFacts, RunResult, StepReport


class BatchedJournal:
    """A `Journal` for one run. `until_ms` is the claim's end, in milliseconds since 1970."""

    __slots__ = ("_fenced", "_inner", "_new", "_now", "_result", "_until_ms")

    def __init__(self, inner: Journal, now: Callable[[], datetime], until_ms: int) -> None:
        self._inner = inner
        self._now = now
        self._until_ms = until_ms
        self._fenced = True
        self._new: NewRun | None = None
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

    async def begin(self, run: NewRun, first: Intent | None = None) -> None:
        """Keep a run together with what follows: its first intent, or its end without one."""
        self._new = run
        if first is not None:
            await self.intent(run.id, first)

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Keep an attempt; refused where the claim has ended."""
        number = await self._intended(run_id, intent)
        if self._fenced and self._now().timestamp() * 1000 >= self._until_ms:
            raise JournalError("FC0823", "the claim on this payment ended before it was sent")
        self._fenced = False
        return number

    async def _intended(self, run_id: str, intent: Intent) -> int:
        run, self._new = self._new, None
        if run is None:
            return await self._inner.intent(run_id, intent)
        await self._inner.begin(run, intent)
        return 1

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
        """Let a run go that was broken off; one that was never kept leaves nothing."""
        if self._new is None:
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
        await self._inner.finish(self._result.run_id, self._result)
