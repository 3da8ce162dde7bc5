"""One short transaction at a time, on either database: the two ports, and all that they share.

A statement is written once, with `?` for its values. A driver (`sqlite`, `postgres`) opens
transactions and does single statements; `Statements` makes the rest of a `Transaction` of these.
What a database refuses for a reason of the operator's (locked, full, gone, damaged) becomes
`HistoryUnavailableError`; our mistakes stay as they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]

# Plans and requests that are remembered, a few kilobytes each: more than a project has of both.
_MOST_REMEMBERED: Final = 1000
_SAFE_TYPES: Final = frozenset({int, type(None)})


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

    def stream(self, statement: str, *values: Any) -> Generator[Row, None, None]:
        """The rows of a query, of which few are in memory at once.

        Other statements may be done meanwhile; none of them changes what is read here. To be
        closed before the transaction ends.
        """

    def defer(
        self, upsert: DeferredUpsert, numbers: tuple[int, ...], key: tuple[object, ...]
    ) -> None:
        """Do a statement at the end of the transaction, once for each key, and in their order.

        So that two transactions that change the same rows never wait for each other. What is
        deferred is not seen by `rows` before `flush`.
        """

    def flush(self) -> None:
        """Do what was deferred. A transaction ends with this; a repeat has nothing to do."""

    def recall(self, key: Hashable) -> Any:
        """What this transaction, or one that has come into force, remembered; None for nothing."""

    def remember(self, key: Hashable, value: object) -> None:
        """Let later transactions recall what they would read: a row that never changes.

        Not where this one, or the savepoint around this, does not come into force.
        """

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
        """What stands for the names in braces of a migration, and for statements of its own.

        `tables` asks for a table by name, `without_timeout` lets the transaction take any time, and
        `upgrading` sets what an upgrade needs.
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
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class UnchangingRows:
    """What the transactions of a database remember of rows that never change: the newest ones."""

    def __init__(self) -> None:
        self._rows: dict[Hashable, object] = {}

    def get(self, key: Hashable) -> Any:
        """What is remembered under a key; None for nothing."""
        return self._rows.get(key)

    def add(self, rows: Mapping[Hashable, object]) -> None:
        """Remember what has come into force."""
        self._rows.update(rows)
        while len(self._rows) > _MOST_REMEMBERED:
            del self._rows[next(iter(self._rows))]


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

    def __init__(self, unchanging: UnchangingRows) -> None:
        self._deferred: dict[tuple[DeferredUpsert, tuple[object, ...]], tuple[int, ...]] = {}
        self._unchanging = unchanging
        self._remembered: dict[Hashable, object] = {}

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
    def stream(self, statement: str, *values: Any) -> Generator[Row, None, None]:
        """The rows of a query, of which few are in memory at once."""

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

    def recall(self, key: Hashable) -> Any:
        """What this transaction, or one that has come into force, remembered; None for nothing."""
        return self._remembered.get(key) or self._unchanging.get(key)

    def remember(self, key: Hashable, value: object) -> None:
        """Let later transactions recall a row that never changes."""
        self._remembered[key] = value

    def committed(self) -> None:
        """What was remembered holds from now on. Called after the commit."""
        if self._remembered:
            self._unchanging.add(self._remembered)

    def savepoint(self, work: Callable[[Transaction], T]) -> T:
        """The result of `work`, of which nothing stays where it raises, while the rest does."""
        before, remembered = dict(self._deferred), dict(self._remembered)
        self.execute("SAVEPOINT work", ())
        try:
            result = work(self)
        except Exception as problem:
            self._deferred, self._remembered = before, remembered
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
