"""`forwardc pause`: lets nothing be sent to a vault or destination, by any process."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.history_option import history_option
from forwardc.cli.json_output import json_option
from forwardc.cli.output import note, say, say_lines, table
from forwardc.cli.pausing import by_option, change, must_be_known
from forwardc.cli.plan_options import build_option_for

if TYPE_CHECKING:
    from forwardc.cli.pausing import Done
    from forwardc.runtime.history.store import Store

_HEADER = ("NAME", "BY", "AT", "REASON")


@click.command(short_help="Send nothing to a vault or destination.")
@click.argument("name", metavar="[VAULT|DEST]", required=False)
@by_option
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@json_option
@build_option_for(", which tells the names")
@history_option
def command(
    name: str | None, by: str, reason: str, as_json: bool, build: Path, history: str
) -> int:
    """Pause a vault or a destination: looked up before each send, by every process.

    A run that is under way stops before its next step and can be resumed. Without a name, what is
    paused is listed.
    """
    if name is not None:
        must_be_known(name, build)

    def work(store: "Store") -> "Done":
        if name is not None:
            store.pause(name, by, reason)
        paused = [one for one in store.pauses() if name is None or one.name == name]
        if not as_json:
            _tell(name, by, [tuple(asdict(one).values()) for one in paused])
        return 0, {"pauses": [asdict(one) for one in paused]}

    return change(history, work, as_json=as_json)


def _tell(name: str | None, by: str, rows: list[tuple[str, ...]]) -> None:
    if name is not None:
        say(f"{name} is paused by {by}")
    elif rows:
        say_lines(table(_HEADER, rows))
    else:
        note("nothing is paused")
