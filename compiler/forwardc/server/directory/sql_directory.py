"""A lookup by one query on the merchant's own database.

Knows no database: `rows.Asker` asks one. What a row may hold is `columns`'.
"""

import asyncio
import logging
from collections.abc import Awaitable, Collection
from typing import TypeVar

from forwardc.server.directory.payment_directory import (
    DirectoryColumns,
    DirectoryError,
    DirectoryFaultError,
    Instrument,
)
from forwardc.server.directory.query_runner import NoSuchValueError, QueryRows, QueryRunner
from forwardc.server.directory.row_mapping import RowMapping, read_row_mapping

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class SqlDirectory:
    """A lookup in a database. `timeout` is seconds, for waiting in the queue as well."""

    def __init__(
        self,
        asker: QueryRunner,
        *,
        timeout: float,
        vaults: Collection[str] | None = None,
        not_card: Collection[str] = (),
    ) -> None:
        self._asker, self._timeout = asker, timeout
        self._vaults, self._not_card = vaults, not_card
        self._checked: tuple[tuple[str, ...], RowMapping] | None = None
        self._told = False

    async def find(self, reference: str) -> Instrument | None:
        """The instrument in the only row of the reference."""
        if not _is_text(reference):
            return None
        try:
            rows = await self._ask(reference)
        except NoSuchValueError:
            self._tell()
            return None
        if len(rows.first) > 1:
            raise DirectoryFaultError("the query found more than one row")
        columns = self._columns(rows.names)
        return columns.checked(rows.first[0]) if rows.first else None

    async def ready(self) -> None:
        """Ask for NULL: the database, the tables and the columns are there."""
        try:
            self._columns((await self._ask(None)).names)
        except NoSuchValueError:
            raise DirectoryError("the query cannot be asked for NULL") from None

    async def supplies(self) -> DirectoryColumns:
        """The columns that the database says the query has; no row is read for it."""
        return DirectoryColumns(self._columns(await self._within(self._asker.describe())).titles)

    async def close(self) -> None:
        """Give connections back."""
        await self._asker.close()

    async def _ask(self, reference: str | None) -> QueryRows:
        return await self._within(self._asker.ask(reference))

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

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            _LOG.warning(
                "FC0830 a reference is no value of the column that the query compares it with; "
                "it is taken as not found"
            )


def _is_text(reference: str) -> bool:
    """Whether databases can hold it: no NUL, and no half of a surrogate pair."""
    return "\0" not in reference and not any("\ud800" <= one <= "\udfff" for one in reference)
