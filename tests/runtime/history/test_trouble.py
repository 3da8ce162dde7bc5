"""What happens to a history that is old, new, locked, full, damaged, or gone."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

import postgres
from forwardc.core.terms.values import Secret
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import (
    HistoryError,
    HistoryTooNewError,
    HistoryUnavailableError,
)
from forwardc.runtime.history.idempotency_keys import withheld_digest
from forwardc.runtime.history.migrations import MIGRATIONS, Migration
from forwardc.runtime.history.records import NewRun, RunFilter
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.run.journal import JournalError
from forwardc.runtime.run.store_journal import StoreJournal
from stored_runs import OWNER, SHOWN, complete, intent_of, new_run, open_runs

LATER = Migration(
    MIGRATIONS[-1].version + 1, "ALTER TABLE runs ADD COLUMN mood TEXT; CREATE TABLE m (n {int})"
)
# A program of its own: it says how many runs it recorded.
WRITER = """
import sys
from stored_runs import complete, new_run
from forwardc.runtime.history.store import open_store
with open_store(sys.argv[1], wait_s=30) as store:
    for _ in range(10):
        print(complete(store, new_run()).id)
"""
READER = """
import sys
from forwardc.runtime.history.store import open_store
with open_store(sys.argv[1]) as store:
    print("there" if store.load(sys.argv[2]) else "lost")
"""
ROOT = Path(__file__).resolve().parents[3]
BROKEN = Migration(LATER.version, "CREATE TABLE half (n {int}); CREATE TABLE half (n {int})")


@pytest.fixture
def history_url(no_history_url: str) -> str:
    """Of what is told here the tables are a part."""
    return no_history_url


def refusal(url: str, **options: float) -> HistoryError:
    with pytest.raises(HistoryError) as caught:
        open_store(url, **options)
    return caught.value


@pytest.mark.parametrize("version", range(1, 15))
def test_an_older_history_is_brought_up_to_date(history_url: str, version: int) -> None:
    with open_store(history_url, migrations=MIGRATIONS[:version]) as old:
        run = recorded_by_version_1(old)
    with open_store(history_url, migrations=(*MIGRATIONS, LATER)) as new:
        assert new.search(RunFilter()).runs[0].id == run
        assert new.database.read(lambda tx: tx.rows("SELECT mood FROM runs")) == [(None,)]
    # And what is up to date stays as it is.
    with open_store(history_url, migrations=(*MIGRATIONS, LATER)) as again:
        assert again.load(run) is not None


def recorded_by_version_1(store: Store) -> str:
    """A run as the first version wrote it, in the columns that there were then; its id."""
    values = {
        **dict.fromkeys(
            ("id", "digest", "reference", "owner", "operation", "asked_operation"), "x"
        ),
        **dict.fromkeys(("created_at", "updated_at"), "2026-11-20T12:00:00.000Z"),
        "environment": "sandbox",
        "vault": "checkout",
        "destination": "adyen",
        "state": "done",
        **dict.fromkeys(("params", "inputs"), "{}"),
        **dict.fromkeys(("sensitive_params", "without_atoms"), "[]"),
        **dict.fromkeys(("emulated", "fell_back", "attempts", "lease_until"), 0),
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    statement = f"INSERT INTO runs ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    store.database.write(lambda tx: tx.run(statement, *values.values()))
    return "x"


def test_a_newer_history_is_refused_and_not_touched(history_url: str) -> None:
    with open_store(history_url, migrations=(*MIGRATIONS, LATER)) as newer:
        run = complete(newer, new_run())
    problem = refusal(history_url)
    assert isinstance(problem, HistoryTooNewError)
    assert problem.diagnostic().code == "FC0818"
    assert f"version {LATER.version}" in problem.message
    with open_store(history_url, migrations=(*MIGRATIONS, LATER)) as newer:
        assert newer.load(run.id) is not None


def test_an_upgrade_that_fails_changes_nothing(history_url: str) -> None:
    with open_store(history_url) as old:
        run = complete(old, new_run())
    with pytest.raises((sqlite3.Error, psycopg.Error)):
        open_store(history_url, migrations=(*MIGRATIONS, BROKEN))
    with open_store(history_url, migrations=(*MIGRATIONS, LATER)) as new:
        assert new.load(run.id) is not None


def test_an_upgrade_may_take_its_time(
    postgres_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long history needs longer for an index than any statement of a run may."""
    monkeypatch.setattr("forwardc.runtime.history.postgres._LONGEST_STATEMENT_S", 1)
    slow = Migration(LATER.version, "SELECT pg_sleep(1.2)")
    url = postgres_server.database()
    with (
        open_store(url, migrations=(*MIGRATIONS, slow)) as new,
        pytest.raises(HistoryUnavailableError, match="too long"),
    ):
        new.database.read(lambda tx: tx.rows("SELECT pg_sleep(1.2)"))


