"""What the commands of `forwardc secrets` share: the plans, the way to the store, the table.

Knows no command and no value: values go from their source to the store.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from forwardc.cli.compiled_plans import compiled_plans, not_there, refuse_unapproved_use
from forwardc.cli.output import note, say_document, say_lines, table
from forwardc.cli.sandbox.link import SandboxUnreachableError, transport_to
from forwardc.core.diagnostics.excerpt_lines import Sources
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import plan_in, read_manifest
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from forwardc.plan.secret_names import identities_in
from forwardc.runtime.http.oauth import AccessTokenError, AccessTokens, client_of, report
from forwardc.runtime.http.send import Sender
from forwardc.runtime.secret_providers.plan_secrets import (
    SecretResolver,
    resolve_credentials,
    sandbox_resolver,
)
from forwardc.runtime.secret_providers.resolver import open_resolver
from forwardc.runtime.secret_providers.variable_names import (
    check_variable_names,
    warn_unused_variables,
)
from forwardc.runtime.secret_providers.vault_store import (
    STORE_CREDENTIAL,
    ExpectedSecret,
    SecretChange,
    StoreClient,
    StoredSecret,
    expected_secrets,
)

_Result = TypeVar("_Result")
_COLUMNS = ("name", "owner", "state", "version", "updated_at")


@dataclass(frozen=True, slots=True)
class Given:
    """The options that all four commands have."""

    destinations: tuple[str, ...]
    vault: str
    environment: str
    secrets_file: Path | None
    sandbox: str | None
    as_json: bool
    build: Path


@dataclass(frozen=True, slots=True)
class Work:
    """What the plans expect of the store: of the named destinations, and of all."""

    given: Given
    wanted: list[ExpectedSecret]
    all_wanted: list[ExpectedSecret]
    look_ups: dict[str, SecretResolver]
    keeper: Plan
    plans: Sequence[Plan]
    lock: Lock
    sink: Sink

    @property
    def any_shape(self) -> bool:
        """Whether values are made up."""
        return self.given.sandbox is not None

    def refuses(self, wanted: Sequence[ExpectedSecret]) -> bool:
        """Whether a secret may not be sent, which is told: nothing that uses it is approved."""
        if self.any_shape:
            return False
        refused = [self._refuses({one.name}, f"the secret {one.name}") for one in wanted]
        return any(refused)

    def refuses_all(self) -> bool:
        """Whether the vault may not be asked at all: nothing that stores a secret is approved."""
        names = {one.name for one in self.all_wanted}
        what = f"the credential of {self.given.vault}"
        return not self.any_shape and self._refuses(names, what)

    def _refuses(self, names: set[str], what: str) -> bool:
        users = [
            (plan, [key for key, one in plan.operations.items() if names & {*one.stored_secrets}])
            for plan in self.plans
        ]
        return refuse_unapproved_use(users, what, self.lock, self.sink)

    def used_elsewhere(self, one: ExpectedSecret) -> bool:
        """Whether a destination that is not named needs the secret, too."""
        return bool(self.given.destinations) and not one.destinations <= {*self.given.destinations}


def prepare(given: Given) -> Work | int:
    """Read the plans and the sources of values, or report what is wrong and return the code."""
    sink = Sink()
    plans, lock = _plans(given, sink)
    if sink.has_errors:
        return _report(given, [], sink)
    keeper = next((plan for plan in plans if plan.secret_store), None)
    if keeper is None:
        raise click.UsageError(
            f"No plan of {given.vault} for {given.environment} stores a secret at the vault."
        )
    all_wanted = expected_secrets(plans)
    asked = frozenset(given.destinations)
    wanted = [one for one in all_wanted if not asked or asked & one.destinations]
    look_ups = _look_ups(given, plans, sink)
    return Work(given, wanted, all_wanted, look_ups, keeper, plans, lock, sink)


def _plans(given: Given, sink: Sink) -> tuple[list[Plan], Lock]:
    """What a vault is asked by: compiled here, or for a sandbox of this machine as it was built."""
    if given.sandbox is not None:
        return _built(given, sink), Lock()
    found, lock = compiled_plans(given.build, given.vault, given.environment, sink)
    for name in given.destinations:
        if name not in found and not sink.has_errors:
            not_there(name, found, f"{given.vault} in {given.environment}", sink)
    return [found[name] for name in sorted(found)], lock


def _built(given: Given, sink: Sink) -> list[Plan]:
    manifest = read_manifest(given.build, sink)
    if manifest is None:
        return []
    built = [
        destination
        for vault, destination, environment in manifest.plans()
        if (vault, environment) == (given.vault, given.environment)
    ]
    names = sorted({*built, *given.destinations})
    where = (given.vault, given.environment)
    read = [plan_in(given.build, manifest, where[0], name, where[1], sink) for name in names]
    return [plan for plan in read if plan is not None]


def _look_ups(given: Given, plans: Sequence[Plan], sink: Sink) -> dict[str, SecretResolver]:
    wanted = identities_in(given.build, given.environment)
    if given.sandbox is not None:
        check_variable_names(os.environ, wanted, sink, refused=False)
        return {plan.destination: sandbox_resolver(plan, os.environ) for plan in plans}
    look_up = open_resolver(os.environ, given.secrets_file, sink, wanted)
    warn_unused_variables(look_up.names(), given.build, given.environment, sink)
    return {plan.destination: look_up for plan in plans}


def with_client(work: Work, action: Callable[[StoreClient], Awaitable[_Result]]) -> _Result | None:
    """Open the store and act on it; None, with the reason in the sink, where it stays shut."""
    sandbox, plan, store = work.given.sandbox, work.keeper, work.keeper.secret_store
    look_up = work.look_ups[plan.destination]
    keys = resolve_credentials(
        plan, [STORE_CREDENTIAL], look_up, work.sink, any_shape=work.any_shape
    )
    if work.sink.has_errors or store is None:
        return None

    async def go() -> _Result | None:
        async with Sender(transport_to(sandbox, work.plans) if sandbox else None) as sender:
            client = client_of(plan, keys, STORE_CREDENTIAL, store.scopes)
            try:
                key = (
                    await AccessTokens().token(client, sender) if client else keys[STORE_CREDENTIAL]
                )
            except AccessTokenError as problem:
                report(problem, work.sink)
                return None
            return await action(StoreClient(sender, store, plan.hosts.vault, key))

    try:
        return asyncio.run(go())
    except SandboxUnreachableError as problem:
        raise click.UsageError(f"--sandbox: {problem}") from None


def row(
    name: str, owner: str | None, state: str, stored: StoredSecret | None = None
) -> dict[str, Any]:
    """One secret as it is shown."""
    return {
        "name": name,
        "owner": owner,
        "state": state,
        "version": stored.version if stored else None,
        "updated_at": stored.updated_at if stored else None,
    }


def change_row(change: SecretChange) -> dict[str, Any]:
    """One secret with which something was done."""
    wanted = change.secret
    return row(wanted.name, wanted.id.owner, change.action, change.stored)


def show(work: Work, rows: Sequence[dict[str, Any]]) -> int:
    """Write the secrets and every diagnostic. Returns the exit code."""
    return _report(work.given, rows, work.sink)


def _report(given: Given, rows: Sequence[dict[str, Any]], sink: Sink) -> int:
    found = sink.sorted()
    if given.as_json:
        where = {"vault": given.vault, "environment": given.environment}
        say_document({**where, "secrets": list(rows)}, sink)
        return int(sink.has_errors)
    cells = [["-" if one[name] is None else str(one[name]) for name in _COLUMNS] for one in rows]
    if rows:
        say_lines(table([name.replace("_", " ") for name in _COLUMNS], cells))
    elif not sink.has_errors:
        note("No secrets.")
    if found:
        note(render(found, DiagnosticFormat.TEXT, Sources()).rstrip("\n"))
    return int(sink.has_errors)
