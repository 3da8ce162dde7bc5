"""History in PostgreSQL, for several machines. psycopg is needed here only: extra `postgres`."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from forwardc.runtime.history.database import Row, Transaction, clean
from forwardc.runtime.history.errors import HistoryUnavailable

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

_WORDS: Final = {
    "seq": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    "int": "BIGINT",
    # Bytes in order, as SQLite compares: the start of a reference is then a range of an index.
    "text": 'TEXT COLLATE "C"',
    "table": "",
    "keyed": "",
    "tables": "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = ?",
    # The number is made up; everybody who upgrades takes the same one.
    "alone": "SELECT pg_advisory_xact_lock(7126031811)",
}
_LONGEST_STATEMENT_S: Final = 30
# SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html, longest first.
_REASONS: Final = (
    ("53100", "cannot grow: the disk is full"),
    ("55P03", "is locked by another process"),
    ("57014", "took too long to answer"),
    ("25006", "cannot be written"),
    ("42501", "does not let this user in"),
    ("XX00", "is damaged"),
    ("08", "cannot be reached"),
    ("28", "does not let this user in"),
    ("3D", "does not exist"),
    ("40", "was changed by somebody else at the same time"),
    ("53", "has no room for another connection"),
    ("57", "is shutting down"),
)


class Postgres:
    """A `Database` behind a URL. The connection is renewed where the server has dropped it."""

    def __init__(self, url: str, wait_s: float) -> None:
        self._url = url
        self._wait_s = wait_s
        self._lock = threading.RLock()
        self._connection = self._connect()

    @property
    def words(self) -> Mapping[str, str]:
        """What PostgreSQL says for the names in braces."""
        return _WORDS

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`, and return once it is on the server's disk."""
        return self._do(work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` in one transaction."""
        return self._do(work)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def _do(self, work: Callable[[Transaction], T]) -> T:
        import psycopg

        with self._lock:
            self._renew()
            try:
                with self._connection.transaction():
                    return work(_Statements(self._connection))
            except psycopg.Error as problem:
                raise _explained(problem) from None

    def _renew(self) -> None:
        """Connect again where the connection has ended since; nothing has been asked yet."""
        import psycopg

        try:
            if not self._connection.closed:
                self._connection.execute("SELECT 1")
                return
        except psycopg.Error:
            self._connection.close()
        self._connection = self._connect()

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        try:
            import psycopg
        except ImportError:
            raise HistoryUnavailable(
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


class _Statements:
    """The statements of one transaction."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        self._connection = connection

    def run(self, statement: str, *values: Any) -> int:
        """Change something; the number of rows that were."""
        return self._cursor(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change something once for each row of values."""
        text = statement.replace("?", "%s").encode()
        with self._connection.cursor() as cursor:
            cursor.executemany(text, ([clean(value) for value in row] for row in rows))

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self._cursor(statement, values).fetchall()

    def _cursor(self, statement: str, values: tuple[Any, ...]) -> "psycopg.Cursor[Row]":
        # No statement of ours has a question mark or a percent sign of its own.
        text = statement.replace("?", "%s").encode()
        return self._connection.execute(text, [clean(value) for value in values])


def _explained(problem: "psycopg.Error") -> Exception:
    """What the operator can do something about. The driver's own text may name user and host."""
    import psycopg

    state = problem.sqlstate
    if state is None and isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError):
        return HistoryUnavailable(
            "the history's PostgreSQL cannot be reached",
            hint="is it running, and is the URL of --history right?",
        )
    if state is None and isinstance(problem, psycopg.ProgrammingError):
        return HistoryUnavailable("the URL of the history's PostgreSQL cannot be read")
    for start, reason in _REASONS:
        if state is not None and state.startswith(start):
            return HistoryUnavailable(f"the history in PostgreSQL {reason}")
    return problem
