"""What a client may ask for, once it was believed: which destinations, and what it must know.

Knows no request. A client of this server's issuer is bound by its own record; the settings may
narrow that, and bind the clients of another issuer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from forwardc.server.oauth.clients import Standing
from forwardc.server.settings import ClientRules, ServerSettings


@dataclass(frozen=True, slots=True)
class Terms:
    """What one client may ask for. `require_identifiers` are names that each call must give."""

    destinations: frozenset[str]
    require_identifiers: frozenset[str] = frozenset()


class Known(Protocol):
    """What is known of the clients of this server's issuer."""

    async def standing(self, client_id: str) -> Standing | None:
        """A client's record; None where there is none. Raises `KeysUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """The terms of every client, by settings and records. `known` is None for another issuer."""

    settings: ServerSettings
    known: Known | None = None

    async def of(self, client_id: str) -> Terms:
        """The terms of a client. Raises `KeysUnavailable`."""
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
        return Terms(allowed, frozenset(required))

    def _rules(self, client_id: str, standing: Standing | None) -> Iterator[ClientRules]:
        """Those under its id, and under its name, which several clients may share."""
        names = {client_id} if standing is None else {client_id, standing.name}
        for name in names & self.settings.clients.keys():
            yield self.settings.clients[name]
