"""The history store: what the engine writes, what the dashboard and the command line read.

Each method is one short transaction that blocks, and one that writes returns once it is on the
disk; `commits` is the way for event loops. A store may be used from several threads, and several
processes may use the same history. Every method may raise `HistoryUnavailableError`.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.scan import mask
from forwardc.runtime.history import answers, audit, idempotency_keys, prune, reads, writes
from forwardc.runtime.history.audit import ChainVerification
from forwardc.runtime.history.database import Database, Transaction
from forwardc.runtime.history.errors import RunPausedError
from forwardc.runtime.history.location import connect_existing, connect_or_create, display_name
from forwardc.runtime.history.migrations import MIGRATIONS, Migration
from forwardc.runtime.history.records import (
    Event,
    EventFilter,
    EventPage,
    Intent,
    NewRun,
    Pause,
    RunFilter,
    RunPage,
    StoredRun,
)
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.history.upgrade import check_version, migrate
from forwardc.runtime.http.bodies.body_fields import NOT_READ
from forwardc.runtime.run.result import Party, RecordedAnswer, RunResult, StepReport

if TYPE_CHECKING:
    from forwardc.runtime.history.group_commit import GroupCommit, InlineCommit
    from forwardc.runtime.history.queries import RunStatistics

# Unknown runs that are read at once: what a person can resolve in a sitting, and more.
_MOST_UNKNOWN_RUNS: Final = 1000


class Store:
    """An open history. `now` is the clock; order never depends on it.

    `answer_days` is how long answers are kept from now on, None for not at all. `name` says which
    history it is, without a credential. `upgraded_from` is the version that its tables had before
    they were opened, 0 for none.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        answer_days: int | None = answers.DEFAULT_DAYS,
        name: str = "a history",
        upgraded_from: int = MIGRATIONS[-1].version,
    ) -> None:
        self.upgraded_from = upgraded_from
        self.database = database
        self.answer_days = answer_days
        self.name = name
        self._now = now
        self._commits: GroupCommit | None = None
        self._inline: InlineCommit | None = None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Do what `commits` and `inline` were asked for, and give the connection back."""
        if self._commits is not None:
            self._commits.close()
        if self._inline is not None:
            self._inline.close()
        self.database.close()

    @property
    def commits(self) -> "GroupCommit":
        """The same history for event loops: one for everybody who has this store."""
        if self._commits is None:
            # Late: who only reads a history needs no event loop.
            from forwardc.runtime.history.group_commit import GroupCommit

            self._commits = GroupCommit(self.database)
        return self._commits

    @property
    def inline(self) -> "InlineCommit":
        """The same for a process with a single run."""
        if self._inline is None:
            from forwardc.runtime.history.group_commit import InlineCommit

            self._inline = InlineCommit(self.database)
        return self._inline

    def timestamp(self) -> Timestamp:
        """One reading of the store's clock."""
        return Timestamp(self._now())

    def begin(self, run: NewRun) -> None:
        """Record a run before anything is sent.

        Raises: `RunPausedError`, and nothing is recorded.
        """

        def work(tx: Transaction) -> str | None:
            writes.store_shapes(tx, run)
            return writes.begin(tx, run, self.timestamp())

        paused = self.database.write(work)
        if paused is not None:
            raise RunPausedError(paused)

    def intent(self, run_id: str, owner: str, intent: Intent) -> int:
        """Record that a step is about to be sent; the attempt's number, from 1.

        Raises: `RunInUseError` where another process has taken the run: then nothing may be sent.
        """
        return self.database.write(
            lambda tx: writes.record_intent(tx, run_id, owner, intent, self.timestamp())
        )

    def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        """Record that an attempt certainly sent nothing."""
        self.database.write(
            lambda tx: writes.record_not_sent(tx, run_id, step, number, reason, self.timestamp())
        )

    def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        """Record that nobody knows whether an attempt arrived."""
        self.database.write(
            lambda tx: writes.record_unknown(tx, run_id, step, number, reason, self.timestamp())
        )

    def answered(self, run_id: str, number: int, report: StepReport) -> None:
        """Record what an attempt came to; the step's name stands in the report."""
        answer = self.packed(report)

        def work(tx: Transaction) -> None:
            writes.record_answer(tx, run_id, number, report, self.timestamp())
            answers.store_packed(tx, run_id, report.name, answer)

        self.database.write(work)

    def packed(self, report: StepReport) -> answers.PackedAnswer | None:
        """The answer of a report as a row keeps it; None where there is none, or none is kept."""
        if self.answer_days is None or (report.recorded is None and report.answer is None):
            return None
        answer = report.recorded or RecordedAnswer(
            "destination", report.status, NOT_READ, says=report.answer
        )
        return answers.pack(answer, self.timestamp(), self.answer_days)

    def forget_answers(self) -> int:
        """Delete answers whose time has come, at most some hundred; how many."""
        return self.database.write(lambda tx: answers.forget(tx, self.timestamp()))

    def finish(self, run_id: str, result: RunResult) -> None:
        """Record the end of a run; a second time changes nothing."""
        self.database.write(lambda tx: writes.finish(tx, run_id, result, self.timestamp()))

    def stop(self, run_id: str, reason: str) -> None:
        """Record that a run ended early and may be resumed."""
        self.database.write(lambda tx: writes.stop(tx, run_id, reason, self.timestamp()))

    def lease(self, run_id: str, owner: str, seconds: float) -> bool:
        """Take or keep a run; False where another process holds it, or it is done.

        Raises: `UnknownRunError`.
        """
        return self.database.write(
            lambda tx: writes.lease(tx, run_id, owner, seconds, self.timestamp())
        )

    def resolve(
        self,
        run_id: str,
        outcome: Outcome,
        by: str,
        *,
        rejected_by: Party | None = None,
        reason: str | None = None,
        kind: str = "resolve",
    ) -> bool:
        """Give a run its outcome that was unknown, and record who did; False where it was known.

        Raises: `UnknownRunError`.
        """
        now = self.timestamp()
        by = mask(by)
        why = mask(reason) if reason else f"settled by {by}"

        def work(tx: Transaction) -> bool:
            if not writes.resolve(tx, run_id, outcome, (rejected_by, why), now):
                return False
            writes.record_event(tx, kind, by, f"{outcome}: {why}", now, run_id)
            return True

        return self.database.write(work)

    def record(self, kind: str, by: str, description: str, run_id: str | None = None) -> None:
        """Record something that a person did, in words without credentials and card numbers."""
        by, description = mask(by), mask(description)
        self.database.write(
            lambda tx: writes.record_event(tx, kind, by, description, self.timestamp(), run_id)
        )

    def load(self, run_id: str) -> StoredRun | None:
        """A run with its steps and attempts; None where there is none."""
        return self.database.read(lambda tx: reads.load_run(tx, run_id, self.timestamp()))

    def held(self, given_key: str) -> tuple[StoredRun, str] | None:
        """The run of a caller's key and the digest of its content; None for a new key."""
        return self.database.read(
            lambda tx: idempotency_keys.run_of_key(tx, given_key, self.timestamp())
        )

    def withheld(self, run_id: str) -> str | None:
        """The digest of the values that a run's record leaves out; None where there are none."""
        return self.database.read(lambda tx: idempotency_keys.withheld_digest(tx, run_id))

    def unknown_runs(self, limit: int = _MOST_UNKNOWN_RUNS) -> tuple[StoredRun, ...]:
        """Runs that somebody has to resolve, the oldest first."""
        now = self.timestamp()
        return self.database.read(lambda tx: reads.unknown_runs(tx, now, limit))

    def search(
        self, run_filter: RunFilter, *, limit: int = 50, cursor: int | None = None
    ) -> RunPage:
        """The newest runs that fit; `cursor` of a page asks for the one after it."""
        return self.database.read(lambda tx: reads.search(tx, run_filter, limit, cursor))

    def statistics(self, run_filter: RunFilter) -> "RunStatistics":
        """The figures of the finished runs that fit."""
        from forwardc.runtime.history.queries import run_statistics

        return self.database.read(lambda tx: run_statistics(tx, run_filter, self._now()))

    def events(self, run_id: str | None = None, *, limit: int = 100) -> tuple[Event, ...]:
        """What persons did, the newest first."""
        return self.database.read(lambda tx: reads.events(tx, run_id, limit))

    def search_events(
        self, event_filter: EventFilter, *, limit: int = 50, cursor: int | None = None
    ) -> EventPage:
        """The newest events that fit; `cursor` of a page asks for the one after it."""
        return self.database.read(lambda tx: audit.search_events(tx, event_filter, limit, cursor))

    def event_kinds(self) -> tuple[str, ...]:
        """The kinds of all events, in order."""
        return self.database.read(audit.event_kinds)

    def verify_events(self) -> ChainVerification:
        """Whether what persons did stands as it was written: the first event that does not."""
        return self.database.read(audit.verify_chain)

    def pause(self, name: str, by: str, reason: str) -> None:
        """Let nothing be sent to a vault or destination, in any process of this history."""
        by, reason, now = mask(by), mask(reason), self.timestamp()

        def work(tx: Transaction) -> None:
            tx.run(
                "INSERT INTO pauses (name, by_whom, at, reason) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET by_whom = excluded.by_whom, at = excluded.at,"
                " reason = excluded.reason",
                *(name, by, now.text, reason),
            )
            writes.record_event(tx, "pause", by, f"{name}: {reason}", now)

        self.database.write(work)

    def unpause(self, name: str, by: str) -> bool:
        """Let a vault or destination be used again; False where it was not paused."""
        by, now = mask(by), self.timestamp()

        def work(tx: Transaction) -> bool:
            if not tx.run("DELETE FROM pauses WHERE name = ?", name):
                return False
            writes.record_event(tx, "resume", by, name, now)
            return True

        return self.database.write(work)

    def pauses(self) -> tuple[Pause, ...]:
        """Everything that is paused, by name."""
        return self.database.read(reads.pauses)

    def paused(self, names: Iterable[str]) -> Pause | None:
        """The first pause that stands in the way of any of these names."""
        blocked = frozenset(names)
        return next((pause for pause in self.pauses() if pause.name in blocked), None)

    def prune(self, keep_days: int, by: str) -> int:
        """Delete finished runs of before `keep_days` days, and their figures; how many runs.

        Runs that nobody has resolved yet stay.
        """
        return prune.prune(self.database, keep_days, by, self.timestamp())

    def prune_answers(self, keep_days: int, by: str) -> int:
        """Delete the answers of runs of before `keep_days` days; how many. The runs stay."""
        return prune.prune_answers(self.database, keep_days, by, self.timestamp())


