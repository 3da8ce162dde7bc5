"""Proves that a client knows its secret, in a time that does not tell whether the client exists.

A plain secret is compared and let go: what was proven is remembered as a digest
under a key of this process, for a few minutes, and for the very hash that proved it.
"""

import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import field
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.values import Secret
from forwardc.runtime.history.group_commit import GroupCommit
from forwardc.runtime.work_executor import WorkExecutor
from forwardc.server.oauth.clients import (
    Client,
    ScryptParameters,
    digest,
    find,
    has_form,
    new_parameters,
    parse_stored_hash,
)

# Hashes at once: each takes a core and 16 MiB, and calls need the other cores.
_THREADS: Final = 2
# Clients that wait: at two hashes in a tenth of a second the last one waits under two seconds.
_MOST_WAITING: Final = 32
# Proven secrets that are remembered: more than a merchant has clients.
_MOST_PROVEN: Final = 1024
# Seconds that a proof is remembered: a token lives for 900 at most, so that a client that asks for
# each of them anew is hashed once in a while only.
_PROVEN_S: Final = 300.0


class AuthenticatorBusyError(ForwardcError):
    """Too many secrets wait to be compared."""


@dataclass(slots=True)
class ClientAuthenticator:
    """Compares secrets, two at a time. `clock` gives seconds since the epoch."""

    commits: GroupCommit
    clock: Callable[[], float] = time.time
    _executor: WorkExecutor = field(
        default_factory=lambda: WorkExecutor("forwardc-scrypt", _THREADS), repr=False
    )
    _waiting: int = 0
    _nobody: ScryptParameters = field(default_factory=new_parameters, repr=False)
    _key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    _proven: OrderedDict[bytes, float] = field(default_factory=OrderedDict, repr=False)

    async def authenticate(self, client_id: str, secret: Secret) -> Client | None:
        """The client, where it exists, is not revoked and this is its secret; else None.

        Raises `AuthenticatorBusyError` and `HistoryUnavailableError`.
        """
        text = str(secret.reveal())
        if not has_form(text):
            # Nobody has such a secret, so that this tells nothing, and costs nothing.
            return None
        client = await self.commits.read(lambda tx: find(tx, client_id))
        hashes = client.hashes(round(self.clock() * 1000)) if client else ()
        if client is not None and any(self._was_proven(text, hashed) for hashed in hashes):
            return client
        good = await self._hashed(text, client, hashes)
        if good is None:
            return None
        self._remember(text, good)
        return client

    def close(self) -> None:
        """Take no more secrets."""
        self._executor.close(drop=True)

    async def _hashed(
        self, text: str, client: Client | None, hashes: tuple[str, ...]
    ) -> str | None:
        """The hash that the secret has, after the same work for everybody."""
        if self._waiting >= _MOST_WAITING:
            raise AuthenticatorBusyError
        self._waiting += 1
        try:
            return await self._executor.run(_compare, text, client, hashes, self._nobody)
        finally:
            self._waiting -= 1

    def _was_proven(self, text: str, hashed: str) -> bool:
        return time.monotonic() < self._proven.get(self._mark(text, hashed), 0.0)

    def _remember(self, text: str, hashed: str) -> None:
        self._proven[self._mark(text, hashed)] = time.monotonic() + _PROVEN_S
        if len(self._proven) > _MOST_PROVEN:
            self._proven.popitem(last=False)

    def _mark(self, text: str, hashed: str) -> bytes:
        return hmac.digest(self._key, f"{hashed}\0{text}".encode(), "sha256")


def _compare(
    text: str, client: Client | None, hashes: tuple[str, ...], nobody: ScryptParameters
) -> str | None:
    # Both secrets of a client share one recipe, so that an overlap costs no second hash.
    recipe = parse_stored_hash(client.secret_hash)[0] if client else nobody
    digested = digest(text, recipe)
    good = None
    for stored in hashes:
        if hmac.compare_digest(digested, parse_stored_hash(stored)[1]):
            good = stored
    return good
