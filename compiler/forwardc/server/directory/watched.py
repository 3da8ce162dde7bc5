"""A lookup whose references are looked at as they are found, to warn once of guessable ones.

Knows no kind of lookup. Only references that the merchant has count: what others try says nothing.
"""

import logging
from typing import Final

from forwardc.server.directory.guessable_references import low_entropy_reason
from forwardc.server.directory.payment_directory import (
    DirectoryColumns,
    Instrument,
    PaymentDirectory,
)

ENOUGH: Final = 100

_LOG = logging.getLogger(__name__)


class EntropyCheckedDirectory:
    """A lookup in data that nobody reads whole. Keeps the first hundred references in memory."""

    def __init__(self, lookup: PaymentDirectory) -> None:
        self._lookup = lookup
        self._seen: set[str] | None = set()

    async def find(self, reference: str) -> Instrument | None:
        """The instrument of a reference."""
        found = await self._lookup.find(reference)
        if found is not None and self._seen is not None:
            self._seen.add(reference)
            if len(self._seen) >= ENOUGH:
                self._judge()
        return found

    async def ready(self) -> None:
        """Ask without a reference."""
        await self._lookup.ready()

    async def supplies(self) -> DirectoryColumns | None:
        """What the lookup can tell."""
        return await self._lookup.supplies()

    async def close(self) -> None:
        """Give connections back."""
        await self._lookup.close()

    def _judge(self) -> None:
        reason = low_entropy_reason(self._seen or ())
        self._seen = None
        if reason:
            _LOG.warning("FC0831 payment references can be guessed: %s", reason)
