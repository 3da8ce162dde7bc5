"""Serves the sandbox on this machine's loopback address, in the foreground or in a thread.

One port is everybody's, and a party may have one of its own beside it. It binds 127.0.0.1 and
nothing else, because test credentials open it. A state file keeps the tables, so that a restart
finds them again: it holds test cards and made-up secrets only, and is its owner's to read.
"""

import json
import os
import signal
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import uvicorn

from forwardc.sandbox.app import create_app
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.laxness import laxnesses, slip_lines
from forwardc.sandbox.memory import DEFAULT_ROWS
from forwardc.sandbox.parties import sources
from forwardc.sandbox.project import OnboardedRequest, ProjectReader
from forwardc.sandbox.world import World

# The table of a state file that is no table of a world: the guards that were forgotten.
_FORGOTTEN = "sandbox.forgotten"


def load(world: World, path: Path) -> None:
    """Read the tables of an earlier sandbox; a file that does not exist is an empty state.

    Raises `ValueError` if the file is not a state file.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path.name} is no plain file")
    tables = json.loads(path.read_text(encoding="utf-8"))
    bits = tables.pop(_FORGOTTEN, {}).get("bits", "") if isinstance(tables, dict) else ""
    if not isinstance(tables, dict) or not all(isinstance(rows, dict) for rows in tables.values()):
        raise ValueError(f"{path.name} is not a state file of the sandbox")
    world.forgotten.load(bits)
    world.tables.update(tables)


def save(world: World, path: Path) -> None:
    """Replace the file in one step: a reader finds the old state or the new one, never half."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        bits = world.forgotten.dump()
        tables = {**world.tables, _FORGOTTEN: {"bits": bits}} if bits else world.tables
        json.dump(tables, file, ensure_ascii=False, indent=1)
    draft.replace(path)


