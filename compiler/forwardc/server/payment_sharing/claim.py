"""What a call claims, what it turns out to be, and how a forward ends: plain data.

References and keys stand here as digests only. `LiveForwards` is what this process forwards now,
with the ends that it knows and the history does not have yet. A claim in the name of this process
that stands there in neither way was left: the database took it and could not say so, or its caller
was gone. Nobody forwards it, whatever its lease says.
"""

import json
from dataclasses import field
from enum import StrEnum
from hashlib import sha256
from typing import Final, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.server.payment_sharing.batched_journal import BatchedJournal


class ForwardState(StrEnum):
    """What is certain of a forward.

    `running`: a process forwards it, or died while it did. `done`: its answer is recorded.
    `not_sent`: certainly nothing reached the destination. `unknown`: nobody knows.
    """

    RUNNING = "running"
    DONE = "done"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """One call as claims see it. `share_id` and `run_id` are new ones, for when it is the first.

    Claims are digests; a key is used again with the same `by_reference` only. `by_client` is the
    digest of who asks: nobody else is told what came of it. Times are seconds.
    """

    forward_id: str
    run_id: str
    by_reference: str
    by_key: str | None
    by_client: str
    destination: str
    window_s: float
    key_s: float


@dataclass(frozen=True, slots=True)
class ClaimWon:
    """Whoever claimed forwards, under these ids, until `lease_until` (milliseconds since 1970)."""

    forward_id: str
    run_id: str
    lease_until: int


@dataclass(frozen=True, slots=True)
class ClaimHeld:
    """Another call forwards."""

    forward_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class ClaimFinished:
    """It was answered."""

    forward_id: str
    run_id: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClaimUnknown:
    """It was sent, or may have been. `outcome` is what somebody has found out since."""

    forward_id: str
    run_id: str
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimReleased:
    """Nobody forwards: the destination was not reached, or the process has `abandoned` it."""

    run_id: str
    abandoned: bool


@dataclass(frozen=True, slots=True)
class ClaimKeyReused:
    """The idempotency key belongs to another request."""


@dataclass(frozen=True, slots=True)
class ClaimOfAnotherClient:
    """Another client asked for it first."""


ClaimResult: TypeAlias = (
    ClaimWon | ClaimHeld | ClaimFinished | ClaimUnknown | ClaimKeyReused | ClaimOfAnotherClient
)
ClaimStatus: TypeAlias = ClaimHeld | ClaimFinished | ClaimUnknown | ClaimReleased


_CANONICAL: Final = json.JSONEncoder(separators=(",", ":"))


def claim_digest(kind: str, environment: str, emulated: bool, *parts: str) -> str:
    """The digest of a claim: `reference` with destination and reference, `key` with client and key.

    Or of a `client`.

    Canonical JSON keeps the parts apart, whatever they hold.
    """
    canonical = _CANONICAL.encode([kind, environment, emulated, *parts])
    return sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ForwardEnd:
    """How a forward ended, and the journal that keeps the end of its run until it is recorded.

    None where the run was left already.
    """

    won: ClaimWon
    state: ForwardState
    status: int
    sealed: str | None = field(repr=False)
    journal: BatchedJournal | None = field(repr=False)


@dataclass(slots=True)
class LiveForwards:
    """Claims by their run's id. Read in any thread, changed on the event loop only."""

    _running: set[str] = field(default_factory=set)
    _unrecorded: dict[str, ForwardEnd] = field(default_factory=dict)

    def begin(self, run_id: str) -> None:
        """A claim is asked for: from before the database can have it."""
        self._running.add(run_id)

    def end(self, run_id: str) -> None:
        """Nobody forwards under this id any more."""
        self._running.discard(run_id)

    def holds(self, run_id: str) -> bool:
        """Whether this process forwards, or is about to."""
        return run_id in self._running

    def keep_unrecorded(self, end: ForwardEnd) -> None:
        """Keep an end that could not be recorded."""
        self._unrecorded[end.won.run_id] = end

    def drop_unrecorded(self, run_id: str) -> None:
        """An end that was owed is recorded."""
        self._unrecorded.pop(run_id, None)

    def unrecorded_end(self, run_id: str) -> ForwardEnd | None:
        """The end that is owed for a run."""
        return self._unrecorded.get(run_id)

    @property
    def unrecorded(self) -> tuple[ForwardEnd, ...]:
        """All ends that are owed, the oldest first."""
        return tuple(self._unrecorded.values())
