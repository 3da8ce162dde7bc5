"""`forwardc secrets`: keeps a vault's store of secrets in line with the plans in `build/`.

Options are read here, what is done is the runtime's. No value is ever shown.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from forwardc.cli import candidates
from forwardc.cli.options import (
    build_option,
    environment_option,
    sandbox_option_for,
    secrets_option,
)
from forwardc.cli.output import json_option

_Function = TypeVar("_Function", bound=Callable[..., int])
_OPTIONS: Final = (
    click.argument(
        "destinations",
        nargs=-1,
        metavar="[DEST]...",
        shell_complete=candidates.destinations,
    ),
    click.option(
        "--via",
        "vault",
        required=True,
        help="Vault that keeps the secrets.",
        shell_complete=candidates.vaults,
    ),
    environment_option(required=True),
    secrets_option,
    sandbox_option_for("With made-up values, connect to"),
    json_option,
    build_option,
)


def _with_options(function: _Function) -> _Function:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.group(short_help="Keep the secrets that a vault stores.")
def command() -> None:
    """Keep the secrets that a vault stores in line with the project.

    Where they go is compiled from the project, whatever build/ says; where an approval is needed,
    an operation that uses the secret must have your own.

    Without DEST, those of every destination. Shows names and versions, never a value; every
    command can be repeated.
    """


@command.command()
@_with_options
def push(**options: Any) -> int:
    """Create the secrets that are missing, and give the others their value anew.

    The vault does not give values back, so that they cannot be compared: each one that is there
    gets a new version.
    """
    from forwardc.cli.secrets.actions import SecretsOptions, change_row, prepare, show, with_client
    from forwardc.runtime.secret_providers.vault_store import push as push_all
    from forwardc.runtime.secret_providers.vault_store import values_to_store

    work = prepare(SecretsOptions(**options))
    if isinstance(work, int):
        return work
    if work.refuses(work.secrets):
        return show(work, [])
    values = values_to_store(work.secrets, work.look_ups, work.sink, any_shape=work.any_shape)
    changes = with_client(work, lambda client: push_all(client, work.secrets, values, work.sink))
    return show(work, [change_row(change) for change in changes or []])


@command.command(name="list")
@_with_options
def list_(**options: Any) -> int:
    """Show every secret at the vault, and whose it is."""
    from forwardc.cli.secrets.actions import SecretsOptions, prepare, row, show, with_client

    work = prepare(SecretsOptions(**options))
    if isinstance(work, int):
        return work
    if work.refuses_all():
        return show(work, [])
    there = with_client(work, lambda client: client.list(work.sink)) or {}
    owners = {secret.name: secret.id.owner for secret in work.all_secrets}
    named = {secret.name for secret in work.secrets}
    shown = [
        row(name, owners.get(name), "stored", stored)
        for name, stored in there.items()
        if name in named or not work.options.destinations
    ]
    return show(work, shown)


@command.command()
@_with_options
def check(**options: Any) -> int:
    """Say which secrets are missing, and which no plan names; 1 where one is missing."""
    from forwardc.cli.secrets.actions import SecretsOptions, prepare, row, show, with_client
    from forwardc.runtime.secret_providers.vault_store import compare

    work = prepare(SecretsOptions(**options))
    if isinstance(work, int):
        return work
    if work.refuses_all():
        return show(work, [])
    there = with_client(work, lambda client: client.list(work.sink))
    if there is None:
        return show(work, [])
    comparison = compare(work.secrets, frozenset(secret.name for secret in work.all_secrets), there)
    rows = [
        row(secret.name, secret.id.owner, "stored", stored) for secret, stored in comparison.present
    ]
    rows += [row(secret.name, secret.id.owner, "missing") for secret in comparison.missing]
    rows += [row(stored.name, None, "in no plan", stored) for stored in comparison.extra]
    for secret in comparison.missing:
        message = f"{work.options.vault} has no secret {secret.name}"
        work.sink.error("FC0817", message, hint="run `forwardc secrets push`")
    return show(work, rows)


@command.command()
@click.option("--yes", is_flag=True, help="Delete them; without it, only their names are shown.")
@_with_options
def delete(yes: bool, **options: Any) -> int:
    """Delete the secrets that the plans name, and no others.

    With DEST, a vendor's secret that another destination uses as well stays.
    """
    from forwardc.cli.secrets.actions import (
        SecretsOptions,
        change_row,
        prepare,
        row,
        show,
        with_client,
    )
    from forwardc.runtime.secret_providers.vault_store import delete as delete_all

    work = prepare(SecretsOptions(**options))
    if isinstance(work, int):
        return work
    if work.refuses_all():
        return show(work, [])
    in_use = [secret for secret in work.secrets if work.used_elsewhere(secret)]
    deletable = [secret for secret in work.secrets if not work.used_elsewhere(secret)]
    if not yes:
        names = ", ".join(secret.name for secret in deletable) or "nothing"
        raise click.UsageError(f"This would delete {names} at {work.options.vault}. Say --yes.")
    changes = with_client(work, lambda client: delete_all(client, deletable, work.sink))
    rows = [change_row(change) for change in changes or []]
    return show(work, [*rows, *(row(secret.name, secret.id.owner, "in use") for secret in in_use)])