def test_who_opens_a_history_that_is_being_upgraded_waits_for_it(history_url: str) -> None:
    """Longer than for any other lock: an upgrade of a long history takes minutes."""
    with open_store(history_url) as old:
        run = complete(old, new_run())
    begun, go_on = threading.Event(), threading.Event()

    def move(_: Transaction) -> None:
        begun.set()
        assert go_on.wait(60)

    slow = (*MIGRATIONS, replace(LATER, move=move))
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(open_store, history_url, migrations=slow)
        assert begun.wait(60)
        second = threads.submit(open_store, history_url, migrations=slow, wait_s=0.01)
        # A hundred times as long as it waits for a lock.
        assert not wait((second,), timeout=1.0).done
        assert refusal(history_url, wait_s=0.01, migrations=MIGRATIONS[:-1]).code == "FC0818"
        go_on.set()
        with first.result(60) as one, second.result(60) as other:
            assert (one.upgraded_from, other.upgraded_from) == (
                MIGRATIONS[-1].version,
                LATER.version,
            )
            assert other.load(run.id) is not None


def test_what_was_committed_is_on_the_disk(tmp_path: Path) -> None:
    """Of any process but that of the tests, which does without (`tests/conftest.py`)."""
    asked = (
        "import sys; from forwardc.runtime.history.store import open_store\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    print(*store.database._connection.execute('PRAGMA synchronous').fetchone())"
    )
    paths = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    command = [sys.executable, "-c", asked, str(tmp_path / "own.db")]
    done = subprocess.run(command, env=paths, capture_output=True, text=True, check=True)
    # FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
    assert done.stdout == "2\n"


def test_migrations_have_no_gap() -> None:
    assert [one.version for one in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_processes_that_make_the_tables_at_once_lose_nothing(history_url: str) -> None:
    paths = os.pathsep.join(str(ROOT / name) for name in ("compiler", "tests/support"))
    command = [sys.executable, "-c", WRITER, history_url]
    environment = {**os.environ, "PYTHONPATH": paths}
    writers = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    written = [writer.communicate(timeout=60)[0].split() for writer in writers]
    with open_store(history_url) as store:
        assert store.statistics(RunFilter()).count == 30
        assert {run.id for run in store.search(RunFilter()).runs} == set().union(*written)
        assert not open_runs(store)


def test_a_database_with_tables_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE runs (distance INTEGER)")
    other.close()
    assert "not forwardc's" in refusal(str(path)).message


def test_the_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history.db"
    with open_store(str(path)) as store:
        complete(store, new_run())
        made = [path, path.with_name("history.db-wal"), path.parent]
        assert [stat.S_IMODE(one.stat().st_mode) for one in made] == [0o600, 0o600, 0o700]


def test_a_file_that_is_opened_twice_here_loses_nothing_to_others(tmp_path: Path) -> None:
    """A server opens its history again and again, while commands come and go beside it."""
    path = tmp_path / "history.db"
    command = [sys.executable, "-c", READER, str(path)]
    paths = os.pathsep.join(str(ROOT / name) for name in ("compiler", "tests/support"))
    environment = {**os.environ, "PYTHONPATH": paths}

    def seen(run_id: str) -> bool:
        asked = [*command, run_id]
        done = subprocess.run(asked, env=environment, check=True, capture_output=True, text=True)
        return done.stdout == "there\n"

    with open_store(str(path)) as store:
        store.database.new_connection().read(lambda tx: tx.rows("SELECT 1"))
        open_store(str(path)).close()
        for _ in range(2):
            assert seen(complete(store, new_run()).id)


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_path_and_a_url_name_the_same_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "history.db"
    with open_store(form.format(path)) as store:
        complete(store, new_run())
    assert path.exists()


def test_three_slashes_and_a_name_are_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///history.db").close()
    assert (tmp_path / "history.db").exists()


def test_a_locked_file_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with open_store(str(path), wait_s=0.05) as store:
        run = new_run()
        store.begin(run)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryUnavailableError, match="locked by another process"):
            store.intent(run.id, OWNER, intent_of(run))
        # Reading goes on, and so does writing once the lock is gone.
        assert store.load(run.id) is not None
        other.close()
        assert store.intent(run.id, OWNER, intent_of(run)) == 1


