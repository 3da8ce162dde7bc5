"""History in one file of SQLite, for one machine. Several processes may use it at once.

A write takes the file's one write lock with its begin and waits for it; readers see the state of
their begin in the log beside the file, and wait for nobody.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from forwardc.core.files.operator_file import plain_file, private_file
from forwardc.runtime.history.database import (
    Row,
    SavepointError,
    Statements,
    Transaction,
    UnchangingRows,
    sanitize,
)
from forwardc.runtime.history.database_errors import faults_of_sqlite
from forwardc.runtime.history.errors import HistoryLockedError, HistoryUnavailableError

T = TypeVar("T")

_DIALECT: Final = {
    "seq": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "int": "INTEGER",
    "text": "TEXT",
    "bytes": "BLOB",
    "table": " STRICT",
    "keyed": " STRICT, WITHOUT ROWID",
    "tables": "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?",
    # No statement has a time.
    "without_timeout": "SELECT 1",
    # Pages that an upgrade frees are not filled with zeros, as some builds of SQLite do: each one
    # would be written once more.
    "upgrading": "PRAGMA secure_delete = FAST",
}
# FULL syncs the log at each commit: what was committed survives the machine, not just the process.
_SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    # Pages of 4 KiB: a log of 16 MiB is brought into the file four times as seldom as by default.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    # Ids are random: any page of their indexes may be the next one. 32 MiB of them are kept.
    "PRAGMA cache_size = -32768",
)


class Sqlite:
    """A `Database` in a file.

    It and its folder are made where they lack, for their owner only; not without `make`.
    """

    is_local = True

    def __init__(self, path: Path, wait_s: float, *, make: bool = True) -> None:
        self._path = path
        self._wait_s = wait_s
        self._make = make
        # One transaction at a time: a connection has no more. Re-entrant, so that a work that asks
        # or closes its own database fails with the driver's error and does not wait for itself.
        self._lock = threading.RLock()
        self._is_closed = False
        self._unchanging = UnchangingRows()
        self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = _opened(self._path, self._wait_s, make=self._make)
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
        except sqlite3.Error as problem:
            connection.close()
            raise _explained(self._path, problem) from None
        return connection

    @property
    def dialect(self) -> Mapping[str, str]:
        """What SQLite says for the names in braces."""
        return _DIALECT

    def write(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`; what it changed is on the disk."""
        # Taking the write lock at once: a reader that turns writer could only fail.
        return self._do("BEGIN IMMEDIATE", work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work` on one state of the file."""
        return self._do("BEGIN", work)

    def new_connection(self) -> "Sqlite":
        """The same file, opened once more."""
        return Sqlite(self._path, self._wait_s, make=self._make)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _do(self, begin: str, work: Callable[[Transaction], T]) -> T:
        with self._lock:
            if self._is_closed:
                self._connection = self._connect()
                # Another file may be there by now.
                self._unchanging = UnchangingRows()
                self._is_closed = False
            try:
                self._connection.execute(begin)
                statements = _Statements(self._connection, self._explained, self._unchanging)
                result = work(statements)
                statements.flush()
                self._connection.execute("COMMIT")
                statements.committed()
            except BaseException as problem:
                self._roll_back()
                cause = problem.__cause__ if isinstance(problem, SavepointError) else problem
                if isinstance(cause, sqlite3.Error):
                    raise self._explained(cause) from None
                raise
            return result

    def _roll_back(self) -> None:
        # A full disk may have rolled back already.
        if not self._connection.in_transaction:
            return
        try:
            self._connection.execute("ROLLBACK")
        except (sqlite3.Error, MemoryError):
            # A transaction that stays open would stand in the way of every other one.
            self._connection.close()
            self._is_closed = True

    def _explained(self, problem: Exception) -> Exception:
        return _explained(self._path, problem)


def version_in(path: Path, wait_s: float) -> int:
    """The version of the history in a file that is there; 0 where it holds none.

    The file may be another program's: nothing of it is set or written. Raises
    `HistoryUnavailableError`.
    """
    connection = _opened(path, wait_s, make=False)
    try:
        if not connection.execute(_DIALECT["tables"], ("forwardc_history",)).fetchone():
            return 0
        (newest,) = connection.execute("SELECT max(version) FROM forwardc_history").fetchone()
        return int(newest or 0)
    except sqlite3.Error as problem:
        explained = _explained(path, problem)
        if explained is problem:
            return 0
        raise explained from None
    finally:
        connection.close()


def _opened(path: Path, wait_s: float, *, make: bool) -> sqlite3.Connection:
    try:
        real = private_file(path) if make else plain_file(path)
        # SQLite gives the log beside the file the same permissions.
        return sqlite3.connect(
            f"file:{quote(os.fsencode(real))}?mode=rw",
            uri=True,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
    except OSError as problem:
        raise HistoryUnavailableError(
            f"{path}: the history cannot be opened: {problem.strerror}"
        ) from None
    except sqlite3.Error:
        raise HistoryUnavailableError(f"{path}: the history cannot be opened") from None


def _explained(path: Path, problem: Exception) -> Exception:
    fault = next((fault for fault in faults_of_sqlite(problem) if fault.writing), None)
    if fault is None:
        return problem
    kind = HistoryLockedError if fault.is_lock else HistoryUnavailableError
    return kind(f"{path}: the history {fault.writing}", fault.hint)


class _Statements(Statements):
    """The statements of one transaction."""

    problems = sqlite3.Error

    def __init__(
        self,
        connection: sqlite3.Connection,
        explained: Callable[[Exception], Exception],
        unchanging: UnchangingRows,
    ) -> None:
        super().__init__(unchanging)
        self._connection = connection
        self._explained = explained

    def execute(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """Do one statement."""
        return self._connection.execute(statement, values)

    def explained(self, problem: Exception) -> Exception:
        """What a problem of SQLite means."""
        return self._explained(problem)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change something once for each row of values."""
        self._connection.executemany(statement, map(sanitize, rows))

    def stream(self, statement: str, *values: Any) -> Generator[Row, None, None]:
        """The rows of a query, of which few are in memory at once."""
        yield from self.execute(statement, sanitize(values))

    def exclusive(self) -> None:
        """Nothing to do: BEGIN IMMEDIATE has seen to it."""
