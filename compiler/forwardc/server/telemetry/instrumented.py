"""The history and the lookup, with their failures counted. Whoever uses them sees no difference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from forwardc.runtime.history.database import Database, Transaction
from forwardc.runtime.history.errors import HistoryConflictError, HistoryUnavailableError
from forwardc.server.directory.payment_directory import (
    DirectoryColumns,
    DirectoryError,
    Instrument,
    PaymentDirectory,
)

T = TypeVar("T")
FailureCounter = Callable[[], None]


@dataclass(slots=True)
class InstrumentedDatabase:
    """A `Database`. What is contended will be done again, and is no failure yet."""

    inner: Database
    failed: FailureCounter
    quick: bool = False

    @property
    def words(self) -> Mapping[str, str]:
        """What stands for the names in braces of a migration."""
        return self.inner.words

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Do `work`, and return once it is on the disk."""
        return self._counted(self.inner.write, work)

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Do `work` on one state of the database."""
        return self._counted(self.inner.read, work)

    def another(self) -> Database:
        """The same database on a connection of its own, counted alike."""
        return instrumented(self.inner.another(), self.failed)

    def close(self) -> None:
        """Give the connection back."""
        self.inner.close()

    def _counted(
        self,
        do: Callable[[Callable[[Transaction], T]], T],
        work: Callable[[Transaction], T],
    ) -> T:
        try:
            return do(work)
        except HistoryConflictError:
            raise
        except HistoryUnavailableError:
            self.failed()
            raise


def instrumented(database: Database, failed: FailureCounter) -> Database:
    """A database whose failures are told."""
    return InstrumentedDatabase(database, failed, database.quick)


@dataclass(frozen=True, slots=True)
class InstrumentedDirectory:
    """A `PaymentDirectory`."""

    inner: PaymentDirectory
    failed: FailureCounter

    async def find(self, reference: str) -> Instrument | None:
        """The instrument of a reference."""
        try:
            return await self.inner.find(reference)
        except DirectoryError:
            self.failed()
            raise

    async def ready(self) -> None:
        """Ask without a reference. A probe that fails is no call that failed."""
        await self.inner.ready()

    async def supplies(self) -> DirectoryColumns | None:
        """What the lookup can tell."""
        return await self.inner.supplies()

    async def close(self) -> None:
        """Give connections back."""
        await self.inner.close()
