"""What the commands of `forwardc secrets` share: the plans, the way to the store, the table.

Values go from their provider to the store, and are shown nowhere.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from forwardc.cli.compiled_plans import compiled_plans, refuse_unapproved_use, report_not_built
from forwardc.cli.output import note, say_document, say_lines, table
from forwardc.cli.sandbox.link import SandboxUnreachableError, transport_to
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
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
class SecretsOptions:
    """The options that all four commands have."""

    destinations: tuple[str, ...]
    vault: str
    environment: str
    secrets_file: Path | None
    sandbox: str | None
    as_json: bool
    build: Path


@dataclass(frozen=True, slots=True)
class SecretsWork:
    """What the plans expect of the store: of the named destinations, and of all."""

    options: SecretsOptions
    secrets: list[ExpectedSecret]
    all_secrets: list[ExpectedSecret]
    look_ups: dict[str, SecretResolver]
    keeper: Plan
    plans: Sequence[Plan]
    lock: Lock
    sink: Sink

    @property
    def any_shape(self) -> bool:
        """Whether values are made up."""
        return self.options.sandbox is not None

    def refuses(self, secrets: Sequence[ExpectedSecret]) -> bool:
        """Whether a secret may not be sent, which is told: nothing that uses it is approved."""
        if self.any_shape:
            return False
        refused = [self._refuses({secret.name}, f"the secret {secret.name}") for secret in secrets]
        return any(refused)

    def refuses_all(self) -> bool:
        """Whether the vault may not be asked at all: nothing that stores a secret is approved."""
        names = {secret.name for secret in self.all_secrets}
        subject = f"the credential of {self.options.vault}"
        return not self.any_shape and self._refuses(names, subject)

    def _refuses(self, names: set[str], subject: str) -> bool:
        users = [
            (
                plan,
                [
                    key
                    for key, operation in plan.operations.items()
                    if names & {*operation.stored_secrets}
                ],
            )
            for plan in self.plans
        ]
        return refuse_unapproved_use(users, subject, self.lock, self.sink)

    def used_elsewhere(self, secret: ExpectedSecret) -> bool:
        """Whether a destination that is not named needs the secret, too."""
        return bool(self.options.destinations) and not secret.destinations <= {
            *self.options.destinations
        }


def prepare(options: SecretsOptions) -> SecretsWork | int:
    """Read the plans and the providers of values, or report what is wrong and return the code.

    Raises: `click.UsageError` where no plan stores a secret at the vault.
    """
    sink = Sink()
    plans, lock = _plans(options, sink)
    if sink.has_errors:
        return _report(options, [], sink)
    keeper = next((plan for plan in plans if plan.secret_store), None)
    if keeper is None:
        raise click.UsageError(
            f"No plan of {options.vault} for {options.environment} stores a secret at the vault."
        )
    all_secrets = expected_secrets(plans)
    asked = frozenset(options.destinations)
    secrets = [secret for secret in all_secrets if not asked or asked & secret.destinations]
    look_ups = _look_ups(options, plans, sink)
    return SecretsWork(options, secrets, all_secrets, look_ups, keeper, plans, lock, sink)


def _plans(options: SecretsOptions, sink: Sink) -> tuple[list[Plan], Lock]:
    """What a vault is asked by: compiled here, or for a sandbox of this machine as it was built."""
    if options.sandbox is not None:
        return _built(options, sink), Lock()
    plans, lock = compiled_plans(options.build, options.vault, options.environment, sink)
    for name in options.destinations:
        if name not in plans and not sink.has_errors:
            report_not_built(name, plans, f"{options.vault} in {options.environment}", sink)
    return [plans[name] for name in sorted(plans)], lock


def _built(options: SecretsOptions, sink: Sink) -> list[Plan]:
    manifest = read_manifest(options.build, sink)
    if manifest is None:
        return []
    built = [
        destination
        for vault, destination, environment in manifest.plans()
        if (vault, environment) == (options.vault, options.environment)
    ]
    names = sorted({*built, *options.destinations})
    where = (options.vault, options.environment)
    read = [plan_in(options.build, manifest, where[0], name, where[1], sink) for name in names]
    return [plan for plan in read if plan is not None]


def _look_ups(
    options: SecretsOptions, plans: Sequence[Plan], sink: Sink
) -> dict[str, SecretResolver]:
    identities = identities_in(options.build, options.environment)
    if options.sandbox is not None:
        check_variable_names(os.environ, identities, sink, refused=False)
        return {plan.destination: sandbox_resolver(plan, os.environ) for plan in plans}
    look_up = open_resolver(os.environ, options.secrets_file, sink, identities)
    warn_unused_variables(look_up.names(), options.build, options.environment, sink)
    return {plan.destination: look_up for plan in plans}


def with_client(
    work: SecretsWork, action: Callable[[StoreClient], Awaitable[_Result]]
) -> _Result | None:
    """Open the store and act on it; None, with the reason in the sink, where it stays shut.

    Raises: `click.UsageError` where there is no sandbox at the address of `--sandbox`.
    """
    sandbox, plan, store = work.options.sandbox, work.keeper, work.keeper.secret_store
    look_up = work.look_ups[plan.destination]
    keys = resolve_credentials(
        plan, [STORE_CREDENTIAL], look_up, work.sink, any_shape=work.any_shape
    )
    if work.sink.has_errors or store is None:
        return None

    async def act() -> _Result | None:
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
        return asyncio.run(act())
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
    secret = change.secret
    return row(secret.name, secret.id.owner, change.action, change.stored)


def show(work: SecretsWork, rows: Sequence[dict[str, Any]]) -> int:
    """Write the secrets and every diagnostic. Returns the exit code."""
    return _report(work.options, rows, work.sink)


def _report(options: SecretsOptions, rows: Sequence[dict[str, Any]], sink: Sink) -> int:
    findings = sink.sorted()
    if options.as_json:
        where = {"vault": options.vault, "environment": options.environment}
        say_document({**where, "secrets": list(rows)}, sink)
        return int(sink.has_errors)
    cells = [
        ["-" if secret[name] is None else str(secret[name]) for name in _COLUMNS] for secret in rows
    ]
    if rows:
        say_lines(table([name.replace("_", " ") for name in _COLUMNS], cells))
    elif not sink.has_errors:
        note("No secrets.")
    if findings:
        note(render(findings, DiagnosticFormat.TEXT, ExcerptLines()).rstrip("\n"))
    return int(sink.has_errors)
