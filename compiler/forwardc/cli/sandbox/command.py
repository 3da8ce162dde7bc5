"""`forwardc sandbox`: serves the emulated vaults and destinations until it is interrupted.

It hears of the project as plain data, once at its start and again after each build.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.options import build_option_for
from forwardc.sandbox.registry import NAMES

if TYPE_CHECKING:
    from forwardc.sandbox.project import ProjectReader

_NAMES = (
    f"a party is one of {', '.join(NAMES[:-1])} and {NAMES[-1]}, or a host in small "
    "letters such as psp.example.com."
)

_EXAMPLES = ", ".join(f"`{name}`" for name in NAMES[:3])


def _project(build: Path) -> "ProjectReader | None":
    """What gives the sandbox the project here; None where there is none.

    What is built and cannot be read is told, and is a mistake of the command line.
    """
    from forwardc.cli.findings import show
    from forwardc.cli.sandbox.watch import Watched, build_folder, is_built
    from forwardc.core.diagnostics.sink import Sink

    folder = build_folder(build)
    if folder is None:
        return None
    project, sink = Watched(folder), Sink()
    if is_built(folder):
        project.read(sink)
    if sink.has_errors:
        show(sink, "text", None, err=True)
        raise click.BadParameter("it cannot be read, see above.", param_hint="--build")
    return project


def _party(text: str) -> tuple[str, int]:
    name, _, port = text.partition("=")
    if not (name and port.isascii() and port.isdigit() and int(port[:6]) <= 65_535):
        raise click.BadParameter(
            f"write NAME=PORT, such as {NAMES[0]}=8124; port 0 takes a free one."
        )
    return name, int(port)


@click.command(short_help="Serve the vaults and destinations locally.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8123,
    show_default=True,
    help="Port on the loopback interface; 0 takes a free one.",
)
@click.option(
    "--as",
    "parties",
    metavar="NAME=PORT",
    multiple=True,
    callback=lambda _context, _option, texts: [_party(text) for text in texts],
    help=f"A port for one party alone: {_EXAMPLES}, or a host. Repeatable.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps the state between two runs; without it, memory.",
)
@click.option(
    "--lax",
    metavar="NAME",
    multiple=True,
    help="Take what the vendor refuses, by the name of it. Repeatable.",
)
@click.option("--lenient", is_flag=True, help="Everything that --lax has a name for.")
@build_option_for(", whose destinations are onboarded")
@click.option(
    "--callbacks",
    metavar="URL",
    help="Send the callbacks of destinations to this address of this machine.",
)
@click.option(
    "--remember",
    metavar="ROWS",
    type=click.IntRange(min=1),
    default=50_000,
    show_default=True,
    envvar="FORWARDC_SANDBOX_REMEMBER",
    help="Rows to hold at once, of all kinds; the oldest are forgotten.",
)
def command(
    port: int,
    parties: list[tuple[str, int]],
    state: Path | None,
    lax: tuple[str, ...],
    lenient: bool,
    build: Path,
    callbacks: str | None,
    remember: int,
) -> int:
    """Serve all vaults and destinations on one local port, for test cards only."""
    from forwardc.sandbox.destinations.endpoint import loopback_url
    from forwardc.sandbox.laxness import laxnesses
    from forwardc.sandbox.parties import UnknownPartyError
    from forwardc.sandbox.serve import PortUnavailableError, serve

    every = frozenset(laxnesses())
    if not every.issuperset(lax):
        raise click.BadParameter(f"one of: {', '.join(sorted(every))}.", param_hint="--lax")
    names = every if lenient else frozenset(lax)
    try:
        url = None if callbacks is None else loopback_url(callbacks)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.", param_hint="--callbacks") from None
    try:
        serve(
            port,
            state=state,
            lax=names,
            callback_url=url,
            parties=parties,
            project=_project(build),
            remember=remember,
        )
    except PortUnavailableError as refused:
        text = f"Cannot serve on port {refused.port}: {refused.strerror}."
        raise click.ClickException(text) from None
    except UnknownPartyError:
        raise click.BadParameter(_NAMES, param_hint="--as") from None
    except ValueError:
        raise click.BadParameter(
            "the file does not hold the state of a sandbox.", param_hint="--state"
        ) from None
    return 0
