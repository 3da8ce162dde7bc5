"""What a call tells whoever watches: one record at its end, and spans on the way.

Knows no library of metrics or traces. Nothing here holds a value of a request.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol


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
    """Watches calls. Never raises."""

    def call(self, told: CallRecord) -> None:
        """A call has ended."""
        ...

    def forward(
        self, vault: str, destination: str, outcome: str, losses: Sequence[str] = ()
    ) -> None:
        """A payment was forwarded now, or was to be: an outcome of runs, or `not_sent`.

        `losses` are the atoms that the destination did not get.
        """
        ...

    def span(
        self, name: str, tells: Mapping[str, str] | None = None
    ) -> AbstractContextManager[None]:
        """A part of a call, under way while the block runs."""
        ...


class NullObserver:
    """Watches nothing."""

    def call(self, told: CallRecord) -> None:
        """Let it go."""

    def forward(
        self, vault: str, destination: str, outcome: str, losses: Sequence[str] = ()
    ) -> None:
        """Let it go."""

    @contextmanager
    def span(self, name: str, tells: Mapping[str, str] | None = None) -> Iterator[None]:
        """Only run the block."""
        yield
