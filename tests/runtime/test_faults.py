"""A run whose database fails at any one of its calls: nothing twice, nothing lost, and told so.

What `test_kill.py` does to the process, this does to its database. Both share the judge.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import kills
import postgres
from faults import Faults
from forwardc.cli.main import run as cli
from forwardc.runtime.history import store as stores
from forwardc.runtime.history.database import Database
from forwardc.runtime.history.records import RunFilter, RunState, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.sandbox.serve import RunningSandbox, start_in_thread

ASKED = ("--via", "checkout", "--env", "sandbox", "--source", kills.SOURCE)
PARAMS = ("-p", "amount=1000", "-p", "currency=EUR")
# Approved, unknown, and: nothing was sent. And a mistake of ours, which is told as one.
CODES = {0, 13, 1, 2}


class Watched:
    """A history whose next command meets a fault, and a sandbox that counts what arrives."""

    def __init__(
        self, url: str, build: Path, sandbox: RunningSandbox, patch: pytest.MonkeyPatch
    ) -> None:
        self.url = url
        self.shared = ("--build", str(build), "--history", url, "--sandbox", sandbox.url)
        self.world = sandbox.world
        self.before = self.counts()
        self.known: set[str] = set()
        self.calls = 0
        self.is_armed = False
        self.faults: Faults | None = None
        self._armed: Callable[[Faults], None] = lambda faults: faults.arm(0)
        self._error: Callable[[], BaseException] | None = None
        for name in ("connect_or_create", "connect_existing"):
            patch.setattr(stores, name, self._watched(getattr(stores, name)))
        # The process of a command has ended when the next one asks.
        patch.setattr("forwardc.runtime.run.store_journal.is_dead", lambda _: True)

    def _watched(self, connect: Callable[..., Database]) -> Callable[..., Database]:
        def watched(*where: Any) -> Database:
            database = connect(*where)
            if self.is_armed and self.faults is None:
                self.faults = Faults(database, self._error)
                self._armed(self.faults)
            return database

        return watched

    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return kills.requests_of(self.world)[0], kills.effects_of(self.world)

    def run(
        self,
        arm: Callable[[Faults], None],
        *arguments: str,
        error: Callable[[], BaseException] | None = None,
    ) -> int:
        self.faults, self._armed, self._error = None, arm, error
        self.is_armed = True
        try:
            return cli(["run", *arguments, *self.shared])
        finally:
            self.is_armed = False
            self.calls = self.faults.end() if self.faults is not None else 0

    def new(self) -> StoredRun | None:
        """The run that is there since the last time."""
        with open_store(self.url) as store:
            found = [run.id for run in store.search(RunFilter(), limit=500).runs]
            fresh = [run_id for run_id in found if run_id not in self.known]
            self.known = set(found)
            assert len(fresh) <= 1
            return store.load(fresh[0]) if fresh else None

    def since(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What arrived, and what it did, since the last `mark`."""
        now = self.counts()
        pairs = [
            tuple(after - before for after, before in zip(new, old, strict=True))
            for new, old in zip(now, self.before, strict=True)
        ]
        return pairs[0], pairs[1]

    def mark(self) -> None:
        self.before = self.counts()


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with start_in_thread() as running:
        yield running


def none(faults: Faults) -> None:
    faults.arm(0)


@pytest.mark.parametrize(
    ("how", "error", "idempotent"),
    [
        ({}, None, False),
        ({"after": True}, None, False),
        ({"after": True}, None, True),
        ({"lasting": True}, None, False),
        ({}, MemoryError, False),
    ],
    ids=["once", "answer-lost", "answer-lost-honoured", "away", "no-memory"],
)
def test_at_every_call_of_sqlite(
    tmp_path: Path,
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    how: dict[str, bool],
    error: type[BaseException] | None,
    idempotent: bool,
) -> None:
    build = kills.build_folder(tmp_path / "build", idempotent=idempotent)
    watched = Watched(f"sqlite:///{tmp_path / 'history.db'}", build, sandbox, monkeypatch)
    at_every_call(watched, capfd, how, error, idempotent=idempotent)


def test_at_every_call_of_postgresql(
    postgres_server: postgres.Server,
    tmp_path: Path,
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    build = kills.build_folder(tmp_path / "build", idempotent=False)
    watched = Watched(postgres_server.history(), build, sandbox, monkeypatch)
    at_every_call(watched, capfd, {"after": True}, None, idempotent=False)


def at_every_call(
    watched: Watched,
    capfd: pytest.CaptureFixture[str],
    how: dict[str, bool],
    error: type[BaseException] | None,
    *,
    idempotent: bool,
) -> None:
    """Run, meet the fault, look, and continue what can be continued: for each call of a run."""
    open_store(watched.url).close()
    asked = ("stripe.payment", *ASKED, *PARAMS)
    assert watched.run(none, *asked) == 0
    calls = watched.calls
    assert calls > 20
    watched.new()
    for at in range(1, calls + 1):
        watched.mark()
        capfd.readouterr()
        code = watched.run(lambda one, at=at: one.arm(at, **how), *asked, error=error)  # type: ignore[misc]
        said = "".join(capfd.readouterr())
        record = watched.new()
        requests, effects = watched.since()
        kills.is_true(record, requests, effects, idempotent=idempotent)
        assert code in CODES, (at, said)
        assert "Traceback" not in said, at
        assert (code, effects) == (0, (1, 1, 1)) or "FC" in said, (at, said)
        if record is None or record.summary.state is RunState.DONE:
            continue
        again = watched.run(none, "--resume", record.id)
        with open_store(watched.url) as store:
            ended = store.load(record.id)
        kills.is_true(ended, *watched.since(), idempotent=idempotent)
        assert again in CODES - {2}, at
        assert again == 0 or not idempotent, (at, "".join(capfd.readouterr()))
