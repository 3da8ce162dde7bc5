"""`forwardc resolve`: records what a person found out about a run of unknown fate."""

import asyncio
import getpass
from typing import TYPE_CHECKING

import click

from forwardc.cli.history.opening import change
from forwardc.cli.options import history_option
from forwardc.cli.output import json_option, say
from forwardc.cli.unknown_runs import questions, questions_json

if TYPE_CHECKING:
    from forwardc.cli.history.opening import ChangeResult
    from forwardc.runtime.history.store import Store


@click.command(short_help="Settle an unknown run by hand.")
@click.argument("run_id", metavar="RUN")
@click.option(
    "--as",
    "word",
    type=click.Choice(["approved", "declined", "not_sent"]),
    help="What the destination says; without it, what to ask is shown.",
)
@click.option("--by", metavar="NAME", help="Who says so; by default the user of this machine.")
@click.option("--reason", metavar="TEXT", help="How you know.")
@json_option
@history_option
def command(
    run_id: str,
    word: str | None,
    by: str | None,
    reason: str | None,
    as_json: bool,
    history: str,
) -> int:
    """Record the fate of RUN, with who says so. Nothing is sent."""
    who = by or getpass.getuser()

    def work(store: "Store") -> "ChangeResult":
        return _resolve(store, run_id, word, who, reason, as_json=as_json)

    return change(history, work, as_json=as_json)


def _resolve(
    store: "Store", run_id: str, word: str | None, by: str, reason: str | None, *, as_json: bool
) -> "ChangeResult":
    from forwardc.runtime.history.errors import UnknownRunError
    from forwardc.runtime.recovery.resolve import resolve_run

    run = store.load(run_id)
    if run is None:
        raise UnknownRunError(f"there is no run {run_id}", hint="`forwardc history` lists them")
    run_data = {"run": run.id, "outcome": run.summary.outcome, "state": run.summary.state}
    if word is None:
        lines = [f"{run.id}  {run.summary.outcome or run.summary.state}", *questions(run)]
        result, code = {**run_data, "resolved": False, "ask": questions_json(run)}, 0
    elif not asyncio.run(resolve_run(store, run, word, by, reason)):
        lines = [f"{run.id}  nothing about it is unknown; nothing was changed"]
        result, code = {**run_data, "resolved": False, "ask": []}, 1
    else:
        lines = [f"{run.id}  {word.replace('_', ' ')}, says {by}"]
        now = store.load(run_id) or run
        run_data |= {"outcome": now.summary.outcome, "state": now.summary.state}
        result, code = {**run_data, "resolved": True, "ask": []}, 0
    for line in () if as_json else lines:
        say(line)
    return code, result
