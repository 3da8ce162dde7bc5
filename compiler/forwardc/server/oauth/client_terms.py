"""What a client may ask for, once it was believed: which destinations, and what it must know.

Knows no request. A client of this server's issuer is bound by its own record; the settings may
narrow that, and bind the clients of another issuer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from forwardc.server.oauth.clients import ClientStatus
from forwardc.server.settings import ClientSettings, ServerSettings


@dataclass(frozen=True, slots=True)
class ClientPermissions:
    """What one client may ask for. `require_identifiers` are names that each call must give."""

    destinations: frozenset[str]
    require_identifiers: frozenset[str] = frozenset()


class ClientRegistry(Protocol):
    """What is known of the clients of this server's issuer."""

    async def standing(self, client_id: str) -> ClientStatus | None:
        """A client's record; None where there is none. Raises `KeysUnavailableError`."""
        ...


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """The terms of every client, by settings and records. `known` is None for another issuer."""

    settings: ServerSettings
    known: ClientRegistry | None = None

    async def of(self, client_id: str) -> ClientPermissions:
        """The terms of a client. Raises `KeysUnavailableError`."""
        standing = await self.known.standing(client_id) if self.known else None
        listed = frozenset(self.settings.destinations)
        # A record of an older forwardc says nothing: what is listed now, and nothing of later.
        bound = None if standing is None else standing.destinations
        allowed = listed if bound is None else listed & frozenset(bound)
        required: set[str] = set()
        for rules in self._rules(client_id, standing):
            if rules.destinations is not None:
                allowed &= frozenset(rules.destinations)
            required.update(rules.require_identifiers)
        return ClientPermissions(allowed, frozenset(required))

    def _rules(self, client_id: str, standing: ClientStatus | None) -> Iterator[ClientSettings]:
        """Those under its id, and under its name, which several clients may share."""
        names = {client_id} if standing is None else {client_id, standing.name}
        for name in names & self.settings.clients.keys():
            yield self.settings.clients[name]
