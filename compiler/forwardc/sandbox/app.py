"""The whole sandbox as one ASGI app: finds the party of a request, and delivers between parties.

Knows no vendor. A request names its party by the Host header; on an address of this machine the
first path segment names it, so that an official client can use the sandbox by its base address.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter
from urllib.parse import urlsplit

from forwardc.sandbox.control import create_control
from forwardc.sandbox.hosts import (
    SWITCHES,
    Parties,
    Party,
    Receive,
    Role,
    Scope,
    Send,
    create_parties,
    is_host_name,
    is_local,
)
from forwardc.sandbox.seed import seed
from forwardc.sandbox.wire import Exchange, call, read_body, scope_of
from forwardc.sandbox.world import (
    Answer,
    Broken,
    NotConnected,
    Outbound,
    Received,
    TimedOut,
    World,
)

MAX_BODY = 4 * 1024 * 1024
KEPT_REQUESTS = 1000


class Sandbox:
    """The ASGI app. `changed` is called after every request."""

    def __init__(self, world: World, parties: Parties, changed: Callable[[], None]) -> None:
        self._world = world
        self._parties = parties
        self._changed = changed
        self._control = create_control(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of a client."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def deliver(self, outbound: Outbound) -> Answer:
        """Deliver a vault's request to a destination of this sandbox (`World.send`)."""
        parts = urlsplit(outbound.url)
        host = (parts.hostname or "").lower()
        party = self._parties.of(host)
        scope = scope_of(outbound)
        switch = scope["path"].startswith(SWITCHES)
        if parts.scheme != "https" or is_local(host) or party.role is Role.VAULT or switch:
            raise NotConnected(host)
        started = perf_counter()
        try:
            async with asyncio.timeout(outbound.timeout_ms / 1000):
                exchange = await self._run(party, host, scope, outbound.body)
        except TimeoutError:
            raise TimedOut(host) from None
        took = round((perf_counter() - started) * 1000)
        return Answer(exchange.status, exchange.headers, bytes(exchange.body), took)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Run what parties do unasked while a server serves this app."""
        parts = [party.background for party in self._parties.named if party.background]
        await receive()
        tasks = [asyncio.create_task(part(self._world, self._changed)) for part in parts]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, MAX_BODY)
        if body is None:
            await Exchange(b"", 413).replay(send)
            return
        host = _host(scope)
        if is_local(host):
            host = _take_host_from_path(scope)
        try:
            if not host:
                exchange = await call(self._control, scope, body)
            else:
                exchange = await self._run(self._parties.of(host), host, scope, body)
        except (NotConnected, Broken):
            await _cut(send)
            return
        except TimedOut:
            await _hang(receive, self._world.hang_seconds)
            await _cut(send)
            return
        finally:
            self._changed()
        await exchange.replay(send)

    async def _run(self, party: Party, host: str, scope: Scope, body: bytes) -> Exchange:
        if party.receives(scope["path"]):
            self._record(host, scope, body, party.in_words and party.in_words(body))
        return await call(party.app, scope, body)

    def _record(self, host: str, scope: Scope, body: bytes, in_words: str | None) -> None:
        query = scope["query_string"].decode("latin-1")
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        received = self._world.received
        at, method = self._world.now(), scope["method"]
        received.append(Received(at, host, method, target, headers, body, in_words))
        del received[:-KEPT_REQUESTS]


def create_app(world: World, *, changed: Callable[[], None] = lambda: None) -> Sandbox:
    """The sandbox on one world, with its fixed sources. Sets `world.send`."""
    seed(world)
    sandbox = Sandbox(world, create_parties(world), changed)
    world.send = sandbox.deliver
    return sandbox


def _host(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            try:
                return urlsplit(f"//{value.decode('latin-1')}").hostname or ""
            except ValueError:
                return ""
    return ""


def _take_host_from_path(scope: Scope) -> str:
    """The host in the first path segment, moved into the scope; empty if there is none."""
    # A request of the form `OPTIONS *` has no path.
    segment: str = scope["path"].removeprefix("/").partition("/")[0].lower()
    if not is_host_name(segment):
        return ""
    raw = scope.get("raw_path") or scope["path"].encode()
    scope["raw_path"] = raw[1 + len(segment) :] or b"/"
    scope["path"] = scope["path"][1 + len(segment) :] or "/"
    scope["headers"] = [
        (b"host", segment.encode()),
        *((name, value) for name, value in scope["headers"] if name != b"host"),
    ]
    return segment


async def _hang(receive: Receive, seconds: float) -> None:
    """Give no answer until the client leaves."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                continue
    except TimeoutError:
        return


async def _cut(send: Send) -> None:
    """End the connection without a whole answer: ASGI has no other way to say so."""
    headers = [(b"content-length", b"1"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 502, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
