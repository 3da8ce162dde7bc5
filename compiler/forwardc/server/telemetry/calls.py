"""What a call tells whoever watches: one record at its end, and spans on the way.

A call under way is kept in a context variable, so that whatever works for it can add what it knows.
Names, numbers and times stand in a record, and no value of a request.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import field
from itertools import count
from time import perf_counter
from typing import Final, Protocol
from uuid import uuid4

from forwardc.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that ended. `duration_ms` is a time by the clock, `problem` a kind's slug."""

    route: str
    method: str
    status: int
    duration_ms: float
    client_id: str | None = None
    problem: str | None = None
    run_id: str | None = None
    vault: str | None = None
    destination: str | None = None
    outcome: str | None = None
    replayed: bool = False


class Observer(Protocol):
    """Watches calls. For the event loop; no method raises or waits."""

    def call(self, record: CallRecord) -> None:
        """A call has ended, and this is what its handler knows. Once for each call."""
        ...

    def forward(
        self, vault: str, destination: str, outcome: str, losses: Sequence[str] = ()
    ) -> None:
        """A payment was forwarded now, or was to be: an outcome of runs, or `not_sent`.

        Once for each forward, and not for its repeats. `losses` are the atoms that the destination
        did not get.
        """
        ...

    def span(
        self, name: str, attributes: Mapping[str, str] | None = None
    ) -> AbstractContextManager[None]:
        """A part of a call, under way while the block runs; parts may nest.

        `tells` are names and values that no caller chose. What the block raises is let through.
        """
        ...


class NullObserver:
    """Watches nothing."""

    def call(self, record: CallRecord) -> None:
        """Let it go."""

    def forward(
        self, vault: str, destination: str, outcome: str, losses: Sequence[str] = ()
    ) -> None:
        """Let it go."""

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """Only run the block."""
        yield


# The call under way, from its first byte to its last.

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# The process in the ids of its calls, drawn by chance once: an id tells calls apart and is no
# secret, and each draw would give the interpreter to a thread that waits for it.
_FIRST_ID: Final = uuid4()
_SAME: Final = str(_FIRST_ID)[:24]
_NUMBERS: Final = count(_FIRST_ID.node)
# As many as the last 48 bits of a UUID can tell apart.
_MOST_NUMBERS: Final = 2**48


def _call_id() -> str:
    """A UUID of its own for each call: the last 48 bits count."""
    return f"{_SAME}{next(_NUMBERS) % _MOST_NUMBERS:012x}"


_NOTHING: Final = CallRecord("", "", 0, 0.0)


@dataclass(slots=True)
class CallInProgress:
    """A call from its first byte to its last. `address` is a network, never a whole address.

    `trace_id` is that of its trace, in hexadecimal digits.
    """

    route: str
    method: str
    status: int = 0
    address: str | None = None
    problem: str | None = None
    trace_id: str | None = None
    handler_record: CallRecord | None = None
    began: float = field(default_factory=perf_counter)
    id: str = field(default_factory=_call_id)

    def record(self) -> CallRecord:
        """What can be told at its end: the call's own frame, and what its handler said of it."""
        handler_record = self.handler_record or _NOTHING
        return CallRecord(
            self.route,
            self.method if self.method in METHODS else "other",
            self.status,
            round((perf_counter() - self.began) * 1_000, 3),
            handler_record.client_id,
            handler_record.problem or self.problem,
            handler_record.run_id,
            handler_record.vault,
            handler_record.destination,
            handler_record.outcome,
            handler_record.replayed,
        )


CURRENT_CALL: Final[ContextVar[CallInProgress | None]] = ContextVar("forwardc_call", default=None)
"""The call that this task works for; tasks that it starts work for it too."""
