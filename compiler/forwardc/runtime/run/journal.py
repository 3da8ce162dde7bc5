"""What a run tells its journal: each fact before anything depends on it.

Knows no database. Nothing that reaches a journal holds a secret, a card or a sensitive value.
"""

from typing import Protocol

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.values import Secret
from forwardc.runtime.history.records import Intent, NewRun, StoredRun
from forwardc.runtime.run.result import CardFacts, RunResult, StepReport


class JournalError(ForwardcError):
    """The journal cannot keep a fact. `code` is the diagnostic's, the text says what and why."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class SendingPausedError(JournalError):
    """Nothing may be sent to a vault or destination now, and nothing was recorded."""

    def __init__(self, name: str) -> None:
        hint = f"`forwardc unpause {name}` ends the pause"
        super().__init__("FC0822", f"{name} is paused, and nothing was sent", hint)


class CallerKeyTakenError(JournalError):
    """Another run has the caller's idempotency key, and nothing of this one was recorded."""

    def __init__(self, message: str) -> None:
        hint = "ask again with the same key when it has ended: its recorded result comes then"
        super().__init__("FC0835", message, hint)


class Journal(Protocol):
    """Where a run is recorded, in the order in which it is told.

    Every method raises `JournalError`. What one keeps is durable when it returns, but for the
    answer that ends a run, which is so when `finish` returns.
    """

    @property
    def keeps_answers(self) -> bool:
        """Whether a report is to have the answer field by field."""
        ...

    async def digest(self, content: Secret) -> str | None:
        """A keyed digest, by which all processes of this record know a content again.

        None where nothing is recorded.
        """
        ...

    async def held(self, given_key: str) -> tuple[StoredRun, str] | None:
        """The run of a caller's key, and the digest of its content; None for a new key."""
        ...

    async def withheld(self, run_id: str) -> str | None:
        """The digest of the values that a run's record leaves out; None where there are none."""
        ...

    async def begin(self, run: NewRun, first: Intent | None = None) -> None:
        """Keep a run before its first step, and hold it for this process.

        Raises `SendingPausedError`, and `CallerKeyTakenError` where another run has the caller's
        key.

        With `first` its first attempt is kept as well, as number 1: there is no other `intent`.
        """
        ...

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Keep an attempt and give its number: only then is it sent.

        Raises `SendingPausedError`.
        """
        ...

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt reached no destination, for certain."""
        ...

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt may have reached the destination; no answer tells."""
        ...

    async def answered(self, run_id: str, number: int, report: StepReport) -> None:
        """An attempt ended with an answer of the destination, or with one of the vault instead."""
        ...

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep what the run came to, and let it go."""
        ...

    async def known_card(self, vault: str, environment: str, source: str) -> CardFacts | None:
        """What an earlier run of a source was told of its card; None for nothing."""
        ...

    async def tell_card(self, run_id: str, card: CardFacts) -> None:
        """Keep what the vault told of a run's card after it."""
        ...

    async def leave(self, run_id: str, reason: str) -> None:
        """Let a run go that was broken off: what was on its way is unknown from now on."""
        ...


class NoJournal:
    """Keeps nothing: for a run whose record nobody wants."""

    @property
    def keeps_answers(self) -> bool:
        """Not even answers."""
        return False

    async def digest(self, content: Secret) -> str | None:
        """Nothing is known again."""
        return None

    async def held(self, given_key: str) -> tuple[StoredRun, str] | None:
        """Every key is new."""
        return None

    async def withheld(self, run_id: str) -> str | None:
        """Nothing was kept."""
        return None

    async def begin(self, run: NewRun, first: Intent | None = None) -> None:
        """Keep nothing."""

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Number no attempt."""
        return 0

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """Keep nothing."""

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """Keep nothing."""

    async def answered(self, run_id: str, number: int, report: StepReport) -> None:
        """Keep nothing."""

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep nothing."""

    async def known_card(self, vault: str, environment: str, source: str) -> CardFacts | None:
        """Nothing is known."""
        return None

    async def tell_card(self, run_id: str, card: CardFacts) -> None:
        """Keep nothing."""

    async def leave(self, run_id: str, reason: str) -> None:
        """Keep nothing."""
