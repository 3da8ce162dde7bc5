"""One short transaction at a time, on either database. Knows no table but the version's.

A statement is written once, with `?` for its values. What a database refuses for a reason of the
operator's (locked, full, gone, damaged) becomes `HistoryUnavailableError`; our mistakes stay as
they are. Migrations run when a database is opened, all in one transaction.
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

_FINE: Final = frozenset({int, type(None)})
_VERSION_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS forwardc_history (version {int} NOT NULL){table}"
)


@dataclass(frozen=True, slots=True, eq=False)
class DeferredUpsert:
    """A statement that is done once for all the numbers that a transaction has for one key.

    It takes the numbers first, then the key; `merge` puts two numbers together, each in its place.
    """

    statement: str
    merge: tuple[Callable[[int, int], int], ...]


class Transaction(Protocol):
    """Statements that come into force together, or not at all."""

    def run(self, statement: str, *values: Any) -> int:
        """Change something; the number of rows that were."""

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Change something once for each row of values."""

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a query."""

    def defer(
        self, what: DeferredUpsert, numbers: tuple[int, ...], key: tuple[object, ...]
    ) -> None:
        """Do a statement at the end of the transaction, once for each key, and in their order.

        So that two transactions that change the same rows never wait for each other.
        """

    def flush(self) -> None:
        """Do what was gathered. A transaction ends with this, whoever calls it before."""

    def exclusive(self) -> None:
        """Wait until no other transaction that has called this is under way."""

    def savepoint(self, work: Callable[["Transaction"], T]) -> T:
        """Do `work` so that nothing of it stays where it raises, and the rest does.

        Raises what `work` raises, as `Database` explains it, and `SavepointError`.
        """


class SavepointError(ForwardcError):
    """A savepoint cannot be rolled back alone: the whole transaction has failed. Has a cause."""


class Database(Protocol):
    """An open database. Its methods may be called from any thread, one at a time.

    `quick`: a statement inside a transaction waits for nobody.
    """

    is_local: bool

    @property
    def dialect(self) -> Mapping[str, str]:
        """What stands for the names in braces of a migration."""

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`, and return once it is on the disk. Raises `HistoryUnavailableError`."""

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` on one state of the database. Raises `HistoryUnavailableError`."""

    def new_connection(self) -> "Database":
        """The same database on a connection of its own. Raises `HistoryUnavailableError`."""

    def close(self) -> None:
        """Give the connection back."""


def first_row(tx: Transaction, statement: str, *values: Any) -> Row | None:
    """The first row of a query, None without any."""
    return next(iter(tx.rows(statement, *values)), None)


def migrate(database: Database, migrations: Sequence[Migration]) -> int:
    """Bring the tables to the last version; the version before, 0 where there were none.

    Raises `HistoryTooNewError` where they are beyond it.
    """
    newest = migrations[-1].version
    if tables_version(database) == newest:
        return newest
    return database.write(lambda tx: _upgrade(tx, database, migrations))


def tables_version(database: Database) -> int:
    """The version of the tables, 0 where there are none of ours. Changes nothing."""
    return database.read(lambda tx: _known_version(tx, database))


def check_version(found: int, migrations: Sequence[Migration]) -> None:
    """Raise `HistoryTooNewError` or `HistoryTooOldError` where tables are of another version."""
    newest = migrations[-1].version
    if found > newest:
        raise _newer(found, newest)
    if found < newest:
        raise HistoryTooOldError(
            f"the history has version {found}, and this forwardc works with version {newest}",
            hint="when no older forwardc uses it any more: `forwardc history upgrade`",
        )


def _newer(current: int, newest: int) -> HistoryTooNewError:
    return HistoryTooNewError(
        f"the history has version {current}; this forwardc knows versions up to {newest}",
        hint="use the newer forwardc, or another history: --history PATH",
    )


def _known_version(tx: Transaction, database: Database) -> int:
    """The version of the tables, 0 where there are none."""
    exists = tx.rows(database.dialect["tables"], "forwardc_history")
    found = first_row(tx, "SELECT max(version) FROM forwardc_history") if exists else None
    return int(found[0]) if found and found[0] is not None else 0


def _upgrade(tx: Transaction, database: Database, migrations: Sequence[Migration]) -> int:
    dialect = database.dialect
    tx.exclusive()
    tx.run(dialect["without_timeout"])
    current, newest = _known_version(tx, database), migrations[-1].version
    if current > newest:
        raise _newer(current, newest)
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


def sanitize(values: Iterable[Any]) -> list[Any]:
    """Values as both databases take them: no NUL, no half of a surrogate pair, no bool."""
    # A call that is served has a hundred of them: what is fine costs no call of its own.
    return [
        value
        if (kind := type(value)) in _FINE or (kind is str and value.isascii() and "\0" not in value)
        else _clean(value)
        for value in values
    ]


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        # A name of an enum is its text, and no driver's business.
        return _whole(str(value))
    return int(value) if isinstance(value, bool) else value


def _whole(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


# --- statements: The statements of one transaction, the same on both databases. Knows no table and
# no driver.

T_statements = TypeVar("T_statements")


class Cursor(Protocol):
    """What a driver gives for a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchall(self) -> list[Row]:
        """All rows that were found."""


class Statements(ABC):
    """A `Transaction`. Each driver says how a statement is done."""

    # The driver's own exceptions.
    problems: type[Exception]

    def __init__(self) -> None:
        self._gathered: dict[tuple[DeferredUpsert, tuple[object, ...]], tuple[int, ...]] = {}

    @abstractmethod
    def execute(self, statement: str, values: Sequence[Any]) -> Cursor:
        """Do one statement."""

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
        """Change something; the number of rows that were."""
        return self.execute(statement, sanitize(values)).rowcount

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self.execute(statement, sanitize(values)).fetchall()

    def defer(
        self, what: DeferredUpsert, numbers: tuple[int, ...], key: tuple[object, ...]
    ) -> None:
        """Do a statement at the end of the transaction, once for each key, and in their order."""
        place = (what, key)
        known = self._gathered.get(place)
        if known is not None:
            pairs = zip(what.merge, known, numbers, strict=True)
            numbers = tuple(merge(one, other) for merge, one, other in pairs)
        self._gathered[place] = numbers

    def flush(self) -> None:
        """Do what was gathered. The last thing before the commit."""
        places = sorted(self._gathered.items(), key=_order)
        self._gathered = {}
        for (what, key), numbers in places:
            self.run(what.statement, *numbers, *key)

    def savepoint(self, work: Callable[[Transaction], T_statements]) -> T_statements:
        """Do `work` so that nothing of it stays where it raises, and the rest does."""
        before = dict(self._gathered)
        self.execute("SAVEPOINT part", ())
        try:
            result = work(self)
        except Exception as problem:
            self._gathered = before
            self._take_back(problem)
            if isinstance(problem, self.problems):
                raise self.explained(problem) from None
            raise
        self.execute("RELEASE SAVEPOINT part", ())
        return result

    def _take_back(self, problem: Exception) -> None:
        try:
            self.execute("ROLLBACK TO SAVEPOINT part", ())
            self.execute("RELEASE SAVEPOINT part", ())
        except self.problems:
            raise SavepointError from problem


def _order(
    gathered: tuple[tuple[DeferredUpsert, tuple[object, ...]], tuple[int, ...]],
) -> list[str]:
    (what, key), _ = gathered
    return [*map(str, key), what.statement]
