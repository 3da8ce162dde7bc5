"""What a database gives for one reference, and what every database of a lookup can do.

Knows no database and no column.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from forwardc.core.diagnostics.errors import ForwardcError

Row: TypeAlias = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class QueryRows:
    """The names of the columns, and the first rows: two are as bad as a hundred."""

    names: tuple[str, ...]
    first: tuple[Row, ...] = field(repr=False)


class NoSuchValueError(ForwardcError):
    """The reference is no value of the column that it is compared with, so no row has it."""


class QueryRunner(Protocol):
    """One query on one database. Answers in a loop that it never blocks."""

    async def ask(self, reference: str | None) -> QueryRows:
        """The rows of a reference; None is the database's NULL.

        Raises `DirectoryError` and `NoSuchValueError`. May be cancelled at any time.
        """
        ...

    async def describe(self) -> tuple[str, ...]:
        """The names of the query's columns, without a row of it. Raises `DirectoryError`."""
        ...

    async def close(self) -> None:
        """Give connections back, or leave those behind that do not answer."""
        ...
