"""`forwardc dashboard`: shows what happened to every run, in a browser on this machine.

Addresses and options are read here; the pages come from the dashboard.
"""

import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forwardc.cli.options import build_option, environment_option, history_option, secrets_option
from forwardc.cli.output import note, say
from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from starlette.routing import Route

    from forwardc.core.diagnostics.diagnostic import Diagnostic
    from forwardc.dashboard.project import BuiltProject
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.secret_providers.resolver import ProviderResolver

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class _App:
    """What is served: the routes of callbacks, other names of this machine, and the first role.

    `project` is what is built, None where nothing is.
    """

    callbacks: "list[Route]"
    names: tuple[str, ...]
    role: str
    project: "BuiltProject | None"


@click.command(short_help="Show outcomes in a browser.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8456,
    show_default=True,
    help="Port to serve on; 0 takes a free one.",
)
@click.option("--host", default=LOOPBACK[0], show_default=True, help="Address to serve on.")
@click.option("--allow", "names", multiple=True, metavar="NAME", help="Also answer to this name.")
@click.option(
    "--role",
    type=click.Choice(["viewer", "admin"]),
    default="viewer",
    show_default=True,
    help="What the printed link allows.",
)
@environment_option()
@secrets_option
@click.option(
    "--sandbox",
    is_flag=True,
    help="Take the callbacks of a sandbox, about its own runs and tokens.",
)
@build_option
@history_option
def command(
    port: int,
    host: str,
    names: tuple[str, ...],
    role: str,
    environment: str | None,
    secrets_file: Path | None,
    sandbox: bool,
    build: Path,
    history: str,
) -> int:
    """Show every forward through every vault: numbers, history, each run.

    Prints a link that signs in one browser, once, within ten minutes. A viewer looks; an admin
    also pauses, resumes and settles. Takes the callbacks of Rocketpay at /callbacks/rocketpay, and
    verifies them with the secret of production, or of the environment that --env names.
    """
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.history.store import open_existing

    listener = _listen(host, port)
    if listener is None:
        return 1
    with listener:
        try:
            store = open_existing(history)
        except HistoryError as problem:
            _report(problem.diagnostic())
            return 1
        with store:
            callbacks, where = _callbacks(store, build, environment, secrets_file, sandbox=sandbox)
            app = _App(callbacks, names, role, _project(build, where, sandbox=sandbox))
            _serve(listener, store, host, app)
    return 0


def _listen(host: str, port: int) -> socket.socket | None:
    """A socket that listens; None, with the reason reported, where none can be had."""
    from forwardc.core.diagnostics.diagnostic import Diagnostic

    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        # A resolver's errors are negative and no errors of the system.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror
        message = f"cannot serve on {_written(host)}:{port}: {why}"
        hint = "--port names another port, 0 a free one; --host takes an address of this machine"
        _report(Diagnostic("FC0827", message, hint=hint))
        return None


def _callbacks(
    store: "Store", build: Path, environment: str | None, file: Path | None, *, sandbox: bool
) -> "tuple[list[Route], ProviderResolver]":
    """The routes of callbacks, and where secrets are set.

    A sandbox signs with the secret that its document derives from names, whatever the environment:
    unless one is named, its callbacks are taken for the destinations of all.
    """
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.integrations.registry import callback_routes, callback_secrets
    from forwardc.plan.build_folder import read_plans
    from forwardc.runtime.secret_providers.resolver import ProviderResolver, open_resolver

    place, sink = environment or "production", Sink()
    plans = tuple(read_plans(build, Sink(), None if sandbox and not environment else place))
    if sandbox:
        look_up = ProviderResolver({})
    else:
        look_up = open_resolver(os.environ, file, sink, callback_secrets(plans, place))
    for problem in sink.sorted():
        _report(problem)
    return callback_routes(store, plans, place, look_up, emulated=sandbox), look_up


def _project(build: Path, look_up: "ProviderResolver", *, sandbox: bool) -> "BuiltProject | None":
    """What the pages tell of the project; None where nothing is built."""
    from forwardc.dashboard.project import BuiltProject, where_set

    if not build.is_dir():
        return None
    return BuiltProject(build, where_set(look_up), made_up=sandbox)


def _serve(listener: socket.socket, store: "Store", host: str, app: _App) -> None:
    """Serve until interrupted, and print the link that signs in."""
    import uvicorn

    from forwardc.core.http.request_target import own_names
    from forwardc.dashboard.app import create
    from forwardc.dashboard.login import Role
    from forwardc.dashboard.views import DashboardSettings
    from forwardc.integrations.registry import page_sets

    port = listener.getsockname()[1]
    cookie = f"forwardc_session_{port}"
    settings = DashboardSettings(
        own_names(host, app.names), cookie=cookie, project=app.project, pages=page_sets()
    )
    address = f"http://{_written(host)}:{port}"
    if host not in LOOPBACK:
        note(
            f"warning: {address} can be reached from other machines, without TLS. Put a proxy that "
            "adds it in front, and answer to its name with --allow."
        )
    # Requests are not logged: their targets hold the code.
    config = uvicorn.Config(
        create(store, settings, app.callbacks),
        # Gives the target as it came: the guard judges the host in it.
        http="h11",
        log_level="critical",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # Before anybody can know the address: an interrupt is the way to stop, whenever it comes.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, server.handle_exit)
    say(f"dashboard on {address}")
    say(f"sign in once, within ten minutes, as {app.role}:")
    say(f"{address}/login?code={settings.logins.issue(Role(app.role))}")
    server.run(sockets=[listener])


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _report(diagnostic: "Diagnostic") -> None:
    from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
    from forwardc.core.diagnostics.render.render import DiagnosticFormat, render

    note(render([diagnostic], DiagnosticFormat.TEXT, ExcerptLines()).rstrip("\n"))
