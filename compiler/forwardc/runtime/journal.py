"""What a run tells its journal: each fact before anything depends on it.

Knows no database. Nothing that reaches a journal holds a secret, a card or a sensitive value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from forwardc.runtime.shapes import Keys, RunResult, ShownRequest, StepReport


class JournalFailed(Exception):  # noqa: N818 - what happened, for the sink
    """The journal cannot keep a fact. `code` is the diagnostic's, the text says what and why."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run before its first step.

    `params` and `inputs` are texts as a person would type them, so that the same run can be
    prepared again; of sensitive ones only the names are kept, as `params.x` and `inputs.x`.
    """

    run_id: str
    environment: str
    vault: str
    destination: str
    operation: str
    asked_operation: str
    fell_back: bool
    digest: str
    reference: str
    source_kind: str | None = None
    source_id: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    sensitive_params: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    without_atoms: tuple[str, ...] = ()
    given_key: str | None = None
    steps: tuple[str, ...] = ()
    approval: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One attempt of one step, before it is sent."""

    step: str
    keys: Keys
    deliver: str
    called: str
    idempotent: bool
    shown: ShownRequest


class Journal(Protocol):
    """Where a run is recorded. Every method raises `JournalFailed`."""

    async def paused(self, names: Iterable[str]) -> str | None:
        """The first of these vaults and destinations that is paused."""
        ...

    async def begin(self, run: NewRun) -> None:
        """Keep a run before its first step, and hold it for this process."""
        ...

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Keep an attempt and give its number. Durable when it returns: only then is it sent."""
        ...

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt reached no destination, for certain."""
        ...

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt may have reached the destination; no answer tells."""
        ...

    async def answered(self, run_id: str, step: str, number: int, report: StepReport) -> None:
        """An attempt ended with an answer, and the step is decided by it."""
        ...

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep what the run came to, and let it go."""
        ...


class NoJournal:
    """Keeps nothing: for a run whose record nobody wants."""

    async def paused(self, names: Iterable[str]) -> str | None:
        """Nothing is paused."""
        return None

    async def begin(self, run: NewRun) -> None:
        """Keep nothing."""

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Number no attempt."""
        return 0

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """Keep nothing."""

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """Keep nothing."""

    async def answered(self, run_id: str, step: str, number: int, report: StepReport) -> None:
        """Keep nothing."""

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep nothing."""
