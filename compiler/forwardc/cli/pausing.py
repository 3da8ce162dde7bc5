"""What `pause` and `resume` share: who does it, and names that exist."""

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.run_end import warnings
from forwardc.cli.run_work import open_history

if TYPE_CHECKING:
    from forwardc.runtime.history.store import Store

by_option = click.option(
    "--by",
    default=getpass.getuser,
    metavar="NAME",
    help="Who does it; by default the user of this machine.",
)


def must_be_known(name: str, build: Path) -> None:
    """Refuse what is no vault or destination of the build: a misspelled name would pause nothing.

    Raises `UsageError`.
    """
    from forwardc.diagnostics.sink import Sink
    from forwardc.diagnostics.suggest import did_you_mean
    from forwardc.plan.build_dir import read_manifest

    manifest = read_manifest(build, Sink())
    if manifest is None:
        raise click.UsageError(f"{build.as_posix()}/ holds no plans; name the folder with --build.")
    known = sorted({part for plan in manifest.plans() for part in plan[:2]})
    if name not in known:
        near = did_you_mean(name, known)
        hint = f"did you mean {near}?" if near else f"known are: {', '.join(known)}"
        raise click.BadParameter(f"no such vault or destination; {hint}")


def change(history: str, work: "Callable[[Store], int]") -> int:
    """Do something with the history; its problems become findings."""
    from forwardc.diagnostics.sink import Sink
    from forwardc.runtime.history.errors import HistoryError

    sink = Sink()
    code = 1
    try:
        store = open_history(history, sink)
        if store is not None:
            with store:
                code = work(store)
    except HistoryError as problem:
        sink.add(problem.diagnostic())
    warnings(sink)
    return code
