"""Databases that are down, slow, locked or gone: an answer in time, and an event loop that runs."""

import asyncio
import logging
import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import held_up
import postgres
from forwardc.server.directory.factory import open_directory
from forwardc.server.directory.payment_directory import DirectoryError, Instrument, PaymentDirectory
from forwardc.server.settings import SqlDirectorySettings
from patience import until
from ports import free_port

PLAIN = "SELECT vault, source FROM cards WHERE reference = :reference"
# Counts for longer than anybody waits, but for the reference r1.
ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) "
    "SELECT vault, source FROM cards WHERE reference = :reference "
    "AND (reference = 'r1' OR (SELECT count(*) FROM n) > 0)"
)
SLOW = (
    "SELECT vault, source FROM cards WHERE reference = :reference "
    "AND (reference = 'r1' OR pg_sleep(30) IS NOT NULL)"
)
FOUND = Instrument("stripe", "pm_a")


def lookup(
    url: str, query: str = PLAIN, *, timeout: float = 0.5, connections: int = 4
) -> PaymentDirectory:
    settings = SqlDirectorySettings(
        kind="sql", query=query, timeout=timeout, connections=connections
    )
    return open_directory(settings, Path("/"), {"FORWARDC_LOOKUP_URL": url}.get)


def walk(one: PaymentDirectory, work: Callable[[PaymentDirectory], Awaitable[None]]) -> None:
    """Do the work."""

    async def both() -> None:
        try:
            await work(one)
        finally:
            await one.close()

    with held_up.within():
        asyncio.run(both())


async def fails(one: PaymentDirectory, reference: str, reason: str) -> None:
    with pytest.raises(DirectoryError, match=reason):
        await one.find(reference)


async def all_fail(one: PaymentDirectory, reference: str, reason: str) -> None:
    """Many ask at once, each fails in its time, and the loop goes on meanwhile.

    In turns, four at a time, they would take 50 seconds.
    """
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating, began = asyncio.create_task(beat()), time.perf_counter()
    await asyncio.gather(*(fails(one, reference, reason) for _ in range(400)))
    beating.cancel()
    assert time.perf_counter() - began < 40
    # A loop that waits for the database itself has no time for one.
    assert beats > 5


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    fill(path)
    return path


