"""`forwardc resolve`: records what a person found out about a run of unknown fate."""

import asyncio
import getpass
from typing import TYPE_CHECKING

import click

from forwardc.cli.history_option import history_option
from forwardc.cli.history_store import found
from forwardc.cli.output import say
from forwardc.cli.run_end import warnings
from forwardc.cli.unknown_runs import questions

if TYPE_CHECKING:
    from forwardc.diagnostics.sink import Sink


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
@history_option
def command(run_id: str, word: str | None, by: str | None, reason: str | None, history: str) -> int:
    """Record the fate of RUN, with who says so. Nothing is sent."""
    from forwardc.diagnostics.sink import Sink
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.journal import JournalFailed

    sink = Sink()
    code = 1
    try:
        code = _settle(run_id, word, by or getpass.getuser(), reason, history, sink)
    except HistoryError as problem:
        sink.add(problem.diagnostic())
    except JournalFailed as problem:
        sink.error(problem.code, str(problem), hint=problem.hint)
    warnings(sink)
    return code


def _settle(
    run_id: str, word: str | None, by: str, reason: str | None, history: str, sink: "Sink"
) -> int:
    from forwardc.runtime.settle import resolve

    store = found(history, sink)
    if store is None:
        return 1
    with store:
        run = store.load(run_id)
        if run is None:
            sink.error("FC0820", f"there is no run {run_id}", hint="`forwardc history` lists them")
            return 1
        if word is None:
            for line in (f"{run.id}  {run.summary.outcome or run.summary.state}", *questions(run)):
                say(line)
            return 0
        if not asyncio.run(resolve(store, run, word, by, reason)):
            say(f"{run.id}  nothing about it is unknown; nothing was changed")
            return 1
        say(f"{run.id}  {word.replace('_', ' ')}, says {by}")
        return 0
