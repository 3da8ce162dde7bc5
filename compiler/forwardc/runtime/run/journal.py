"""States of a run and its attempts: what a run tells its journal, each fact before it counts.

A run is recorded before its first step, each attempt before it leaves, and each answer before the
next step begins. So whoever finds a record, after whatever happened to the process that wrote it,
knows what is certain: *intent* stands there for "it may be on its way", and never for "it was not
sent". Nothing that reaches a journal holds a secret, a card or a sensitive value.

What the states mean stands in `history/records`; this is all that ever changes them, by the fact
that is told. `resolve_step` (asked of the vault) and `resolve_run` (said by a person) come after
the run, and are `recovery`'s. `tests/runtime/history/test_states.py` goes through every course that
two steps can take, and compares what changes with this table:

| fact | attempt | step | run |
|---|---|---|---|
| `begin` | | new → waiting | new → running |
| `begin`, with its first attempt | new → intent | new → waiting, new → intent | new → running |
| `intent` | new → intent | waiting/unknown → intent | stopped → running |
| `not_sent` | intent → not_sent | intent → waiting, intent → unknown | |
| `unknown` | intent → unknown | intent → unknown | |
| `answered` | intent → answered | intent → answered, intent → unknown | |
| `finish` | | | running → done |
| `finish`, stopped | | | running → stopped |
| `leave` | intent → unknown | intent → unknown | running → stopped, running → done |
| `resolve_step`, an earlier | intent/unknown → answered | as the attempt | running → stopped |
| `resolve_step`, the last | intent/unknown → answered | as the attempt | running/stopped → done |
| `resolve_run` | | intent/unknown/answered → done | running/stopped → done |

An attempt that was not sent leaves its step *waiting*, unless an earlier one may have arrived: then
it is *unknown*, like one whose answer says nothing. A run that is left is *done* where its last
step is in doubt, for nothing is left to be sent, and *stopped* otherwise, so that `--resume` can go
on. A person resolves what is pending, too: its step was answered, and waits for a decision.

Invariants, and the tests that hold them:

- Nothing is sent that the record does not hold:
  `test_retries.py::test_the_intent_is_recorded_before_anything_is_sent` and
  `test_what_cannot_be_recorded_is_not_sent`.
- An outcome is not lost where its record fails, and no mistake of ours leaves an attempt *intent*:
  `test_retries.py::test_an_outcome_that_cannot_be_recorded_is_still_told`,
  `test_broken_off.py::test_a_mistake_while_an_answer_is_read_leaves_the_run_unknown`.
- A process that dies at any moment leaves a record that is true:
  `test_kill.py::test_a_killed_run_is_continued_or_left_unknown`.
- Of many that continue a dead process's run one wins:
  `test_cli_resolve.py::test_of_many_that_continue_a_dead_process_run_one_wins`.

One attempt, traced. `begin` keeps the run, its step `pay` *waiting*. `intent` gives the attempt its
number 1, and `pay` is *intent*; only now the request leaves. The process is killed. Whoever looks
finds a run *running* whose owner is dead, and `pay` *intent*: it may have arrived, and every list
calls it unknown. `reconcile` asks the vault, which lists the request with the destination's answer
200, and tells `resolve_step`: attempt and step are *answered*, the run is *done*, approved.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.values import Secret
from forwardc.runtime.history.database import Transaction
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


Precondition: TypeAlias = Callable[[Transaction], bool]
"""What has to be so in the transaction that begins a run; it may write, and may be done again."""


class Journal(Protocol):
    """Where a run is recorded, in the order in which it is told.

    Every method is called on the event loop of its run, one after the other for one run and at once
    for many, and raises `JournalError` where a fact cannot be kept. What one keeps is durable when
    it returns, but for the answer that ends a run, which is so when `finish` returns. Whether a
    repeat is safe is said of each: a caller whose call was cancelled does not know whether it
    counted.
    """

    @property
    def keeps_answers(self) -> bool:
        """Whether a report is to have the answer field by field."""
        ...

    async def digest(self, content: Secret) -> str | None:
        """A keyed digest of a caller's values: all processes of this record know them again by it.

        None where nothing is recorded. A repeat gives the same.
        """
        ...

    async def held(self, given_key: str) -> tuple[StoredRun, str] | None:
        """The run of a caller's key, and the digest of its content; None for a new key.

        Reads only.
        """
        ...

    async def withheld(self, run_id: str) -> str | None:
        """The digest of the values that a run's record leaves out; None where there are none.

        Reads only.
        """
        ...

    async def begin(
        self, run: NewRun, first: Intent | None = None, under: Precondition | None = None
    ) -> None:
        """Keep a run before its first step, and hold it for this process.

        With `first` its first attempt is kept as well, as number 1: there is no other `intent`.
        Where `under` says no, nothing of the run is kept, and what `under` wrote is.
        Raises `SendingPausedError`, and `CallerKeyTakenError` where another run has the caller's
        key: then nothing was kept. A repeat by the same process changes nothing.
        """
        ...

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Keep an attempt of a step and give its number, from 1: only then is it sent.

        Raises `SendingPausedError`, and `JournalError` where another process took the run over. A
        repeat is another attempt: one whose number is not known was never sent, and stays in doubt.
        """
        ...

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt reached no destination, for certain. `reason` may be shown.

        A repeat changes nothing.
        """
        ...

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt may have reached the destination; no answer tells. `reason` may be shown.

        A repeat changes nothing.
        """
        ...

    async def answered(self, run_id: str, number: int, report: StepReport) -> None:
        """An attempt ended with an answer of the destination, or with one of the vault instead.

        `report` is masked; its outcome decides the step. A repeat writes the same again.
        """
        ...

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep what the run came to, and let it go. With `result.stopped` it can be continued.

        Called once, when nothing of the run is on its way. A repeat changes nothing.
        """
        ...

    async def card_of_source(self, vault: str, environment: str, source: str) -> CardFacts | None:
        """What an earlier run of a source was told of its card; None for nothing. Reads only."""
        ...

    async def record_card(self, run_id: str, card: CardFacts) -> None:
        """Keep what the vault told of a run's card after it. A repeat writes the same again."""
        ...

    async def leave(self, run_id: str, reason: str) -> None:
        """Let a run go that was broken off: what was on its way is unknown from now on.

        Called in place of `finish`. A run that has ended, or never began, stays so.
        """
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

    async def begin(
        self, run: NewRun, first: Intent | None = None, under: Precondition | None = None
    ) -> None:
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

    async def card_of_source(self, vault: str, environment: str, source: str) -> CardFacts | None:
        """Nothing is known."""
        return None

    async def record_card(self, run_id: str, card: CardFacts) -> None:
        """Keep nothing."""

    async def leave(self, run_id: str, reason: str) -> None:
        """Keep nothing."""