def fill(path: Path, source: str = "pm_a") -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cards (reference, vault, source)")
    rows = [("r1", "stripe", source), ("slow", "stripe", source)]
    connection.executemany("INSERT INTO cards VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()


@pytest.fixture
def url(postgres_server: postgres.Server) -> str:
    made = postgres_server.database()
    with psycopg.connect(made, autocommit=True) as server:
        server.execute("CREATE TABLE cards (reference text, vault text, source text)")
        server.execute(
            "INSERT INTO cards VALUES ('r1', 'stripe', 'pm_a'), ('slow', 'stripe', 'pm_a')"
        )
    return made


def test_a_query_over_its_time_is_broken_off_in_sqlite(file: Path) -> None:
    async def work(one: PaymentDirectory) -> None:
        await all_fail(one, "slow", "did not answer in 0.5 s|took too long")
        assert await one.find("r1") == FOUND
        assert len([t for t in threading.enumerate() if "forwardc-lookup" in t.name]) == 4

    walk(lookup(f"sqlite:///{file}", ENDLESS), work)
    assert not [one for one in threading.enumerate() if "forwardc-lookup" in one.name]


def test_a_locked_file_fails_in_time_and_comes_back(file: Path) -> None:
    holder = sqlite3.connect(file, isolation_level=None)

    async def work(one: PaymentDirectory) -> None:
        assert await one.find("r1") == FOUND
        holder.execute("BEGIN EXCLUSIVE")
        await all_fail(one, "r1", "did not answer in 0.5 s|is locked")
        holder.execute("ROLLBACK")
        assert await one.find("r1") == FOUND

    walk(lookup(f"sqlite:///{file}"), work)
    holder.close()


def test_a_missing_or_damaged_file_is_told(file: Path, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but a text that is long enough for one\n" * 9)

    async def missing(one: PaymentDirectory) -> None:
        await fails(one, "r1", "cannot be opened")
        fill(tmp_path / "none.db")
        await asyncio.sleep(0)
        assert await one.find("r1") == FOUND

    async def damaged(one: PaymentDirectory) -> None:
        await fails(one, "r1", "is no database")

    walk(lookup(f"sqlite:///{tmp_path / 'none.db'}"), missing)
    walk(lookup(f"sqlite:///{tmp_path / 'text.db'}"), damaged)


def test_a_file_that_was_replaced_is_opened_again(file: Path, tmp_path: Path) -> None:
    async def work(one: PaymentDirectory) -> None:
        assert await one.find("r1") == FOUND
        fill(tmp_path / "next.db", "pm_next")
        (tmp_path / "next.db").replace(file)
        await asyncio.sleep(1.1)
        assert await one.find("r1") == Instrument("stripe", "pm_next")

    walk(lookup(f"sqlite:///{file}", connections=1), work)


def test_a_file_that_the_shop_writes_into_is_read_beside_it(file: Path) -> None:
    shop = sqlite3.connect(file, isolation_level=None)
    shop.execute("PRAGMA journal_mode = WAL")
    shop.execute("BEGIN IMMEDIATE")
    shop.execute("INSERT INTO cards VALUES ('r2', 'stripe', 'pm_b')")

    async def work(one: PaymentDirectory) -> None:
        assert await one.find("r1") == FOUND
        assert await one.find("r2") is None
        shop.execute("COMMIT")
        assert await one.find("r2") is not None

    walk(lookup(f"sqlite:///{file}"), work)
    shop.close()


def test_a_file_is_never_written(file: Path) -> None:
    file.chmod(0o444)
    before = file.read_bytes(), sorted(file.parent.iterdir())

    async def work(one: PaymentDirectory) -> None:
        assert await one.find("r1") == FOUND

    walk(lookup(f"sqlite:///{file}"), work)
    assert (file.read_bytes(), sorted(file.parent.iterdir())) == before


def test_a_slow_server_fails_in_time_and_its_queries_end(url: str) -> None:
    async def work(one: PaymentDirectory) -> None:
        await all_fail(one, "slow", "did not answer in 0.5 s|took too long")
        assert await one.find("r1") == FOUND

    walk(lookup(url, SLOW), work)
    # It would go on for 30 seconds.
    until(lambda: not running(url))


def running(url: str) -> int:
    with psycopg.connect(url) as server:
        found = server.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forwardc-lookup'"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_connections_are_kept_and_no_more_than_allowed(url: str) -> None:
    async def work(one: PaymentDirectory) -> None:
        for _ in range(3):
            assert await asyncio.gather(*(one.find("r1") for _ in range(64))) == [FOUND] * 64
        assert await asyncio.to_thread(running, url) == 3

    walk(lookup(url, connections=3, timeout=30), work)


def test_a_session_that_hangs_is_left_and_another_one_is_asked(url: str) -> None:
    """Not even the word that cancels its query is heard there."""

    async def work(one: PaymentDirectory) -> None:
        assert await one.find("r1") == FOUND
        (session,) = await asyncio.to_thread(sessions, url)
        os.kill(session, signal.SIGSTOP)
        try:
            began = time.perf_counter()
            await fails(one, "r1", "did not answer in 0.5 s")
            assert await one.find("r1") == FOUND
            # Psycopg alone would wait for ten seconds.
            assert time.perf_counter() - began < 8
        finally:
            os.kill(session, signal.SIGCONT)

    walk(lookup(url, connections=1), work)
    until(lambda: not running(url))


def sessions(url: str) -> list[int]:
    with psycopg.connect(url) as server:
        found = server.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'forwardc-lookup'"
        )
        return [pid for (pid,) in found]


def test_a_connection_that_the_server_ended_is_made_again(url: str) -> None:
    async def work(one: PaymentDirectory) -> None:
        for wait in (0.0, 0.1):
            assert await asyncio.gather(*(one.find("r1") for _ in range(8))) == [FOUND] * 8
            await asyncio.to_thread(end_all, url)
            await asyncio.sleep(wait)
        assert await one.find("r1") == FOUND

    walk(lookup(url, timeout=30), work)


def end_all(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'forwardc-lookup'"
        )


def test_a_server_that_is_down_fails_at_once() -> None:
    port = free_port()

    async def work(one: PaymentDirectory) -> None:
        await asyncio.gather(*(fails(one, "r1", "cannot be reached") for _ in range(64)))
        with pytest.raises(DirectoryError, match="cannot be reached"):
            await one.ready()

    walk(lookup(f"postgresql://canary:canary@127.0.0.1:{port}/canary"), work)


@contextmanager
def silent() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_never_answers_fails_in_time() -> None:
    async def work(one: PaymentDirectory) -> None:
        await all_fail(one, "r1", "did not answer in 0.5 s")

    with silent() as port:
        walk(lookup(f"postgresql://127.0.0.1:{port}/shop"), work)


def test_a_reference_that_is_no_value_of_the_column_is_not_found(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    query = "SELECT vault, source FROM cards WHERE reference = 'r1' AND 7 = :reference"

    async def work(one: PaymentDirectory) -> None:
        assert await one.find("7") == FOUND
        assert await one.find("canary") is None
        assert await one.find("9" * 80) is None
        await one.ready()

    with caplog.at_level(logging.WARNING):
        walk(lookup(url, query), work)
    assert [one.partition(" ")[0] for one in caplog.messages] == ["FC0830"]
    assert "canary" not in caplog.text


def test_nobody_is_let_in_without_a_word_of_the_url(url: str) -> None:
    async def work(one: PaymentDirectory) -> None:
        with pytest.raises(DirectoryError) as caught:
            await one.find("r1")
        assert str(caught.value).startswith("the database refuses the connection")
        assert "canary" not in str(caught.value)

    walk(lookup(url.replace("postgres@", "canary@")), work)
