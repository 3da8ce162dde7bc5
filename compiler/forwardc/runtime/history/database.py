"""One short transaction at a time, on either database: the two ports, and all that they share.

A statement is written once, with `?` for its values. A driver (`sqlite`, `postgres`) opens
transactions and does single statements; `Statements` makes the rest of a `Transaction` of these.
What a database refuses for a reason of the operator's (locked, full, gone, damaged) becomes
`HistoryUnavailableError`; our mistakes stay as they are. Migrations run when a database is opened,
all in one transaction.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.history.errors import (
    HistoryTooNewError,
    HistoryTooOldError,
    HistoryUnavailableError,
)
from forwardc.runtime.history.migrations import Migration

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]

_SAFE_TYPES: Final = frozenset({int, type(None)})
_VERSION_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS forwardc_history (version {int} NOT NULL){table}"
)


class SavepointError(ForwardcError):
    """A savepoint cannot be rolled back alone: the whole transaction has failed. Has a cause."""


@dataclass(frozen=True, slots=True, eq=False)
class DeferredUpsert:
    """A statement that is done once for all the numbers that a transaction has for one key.

    It takes the numbers first, then the key; `merge` puts two numbers together, each in its place.
    """

    statement: str
    merge: tuple[Callable[[int, int], int], ...]


class Transaction(Protocol):
    """Statements that come into force together, or not at all.

    It is used by one thread at a time, the one in which its work is done, and never after its work
    has returned. Each method but `savepoint` raises the driver's own exception, which the
    `Database` explains when the whole transaction has failed: a work catches none of them. Nothing
    is safe to repeat by itself; a work is repeated whole, from its begin.
    """

    def run(self, statement: str, *values: Any) -> int:
        """Change something; the number of rows that were changed.

        `statement` has a `?` for each of `values`: texts, whole numbers, booleans, bytes or None.
        """

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change something once for each row of values."""

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a query, with what this transaction has changed."""

    def defer(
        self, upsert: DeferredUpsert, numbers: tuple[int, ...], key: tuple[object, ...]
    ) -> None:
        """Do a statement at the end of the transaction, once for each key, and in their order.

        So that two transactions that change the same rows never wait for each other. What is
        deferred is not seen by `rows` before `flush`.
        """

    def flush(self) -> None:
        """Do what was deferred. A transaction ends with this; a repeat has nothing to do."""

    def exclusive(self) -> None:
        """Wait until no other transaction that has called this is under way.

        It holds until the transaction ends; a repeat does nothing. Called before the first change,
        so that nobody waits here with rows that the one ahead needs.
        """

    def savepoint(self, work: Callable[["Transaction"], T]) -> T:
        """The result of `work`, of which nothing stays where it raises, while the rest does.

        Raises: what `work` raises, as `Database` explains it, and `SavepointError`.
        """


class Database(Protocol):
    """An open database. Its methods block, and may be called from any thread.

    A lock lets one transaction be under way at a time. A work may be done again where its
    connection was lost before it began, and is given up as a whole where it fails.
    `is_local`: a statement inside a transaction waits for nobody.
    """

    is_local: bool

    @property
    def dialect(self) -> Mapping[str, str]:
        """What stands for the names in braces of a migration, and for two statements of its own.

        `tables` asks for a table by name, `without_timeout` lets the transaction take any time.
        """

    def write(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`; what it changed is on the disk when this returns.

        Raises: `HistoryUnavailableError`, `HistoryConflictError` where the same work may succeed
        the next time, and what `work` raises; then nothing was changed. A repeat is another
        transaction.
        """

    def read(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work` on one state of the database. A repeat is safe.

        Raises: `HistoryUnavailableError`, and what `work` raises.
        """

    def new_connection(self) -> "Database":
        """The same database on a connection of its own, which its caller closes.

        Raises: `HistoryUnavailableError`.
        """

    def close(self) -> None:
        """Give the connection back, when the transaction under way has ended. A repeat is safe."""


def first_row(tx: Transaction, statement: str, *values: Any) -> Row | None:
    """The first row of a query, None without any."""
    return next(iter(tx.rows(statement, *values)), None)


def sanitize(values: Iterable[Any]) -> list[Any]:
    """Values as both databases take them: no NUL, no half of a surrogate pair, no bool."""
    # A call that is served has a hundred of them: what is fine costs no call of its own.
    return [
        value
        if (kind := type(value)) in _SAFE_TYPES
        or (kind is str and value.isascii() and "\0" not in value)
        else _sanitize(value)
        for value in values
    ]


def _sanitize(value: Any) -> Any:
    if isinstance(value, str):
        # A name of an enum is its text, and no driver's business.
        return _storable(str(value))
    return int(value) if isinstance(value, bool) else value


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Cursor(Protocol):
    """What a driver gives for a statement, in the thread that did it."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchall(self) -> list[Row]:
        """All rows of the query; the second time none."""


class Statements(ABC):
    """A `Transaction`. Each driver says how a single statement is done."""

    # The driver's own exceptions.
    problems: type[Exception]

    def __init__(self) -> None:
        self._deferred: dict[tuple[DeferredUpsert, tuple[object, ...]], tuple[int, ...]] = {}

    @abstractmethod
    def execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        """Do one statement. Raises: `problems`."""

    @abstractmethod
    def explained(self, problem: Exception) -> Exception:
        """What a problem of the driver means."""

    @abstractmethod
    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change something once for each row of values."""

    @abstractmethod
    def exclusive(self) -> None:
        """Wait until no other transaction that has called this is under way."""

    def run(self, statement: str, *values: Any) -> int:
        """Change something; the number of rows that were changed."""
        return self.execute(statement, sanitize(values)).rowcount

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self.execute(statement, sanitize(values)).fetchall()

    def defer(
        self, upsert: DeferredUpsert, numbers: tuple[int, ...], key: tuple[object, ...]
    ) -> None:
        """Do a statement at the end of the transaction, once for each key, and in their order."""
        place = (upsert, key)
        earlier = self._deferred.get(place)
        if earlier is not None:
            pairs = zip(upsert.merge, earlier, numbers, strict=True)
            numbers = tuple(merge(left, right) for merge, left, right in pairs)
        self._deferred[place] = numbers

    def flush(self) -> None:
        """Do what was deferred. The last thing before the commit."""
        # One order for all processes: two that hold rows of each other would wait for ever.
        places = sorted(self._deferred.items(), key=_order)
        self._deferred = {}
        for (upsert, key), numbers in places:
            self.run(upsert.statement, *numbers, *key)

    def savepoint(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`, of which nothing stays where it raises, while the rest does."""
        before = dict(self._deferred)
        self.execute("SAVEPOINT work", ())
        try:
            result = work(self)
        except Exception as problem:
            self._deferred = before
            self._roll_back(problem)
            if isinstance(problem, self.problems):
                raise self.explained(problem) from None
            raise
        self.execute("RELEASE SAVEPOINT work", ())
        return result

    def _roll_back(self, problem: Exception) -> None:
        try:
            self.execute("ROLLBACK TO SAVEPOINT work", ())
            self.execute("RELEASE SAVEPOINT work", ())
        except self.problems:
            raise SavepointError from problem


def _order(
    deferred: tuple[tuple[DeferredUpsert, tuple[object, ...]], tuple[int, ...]],
) -> list[str]:
    (upsert, key), _ = deferred
    return [*map(str, key), upsert.statement]


def migrate(database: Database, migrations: Sequence[Migration]) -> int:
    """Bring the tables to the last version; the version before, 0 where there were none.

    Raises: `HistoryTooNewError` where they are beyond it, and `HistoryUnavailableError`.
    """
    newest = migrations[-1].version
    if tables_version(database) == newest:
        return newest
    return database.write(lambda tx: _upgrade(tx, database, migrations))


def tables_version(database: Database) -> int:
    """The version of the tables, 0 where there are none of ours. Changes nothing.

    Raises: `HistoryUnavailableError`.
    """
    return database.read(lambda tx: _version(tx, database))


def check_version(current: int, migrations: Sequence[Migration]) -> None:
    """Accept tables of the last version only.

    Raises: `HistoryTooNewError` or `HistoryTooOldError`.
    """
    newest = migrations[-1].version
    if current > newest:
        raise _too_new(current, newest)
    if current < newest:
        raise HistoryTooOldError(
            f"the history has version {current}, and this forwardc works with version {newest}",
            hint="when no older forwardc uses it any more: `forwardc history upgrade`",
        )


def _too_new(current: int, newest: int) -> HistoryTooNewError:
    return HistoryTooNewError(
        f"the history has version {current}; this forwardc knows versions up to {newest}",
        hint="use the newer forwardc, or another history: --history PATH",
    )


def _version(tx: Transaction, database: Database) -> int:
    """The version of the tables, 0 where there are none."""
    exists = tx.rows(database.dialect["tables"], "forwardc_history")
    newest = first_row(tx, "SELECT max(version) FROM forwardc_history") if exists else None
    return int(newest[0]) if newest and newest[0] is not None else 0


def _upgrade(tx: Transaction, database: Database, migrations: Sequence[Migration]) -> int:
    dialect = database.dialect
    # Two processes that open an older history at once: the second one finds it upgraded.
    tx.exclusive()
    tx.run(dialect["without_timeout"])
    current, newest = _version(tx, database), migrations[-1].version
    if current > newest:
        raise _too_new(current, newest)
    if current == 0 and tx.rows(dialect["tables"], "runs"):
        raise HistoryUnavailableError("the database has a table of runs that is not forwardc's")
    tx.run(_in_dialect(_VERSION_TABLE, dialect))
    for migration in migrations:
        if migration.version > current:
            for statement in migration.script.split(";"):
                tx.run(_in_dialect(statement, dialect))
            tx.run("INSERT INTO forwardc_history (version) VALUES (?)", migration.version)
    return current


def _in_dialect(statement: str, dialect: Mapping[str, str]) -> str:
    for name, text in dialect.items():
        statement = statement.replace("{" + name + "}", text)
    return statement
