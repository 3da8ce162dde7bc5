"""Clients as this process knows them: asked again every few seconds, never trusted longer.

A revocation counts by that, and to which destinations a client is bound.

Knows no token.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from forwardc.runtime.history.commits import GroupCommit
from forwardc.runtime.history.errors import HistoryError
from forwardc.server.oauth.bearer_tokens import KeysUnavailableError
from forwardc.server.oauth.clients import ClientStatus, client_statuses

# A revocation takes effect within five seconds, the question included.
_ASK_AFTER_S: Final = 1.5
_TRUSTED_S: Final = 4.0


@dataclass(slots=True)
class ClientStatusCache:
    """`Revocations` out of the history. `clock` gives seconds that never go back."""

    commits: GroupCommit
    clock: Callable[[], float] = monotonic
    _known: Mapping[str, ClientStatus] = field(default_factory=dict)
    _asked_at: float | None = None
    _asking: "asyncio.Task[bool] | None" = field(default=None, repr=False)

    async def refresh(self) -> None:
        """Ask where it is time; wait for it only where what is known is too old."""
        age = self._age()
        if age < _ASK_AFTER_S:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        if age >= _TRUSTED_S:
            # One caller that leaves must not take the answer from the others.
            await asyncio.shield(self._asking)
            if self._age() >= _TRUSTED_S:
                raise KeysUnavailableError("the history does not tell which clients are revoked")

    def holds(self, client_id: str) -> bool:
        """Whether a client was revoked when the history was asked last."""
        known = self._known.get(client_id)
        return known is not None and known.revoked

    async def standing(self, client_id: str) -> ClientStatus | None:
        """What is known of a client; one that is new here is asked for. As `refresh`."""
        await self.refresh()
        if client_id not in self._known and not await self._ask():
            raise KeysUnavailableError("the history does not tell what a client may ask for")
        return self._known.get(client_id)

    def _age(self) -> float:
        return float("inf") if self._asked_at is None else self.clock() - self._asked_at

    async def _ask(self) -> bool:
        """Ask the history; whether it told."""
        began = self.clock()
        try:
            self._known = await self.commits.read(client_statuses)
        except (HistoryError, RuntimeError):
            # What is known counts until it is too old. A RuntimeError is an ending process's.
            return False
        self._asked_at = began
        return True
