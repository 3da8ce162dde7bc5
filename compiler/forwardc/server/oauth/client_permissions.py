"""What a client may ask for, once it was believed: which destinations, and what it must know.

A client of this server's issuer is bound by its own record; the settings may narrow that, and bind
the clients of another issuer. Records are asked for again every few seconds and never trusted
longer, so that a revocation counts in every process.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from time import monotonic
from typing import Final, Protocol

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.group_commit import GroupCommit
from forwardc.server.oauth.clients import Clients, ClientStatus, client_statuses
from forwardc.server.oauth.verification_keys import KeysUnavailableError
from forwardc.server.settings import ClientSettings, ServerSettings


@dataclass(frozen=True, slots=True)
class ClientPermissions:
    """What one client may ask for. `require_identifiers` are names that each call must give."""

    destinations: frozenset[str]
    require_identifiers: frozenset[str] = frozenset()


class ClientRegistry(Protocol):
    """What is known of the clients of this server's issuer. For the event loop."""

    async def status(self, client_id: str) -> ClientStatus | None:
        """A client's record, a few seconds old at the most; None where there is none.

        Asked for each call; a repeat changes nothing.

        Raises: `KeysUnavailableError` where the history does not tell.
        """
        ...


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """What every client may ask for, by settings and records. No `registry`: another issuer's."""

    settings: ServerSettings
    registry: ClientRegistry | None = None

    async def permissions_of(self, client_id: str) -> ClientPermissions:
        """What a client may ask for. Raises: `KeysUnavailableError`."""
        status = await self.registry.status(client_id) if self.registry else None
        listed = frozenset(self.settings.destinations)
        # A record of an older forwardc says nothing: what is listed now, and nothing of later.
        bound = None if status is None else status.destinations
        allowed = listed if bound is None else listed & frozenset(bound)
        required: set[str] = set()
        for rules in self._rules(client_id, status):
            if rules.destinations is not None:
                allowed &= frozenset(rules.destinations)
            required.update(rules.require_identifiers)
        return ClientPermissions(allowed, frozenset(required))

    def _rules(self, client_id: str, status: ClientStatus | None) -> Iterator[ClientSettings]:
        """Those under its id, and under its name, which several clients may share."""
        names = {client_id} if status is None else {client_id, status.name}
        for name in names & self.settings.clients.keys():
            yield self.settings.clients[name]


# Records of clients as this process has them.

# A revocation takes effect within five seconds, the question included.
_ASK_AFTER_S: Final = 1.5
# Seconds that an answer is trusted: with the question under way, less than the five promised.
_TRUSTED_S: Final = 4.0


@dataclass(slots=True)
class ClientStatusCache:
    """`Revocations` out of the history. `clock` gives seconds that never go back."""

    commits: GroupCommit
    clock: Callable[[], float] = monotonic
    _statuses: Mapping[str, ClientStatus] = field(default_factory=dict)
    _asked_at: float | None = None
    _asking: "asyncio.Task[bool] | None" = field(default=None, repr=False)

    async def refresh(self) -> None:
        """Ask where it is time; wait for it only where what is known is too old.

        Raises `KeysUnavailableError` where it is too old, and the history does not tell.
        """
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
        status = self._statuses.get(client_id)
        return status is not None and status.revoked

    async def status(self, client_id: str) -> ClientStatus | None:
        """What is known of a client; one that is new here is asked for. Raises as `refresh`."""
        await self.refresh()
        if client_id not in self._statuses and not await self._ask():
            raise KeysUnavailableError("the history does not tell what a client may ask for")
        return self._statuses.get(client_id)

    def _age(self) -> float:
        return float("inf") if self._asked_at is None else self.clock() - self._asked_at

    async def _ask(self) -> bool:
        """Ask the history; whether it told."""
        began = self.clock()
        try:
            self._statuses = await self.commits.read(client_statuses)
        except (HistoryError, RuntimeError):
            # What is known counts until it is too old. A RuntimeError is an ending process's.
            return False
        self._asked_at = began
        return True


# Once at a start: clients of before are bound, and settings that fit no client are told.

CODE: Final = "FC0843"
BY: Final = "forwardc serve"


def bind_clients(settings: ServerSettings, clients: Clients, sink: Sink) -> None:
    """Bind each client that nobody bound, and warn of each (FC0843). Raises `HistoryError`.

    Clients of another issuer have no record here.
    """
    if settings.issuer.url is not None:
        return
    destinations = tuple(settings.destinations)
    for client_id, name in clients.bind_unbound(destinations, BY):
        sink.warning(
            CODE,
            f"the client {client_id} ({name}) was bound to nothing: from now on it may ask for"
            f" {', '.join(destinations)}, and for nothing that comes later",
            hint=f"`forwardc clients bind {client_id} --destination NAME` says otherwise",
        )
    _report_unknown(settings, clients, sink)


def report_unbound_clients(settings: ServerSettings, clients: Clients, sink: Sink) -> None:
    """Warn of what a start would bind, and of what would follow from nothing. As `bind_clients`."""
    if settings.issuer.url is not None:
        return
    for client_id, name in clients.unbound():
        sink.warning(
            CODE,
            f"the client {client_id} ({name}) is bound to nothing: a start binds it to"
            f" {', '.join(settings.destinations)}",
            hint=f"`forwardc clients bind {client_id} --destination NAME` says otherwise",
        )
    _report_unknown(settings, clients, sink)


def _report_unknown(settings: ServerSettings, clients: Clients, sink: Sink) -> None:
    clients_by_name = {name for client in clients.listed() for name in (client.id, client.name)}
    for name in sorted(settings.clients.keys() - clients_by_name):
        sink.warning(
            CODE,
            f"clients.{name}: no client has this id or name, so that nothing follows from it",
            hint="`forwardc clients list` shows them",
        )
