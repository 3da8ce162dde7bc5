"""`forwardc run`: runs a compiled operation out of `build/`.

Options become a request here, the runtime runs it, and `run.output` shows the result.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli import candidates
from forwardc.cli.options import (
    build_option,
    environment_option,
    history_option,
    sandbox_option_for,
    secrets_option,
)
from forwardc.cli.output import json_option, problems, say, say_document, warnings
from forwardc.cli.run.request import (
    FILE,
    not_both,
    pairs_of,
    read_inputs,
    read_params,
    warn_of_arguments,
)
from forwardc.cli.run.resume import resume_run
from forwardc.cli.run.target import (
    RunTarget,
    journal_for,
    load_approved_operation,
    look_up_for,
    reach_sandbox,
    run_dependencies,
)
from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.cli.run.output import OutputOptions
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.model import Plan
    from forwardc.runtime.run.request import ClockAndIds, RunRequest
    from forwardc.runtime.run.result import RunResult
    from forwardc.runtime.secret_providers.plan_secrets import SecretResolver


@click.command(short_help="Run a compiled operation.")
@click.argument(
    "target", metavar="DEST[.OPERATION]", required=False, shell_complete=candidates.operations
)
@click.option("--via", "vault", help="Vault that holds the card.", shell_complete=candidates.vaults)
@environment_option()
@click.option("--resume", "run_id", metavar="RUN", help="Continue a run that was stopped.")
@click.option("--source", help="Id of the card at the vault, such as src_... or pm_...")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Goes with a source.")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param.")
@click.option(
    "--params",
    "params_file",
    type=FILE,
    help="Params as a JSON or TOML file, - for standard input; -p wins over it.",
)
@click.option("--inputs", "inputs_file", type=FILE, help="The same for what goes with a source.")
@click.option("--reference", help="Your reference, at most 80 characters; by default the run's id.")
@click.option("--without", multiple=True, metavar="ATOM", help="Leave out, such as card.cvc.")
@click.option("--idempotency-key", help="Yours: the same request again gives the recorded result.")
@secrets_option
@sandbox_option_for("Connect to")
@history_option
@click.option("--no-history", is_flag=True, help="Record nothing; such a run cannot be resumed.")
@click.option("--dry-run", is_flag=True, help="Show the masked requests and send nothing.")
@click.option("--curl", is_flag=True, help="Show each request as a masked curl command.")
@json_option
@build_option
def command(
    target: str | None,
    vault: str | None,
    environment: str | None,
    run_id: str | None,
    source: str | None,
    inputs: tuple[str, ...],
    params: tuple[str, ...],
    params_file: Path | None,
    inputs_file: Path | None,
    reference: str | None,
    without: tuple[str, ...],
    idempotency_key: str | None,
    secrets_file: Path | None,
    sandbox: str | None,
    history: str,
    no_history: bool,
    dry_run: bool,
    curl: bool,
    as_json: bool,
    build: Path,
) -> int:
    """Run an operation of a destination through a vault.

    The exit code tells the outcome: 0 approved, 10 declined, 11 rejected by the vault, 12 rejected
    by the destination, 13 unknown, 14 pending; 1 means that nothing was sent.
    """
    from forwardc.cli.run.output import OutputOptions
    from forwardc.core.diagnostics.sink import Sink

    if sandbox is not None and secrets_file is not None:
        raise click.UsageError("--secrets cannot go with --sandbox, which has values of its own.")
    run_target = RunTarget(build, sandbox, secrets_file, None if no_history else history)
    arguments = _RunArguments(
        source, inputs, params, params_file, inputs_file, reference, without, idempotency_key
    )
    output = OutputOptions(curl=curl, as_json=as_json)
    if run_id is not None:
        request = arguments.request()
        _refuse_beside_resume(target, vault, environment, request, dry_run=dry_run)
        return resume_run(run_id, request, arguments.shown(), run_target, output)
    if target is None or vault is None or environment is None:
        raise click.UsageError("name what to run: DEST[.OPERATION] --via VAULT --env ENVIRONMENT")
    sink = Sink()
    # Before params or secrets are looked at: what is not approved is refused whatever they are.
    approved_run = load_approved_operation(run_target, vault, target, environment, sink)
    if approved_run is None:
        return problems(sink, as_json)
    plan, operation, ambient = approved_run
    request = arguments.request()
    warn_of_arguments(plan, operation, *arguments.names(), sink)
    look_up = look_up_for(plan, build, sandbox, secrets_file, sink)
    if dry_run:
        return _preview(
            plan, operation, request, look_up, sink, ambient, curl=curl, as_json=as_json
        )
    return _run(plan, operation, request, look_up, run_target, sink, ambient, output)


@dataclass(frozen=True, slots=True)
class _RunArguments:
    """What the command line holds for a run."""

    source: str | None
    inputs: tuple[str, ...]
    params: tuple[str, ...]
    params_file: Path | None
    inputs_file: Path | None
    reference: str | None
    without: tuple[str, ...]
    idempotency_key: str | None

    def request(self) -> "RunRequest":
        """The request of these values. Raises `UsageError`."""
        from forwardc.runtime.run.request import RunRequest

        not_both(self.params_file, self.inputs_file)
        return RunRequest(
            source=self.source,
            inputs=read_inputs(self.inputs_file) | pairs_of("--input", self.inputs),
            texts=pairs_of("-p", self.params),
            params=read_params(self.params_file),
            reference=self.reference,
            without=frozenset(self.without),
            idempotency_key=self.idempotency_key,
        )

    def names(self) -> tuple[list[str], list[str]]:
        """The names of params and of inputs that stand in arguments."""
        return list(pairs_of("-p", self.params)), list(pairs_of("--input", self.inputs))

    def shown(self) -> list[str]:
        """The places of values that stand in arguments."""
        params, inputs = self.names()
        return [f"params.{name}" for name in params] + [f"inputs.{name}" for name in inputs]


def _refuse_beside_resume(
    target: str | None,
    vault: str | None,
    environment: str | None,
    request: "RunRequest",
    *,
    dry_run: bool,
) -> None:
    """What the record decides cannot be asked for again, in another way."""
    asked = (target, vault, environment, request.source, request.reference)
    if dry_run or request.without or request.idempotency_key or any(asked):
        raise click.UsageError(
            "--resume takes the run as it was recorded: give only sensitive values, in "
            "--params and --inputs, --secrets or --sandbox."
        )


def _run(
    plan: "Plan",
    operation: str,
    request: "RunRequest",
    look_up: "SecretResolver",
    run_target: RunTarget,
    sink: "Sink",
    ambient: "ClockAndIds",
    output: "OutputOptions",
) -> int:
    import asyncio

    from forwardc.cli.run.output import EarlyOutput
    from forwardc.runtime.run.journal import NoJournal
    from forwardc.runtime.run.run import run

    if request.idempotency_key is not None and run_target.history is None:
        sink.error(
            "FC0811",
            "without a history nobody can tell whether an idempotency key came before",
            hint="leave out --no-history, or the key",
        )
        return problems(sink, output.as_json)
    result, early = None, EarlyOutput(plan, sink, output)
    with run_target.recording(sink, begin=True) as store:
        if store is None and run_target.history is not None:
            return problems(sink, output.as_json)
        journal = (
            journal_for(plan, run_target, store, emulated=run_target.sandbox is not None)
            if store
            else NoJournal()
        )

        async def send() -> "RunResult | None":
            async with run_dependencies(
                plan, operation, run_target.sandbox, ambient, journal
            ) as dependencies:
                ended = await run(plan, operation, request, look_up, dependencies, sink)
                early.show(ended, dependencies)
                return ended

        result = reach_sandbox(lambda: asyncio.run(send()))
    return early.finish(result)


def _preview(
    plan: "Plan",
    operation: str,
    request: "RunRequest",
    look_up: "SecretResolver",
    sink: "Sink",
    ambient: "ClockAndIds",
    *,
    curl: bool,
    as_json: bool,
) -> int:
    from forwardc.cli.run.output import preview_json, preview_lines
    from forwardc.plan.digests import approval_digest
    from forwardc.runtime.run.run import preview

    requests = preview(plan, operation, request, look_up, sink, ambient)
    if requests is None:
        return problems(sink, as_json)
    digest = approval_digest(plan, operation)
    if as_json:
        say_document(preview_json(plan, operation, digest, requests, curl=curl), sink)
    else:
        warnings(sink)
        for line in preview_lines(plan, operation, digest, requests, curl=curl):
            say(line)
    return 0
