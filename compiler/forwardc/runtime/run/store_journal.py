"""The journal in a history store, for one process: what it holds, keeps, and gives up.

Many runs at once share each wait for the disk. A run is held under a lease, in the name of its
process; one that its own process does not go on with is abandoned: what was on its way is unknown
from now on, and what had not left yet was certainly not sent, and can be continued.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from uuid import uuid4

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import Secret
from forwardc.runtime.history import answers, idempotency_keys, reads, writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryError, IdempotencyKeyInUseError, RunPausedError
from forwardc.runtime.history.group_commit import GroupCommit, InlineCommit
from forwardc.runtime.history.records import (
    AttemptState,
    Intent,
    NewRun,
    RunState,
    StepState,
    StoredRun,
)
from forwardc.runtime.history.store import Store
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.run.journal import (
    CallerKeyTakenError,
    JournalError,
    Precondition,
    SendingPausedError,
)
from forwardc.runtime.run.result import CardFacts, RunResult, StepReport
from forwardc.runtime.run.run_record import report_of

# Seconds that a run is held for its process, renewed with each attempt: longer than one attempt and
# the wait before it (`RetryPolicy.deadline_s`), so that no living process loses a run.
LEASE_S: Final = 300.0
# Runs under way whose last step is remembered, about a megabyte; a forgotten one waits once more.
_REMEMBERED: Final = 10_000
# An answer that is kept makes room for four that are forgotten.
_FORGET_EVERY: Final = 64
T = TypeVar("T")
_Work: TypeAlias = Callable[[Transaction], Any]


class OpenRunHook(Protocol):
    """Whoever may know the end of a run that ended open, such as an integration with callbacks.

    Both methods get a transaction of the history, on the thread that writes it: they read and write
    by it alone, and what they raise undoes it. A repeat is safe.
    """

    def may_resolve(self, tx: Transaction, run_id: str) -> bool:
        """Whether a run is one of which the hook can know. Asked in the transaction of its end."""
        ...

    def resolve_waiting(self, tx: Transaction, now: Timestamp) -> tuple[str, ...]:
        """Give every waiting run its outcome that is known by now; their ids."""
        ...


def this_process() -> str:
    """A name for this process that no other one has had: place, process id, and chance."""
    return f"{_place()}/{os.getpid()}/{uuid4().hex[:8]}"


def is_dead(owner: str) -> bool:
    """Whether an owner is a process of this place that certainly does not run any more."""
    place, _, rest = owner.partition("/")
    number = rest.partition("/")[0]
    if place != _place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


@cache
def _place() -> str:
    """Where process ids mean the same processes: a host, since it was started.

    Containers share a host's name where they are told to, and not its process ids.
    """
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        identity = f"{started}{Path('/proc/self/ns/pid').readlink()}"
    except (OSError, ValueError):
        return socket.gethostname()
    return f"{socket.gethostname()}.{sha256(identity.encode()).hexdigest()[:8]}"


def _later(_: Exception) -> None:
    """What could not be forgotten now is so another time."""


@dataclass(slots=True)
class StoreJournal:
    """A `Journal`. `emulated` marks runs that a sandbox answered.

    `hooks` are asked about runs that end open.

    `alone`: the event loop has nothing but one run, and may stand still until the disk has it.
    The answer that ends a run is one transaction with the end, and one wait for the disk.
    """

    store: Store
    emulated: bool = False
    alone: bool = False
    owner: str = field(default_factory=this_process)
    hooks: tuple[OpenRunHook, ...] = ()
    # The last step of each run under way, and the answers that could not be kept at first.
    _last: dict[str, str] = field(default_factory=dict)
    _digest_key: bytes | None = field(default=None, repr=False)
    _owed: dict[str, list[_Work]] = field(default_factory=dict)
    _answers: int = 0

    @property
    def keeps_answers(self) -> bool:
        """Whether a setting has not turned that off."""
        return self.store.answer_days is not None

    async def digest(self, content: Secret) -> str | None:
        """A keyed digest. What a sandbox answered is another content than what a vault did."""
        if self._digest_key is None:
            self._digest_key = await self._write(idempotency_keys.digest_key)
        return idempotency_keys.keyed_digest(
            self._digest_key, f"{self.emulated} {content.reveal()}"
        )

    async def held(self, given_key: str) -> tuple[StoredRun, str] | None:
        """The run of a caller's key, and the digest of its content; None for a new key."""
        return await self._write(
            lambda tx: idempotency_keys.run_of_key(tx, given_key, self.store.timestamp())
        )

    async def withheld(self, run_id: str) -> str | None:
        """The digest of the values that a run's record leaves out; None where there are none."""
        return await self._write(lambda tx: idempotency_keys.withheld_digest(tx, run_id))

    async def begin(
        self, run: NewRun, first: Intent | None = None, under: Precondition | None = None
    ) -> None:
        """Keep a run before its first step, and hold it for this process.

        Raises `SendingPausedError`, `CallerKeyTakenError` and `JournalError`.
        """
        ours = replace(run, owner=self.owner, emulated=self.emulated, lease_s=LEASE_S)

        key = self._digest_key if run.content is not None or run.withheld is not None else None

        def work(tx: Transaction) -> tuple[bool, str | None]:
            if under is not None and not under(tx):
                return False, None
            writes.store_shapes(tx, run)
            if key is not None:
                idempotency_keys.check_digest_key(tx, key)
            return True, writes.begin(tx, ours, self.store.timestamp(), first)

        try:
            has_begun, name = await self._write(work)
        except JournalError:
            # A backup may have taken the history's place, and have another key.
            self._digest_key = None
            raise
        if not has_begun:
            return
        if name is not None:
            raise SendingPausedError(name)
        self._last[run.id] = run.steps[-1].name
        if len(self._last) > _REMEMBERED:
            # A run that was cancelled never ends. One that is forgotten only waits once more.
            del self._last[next(iter(self._last))]

    async def take(self, run_id: str, holder: str) -> bool:
        """Hold a recorded run for this process; False where another one has it.

        `holder` is who held it when it was read: a dead process of this host gives way at once,
        another one when its lease has ended.
        """

        def work(tx: Transaction) -> bool:
            now = self.store.timestamp()
            if holder and is_dead(holder):
                # Only the dead owner's own lease can be ended so: a second taker finds another.
                writes.lease(tx, run_id, holder, -1, now)
            return writes.lease(tx, run_id, self.owner, LEASE_S, now)

        return await self._write(work)

    async def intent(self, run_id: str, intent: Intent) -> int:
        """Keep an attempt and give its number. Refused where another process took the run over."""

        def work(tx: Transaction) -> int:
            return writes.record_intent(
                tx, run_id, self.owner, intent, self.store.timestamp(), LEASE_S
            )

        return await self._write(work)

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt reached no destination, for certain."""
        now = self.store.timestamp()
        await self._write(lambda tx: writes.record_not_sent(tx, run_id, step, number, reason, now))

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """An attempt may have reached the destination; no answer tells."""
        now = self.store.timestamp()
        await self._write(lambda tx: writes.record_unknown(tx, run_id, step, number, reason, now))

    async def answered(self, run_id: str, number: int, report: StepReport) -> None:
        """An attempt ended with an answer, and the step is decided by it."""
        now, answer = self.store.timestamp(), self.store.packed(report)

        def work(tx: Transaction) -> None:
            writes.record_answer(tx, run_id, number, report, now)
            answers.store_packed(tx, run_id, report.name, answer)

        if report.outcome is not Outcome.APPROVED or self._last.get(run_id) == report.name:
            # The end of the run follows at once, and takes this along.
            self._soon(run_id, work)
        else:
            await self._write(work)
        if answer is not None:
            self._forget()

    def _forget(self) -> None:
        """Every now and then, delete answers whose time has come."""
        self._answers += 1
        if self._answers % _FORGET_EVERY == 1:
            moment = self.store.timestamp()
            with suppress(HistoryError):
                self._writer.write_behind(lambda tx: answers.forget(tx, moment), _later)

    async def finish(self, run_id: str, result: RunResult) -> None:
        """Keep what the run came to, and let it go."""
        is_open = result.outcome in (Outcome.PENDING, Outcome.UNKNOWN)

        def work(tx: Transaction) -> list[OpenRunHook]:
            if result.stopped:
                writes.stop(tx, run_id, result.reason or "stopped", self.store.timestamp(), result)
            else:
                writes.finish(tx, run_id, result, self.store.timestamp())
            return [hook for hook in self.hooks if is_open and hook.may_resolve(tx, run_id)]

        self._last.pop(run_id, None)
        hooks = await self._write(work)
        while owed := self._owed.get(run_id):
            # It could not be kept together with the end: once more, and then it is told why.
            await self._write(owed[0])
            del owed[0]
        self._owed.pop(run_id, None)
        for hook in hooks:
            # A callback can be faster than the answer to its request: it lies in the store. After
            # the end is there for everybody, so that a callback of this moment finds it.
            await self._write(partial(hook.resolve_waiting, now=self.store.timestamp()))

    async def card_of_source(self, vault: str, environment: str, source: str) -> CardFacts | None:
        """What an earlier run of a source was told of its card; None for nothing."""
        return await self._write(
            lambda tx: reads.card_facts(tx, vault, environment, source, emulated=self.emulated)
        )

    async def record_card(self, run_id: str, card: CardFacts) -> None:
        """Keep what the vault told of a run's card after it."""
        await self._write(lambda tx: writes.add_card_facts(tx, run_id, card))

    async def leave(self, run_id: str, reason: str) -> None:
        """Let a run go that was broken off. One that has ended stays as it is."""
        self._last.pop(run_id, None)
        await self._write(lambda tx: abandon(tx, run_id, reason, self.store.timestamp()))

    @property
    def _writer(self) -> GroupCommit | InlineCommit:
        return self.store.inline if self.alone else self.store.commits

    def _soon(self, run_id: str, work: _Work) -> None:
        def failed(_: Exception) -> None:
            self._owed.setdefault(run_id, []).append(work)

        try:
            self._writer.write_behind(work, failed)
        except HistoryError as problem:
            raise JournalError(problem.code, problem.message, problem.hint) from None

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        try:
            return await self._writer.write(work)
        except RunPausedError as problem:
            raise SendingPausedError(problem.name) from None
        except IdempotencyKeyInUseError as problem:
            raise CallerKeyTakenError(problem.message) from None
        except HistoryError as problem:
            raise JournalError(problem.code, problem.message, problem.hint) from None


