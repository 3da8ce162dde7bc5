"""The whole sandbox as one ASGI app: finds the party of a request, and delivers between parties.

A client's request and a vault's go the same way: an ASGI scope, the party of its host, an answer
that is collected and sent on. A vault signs the bytes that it sends, so nothing here normalises
them, which is why no HTTP client stands in between.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from urllib.parse import unquote, urlsplit

from forwardc.sandbox.control import create_control
from forwardc.sandbox.memory import ForgottenRowError, RowLimit, ids_by_table
from forwardc.sandbox.parties import (
    App,
    EmulatedParties,
    EmulatedParty,
    Emulation,
    Message,
    Receive,
    Scope,
    Send,
    UnknownPartyError,
    host_of,
    is_local,
    known_name,
)
from forwardc.sandbox.world import (
    FILLED,
    REQUEST,
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
    EmulatedAnswer,
    OutboundRequest,
    Pairs,
    ReceivedRequest,
    World,
)


def scope_of(outbound: OutboundRequest) -> Scope:
    """The ASGI scope of an outbound request, as a server would build it from the wire."""
    parts = urlsplit(outbound.url)
    path = parts.path or "/"
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in outbound.headers]
    if not any(name == b"host" for name, _ in headers):
        headers.insert(0, (b"host", parts.netloc.encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": outbound.method,
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": parts.query.encode("ascii"),
        "root_path": "",
        "headers": [*headers, (b"content-length", str(len(outbound.body)).encode())],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname or "", parts.port or 443),
    }


@dataclass(slots=True)
class InProcessExchange:
    """One request body to give and one answer to take."""

    request: bytes = field(repr=False)
    status: int = 0
    headers: Pairs = field(default=(), repr=False)
    body: bytearray = field(default_factory=bytearray, repr=False)
    _is_read: bool = False

    async def receive(self) -> Message:
        """The ASGI receive side: the body once, then the end of the connection."""
        if self._is_read:
            return {"type": "http.disconnect"}
        self._is_read = True
        return {"type": "http.request", "body": self.request, "more_body": False}

    async def send(self, message: Message) -> None:
        """The ASGI send side."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            )
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def replay(self, send: Send) -> None:
        """Send the collected answer on to a client."""
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers
        ]
        if not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})


