"""What commands that change a history share: who does it, names that exist, how it is told."""

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from forwardc.cli.history_store import begun, found
from forwardc.cli.json_output import say_document
from forwardc.cli.run_end import warnings

if TYPE_CHECKING:
    from forwardc.runtime.history.store import Store

Done: TypeAlias = tuple[int, dict[str, Any] | None]
"""The exit code, and the result as data."""

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
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.diagnostics.suggest import did_you_mean
    from forwardc.plan.build_folder import read_manifest

    manifest = read_manifest(build, Sink())
    if manifest is None:
        raise click.UsageError(f"{build.as_posix()}/ holds no plans; name the folder with --build.")
    known = sorted({part for plan in manifest.plans() for part in plan[:2]})
    if name not in known:
        near = did_you_mean(name, known)
        hint = f"did you mean {near}?" if near else f"known are: {', '.join(known)}"
        raise click.BadParameter(f"no such vault or destination; {hint}")


def change(
    history: str,
    work: "Callable[[Store], Done]",
    *,
    as_json: bool,
    begin: bool = False,
) -> int:
    """Do something with the history that is there; its problems become findings.

    `work` shows what it did, but for JSON. With `begin` a history is made where there is none.
    """
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.run.journal import JournalError

    sink = Sink()
    code, result = 1, None
    try:
        store = (begun if begin else found)(history, sink)
        if store is not None:
            with store:
                code, result = work(store)
    except HistoryError as problem:
        sink.add(problem.diagnostic())
    except JournalError as problem:
        sink.error(problem.code, str(problem), hint=problem.hint)
    if as_json:
        say_document(result, sink)
    else:
        warnings(sink)
    return code
