"""Asks an SQLite file, opened for reading, in a few threads of its own.

A query over its time is broken off inside SQLite, and a thread that the disk does
not answer is left behind: there are never more threads than connections.
"""

import sqlite3
import threading
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from forwardc.core.files.kinds import LOOKUP_DATABASE, FileRefusedError
from forwardc.core.files.operator_file import check_plain
from forwardc.runtime.history.database_errors import faults_of_sqlite
from forwardc.runtime.work_batches import WorkBatches
from forwardc.runtime.work_executor import WorkExecutor, run_blocking
from forwardc.server.directory.payment_directory import DirectoryError, DirectoryFaultError
from forwardc.server.directory.sql_directory import QueryRows, ReferenceQuery, Row

# About a millisecond of SQLite's virtual machine between two looks at the clock.
_STEPS: Final = 20_000
# Seconds between two looks whether the file was replaced by another one.
_LOOKED_AT_EVERY_S: Final = 1.0


class SqliteQueryRunner:
    """A query on a file. Threads begin with the first question, each with a connection."""

    def __init__(
        self, path: Path, query: ReferenceQuery, *, timeout: float, connections: int
    ) -> None:
        self._open = partial(_File, path, query.with_parameter(":reference"), timeout)
        self._timeout = timeout
        self._own = threading.local()
        self._executor = WorkExecutor(
            "forwardc-lookup", connections, may_hang=True, at_thread_end=self._close_own
        )
        self._batches = WorkBatches(self._executor)

    async def ask(self, reference: str | None) -> QueryRows:
        """The rows of a reference."""
        return await self._answered(reference, whole=True)

    async def describe(self) -> tuple[str, ...]:
        """The names of the columns: the query is compiled, and steps over no row."""
        return (await self._answered(None, whole=False)).names

    async def close(self) -> None:
        """End the threads, as soon as each has answered."""
        await run_blocking(self._executor.close)

    async def _answered(self, reference: str | None, *, whole: bool) -> QueryRows:
        until = monotonic() + self._timeout
        return await self._batches.run(partial(self._ask, reference, until, whole=whole))

    def _ask(self, reference: str | None, until: float, *, whole: bool) -> QueryRows:
        """Ask over the connection of this thread. Raises `DirectoryError`."""
        if monotonic() >= until:
            raise DirectoryError("the database took too long to answer")
        file: _File | None = getattr(self._own, "file", None)
        if file is None:
            file = self._own.file = self._open()
        return file.ask(reference, until, whole=whole)

    def _close_own(self) -> None:
        file: _File | None = getattr(self._own, "file", None)
        if file is not None:
            file.close()


class _File:
    """One thread's connection. A file that was replaced is opened again."""

    def __init__(self, path: Path, query: str, timeout: float) -> None:
        self._path, self._query, self._timeout = path.absolute(), query, timeout
        self._connection: sqlite3.Connection | None = None
        self._place: tuple[int, int] | None = None
        self._next_look = 0.0
        self._until = 0.0

    def ask(self, reference: str | None, until: float, *, whole: bool = True) -> QueryRows:
        self._until = until
        # A limit of none ends before the first row: what is left of the query is its columns.
        query = self._query if whole else f"SELECT * FROM (\n{self._query}\n) LIMIT 0"  # noqa: S608 - the operator's
        try:
            connection = self._opened()
            cursor = connection.execute(query, {"reference": reference})
            try:
                names = tuple(column[0] for column in cursor.description or ())
                return QueryRows(names, tuple(_texts(row) for row in cursor.fetchmany(2)))
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

    def _failed(self, problem: sqlite3.Error) -> DirectoryError:
        # Mistakes of the module itself, such as text that is not UTF-8, have no name of SQLite's.
        name = getattr(problem, "sqlite_errorname", type(problem).__name__)
        faults = faults_of_sqlite(problem)
        reason = next((fault.reading for fault in faults if fault.reading), None)
        if name not in ("SQLITE_INTERRUPT", "SQLITE_ERROR"):
            self.close()
        kind = DirectoryFaultError if any(fault.is_lasting for fault in faults) else DirectoryError
        return kind(
            f"the database {reason or f'refused the query ({name or type(problem).__name__})'}"
        )


def _place(path: Path) -> tuple[int, int] | None:
    """What tells a file from another. Raises `DirectoryError` for a pipe, which holds SQLite up."""
    try:
        check_plain(path, LOOKUP_DATABASE)
        status = path.stat()
    except FileRefusedError as problem:
        raise DirectoryError(f"the database cannot be opened: {problem.strerror}") from None
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _texts(row: tuple[Any, ...]) -> Row:
    return [_text(cell) for cell in row]


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return str(cell)
    raise DirectoryFaultError(
        "the row found has a cell that is no text and no whole number: cast it"
    )