def open_store(
    url: str,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait_s: float = 5.0,
    answer_days: int | None = answers.DEFAULT_DAYS,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> Store:
    """Open a history, make it where there is none, and bring its tables to this version.

    `url` is a path, `sqlite:///path` or `postgresql://...`. `wait_s` bounds the wait for a lock.
    `answer_days` is for answers that are kept from now on, None for none. Raises
    `HistoryUnavailableError` and `HistoryTooNewError`.
    """
    database = connect_or_create(url, wait_s)
    try:
        before = migrate(database, migrations)
    except BaseException:
        database.close()
        raise
    return Store(database, now, answer_days, display_name(url), before)


def open_existing(
    url: str,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait_s: float = 5.0,
    answer_days: int | None = answers.DEFAULT_DAYS,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> Store:
    """Open a history that is there and of this version; nothing is made, and no table changed.

    `answer_days` is as for `open_store`. Raises: `HistoryNotFoundError`, `HistoryTooOldError`,
    `HistoryTooNewError` and `HistoryUnavailableError`.
    """
    database = connect_existing(url, wait_s, lambda current: check_version(current, migrations))
    return Store(database, now, answer_days, display_name(url))


def upgrade(url: str, *, wait_s: float = 5.0, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring a history that is there to this version; the version before.

    Raises as `open_existing` does, but for `HistoryTooOldError`.
    """
    with closing(connect_existing(url, wait_s, lambda _: None)) as database:
        return migrate(database, migrations)
