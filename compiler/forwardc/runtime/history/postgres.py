"""History in PostgreSQL, for several machines. psycopg is needed here only: extra `postgres`.

A transaction is READ COMMITTED by default: a statement sees what others have committed before.
One of ours that reads before it changes takes the lock of `exclusive` first, or has its condition
in the change itself.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from forwardc.runtime.history.database import (
    Row,
    SavepointError,
    Statements,
    Transaction,
    UnchangingRows,
    sanitize,
)
from forwardc.runtime.history.database_errors import faults_of_sqlstate
from forwardc.runtime.history.errors import (
    HistoryConflictError,
    HistoryLockedError,
    HistoryUnavailableError,
)

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

_DIALECT: Final = {
    "seq": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "int": "BIGINT",
    # Bytes in order, as SQLite compares: the start of a reference is then a range of an index.
    "text": 'TEXT COLLATE "C"',
    "bytes": "BYTEA",
    "table": "",
    "keyed": "",
    "tables": "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?",
    # The number is made up; everybody who must be exclusive takes the same one.
    "exclusive": "SELECT pg_advisory_xact_lock(7126031811)",
    # Nothing to set.
    "upgrading": "SELECT 1",
    # A new index of a long history may take any time. Of this transaction only.
    "without_timeout": "SET LOCAL statement_timeout = 0",
}
# Seconds that the server gives a statement: one that hangs holds up every run of this process,
# which has one connection. Migrations have no limit.
_LONGEST_STATEMENT_S: Final = 30
# Rows that the server sends at once where they are streamed.
_ROWS_AT_ONCE: Final = 1000
# PQTRANS_IDLE of libpq: no transaction is open.
_IDLE: Final = 0


class Postgres:
    """A `Database` behind a URL. The connection is renewed where the server has dropped it."""

    is_local = False

    def __init__(self, url: str, wait_s: float) -> None:
        self._url = url
        self._wait_s = wait_s
        # One transaction at a time: a connection has no more. Re-entrant as in `Sqlite`.
        self._lock = threading.RLock()
        self._unchanging = UnchangingRows()
        self._connection = self._connect()

    @property
    def dialect(self) -> Mapping[str, str]:
        """What PostgreSQL says for the names in braces."""
        return _DIALECT

    def write(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`; what it changed is on the server's disk."""
        return self._do(work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work` in one transaction."""
        return self._do(work)

    def new_connection(self) -> "Postgres":
        """The same database on a connection of its own."""
        return Postgres(self._url, self._wait_s)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def _do(self, work: Callable[[Transaction], T]) -> T:
        import psycopg

        with self._lock:
            try:
                self._begin()
                statements = _Statements(self._connection, self._unchanging)
                result = work(statements)
                statements.flush()
                self._connection.execute("COMMIT")
                statements.committed()
            except BaseException as problem:
                self._roll_back()
                cause = problem.__cause__ if isinstance(problem, SavepointError) else problem
                if isinstance(cause, psycopg.Error):
                    raise _explained(cause) from None
                raise
            return result

    def _begin(self) -> None:
        """Begin, on a new connection where the server has dropped this one: nothing was asked."""
        import psycopg

        if not self._connection.closed:
            try:
                self._connection.execute("BEGIN")
            except psycopg.OperationalError:
                self._connection.close()
            else:
                return
        self._connection = self._connect()
        # The server that answers now may have a backup: rows of before need not be there.
        self._unchanging = UnchangingRows()
        self._connection.execute("BEGIN")

    def _roll_back(self) -> None:
        import psycopg

        if self._connection.closed or self._connection.info.transaction_status == _IDLE:
            return
        try:
            self._connection.execute("ROLLBACK")
        except (psycopg.Error, MemoryError):
            self._connection.close()

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        try:
            import psycopg
        except ImportError:
            raise HistoryUnavailableError(
                "a history in PostgreSQL needs the package psycopg",
                hint="pip install 'forwardc[postgres]'",
            ) from None
        milliseconds = round(self._wait_s * 1000)
        try:
            connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=max(2, round(self._wait_s))
            )
            # Whatever the server's default is: an intent is on its disk before anything is sent.
            connection.execute("SET synchronous_commit = on")
            connection.execute(f"SET lock_timeout = {milliseconds}".encode())
            connection.execute(f"SET statement_timeout = '{_LONGEST_STATEMENT_S}s'".encode())
        except psycopg.Error as problem:
            raise _explained(problem) from None
        return connection


class _Statements(Statements):
    """The statements of one transaction."""

    def __init__(
        self, connection: "psycopg.Connection[tuple[Any, ...]]", unchanging: UnchangingRows
    ) -> None:
        import psycopg

        super().__init__(unchanging)
        self.problems = psycopg.Error
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any]) -> "psycopg.Cursor[Row]":
        """Do one statement."""
        return self._connection.execute(_worded(statement), values)

    def explained(self, problem: Exception) -> Exception:
        """What a problem of PostgreSQL means."""
        return _explained(problem)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change something once for each row of values."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_worded(statement), map(sanitize, rows))

    def stream(self, statement: str, *values: Any) -> Generator[Row, None, None]:
        """The rows of a query, of which few are in memory at once."""
        with self._connection.cursor(name="stream") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            yield from cursor.execute(_worded(statement), sanitize(values))

    def exclusive(self) -> None:
        """Wait until no other transaction that has called this is under way."""
        self.execute(_DIALECT["exclusive"], ())


@lru_cache(maxsize=1024)
def _worded(statement: str) -> bytes:
    # No statement of ours has a question mark or a percent sign of its own.
    return statement.replace("?", "%s").encode()


def _explained(problem: Exception) -> Exception:
    """What the operator can do something about. The driver's own text may name user and host."""
    import psycopg

    state = problem.sqlstate if isinstance(problem, psycopg.Error) else None
    if state is None and isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError):
        return HistoryUnavailableError(
            "the history's PostgreSQL cannot be reached",
            hint="is it running, has it this database, and is the URL of --history right?",
        )
    if state is None and isinstance(problem, psycopg.ProgrammingError):
        return HistoryUnavailableError("the URL of the history's PostgreSQL cannot be read")
    fault = next((fault for fault in faults_of_sqlstate(state or "") if fault.writing), None)
    if fault is None:
        return problem
    message = f"the history in PostgreSQL {fault.writing}"
    if fault.is_lock:
        return HistoryLockedError(message)
    return HistoryConflictError(message) if fault.is_conflict else HistoryUnavailableError(message)
