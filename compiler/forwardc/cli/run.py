"""`forwardc run`: runs a compiled operation out of `build/`. Knows no vault and no destination.

Options are read here, results are shown by `run_output`, and everything between is the runtime's.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.output import note, say, say_json

if TYPE_CHECKING:
    from forwardc.diagnostics.sink import Sink
    from forwardc.plan.model import Plan
    from forwardc.runtime.secrets import Lookup
    from forwardc.runtime.shapes import Ambient, RunRequest, RunResult

IN_PROCESS = "in-process"


@click.command(short_help="Run a compiled operation.")
@click.argument("target", metavar="DEST[.OPERATION]")
@click.option("--via", "vault", required=True, help="Vault that holds the card.")
@click.option("--env", "environment", required=True, type=click.Choice(["sandbox", "production"]))
@click.option("--source", help="Id of the card at the vault, such as src_... or pm_...")
@click.option("--input", "inputs", multiple=True, metavar="NAME=VALUE", help="Goes with a source.")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param.")
@click.option(
    "--params",
    "params_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Params as a JSON or TOML file; -p wins over it.",
)
@click.option("--reference", help="Your reference, at most 80 characters; by default the run's id.")
@click.option("--without", multiple=True, metavar="ATOM", help="Leave out, such as card.cvc.")
@click.option("--idempotency-key", help="The destination's key; by default one for each run.")
@click.option(
    "--secrets",
    "secrets_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON or TOML file with values by the names of their environment variables.",
)
@click.option(
    "--sandbox",
    is_flag=False,
    flag_value=IN_PROCESS,
    metavar="[URL]",
    help="Connect to a sandbox on this machine; without URL, start one in this process.",
)
@click.option("--dry-run", is_flag=True, help="Show the masked requests and send nothing.")
@click.option("--curl", is_flag=True, help="Show each request as a masked curl command.")
@click.option("--json", "as_json", is_flag=True, help="Show the result as JSON.")
@click.option(
    "--build",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build"),
    show_default=True,
    help="Folder of compiled plans.",
)
def command(
    target: str,
    vault: str,
    environment: str,
    source: str | None,
    inputs: tuple[str, ...],
    params: tuple[str, ...],
    params_file: Path | None,
    reference: str | None,
    without: tuple[str, ...],
    idempotency_key: str | None,
    secrets_file: Path | None,
    sandbox: str | None,
    dry_run: bool,
    curl: bool,
    as_json: bool,
    build: Path,
) -> int:
    """Run an operation of a destination through a vault.

    The exit code tells the outcome: 0 approved, 10 declined, 11 rejected by the vault, 12 rejected
    by the destination, 13 unknown, 14 pending; 1 means that nothing was sent.
    """
    from forwardc.diagnostics.sink import Sink
    from forwardc.runtime.shapes import RunRequest

    if sandbox is not None and secrets_file is not None:
        raise click.UsageError("--secrets cannot go with --sandbox, which has values of its own.")
    sink = Sink()
    # Before anything else is looked at, so that no credential is read for a run that is refused.
    allowed = _allowed(build, vault, target, environment, sink)
    if allowed is None:
        return _problems(sink, as_json)
    plan, operation, ambient = allowed
    texts, given_inputs = _pairs("-p", params), _pairs("--input", inputs)
    request = RunRequest(
        source=source,
        inputs=given_inputs,
        texts=texts,
        params=_read_params(params_file),
        reference=reference,
        without=frozenset(without),
        idempotency_key=idempotency_key,
    )
    look_up = _look_up(plan, sandbox, secrets_file, sink)
    if dry_run:
        return _preview(
            plan, operation, request, look_up, sink, ambient, curl=curl, as_json=as_json
        )
    result = _run(plan, operation, request, look_up, sandbox, sink, ambient)
    if result is None:
        return _problems(sink, as_json)
    return _finish(plan, result, sink, curl=curl, as_json=as_json)


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        # What stands there may be a value, so the message does not repeat it.
        if not equals or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE.")
        if name in pairs:
            raise click.UsageError(f"{option} gives the same name twice.")
        pairs[name] = value
    return pairs


def _allowed(
    build: Path, vault: str, target: str, environment: str, sink: "Sink"
) -> "tuple[Plan, str, Ambient] | None":
    """The plan, the operation and what is approved; None where it must not run."""
    from forwardc.plan.approvals import Lock, lock_path, read_lock, refuse_unapproved
    from forwardc.plan.build_dir import read_plan
    from forwardc.runtime.prepare import find_operation
    from forwardc.runtime.shapes import Ambient

    destination, _, name = target.partition(".")
    plan = read_plan(build, vault, destination, environment, sink)
    operation = find_operation(plan, name or None, sink) if plan else None
    if plan is None or operation is None:
        return None
    lock = read_lock(lock_path(build), sink) if environment == "production" else Lock()
    if lock is None:
        return None
    ambient = Ambient(lock=lock)
    if refuse_unapproved(plan, operation, lock, ambient.now().date(), sink):
        return None
    return plan, operation, ambient


def _read_params(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    import json
    import tomllib
    from decimal import Decimal

    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text, parse_float=Decimal)
        values = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise click.UsageError("--params: the file is neither JSON nor TOML.") from None
    if not isinstance(values, dict):
        raise click.UsageError("--params: the file must hold an object of params by name.")
    return values


def _look_up(plan: "Plan", sandbox: str | None, file: Path | None, sink: "Sink") -> "Lookup":
    import os

    from forwardc.runtime.secrets import sandbox_lookup
    from forwardc.runtime.sources.lookup import open_lookup

    if sandbox is not None:
        return sandbox_lookup(plan, os.environ)
    return open_lookup(os.environ, file, sink)


def _run(
    plan: "Plan",
    operation: str,
    request: "RunRequest",
    look_up: "Lookup",
    sandbox: str | None,
    sink: "Sink",
    ambient: "Ambient",
) -> "RunResult | None":
    import asyncio

    from forwardc.cli.sandbox_link import Unreachable, store_secrets, transport_to
    from forwardc.runtime.keys import KeyRing
    from forwardc.runtime.means import Means
    from forwardc.runtime.run import run
    from forwardc.runtime.send import Sender

    async def go() -> "RunResult | None":
        async with Sender(transport_to(sandbox) if sandbox else None) as sender:
            if sandbox:
                await store_secrets(plan, operation, sender)
            means = Means(sender, KeyRing(sender), ambient)
            return await run(plan, operation, request, look_up, means, sink)

    try:
        return asyncio.run(go())
    except Unreachable as problem:
        raise click.UsageError(f"--sandbox: {problem}") from None


def _preview(
    plan: "Plan",
    operation: str,
    request: "RunRequest",
    look_up: "Lookup",
    sink: "Sink",
    ambient: "Ambient",
    *,
    curl: bool,
    as_json: bool,
) -> int:
    from forwardc.cli.run_output import preview_json, preview_lines
    from forwardc.plan.digest import approval_digest
    from forwardc.runtime.run import preview

    requests = preview(plan, operation, request, look_up, sink, ambient)
    if requests is None:
        return _problems(sink, as_json)
    _warnings(sink)
    digest = approval_digest(plan, operation)
    if as_json:
        say_json(preview_json(plan, operation, digest, requests, curl=curl))
    else:
        for line in preview_lines(plan, operation, digest, requests, curl=curl):
            say(line)
    return 0


def _finish(plan: "Plan", result: "RunResult", sink: "Sink", *, curl: bool, as_json: bool) -> int:
    from forwardc.cli.run_output import result_json, result_lines
    from forwardc.runtime.shapes import exit_code

    _warnings(sink)
    if as_json:
        say_json(result_json(plan, result, curl=curl))
    else:
        for line in result_lines(plan, result, curl=curl):
            say(line)
    return exit_code(result)


def _problems(sink: "Sink", as_json: bool) -> int:
    if as_json:
        import json

        from forwardc.diagnostics.render.render import Format, render
        from forwardc.diagnostics.sources import Sources

        say_json({"problems": json.loads(render(sink.sorted(), Format.JSON, Sources()))})
    else:
        _warnings(sink)
    return 1


def _warnings(sink: "Sink") -> None:
    from forwardc.diagnostics.render.render import Format, render
    from forwardc.diagnostics.sources import Sources

    shown = render(sink.sorted(), Format.TEXT, Sources())
    if shown:
        note(shown.rstrip("\n"))
