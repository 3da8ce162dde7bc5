"""`forwardc resume`: ends a pause. A stopped run is continued by `forwardc run --resume`."""

from typing import TYPE_CHECKING

import click

from forwardc.cli.history_option import history_option
from forwardc.cli.json_output import json_option
from forwardc.cli.output import say
from forwardc.cli.pausing import by_option, change

if TYPE_CHECKING:
    from forwardc.cli.pausing import Done
    from forwardc.runtime.history.store import Store


@click.command(short_help="End the pause of a vault or destination.")
@click.argument("name", metavar="VAULT|DEST")
@by_option
@json_option
@history_option
def command(name: str, by: str, as_json: bool, history: str) -> int:
    """Let a paused vault or destination be used again."""

    def resume(store: "Store") -> "Done":
        resumed = store.resume(name, by)
        if not as_json:
            say(f"{name} is in use again" if resumed else f"{name} was not paused")
        return 0 if resumed else 1, {"name": name, "resumed": resumed}

    return change(history, resume, as_json=as_json)