# --- Serving

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that serves in this process. `parties` are the addresses of single parties."""

    url: str
    world: World
    parties: Mapping[str, str] = field(default_factory=dict)


class PortUnavailableError(SandboxError, OSError):
    """A port of this machine cannot be taken. `strerror` says why."""

    def __init__(self, port: int, error: OSError) -> None:
        super().__init__(error.errno, error.strerror)
        self.port = port


def serve(
    port: int,
    *,
    state: Path | None = None,
    lax: frozenset[str] = frozenset(),
    callback_url: str | None = None,
    parties: Sequence[tuple[str, int]] = (),
    project: ProjectReader | None = None,
    remember: int = DEFAULT_ROWS,
) -> None:
    """Serve until interrupted, and print the addresses and the fixed sources.

    `port` 0 takes a free one. `state` is a file that keeps the tables. What `lax` lets through is
    printed, one line for each slip. `callback_url` is where destinations send their callbacks, and
    `project` gives what is onboarded, see `World`. `remember` is how many rows are held at once.
    `parties` are names of parties, or hosts, each with the port that is its alone.

    Raises `PortUnavailableError` if a port is taken, `UnknownPartyError` for a name that no party
    has, `ValueError` if the state file is not one.
    """
    world = World(lax=lax, callback_url=callback_url, read_project=project, remember=remember)
    world.renew_project()
    with _listening(port, parties) as listeners:
        server = _server(world, state, _ports(listeners, parties), _slips_printer(world))
        # Before anybody can know the address: an interrupt is the way to stop, whenever it comes.
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, server.handle_exit)
        first, *others = map(_url, listeners)
        alone = (f"{name} on {url}" for (name, _), url in zip(parties, others, strict=True))
        lines = (*opening(world, first), *alone, "fixed sources:", source_lines(sources(world)))
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        server.run(sockets=listeners)


@contextmanager
def start_in_thread(
    world: World | None = None, *, state: Path | None = None, parties: Sequence[str] = ()
) -> Iterator[RunningSandbox]:
    """Serve from a thread of this process on free ports, until the block ends.

    Each of `parties`, names or hosts, also gets a port of its own. Raises `UnknownPartyError` for a
    name that no party has.
    """
    world = world or World()
    named = [(name, 0) for name in parties]
    with _listening(0, named) as listeners:
        server = _server(world, state, _ports(listeners, named))
        thread = threading.Thread(target=server.run, kwargs={"sockets": listeners}, daemon=True)
        thread.start()
        try:
            first, *others = map(_url, listeners)
            # The socket listens: a client that comes before the loop runs waits in its queue.
            yield RunningSandbox(first, world, dict(zip(parties, others, strict=True)))
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _server(
    world: World,
    state: Path | None,
    ports: Mapping[int, str],
    watch: Callable[[], None] = lambda: None,
) -> uvicorn.Server:
    if state is not None:
        load(world, state)

    def changed() -> None:
        watch()
        if state is not None:
            save(world, state)

    app = create_app(world, changed=changed, ports=ports)
    # Requests are not logged: their targets may hold what a caller put there by mistake. h11, as
    # httptools refuses a method in lower case, which one of the vendors' clients sends.
    config = uvicorn.Config(
        app,
        http="h11",
        log_level="critical",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def opening(world: World, url: str) -> list[str]:
    """Where it is, last in the first line; how much is onboarded, and what is let through."""
    lax = ", ".join(sorted(filter(world.allows, laxnesses())))
    if world.project is None:
        return [f"no project here: lax with {lax}; sandbox on {url}"]
    named = {request.host for request in world.project.requests}
    first = f"{_as_if(world.project.requests)}sandbox on {url}"
    lines = [first, f"onboarded: {_told_hosts(len(named))}"]
    return [*lines, f"lax with {lax}"] if lax else lines


def _as_if(requests: Iterable[OnboardedRequest]) -> str:
    """What is played though no vault has agreed to it."""
    played = sorted(
        {name for request in requests for name, agreed in request.arranged.items() if not agreed}
    )
    return f"as if agreed: {', '.join(played)}; " if played else ""


def _told_hosts(number: int) -> str:
    if number == 0:
        return "nothing yet: `forwardc build` compiles plans, and --build names their folder"
    return f"what the plans of the project name, at {number} host{'' if number == 1 else 's'}"


def _slips_printer(world: World) -> Callable[[], None]:
    """What prints the slips of a request once it is answered, and once that rows are forgotten."""
    forgets = iter([f"more than {world.remember} rows: the oldest are forgotten (--remember)"])

    def show() -> None:
        lines = slip_lines(world.take_untold())
        if world.forgets:
            lines += islice(forgets, 1)
        if lines:
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()

    return show


def _ports(
    listeners: Sequence[socket.socket], parties: Sequence[tuple[str, int]]
) -> dict[int, str]:
    """The ports of single parties, as bound; the first listener is everybody's."""
    names = (name for name, _ in parties)
    return {
        listener.getsockname()[1]: name for listener, name in zip(listeners[1:], names, strict=True)
    }


@contextmanager
def _listening(port: int, parties: Sequence[tuple[str, int]]) -> Iterator[list[socket.socket]]:
    with ExitStack() as ending:
        listeners: list[socket.socket] = []
        for bound_port in (port, *(own_port for _, own_port in parties)):
            try:
                listeners.append(_listen(bound_port))
            except OSError as error:
                raise PortUnavailableError(bound_port, error) from None
            ending.callback(listeners[-1].close)
        yield listeners


def _listen(port: int) -> socket.socket:
    # Named, because asyncio turns Nagle's algorithm off only for sockets of a named protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://{ADDRESS}:{listener.getsockname()[1]}"


def source_lines(rows: Iterable[dict[str, str]]) -> str:
    """The sources as lines of text."""
    return "\n".join(_line(row) for row in rows)


def _line(row: dict[str, str]) -> str:
    card = f"{row.get('brand', '')} {row.get('last4', '')}"
    return f"  {row['vault']:<9} {card:<16} {row['does']:<36} {row['id']}"
