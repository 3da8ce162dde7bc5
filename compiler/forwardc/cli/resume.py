"""`forwardc resume`: ends a pause. A stopped run is continued by `forwardc run --resume`."""

from typing import TYPE_CHECKING

import click

from forwardc.cli.history_option import history_option
from forwardc.cli.output import say
from forwardc.cli.pausing import by_option, change

if TYPE_CHECKING:
    from forwardc.runtime.history.store import Store


@click.command(short_help="End the pause of a vault or destination.")
@click.argument("name", metavar="VAULT|DEST")
@by_option
@history_option
def command(name: str, by: str, history: str) -> int:
    """Let a paused vault or destination be used again."""

    def resume(store: "Store") -> int:
        if store.resume(name, by):
            say(f"{name} is in use again")
            return 0
        say(f"{name} was not paused")
        return 1

    return change(history, resume)
