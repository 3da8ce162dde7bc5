"""One process that serves: uvicorn, and the way it stops.

The first signal lets calls under way finish and takes no other; the second one ends at once. What
did not finish in time is recorded as unknown, and the exit code is 0.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Literal

import uvicorn

from forwardc.server.http.uvicorn_compatibility import has_parser
from forwardc.server.settings import LimitSettings, ServerSettings
from forwardc.server.wiring.application import create
from forwardc.server.wiring.components import ServerComponents

# The exit code of a server that a second signal ended.
ENDED_AT_ONCE: Final = 1
# Seconds that an idle connection is kept: uvicorn's own five would make the caller of a quiet shop
# connect anew for most calls.
_KEEP_ALIVE_S: Final = 30
# Seconds for answers on their way once every call has ended or was given up.
_LAST_WORDS_S: Final = 2
# Threads wait for databases, and each statement of theirs takes a turn with the loop. Python's own
# five milliseconds a turn make a busy server wait for its history; much less, and it is busy with
# giving turns.
_TURN_S: Final = 0.002
# What a call makes goes with it, and 700 objects are made many times within one.
_YOUNG: Final = 10_000
# Of TLS 1.2; 1.3 has no others. Older releases of uvicorn let all of OpenSSL's in.
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration, with the limits that a connection keeps."""

    def __init__(self, app: Any, limits: LimitSettings, **more: Any) -> None:
        super().__init__(app, **more)
        self.limits = limits


class GracefulServer(uvicorn.Server):
    """A server that stops in order. `parent` is the process that started it, if one did."""

    def __init__(
        self, config: uvicorn.Config, components: ServerComponents, parent: int | None = None
    ) -> None:
        super().__init__(config)
        self._components = components
        self._parent = parent
        self._until: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the second time, end."""
        # A terminal interrupts every process of its group, and systemd ends each one of a service:
        # for a worker, the same word twice means no more. Its parent can still kill it.
        if self._parent is None and self._components.calls.stopping:
            os._exit(ENDED_AT_ONCE)
        self._components.calls.stop()

    async def on_tick(self, counter: int) -> bool:
        """Go on while calls are under way, as long as the settings allow. Ten times a second."""
        ends = await super().on_tick(counter)
        if self._parent is not None and os.getppid() != self._parent:
            self._components.calls.stop()
        if not self._components.calls.stopping:
            return ends
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + self._components.settings.server.stop_within
        # The documents of the server and its health can be read until the last call has ended.
        if self._components.calls.under_way and now >= self._until:
            # Their callers are told what is certain of them.
            await self._components.forwarding.drain(0)
            self.should_exit = True
        return self.should_exit or self._components.calls.under_way == 0


def serve(
    components: ServerComponents,
    listener: socket.socket,
    parent: int | None = None,
    begins: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal comes, and close the parts. `begins` is told once a signal is heard."""
    sys.setswitchinterval(_TURN_S)
    # Plans and modules stay as long as the process: nothing is found by looking through them.
    gc.freeze()
    gc.set_threshold(_YOUNG)
    server = GracefulServer(server_config(components), components, parent)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, server.handle_exit)
    begins()
    server.run(sockets=[listener])


def server_config(components: ServerComponents) -> ServerConfig:
    """How uvicorn serves. It logs nothing of a call, and believes no proxy: the middleware does."""
    settings = components.settings
    return ServerConfig(
        create(components),
        settings.limits,
        http=_protocol(),
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_LAST_WORDS_S,
        h11_max_incomplete_event_size=settings.limits.headers,
        **_tls(settings),
    )


def _protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    """The connection with limits; without its parser, uvicorn's own, which bounds the head."""
    if not has_parser():
        return "h11"
    from forwardc.server.http.protocol import BoundedHttpProtocol

    return BoundedHttpProtocol


def _tls(settings: ServerSettings) -> dict[str, Any]:
    serving = settings.server
    if serving.tls_certificate is None or serving.tls_key is None:
        return {}
    return {
        "ssl_certfile": serving.tls_certificate,
        "ssl_keyfile": serving.tls_key,
        "ssl_ciphers": _CIPHERS,
    }
