"""What a caller asks of a run, with the clock and the ids that a test can fix.

Nothing here sends anything; values have no repr.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from forwardc.core.dataclass import dataclass
from forwardc.core.random_ids import random_uuid

if TYPE_CHECKING:
    from forwardc.plan.lock import Lock


def _nothing_approved() -> "Lock":
    # Late: who only reads a history needs no model of a lock.
    from forwardc.plan.lock import Lock

    return Lock()


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the caller asks for. `texts` are typed by hand and read by the param's type.

    `params` come from a file with types of its own and win nothing: a name in `texts` replaces
    the same name in `params`. `run_id` continues a run under its own id. `not_card`: whoever serves
    says that a reference which looks like a card number is none.
    """

    source: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reference: str | None = None
    without: frozenset[str] = frozenset()
    idempotency_key: str | None = None
    run_id: UUID | None = None
    not_card: bool = False


@dataclass(frozen=True, slots=True)
class ClockAndIds:
    """The clock and the source of random ids, so that a test can fix both, and what is approved.

    The lock is empty by default: then nothing runs in production. `emulated` says that a sandbox
    on this machine answers, and that every credential is made up.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_uuid: Callable[[], UUID] = random_uuid
    lock: "Lock" = field(default_factory=_nothing_approved, repr=False)
    emulated: bool = False


@dataclass(frozen=True, slots=True)
class IdempotencyKeys:
    """The two idempotency keys of one step. They are never equal."""

    destination: str
    vault: str
