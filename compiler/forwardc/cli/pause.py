"""`forwardc pause`: lets nothing be sent to a vault or destination, by any process."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.history_option import history_option
from forwardc.cli.output import say
from forwardc.cli.pausing import by_option, change, must_be_known
from forwardc.cli.plan_options import build_option_for

if TYPE_CHECKING:
    from forwardc.runtime.history.store import Store


@click.command(short_help="Send nothing to a vault or destination.")
@click.argument("name", metavar="VAULT|DEST")
@by_option
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@build_option_for(", which tells the names")
@history_option
def command(name: str, by: str, reason: str, build: Path, history: str) -> int:
    """Pause a vault or a destination: looked up before each send, by every process.

    A run that is under way stops before its next step and can be resumed.
    """
    must_be_known(name, build)

    def pause(store: "Store") -> int:
        store.pause(name, by, reason)
        say(f"{name} is paused by {by}")
        return 0

    return change(history, pause)
