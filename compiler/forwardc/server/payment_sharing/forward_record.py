"""Records what a forward came to, for whoever asks again: in this process and in every other one.

The end of a run and the end of its claim are one transaction. What cannot be recorded is kept, and
is the answer of this process until the history is back; a forward that was broken off is recorded
as what is certain of it, by the record of its run.
"""

import asyncio
import logging

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.run.journal import JournalError
from forwardc.server.http.problems import ProblemError, ProblemKind
from forwardc.server.payment_sharing.answer import CallOutcome, ReplayCipher, outcome_unknown
from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.claim import ClaimWon, ForwardEnd, ForwardState
from forwardc.server.payment_sharing.claims import ClaimStore
from forwardc.server.telemetry.calls import Observer

_log = logging.getLogger("forwardc.server")


@dataclass(frozen=True, slots=True)
class ForwardRecord:
    """The ends of forwards in the history. Its methods never raise, but where they say so."""

    claims: ClaimStore
    cipher: ReplayCipher
    observer: Observer

    async def keep(self, won: ClaimWon, ending: CallOutcome, journal: BatchedJournal) -> None:
        """Record what a forward came to; what cannot be recorded is known, and recorded later."""
        is_kept = ending.state is ForwardState.DONE and ending.body is not None
        sealed = self.cipher.encrypt(ending.body or b"", won.forward_id) if is_kept else None
        end = ForwardEnd(won, ending.state, ending.status, sealed, journal)
        try:
            with self.observer.span("record"):
                await self._keep(end)
        except (Exception, asyncio.CancelledError) as problem:
            # The caller gets the answer that came, and so does a repeat here.
            self.claims.live.keep_unrecorded(end)
            code = problem.code if isinstance(problem, HistoryError | JournalError) else "FC9901"
            _log.error("%s the answer of run %s was not recorded yet", code, won.run_id)

    async def _keep(self, end: ForwardEnd) -> None:
        """Record the end of the forward and of its run, in one transaction where there is a run.

        Raises `HistoryError` and `JournalError` after several tries.
        """
        end_of_forward = (end.won, end.state, end.status, end.sealed)
        journal = end.journal if end.journal is not None and end.journal.is_open else None
        if journal is None:
            await self.claims.end(*end_of_forward)
            return
        lost: list[Exception] = []
        self.claims.end_soon(*end_of_forward, lost.append)
        unsettled = await _refused(journal) is not None
        if lost:
            await self.claims.end(*end_of_forward)
        # Once more: the database that took the forward's end after some waiting may take this, too.
        if unsettled:
            await journal.flush()

    def owe_not_sent(self, won: ClaimWon, journal: BatchedJournal | None) -> None:
        """Keep of a claim that the history may have, unconfirmed, that nothing was sent under it.

        A repeat here claims it anew, and a heartbeat tells the history.
        """
        end = ForwardEnd(
            won, ForwardState.NOT_SENT, ProblemKind.UNAVAILABLE.value.status, None, journal
        )
        self.claims.live.keep_unrecorded(end)

    async def give_up(self, won: ClaimWon) -> CallOutcome:
        """What is certain of a forward that ended in the middle, by its own record."""
        try:
            state = await self.claims.give_up(won)
        except HistoryError:
            self.claims.let_go(won.run_id, in_doubt=True)
            state = ForwardState.UNKNOWN
        if state is ForwardState.NOT_SENT:
            return CallOutcome(state, None, refusal=ProblemError(ProblemKind.INTERNAL_ERROR))
        return CallOutcome(ForwardState.UNKNOWN, None, refusal=outcome_unknown(won.run_id))

    async def keep_at_last(self) -> None:
        """Record what is owed, at the end of the process; what cannot be is lost, and said."""
        if not self.claims.live.unrecorded:
            return
        try:
            await self.claims.record_owed_ends()
        except HistoryError as problem:
            for unrecorded in self.claims.live.unrecorded:
                _log.error("%s the end of run %s is lost", problem.code, unrecorded.won.run_id)


async def _refused(journal: BatchedJournal) -> JournalError | None:
    """Keep the end of a run; why it could not be kept."""
    try:
        await journal.flush()
    except JournalError as problem:
        return problem
    return None
