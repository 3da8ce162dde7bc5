"""What a call asks to share, what it turns out to be, and how a share ends: plain data.

Knows no database. References and keys stand here as digests only.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TypeAlias


class ForwardState(StrEnum):
    """What is certain of a share.

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

    share_id: str
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

    share_id: str
    run_id: str
    lease_until: int


@dataclass(frozen=True, slots=True)
class ClaimHeld:
    """Another call forwards."""

    share_id: str
    run_id: str


@dataclass(frozen=True, slots=True)
class ClaimFinished:
    """It was answered."""

    share_id: str
    run_id: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClaimUnknown:
    """It was sent, or may have been. `outcome` is what somebody has found out since."""

    share_id: str
    run_id: str
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimReleased:
    """Nobody forwards: it ended without reaching the destination, or (`left`) its process did."""

    run_id: str
    left: bool


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


def claim_digest(kind: str, environment: str, emulated: bool, *parts: str) -> str:
    """The digest of a claim: `reference` with destination and reference, `key` with client and key.

    Or of a `client`.

    Canonical JSON keeps the parts apart, whatever they hold.
    """
    canonical = json.dumps([kind, environment, emulated, *parts], separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()
