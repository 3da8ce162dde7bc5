"""What `forwardc clients` does: changes the table of clients, and the file of the server's keys.

A secret goes to standard output once, when it was made, and nowhere else. A new client is bound to
the destinations that are named, else to those that the server's settings list.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from forwardc.cli.findings import show
from forwardc.cli.history.opening import ChangeResult, change
from forwardc.cli.output import note, say, say_document, say_lines, table
from forwardc.cli.project_folder import in_project
from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.store import Store
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.history.writes import record_event
from forwardc.server.oauth.clients import Client, Clients, UnknownClientError
from forwardc.server.oauth.server_keys import (
    ServerKeysError,
    add_keys,
    forget,
    keys_of,
    make_file,
    read_file,
    use_newest,
)

_HEADER = ("ID", "NAME", "SCOPE", "DESTINATIONS", "ISSUED", "STATE")


def issue(
    name: str,
    scopes: Sequence[str],
    destinations: Sequence[str],
    by: str,
    history: str,
    as_json: bool,
) -> int:
    """Make a client, and show its secret. Returns the exit code, as all here do."""

    def work(store: Store) -> ChangeResult:
        client, secret = Clients(store).issue(name, scopes, by, destinations)
        return 0, _show_secret(client, secret, as_json=as_json)

    return change(history, work, as_json=as_json, begin=True)


def listed(history: str, as_json: bool) -> int:
    """Show every client."""

    def work(store: Store) -> ChangeResult:
        clients = Clients(store).listed()
        if as_json:
            return 0, {"clients": [_data(client) for client in clients]}
        if clients:
            say_lines(table(_HEADER, [_row(client) for client in clients]))
        else:
            note("There is no client; `forwardc clients issue NAME` makes one.")
        return 0, None

    return change(history, work, as_json=as_json)


def rotate(client_id: str, overlap_s: int, by: str, history: str, as_json: bool) -> int:
    """Give a client a new secret, and show it."""

    def work(store: Store) -> ChangeResult:
        client, secret = Clients(store).rotate(client_id, overlap_s, by)
        result = _show_secret(client, secret, as_json=as_json)
        if client.old_until is not None:
            note(f"The secret before it works until {_time(client.old_until)}.")
        return 0, result

    return change(history, _refusing_unknown(work), as_json=as_json)


def bind(client_id: str, destinations: Sequence[str], by: str, history: str, as_json: bool) -> int:
    """Say which destinations a client may ask for."""

    def work(store: Store) -> ChangeResult:
        client = Clients(store).bind(client_id, destinations, by)
        if not as_json:
            say(f"{client_id} may ask for {' '.join(client.destinations or ())}")
        return 0, _data(client)

    return change(history, _refusing_unknown(work), as_json=as_json)


def revoke(client_id: str, by: str, history: str, as_json: bool) -> int:
    """Revoke a client."""

    def work(store: Store) -> ChangeResult:
        Clients(store).revoke(client_id, by)
        if not as_json:
            say(f"{client_id} is revoked by {by}")
        return 0, {"client_id": client_id, "revoked": True}

    return change(history, _refusing_unknown(work), as_json=as_json)


def change_keys(file: Path, *, add: bool, use_newest: bool, as_json: bool) -> int:
    """Make or change a file of server keys, and show their thumbprints.

    Raises: `click.ClickException` where the file cannot be made, read or changed.
    """
    try:
        _do_to_keys(file, add, use_newest)
        keys = keys_of(read_file(file), file.name)
    except ServerKeysError as problem:
        raise _usage_error(problem) from None
    rows = [("signs" if not i else "verifies", str(key.kid)) for i, key in enumerate(keys.signing)]
    prints = keys.thumbprints[len(keys.signing) :]
    rows += [("seals" if not i else "opens", thumbprint) for i, thumbprint in enumerate(prints)]
    if as_json:
        say_document(
            {"keys": [{"use": use, "thumbprint": thumbprint} for use, thumbprint in rows]}, Sink()
        )
    else:
        say_lines(table(("USE", "THUMBPRINT"), rows))
    return 0


def forget_keys(history: str, by: str, *, as_json: bool) -> int:
    """Let the history accept other keys than those that were used before."""

    def work(store: Store) -> ChangeResult:
        now = store.timestamp()
        many = store.database.write(lambda tx: _forget(tx, by, now))
        if not as_json:
            say(f"{many} keys are forgotten; the next server to start says which ones are right")
        return 0, {"forgotten": many}

    return change(history, work, as_json=as_json)


def _forget(tx: Transaction, by: str, now: Timestamp) -> int:
    many = forget(tx)
    record_event(tx, "server-keys-forget", by, f"{many} keys", now)
    return many


def _do_to_keys(file: Path, add: bool, newest: bool) -> None:
    if add:
        add_keys(file)
    elif newest:
        use_newest(file)
    elif not make_file(file):
        raise ServerKeysError(f"{file}: the file is there", hint="--add adds keys to it")


def _usage_error(problem: ServerKeysError) -> click.ClickException:
    hint = f"\nHint: {problem.hint}" if problem.hint else ""
    return click.ClickException(f"{problem.message}{hint}")


def _refusing_unknown(work: Callable[[Store], ChangeResult]) -> Callable[[Store], ChangeResult]:
    """The same work, where a client that is not there is a mistake of the command line."""

    def checked(store: Store) -> ChangeResult:
        try:
            return work(store)
        except UnknownClientError as problem:
            text = f"{problem}; `forwardc clients list` shows them"
            raise click.BadParameter(text, param_hint="ID") from None

    return checked


def _show_secret(client: Client, secret: str, *, as_json: bool) -> dict[str, Any]:
    """Show a secret, but for JSON; the result as data."""
    result = {**_data(client), "client_secret": secret}
    if as_json:
        return result
    say(f"client  {client.id}")
    say(f"secret  {secret}")
    say(f"scope   {' '.join(client.scope)}")
    if client.destinations:
        say(f"for     {' '.join(client.destinations)}")
    note("The secret is shown this once, and kept as a hash only.")
    return result


def _data(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "name": client.name,
        "scope": list(client.scope),
        "destinations": None if client.destinations is None else list(client.destinations),
        "created_at": client.created_at,
        "rotated_at": client.rotated_at,
        "old_secret_until": _time(client.old_until) if client.old_until else None,
        "revoked_at": client.revoked_at,
    }


def _row(client: Client) -> tuple[str, ...]:
    if client.revoked_at:
        state = f"revoked {client.revoked_at}"
    elif client.rotated_at:
        state = f"active, secret of {client.rotated_at}"
    else:
        state = "active"
    bound = "not bound yet" if client.destinations is None else " ".join(client.destinations)
    named = (client.id, client.name, " ".join(client.scope), bound or "-")
    return (*named, client.created_at, state)


def _time(milliseconds: int) -> str:
    return Timestamp(datetime.fromtimestamp(milliseconds / 1000, UTC)).text


CODE: Final = "FC0843"
_DEFAULT: Final = "forwardc-server.toml"


def destinations_in_settings(file: Path | None) -> tuple[str, ...] | None:
    """The destinations of the server's settings; None where it is not known, with FC0843 shown."""
    if file is None and (default := Path(in_project(_DEFAULT))).is_file():
        file = default
    sink = Sink()
    destinations = _read(file, sink) if file is not None else None
    if destinations is None:
        sink.error(
            CODE,
            "which destinations the client may ask for is not said",
            hint="name them with --destination, or the server's file with --settings",
        )
    show(sink, "text", Path.cwd(), err=True)
    return destinations


def _read(file: Path, sink: Sink) -> tuple[str, ...] | None:
    try:
        from forwardc.server.settings_errors import read_settings
    except ImportError:
        raise click.ClickException(
            "reading settings needs more packages: pip install 'forwardc[server]'"
        ) from None
    settings = read_settings(file, sink)
    return None if settings is None else tuple(settings.destinations)
