"""`forwardc pause` and `forwardc unpause`: whether anything may be sent to a vault or destination.

A pause is a row of the history, which every process looks up before each send. A run that a pause
stopped is continued by `forwardc run --resume`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli import candidates
from forwardc.cli.history.opening import by_option, change
from forwardc.cli.options import build_option_for, history_option
from forwardc.cli.output import json_option, note, say, say_lines, table

if TYPE_CHECKING:
    from forwardc.cli.history.opening import ChangeResult
    from forwardc.runtime.history.store import Store

_HEADER = ("NAME", "BY", "AT", "REASON")


@click.command(short_help="Send nothing to a vault or destination.")
@click.argument(
    "name",
    metavar="[VAULT|DEST]",
    required=False,
    shell_complete=candidates.vaults_and_destinations,
)
@by_option
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@json_option
@build_option_for(", which tells the names")
@history_option
def pause(name: str | None, by: str, reason: str, as_json: bool, build: Path, history: str) -> int:
    """Pause a vault or a destination: looked up before each send, by every process.

    A run that is under way stops before its next step and can be resumed. Without a name, what is
    paused is listed.
    """
    if name is not None:
        _must_be_built(name, build)

    def work(store: "Store") -> "ChangeResult":
        if name is not None:
            store.pause(name, by, reason)
        paused = [asdict(row) for row in store.pauses() if name in (None, row.name)]
        if not as_json:
            _say_paused(name, by, [tuple(row.values()) for row in paused])
        return 0, {"pauses": paused}

    return change(history, work, as_json=as_json)


@click.command(short_help="End the pause of a vault or destination.")
@click.argument("name", metavar="VAULT|DEST", shell_complete=candidates.vaults_and_destinations)
@by_option
@json_option
@history_option
def unpause(name: str, by: str, as_json: bool, history: str) -> int:
    """Let a paused vault or destination be used again."""
    return _unpause(name, by, history, as_json=as_json)


@click.command(hidden=True, short_help="The name that `forwardc unpause` had before.")
@click.argument("name", metavar="VAULT|DEST", shell_complete=candidates.vaults_and_destinations)
@by_option
@json_option
@history_option
def resume(name: str, by: str, as_json: bool, history: str) -> int:
    """End a pause, as `forwardc unpause` does: this name goes with the next version."""
    note(f"`forwardc resume` is `forwardc unpause {name}` now; it goes with the next version.")
    return _unpause(name, by, history, as_json=as_json)


def _unpause(name: str, by: str, history: str, *, as_json: bool) -> int:
    def work(store: "Store") -> "ChangeResult":
        was_paused = store.unpause(name, by)
        if not as_json:
            say(f"{name} is in use again" if was_paused else f"{name} was not paused")
        return 0 if was_paused else 1, {"name": name, "resumed": was_paused}

    return change(history, work, as_json=as_json)


def _must_be_built(name: str, build: Path) -> None:
    """Refuse what is no vault or destination of the build: a misspelled name would pause nothing.

    Raises: `click.UsageError`.
    """
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.diagnostics.suggest import did_you_mean
    from forwardc.plan.build_folder import read_manifest

    manifest = read_manifest(build, Sink())
    if manifest is None:
        raise click.UsageError(f"{build.as_posix()}/ holds no plans; name the folder with --build.")
    names = sorted({part for plan in manifest.plans() for part in plan[:2]})
    if name not in names:
        near = did_you_mean(name, names)
        hint = f"did you mean {near}?" if near else f"known are: {', '.join(names)}"
        raise click.BadParameter(f"no such vault or destination; {hint}")


def _say_paused(name: str | None, by: str, rows: list[tuple[str, ...]]) -> None:
    if name is not None:
        say(f"{name} is paused by {by}")
    elif rows:
        say_lines(table(_HEADER, rows))
    else:
        note("nothing is paused")
