"""Asks an SQLite file, opened for reading, in a few threads of its own.

Knows no column. A query over its time is broken off inside SQLite, and a thread that the disk does
not answer is left behind: there are never more threads than connections.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Final

from forwardc.files.kinds import LOOKUP_DATABASE
from forwardc.files.operator_file import check_plain
from forwardc.files.refused import FileRefused
from forwardc.partner.lookup.model import LookupFailed, LookupWrong
from forwardc.partner.lookup.rows import Row, Rows
from forwardc.partner.lookup.sql_query import Query
from forwardc.runtime.history.database_errors import faults_of_sqlite

# About a millisecond of SQLite's virtual machine between two looks at the clock.
_STEPS: Final = 20_000
_LOOKED_AT_EVERY_S: Final = 1.0
_PARTING_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question under way. `until` is by the clock that never goes back; `whole` asks for rows."""

    reference: str | None = field(repr=False)
    until: float
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Rows]" = field(repr=False)
    whole: bool = True

    def settle(self, rows: Rows | None, problem: Exception | None) -> None:
        """Tell the loop that waits, if it still does."""
        try:
            self.loop.call_soon_threadsafe(_settle, self.answer, rows, problem)
        except RuntimeError:
            return


def _settle(answer: "asyncio.Future[Rows]", rows: Rows | None, problem: Exception | None) -> None:
    if answer.done():
        return
    if problem is not None:
        answer.set_exception(problem)
    elif rows is not None:
        answer.set_result(rows)


class SqliteAsker:
    """A query on a file. Threads begin with the first question."""

    def __init__(self, path: Path, query: Query, *, timeout: float, connections: int) -> None:
        self._open = partial(_File, path, query.with_parameter(":reference"), timeout)
        self._timeout, self._connections = timeout, connections
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._threads: list[Thread] = []

    async def ask(self, reference: str | None) -> Rows:
        """The rows of a reference."""
        return await self._answered(reference, whole=True)

    async def describe(self) -> tuple[str, ...]:
        """The names of the columns: the query is compiled, and steps over no row."""
        return (await self._answered(None, whole=False)).names

    async def _answered(self, reference: str | None, *, whole: bool) -> Rows:
        if not self._threads:
            self._start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Rows] = loop.create_future()
        self._asked.put(_Asked(reference, monotonic() + self._timeout, loop, answer, whole))
        return await answer

    async def close(self) -> None:
        """End the threads, as soon as each has answered."""
        for _ in self._threads:
            self._asked.put(None)
        await asyncio.to_thread(_join, self._threads)
        self._threads = []

    def _start(self) -> None:
        for number in range(self._connections):
            name = f"forwardc-lookup-{number}"
            thread = Thread(target=_work, args=(self._asked, self._open), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()


def _join(threads: list[Thread]) -> None:
    until = monotonic() + _PARTING_S
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))


def _work(queue: "SimpleQueue[_Asked | None]", open_file: "Callable[[], _File]") -> None:
    file = open_file()
    while asked := queue.get():
        if monotonic() >= asked.until or asked.answer.cancelled():
            continue
        try:
            asked.settle(file.ask(asked.reference, asked.until, whole=asked.whole), None)
        except LookupFailed as problem:
            asked.settle(None, problem)
        except Exception as problem:
            # A mistake of ours, which whoever asked must see.
            asked.settle(None, problem)
    file.close()


class _File:
    """One thread's connection. A file that was replaced is opened again."""

    def __init__(self, path: Path, query: str, timeout: float) -> None:
        self._path, self._query, self._timeout = path.absolute(), query, timeout
        self._connection: sqlite3.Connection | None = None
        self._place: tuple[int, int] | None = None
        self._next_look = 0.0
        self._until = 0.0

    def ask(self, reference: str | None, until: float, *, whole: bool = True) -> Rows:
        self._until = until
        # A limit of none ends before the first row: what is left of the query is its columns.
        query = self._query if whole else f"SELECT * FROM (\n{self._query}\n) LIMIT 0"  # noqa: S608 - the operator's
        try:
            connection = self._opened()
            cursor = connection.execute(query, {"reference": reference})
            try:
                names = tuple(column[0] for column in cursor.description or ())
                return Rows(names, tuple(_texts(row) for row in cursor.fetchmany(2)))
            finally:
                cursor.close()
        except sqlite3.Error as problem:
            raise self._failed(problem) from None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        now = monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOKED_AT_EVERY_S
            place = _place(self._path)
            if place != self._place:
                self.close()
                self._place = place
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro", uri=True, timeout=self._timeout
            )
            self._connection.isolation_level = None
            self._connection.execute("PRAGMA query_only = ON").close()
            self._connection.set_progress_handler(self._is_late, _STEPS)
        return self._connection

    def _is_late(self) -> int:
        return monotonic() >= self._until

    def _failed(self, problem: sqlite3.Error) -> LookupFailed:
        # Mistakes of the module itself, such as text that is not UTF-8, have no name of SQLite's.
        name = getattr(problem, "sqlite_errorname", type(problem).__name__)
        faults = faults_of_sqlite(problem)
        reason = next((fault.reading for fault in faults if fault.reading), None)
        if name not in ("SQLITE_INTERRUPT", "SQLITE_ERROR"):
            self.close()
        kind = LookupWrong if any(fault.is_lasting for fault in faults) else LookupFailed
        return kind(
            f"the database {reason or f'refused the query ({name or type(problem).__name__})'}"
        )


def _place(path: Path) -> tuple[int, int] | None:
    """What tells a file from another. Raises `LookupFailed` for a pipe, which holds SQLite up."""
    try:
        check_plain(path, LOOKUP_DATABASE)
        found = path.stat()
    except FileRefused as problem:
        raise LookupFailed(f"the database cannot be opened: {problem.strerror}") from None
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _texts(row: tuple[Any, ...]) -> Row:
    return [_text(cell) for cell in row]


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return str(cell)
    raise LookupWrong("the row found has a cell that is no text and no whole number: cast it")