async def call(app: App, scope: Scope, body: bytes) -> InProcessExchange:
    """Give one request to an app in this process. What the app raises passes through."""
    exchange = InProcessExchange(body)
    await app(scope, exchange.receive, exchange.send)
    return exchange


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The whole body of a request.

    None if it has more than `limit` bytes, or if the client leaves before its end: half of a
    request is none.
    """
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            return None
    return bytes(body)


# --- The sandbox

# Bytes: this sandbox's choice, more than any vendor's document allows for a forward.
MAX_BODY = 4 * 1024 * 1024
# Requests: a run of a demo or a test has fewer, and memory stays small.
KEPT_REQUESTS = 1000
# Bytes of their bodies together: a thousand of the largest would be 4 GB.
KEPT_BYTES = 64 * 1024 * 1024


class Sandbox:
    """The ASGI app. `changed` is called after every request; `ports` are those of one party.

    `limit` holds the world's tables to their number of rows.
    """

    def __init__(
        self,
        world: World,
        parties: EmulatedParties,
        changed: Callable[[], None],
        ports: Mapping[int, str],
        limit: RowLimit,
    ) -> None:
        self._world = world
        self._limit = limit
        self._ports = ports
        self._parties = parties
        self._changed = changed
        self._control = create_control(world)
        self._count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of a client."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def deliver(self, outbound: OutboundRequest) -> EmulatedAnswer:
        """Deliver a vault's request to a destination of this sandbox (`World.send`).

        Raises `DestinationUnreachableError`, `DestinationTimeoutError`.
        """
        parts = urlsplit(outbound.url)
        host = (parts.hostname or "").lower()
        party = self._parties.party_of(host)
        scope = scope_of(outbound)
        scope[FILLED] = outbound.filled
        reached = party.receives(host, scope["path"], delivered=True)
        if parts.scheme != "https" or is_local(host) or not reached:
            raise DestinationUnreachableError(host)
        started = perf_counter()
        try:
            async with asyncio.timeout(outbound.timeout_ms / 1000):
                exchange = await self._run(party, host, scope, outbound.body, outbound)
        except TimeoutError:
            raise DestinationTimeoutError(host) from None
        took = round((perf_counter() - started) * 1000)
        return EmulatedAnswer(exchange.status, exchange.headers, bytes(exchange.body), took)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Run what parties do unasked while a server serves this app."""
        parts = [party.background for party in self._parties.start_all() if party.background]
        await receive()
        tasks = [asyncio.create_task(part(self._world, self._changed)) for part in parts]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._count += 1
        REQUEST.set(self._count)
        self._world.renew_project()
        body = await read_body(receive, MAX_BODY)
        if body is None:
            await InProcessExchange(b"", 413).replay(send)
            return
        # Node's fetch sends `patch` as it is written, and so does a vendor's client.
        scope["method"] = scope["method"].upper()
        try:
            host = host_of(scope, self._parties, self._ports)
        except UnknownPartyError:
            text = b"No party of this sandbox has this name.\n"
            plain = (("content-type", "text/plain"),)
            await InProcessExchange(b"", 421, plain, bytearray(text)).replay(send)
            return
        try:
            if not host:
                exchange = await call(self._control, scope, body)
            else:
                exchange = await self._run(self._parties.party_of(host), host, scope, body)
        except (DestinationUnreachableError, DestinationBrokenError):
            await _cut(send)
            return
        except DestinationTimeoutError:
            await _hang(receive, self._world.hang_seconds)
            await _cut(send)
            return
        except ForgottenRowError as problem:
            plain = (("content-type", "text/plain"),)
            exchange = InProcessExchange(b"", 503, plain, bytearray(f"{problem}\n".encode()))
        finally:
            if self._limit.enforce(self._world.tables):
                self._world.forgets = True
            self._changed()
        await exchange.replay(send)

    async def _run(
        self,
        party: EmulatedParty,
        host: str,
        scope: Scope,
        body: bytes,
        sent: OutboundRequest | None = None,
    ) -> InProcessExchange:
        """Let a party answer: what a vault `sent`, or a client itself."""
        if party.receives(host, scope["path"], delivered=sent is not None):
            words = party.in_words and party.in_words(body)
            self._record(host, scope, body, words, sent.filled if sent else ())
        return await call(party.app, scope, body)

    def _record(
        self, host: str, scope: Scope, body: bytes, in_words: str | None, filled: tuple[str, ...]
    ) -> None:
        query = scope["query_string"].decode("latin-1")
        headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        received = self._world.received
        at, method = self._world.now(), scope["method"]
        received.append(ReceivedRequest(at, host, method, target, headers, body, in_words, filled))
        del received[:-KEPT_REQUESTS]
        while len(received) > 1 and sum(len(request.body) for request in received) > KEPT_BYTES:
            del received[0]


def create_app(
    world: World,
    *,
    changed: Callable[[], None] = lambda: None,
    ports: Mapping[int, str] | None = None,
    at_once: bool = True,
) -> Sandbox:
    """The sandbox on one world, with its fixed sources. Sets `world.send`.

    `ports` are those on which one party answers, by its short name or host. All parties start
    `at_once`, or each when a request first means it. Raises `UnknownPartyError` for a name that no
    party has.
    """
    limit = RowLimit(world.remember, world.forgotten)
    parties, ports = EmulatedParties(world, partial(_seed, world, limit)), ports or {}
    for name in ports.values():
        if not known_name(name, parties):
            raise UnknownPartyError
    if at_once:
        parties.start_all()
    sandbox = Sandbox(world, parties, changed, ports, limit)
    world.send = sandbox.deliver
    return sandbox


def _seed(world: World, limit: RowLimit, emulated: Emulation) -> None:
    """Put the fixed sources of a party into a world, and their ids among those that stay."""
    # What an earlier start has left in the tables is not fixed.
    only_fixed = World()
    emulated.seed(only_fixed)
    limit.add(emulated.rows, ids_by_table(only_fixed.tables))
    emulated.seed(world)


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
