"""The statements of one transaction, the same on both databases. Knows no table and no driver."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from forwardc.runtime.history.database import (
    DeferredUpsert,
    Row,
    SavepointError,
    Transaction,
    sanitize,
)

T = TypeVar("T")


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
    def alone(self) -> None:
        """Wait until no other transaction that has called this is under way."""

    def run(self, statement: str, *values: Any) -> int:
        """Change something; the number of rows that were."""
        return self.execute(statement, sanitize(values)).rowcount

    def rows(self, statement: str, *values: Any) -> list[Row]:
        """All rows of a query."""
        return self.execute(statement, sanitize(values)).fetchall()

    def gather(
        self, what: DeferredUpsert, numbers: tuple[int, ...], key: tuple[object, ...]
    ) -> None:
        """Do a statement at the end of the transaction, once for each key, and in their order."""
        place = (what, key)
        known = self._gathered.get(place)
        if known is not None:
            pairs = zip(what.merge, known, numbers, strict=True)
            numbers = tuple(merge(one, other) for merge, one, other in pairs)
        self._gathered[place] = numbers

    def end(self) -> None:
        """Do what was gathered. The last thing before the commit."""
        places = sorted(self._gathered.items(), key=_order)
        self._gathered = {}
        for (what, key), numbers in places:
            self.run(what.statement, *numbers, *key)

    def part(self, work: Callable[[Transaction], T]) -> T:
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