_HELD: Final = "SELECT id FROM runs WHERE state <> 'done' AND owner = ? ORDER BY seq"


def abandon_all(store: Store, owner: str, reason: str) -> int:
    """Leave every run that `owner` holds; how many of them are unknown.

    Raises `HistoryUnavailableError`: then the next process finds them by their dead owner.
    """
    now = store.timestamp()

    def work(tx: Transaction) -> int:
        return sum(abandon(tx, run_id, reason, now) for (run_id,) in tx.rows(_HELD, owner))

    return store.database.write(work)


def abandon(tx: Transaction, run_id: str, reason: str, now: Timestamp) -> bool:
    """Leave one run; whether its fate is unknown. One that has ended, or never began, stays so."""
    run = reads.load_run(tx, run_id)
    if run is None or run.summary.state is RunState.DONE:
        return False
    for step in run.steps:
        for attempt in step.attempts:
            if attempt.state is AttemptState.INTENT:
                writes.record_unknown(tx, run.id, step.name, attempt.number, reason, now)
    run = reads.load_run(tx, run_id) or run
    in_doubt = next((step for step in run.steps if step.state is StepState.UNKNOWN), None)
    # Behind a pending step stands a question, which may be asked again.
    asks = len(run.steps) > 1 and run.steps[-2].outcome is Outcome.PENDING
    if in_doubt is not None and in_doubt.name == run.steps[-1].name and not asks:
        writes.finish(tx, run.id, _unknown(run, reason), now)
    else:
        writes.stop(tx, run.id, reason, now)
    return in_doubt is not None


def _unknown(run: StoredRun, reason: str) -> RunResult:
    reports = tuple(report_of(step) for step in run.steps if step.state is not StepState.WAITING)
    return RunResult(
        run_id=run.id,
        operation=run.summary.operation,
        fell_back=run.fell_back,
        digest=run.digest,
        outcome=Outcome.UNKNOWN,
        rejected_by=None,
        reason=reason,
        steps=reports,
        without=run.without,
    )
