"""Serves the sandbox on this machine's loopback address, in the foreground or in a thread.

Knows no vendor. It binds 127.0.0.1 and nothing else: test credentials open it.
"""

import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from forwardc.sandbox.app import create_app
from forwardc.sandbox.seed import sources, table
from forwardc.sandbox.state import load, save
from forwardc.sandbox.world import World

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that serves in this process."""

    url: str
    world: World


def serve(
    port: int,
    *,
    state: Path | None = None,
    lenient: bool = False,
    callback_url: str | None = None,
) -> None:
    """Serve until interrupted, and print the address and the fixed sources.

    `port` 0 takes a free one. `state` is a file that keeps the tables. `callback_url` is where
    destinations send their callbacks, see `World`. Raises `OSError` if the port is taken,
    `ValueError` if the state file is not one.
    """
    world = World(lenient=lenient, callback_url=callback_url)
    listener = _listen(port)
    server = _server(world, state)
    # Before anybody can know the address: an interrupt is the way to stop, whenever it comes.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, server.handle_exit)
    lines = (f"sandbox on {_url(listener)}", "fixed sources:", table(sources(world)))
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


@contextmanager
def start_in_thread(world: World | None = None, *, state: Path | None = None) -> Iterator[Running]:
    """Serve from a thread of this process on a free port, until the block ends."""
    world = world or World()
    listener = _listen(0)
    server = _server(world, state)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # The socket already listens: a client that comes before the loop runs waits in its queue.
        yield Running(_url(listener), world)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _server(world: World, state: Path | None) -> uvicorn.Server:
    if state is not None:
        load(world, state)
    app = create_app(world, changed=lambda: save(world, state) if state is not None else None)
    # Requests are not logged: their targets may hold what a caller put there by mistake.
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="on", timeout_graceful_shutdown=1
    )
    return uvicorn.Server(config)


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
