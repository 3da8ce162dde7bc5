"""What callbacks need of a store, and what the store promises. Knows no database."""

from collections.abc import Sequence
from typing import Protocol

from forwardc.runtime.tokens.records import (
    Callback,
    Receipt,
    StoredCallback,
    TokenFilter,
    TokenPage,
    TokenRecord,
)


class TokenStore(Protocol):
    """Tokens and callbacks. Every method raises the history's own error where it is not there."""

    def receive(self, callback: Callback) -> Receipt:
        """Store a callback and what follows from it, in one transaction, once.

        It is a repetition where its digest is known, and where request, payment, token and status
        are known and it adds nothing to what is known of its token. A final result settles
        the run that waits for it. When this returns, everything is on disk.
        """
        ...

    def token(self, token: str) -> TokenRecord | None:
        """What is known of a token; None where no callback has named it."""
        ...

    def search(
        self, wanted: TokenFilter, *, cursor: int | None = None, limit: int = 100
    ) -> TokenPage:
        """Tokens, also those of a sandbox, those that changed last first."""
        ...

    def callbacks_of(self, token: str, limit: int = 100) -> Sequence[StoredCallback]:
        """The callbacks about a token, in the order of their arrival."""
        ...

    def settle_waiting(self) -> tuple[str, ...]:
        """Settle the runs that were under way when their callback came, of both sides; ids."""
        ...
