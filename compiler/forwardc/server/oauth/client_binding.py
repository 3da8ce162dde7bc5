"""Binds the clients of before to what the settings list, and finds entries that fit no client.

Done once at a start. What a call may ask for is decided by `auth.terms`.
"""

from typing import Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.server.oauth.clients import Clients
from forwardc.server.settings import ServerSettings

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
    _tell_unknown(settings, clients, sink)


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
    _tell_unknown(settings, clients, sink)


def _tell_unknown(settings: ServerSettings, clients: Clients, sink: Sink) -> None:
    known = {name for one in clients.listed() for name in (one.id, one.name)}
    for name in sorted(settings.clients.keys() - known):
        sink.warning(
            CODE,
            f"clients.{name}: no client has this id or name, so that nothing follows from it",
            hint="`forwardc clients list` shows them",
        )
