"""A payment directory by one query on the merchant's own database.

The query has one parameter, `:reference`, and is cut where it stands; text in quotes, comments and
`::type` casts are read as SQLite and PostgreSQL both read them. Comments in comments, which they
read differently, are refused; `$tag$` quotes are PostgreSQL's, and SQLite refuses them when it is
first asked. A `QueryRunner` asks one database; `row_mapping` says what a row may hold.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import field
from typing import Final, Protocol, TypeAlias, TypeVar

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.server.directory.payment_directory import (
    DirectoryColumns,
    DirectoryError,
    DirectoryFaultError,
    Instrument,
)
from forwardc.server.directory.row_mapping import RowMapping, read_row_mapping

Row: TypeAlias = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class QueryRows:
    """The names of the columns, and the first rows: two are as bad as a hundred."""

    names: tuple[str, ...]
    first: tuple[Row, ...] = field(repr=False)


class NoSuchValueError(ForwardcError):
    """The reference is no value of the column that it is compared with, so no row has it."""


class QueryRunner(Protocol):
    """One query on one database, for an event loop that it never blocks.

    It reads only, so that a repeat is safe, and any method may be cancelled at any time: whoever
    asks bounds the time. Several questions may be under way at once.
    """

    async def ask(self, reference: str | None) -> QueryRows:
        """The rows of a reference, two at the most; None is the database's NULL.

        Raises: `DirectoryError` where the database cannot be asked, `DirectoryFaultError` where
        asking again changes nothing, `NoSuchValueError` where the reference is no value of its
        column.
        """
        ...

    async def describe(self) -> tuple[str, ...]:
        """The names of the query's columns; no row of it is read. Raises: as `ask`."""
        ...

    async def close(self) -> None:
        """Give connections back, or leave those behind that do not answer. Once, at the end."""
        ...


T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class SqlDirectory:
    """A lookup in a database. `timeout` is seconds, for waiting in the queue as well."""

    def __init__(
        self,
        runner: QueryRunner,
        *,
        timeout: float,
        vaults: Collection[str] | None = None,
        not_card: Collection[str] = (),
    ) -> None:
        self._runner, self._timeout = runner, timeout
        self._vaults, self._not_card = vaults, not_card
        self._checked: tuple[tuple[str, ...], RowMapping] | None = None
        self._logged = False

    async def find(self, reference: str) -> Instrument | None:
        """The instrument in the only row of the reference.

        Raises `DirectoryError`, and `DirectoryFaultError` for several rows or a wrong one.
        """
        if not _is_text(reference):
            return None
        try:
            rows = await self._ask(reference)
        except NoSuchValueError:
            self._log_no_such_value()
            return None
        if len(rows.first) > 1:
            raise DirectoryFaultError("the query found more than one row")
        columns = self._columns(rows.names)
        return columns.checked(rows.first[0]) if rows.first else None

    async def ready(self) -> None:
        """Ask for NULL: the database, the tables and the columns are there.

        Raises `DirectoryError` where they are not.
        """
        try:
            self._columns((await self._ask(None)).names)
        except NoSuchValueError:
            raise DirectoryError("the query cannot be asked for NULL") from None

    async def supplies(self) -> DirectoryColumns:
        """The columns that the database says the query has; no row is read for it."""
        return DirectoryColumns(self._columns(await self._within(self._runner.describe())).titles)

    async def close(self) -> None:
        """Give connections back."""
        await self._runner.close()

    async def _ask(self, reference: str | None) -> QueryRows:
        return await self._within(self._runner.ask(reference))

    async def _within(self, answer: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout):
                return await answer
        except TimeoutError:
            raise DirectoryError(f"the database did not answer in {self._timeout:g} s") from None

    def _columns(self, names: tuple[str, ...]) -> RowMapping:
        if self._checked is None or self._checked[0] != names:
            columns = read_row_mapping(
                names, keyed=False, vaults=self._vaults, not_card=self._not_card
            )
            if isinstance(columns, list):
                raise DirectoryFaultError(
                    "the columns of the query are wrong: " + "; ".join(columns)
                )
            self._checked = names, columns
        return self._checked[1]

    def _log_no_such_value(self) -> None:
        if not self._logged:
            self._logged = True
            _LOG.warning(
                "FC0830 a reference is no value of the column that the query compares it with; "
                "it is taken as not found"
            )


_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def _is_text(reference: str) -> bool:
    """Whether databases can hold it: no NUL, and no half of a surrogate pair."""
    return _UNSTORABLE.search(reference) is None


# The query, cut where its parameter stands.

_PIECE: Final = re.compile(
    r"""
      (?P<text>  [eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*`
               | \$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$ )
    | (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<cast> :: | := )
    | (?P<parameter> :[A-Za-z_]\w* )
    | (?P<numbered> \$[0-9]+ )
    | (?P<end> ; )
    | (?P<open> ['"`] | /\* )
    | (?P<word> \w+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_BEGINS: Final = frozenset({"select", "with", "values"})


@dataclass(frozen=True, slots=True)
class ReferenceQuery:
    """A query before and after its parameter."""

    before: str
    after: str

    def with_parameter(self, parameter: str) -> str:
        """The query with another word for its parameter."""
        return f"{self.before}{parameter}{self.after}"


def read_query(text: str) -> ReferenceQuery | list[str]:
    """The query, or all that is wrong with it."""
    pieces = [(match.lastgroup or "", match) for match in _PIECE.finditer(text.rstrip(" \t\r\n;"))]
    kinds = [kind for kind, _ in pieces]
    parameters = [match for kind, match in pieces if kind == "parameter"]
    words = [match[0].lower() for kind, match in pieces if kind == "word"]
    mistakes = [
        *(["a quote or comment is not closed"] if "open" in kinds else []),
        *(["it holds more than one statement"] if "end" in kinds else []),
        *(["it numbers its parameters: write :reference"] if "numbered" in kinds else []),
        *(["a comment stands in a comment"] if any(map(_nested, pieces)) else []),
        *(
            ["it does not begin with SELECT or WITH"]
            if words[:1] and words[0] not in _BEGINS
            else []
        ),
        *(["it is empty"] if not words else []),
    ]
    if any(match[0] != ":reference" for match in parameters):
        mistakes.append("it has another parameter than :reference")
    elif len(parameters) != 1:
        mistakes.append(f"it has :reference {len(parameters)} times, and needs it once")
    if mistakes:
        return mistakes
    (only,) = parameters
    whole = only.string
    return ReferenceQuery(whole[: only.start()], whole[only.end() :])


def _nested(piece: tuple[str, re.Match[str]]) -> bool:
    kind, match = piece
    return kind == "comment" and match[0].startswith("/*") and "/*" in match[0][2:]