def test_a_full_disk_sends_nothing_and_loses_nothing(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "history.db")) as store:
        run = new_run()
        store.begin(run)
        pages = store.database.read(lambda tx: tx.rows("PRAGMA page_count"))[0][0]
        store.database.read(lambda tx: tx.rows(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(HistoryUnavailableError, match="disk is full"):
            _try_for_ever(store, run)
        recorded = store.load(run.id)
        assert recorded is not None
        assert len(recorded.steps[0].attempts) == recorded.summary.attempts > 0
        store.database.read(lambda tx: tx.rows("PRAGMA max_page_count = 100000"))
        assert store.intent(run.id, OWNER, intent_of(run)) == recorded.summary.attempts + 1


def _try_for_ever(store: Store, run: NewRun) -> None:
    for _ in range(1000):
        store.not_sent(run.id, "pay", store.intent(run.id, OWNER, intent_of(run)), "x" * 99)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_text("this is a letter to my aunt\n" * 200)
    problem = refusal(str(path))
    assert (problem.code, "not a database" in problem.message) == ("FC0819", True)
    assert path.read_text().startswith("this is a letter")


def test_a_folder_where_nothing_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.db"
    open_store(str(path)).close()
    opened = sqlite3.connect
    # The tests' own user may write everywhere.
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda name, **options: opened(name.replace("mode=rw", "mode=ro"), **options),
    )
    with (
        pytest.raises(HistoryUnavailableError, match="cannot be written") as caught,
        open_store(str(path)) as store,
    ):
        complete(store, new_run())
    assert caught.value.hint is not None
    assert "a copy of it" in caught.value.hint


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with open_store(str(path)) as store:
        for _ in range(50):
            complete(store, new_run())
    content = bytearray(path.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(HistoryUnavailableError, match="damaged"):
        _use(str(path))


def _use(url: str) -> None:
    with open_store(url) as store:
        complete(store, new_run())
        store.search(RunFilter())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be opened" in refusal(str(tmp_path / "file" / "history.db")).message


@pytest.mark.parametrize("url", ["mysql://db/x", "http://db/x", "redis://"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    assert "none of them" in refusal(url).message


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    problem = refusal("postgresql://ann:hunter2@127.0.0.1:1/forwardc", wait_s=1)
    assert problem.code == "FC0819"
    assert "cannot be reached" in problem.message
    assert "hunter2" not in f"{problem.message}{problem.hint}{problem!r}{problem.__cause__}"


def test_a_url_that_cannot_be_read_is_told_without_it() -> None:
    problem = refusal("postgresql://ann:hunter2@[::1/forwardc?sslmode=maybe")
    assert "hunter2" not in f"{problem.message}{problem.hint}{problem!r}{problem.__cause__}"


def test_a_database_that_is_not_there(postgres_server: postgres.Server) -> None:
    assert refusal(postgres_server.url("nowhere")).code == "FC0819"


def test_a_connection_that_the_server_drops_is_made_anew(
    postgres_server: postgres.Server,
) -> None:
    url = postgres_server.database()
    with open_store(url) as store, psycopg.connect(url, autocommit=True) as admin:
        run = complete(store, new_run())
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        assert store.load(run.id) is not None


def test_a_server_that_comes_back_with_a_backup(postgres_server: postgres.Server) -> None:
    """What this process knows of plans and requests is of the history that was."""
    url, backup = postgres_server.database(), postgres_server.database()
    name, copied = (one.rpartition("/")[2].partition("?")[0] for one in (url, backup))
    with open_store(backup) as other:
        complete(other, new_run(digest="sha256:older"))
    with open_store(url) as store, psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        complete(store, new_run(digest="sha256:ours"))
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {copied}".encode())
        run = complete(store, new_run(digest="sha256:ours"))
        kept = store.load(run.id)
        assert kept is not None
        assert (kept.digest, kept.steps[0].request) == ("sha256:ours", SHOWN)


def test_a_journal_over_a_server_that_comes_back_with_a_backup(
    postgres_server: postgres.Server,
) -> None:
    """Where requests hold what is kept anew, and no digest of another history's key is kept."""
    url, backup = postgres_server.database(), postgres_server.database()
    name, copied = (one.rpartition("/")[2].partition("?")[0] for one in (url, backup))
    with open_store(backup):
        pass

    async def record(store: Store, admin: psycopg.Connection[Any]) -> tuple[NewRun, NewRun]:
        journal = StoreJournal(store)
        before = new_run(shapes='{"pay":{}}', withheld=await journal.digest(Secret("same")))
        await journal.begin(before)
        digest = await journal.digest(Secret("same"))
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {copied}".encode())
        with pytest.raises(JournalError, match="another one than a moment before"):
            await journal.begin(new_run(shapes='{"pay":{}}', withheld=digest))
        again = await journal.digest(Secret("same"))
        assert again not in (None, digest)
        run = new_run(shapes='{"pay":{}}', withheld=again)
        await journal.begin(run)
        return before, run

    with open_store(url) as store, psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        before, run = asyncio.run(record(store, admin))
        kept = store.load(run.id)
        assert (kept and kept.shapes, store.load(before.id)) == ({"pay": {}}, None)
        assert store.database.read(lambda tx: withheld_digest(tx, run.id)) == run.withheld


def test_a_locked_table_of_a_server(postgres_server: postgres.Server) -> None:
    url = postgres_server.database()
    with open_store(url, wait_s=0.05) as store, psycopg.connect(url) as other:
        run = new_run()
        store.begin(run)
        other.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(HistoryUnavailableError, match="locked by another process"):
            store.intent(run.id, OWNER, intent_of(run))
        other.rollback()
        assert store.intent(run.id, OWNER, intent_of(run)) == 1


def test_one_store_in_many_threads(history_url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with open_store(history_url) as store, ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(lambda _: complete(store, new_run()).id, range(24)))
        assert {run.id for run in store.search(RunFilter()).runs} == set(ids)
