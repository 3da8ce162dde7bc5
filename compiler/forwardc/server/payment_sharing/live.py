"""What this process forwards now, and the ends that it knows and the history does not have yet.

Knows no database. A claim in the name of this process that stands here in neither way was left: the
database took it and could not say so, or its caller was gone. Nobody forwards it, whatever its
lease says.
"""

from dataclasses import dataclass, field

from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.claim import ClaimWon, ForwardState


@dataclass(frozen=True, slots=True)
class ForwardEnd:
    """How a share ended, and the journal that keeps the end of its run until it is recorded."""

    mine: ClaimWon
    state: ForwardState
    status: int
    sealed: str | None = field(repr=False)
    journal: BatchedJournal = field(repr=False)


@dataclass(slots=True)
class LiveForwards:
    """Claims by their run's id. Read in any thread, changed on the event loop only."""

    _running: set[str] = field(default_factory=set)
    _owed: dict[str, ForwardEnd] = field(default_factory=dict)

    def begin(self, run_id: str) -> None:
        """A claim is asked for: from before the database can have it."""
        self._running.add(run_id)

    def end(self, run_id: str) -> None:
        """Nobody forwards under this id any more."""
        self._running.discard(run_id)

    def holds(self, run_id: str) -> bool:
        """Whether this process forwards, or is about to."""
        return run_id in self._running

    def owe(self, end: ForwardEnd) -> None:
        """Keep an end that could not be recorded."""
        self._owed[end.mine.run_id] = end

    def paid(self, run_id: str) -> None:
        """An end that was owed is recorded."""
        self._owed.pop(run_id, None)

    def known(self, run_id: str) -> ForwardEnd | None:
        """The end that is owed for a run."""
        return self._owed.get(run_id)

    @property
    def owed(self) -> tuple[ForwardEnd, ...]:
        """All ends that are owed, the oldest first."""
        return tuple(self._owed.values())
