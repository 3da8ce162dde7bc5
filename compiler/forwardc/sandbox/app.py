"""The whole sandbox as one ASGI app: finds the party of a request, and delivers between parties.

Knows no vendor. How a request names its party is `addresses.py`.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter
from urllib.parse import urlsplit

from forwardc.sandbox.addresses import UnknownPartyError, host_of, known_name
from forwardc.sandbox.control import create_control
from forwardc.sandbox.hosts import (
    EmulatedParties,
    EmulatedParty,
    Receive,
    Scope,
    Send,
    create_parties,
    is_local,
)
from forwardc.sandbox.seed import seed
from forwardc.sandbox.wire import InProcessExchange, call, read_body, scope_of
from forwardc.sandbox.world import (
    FILLED,
    REQUEST,
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
    EmulatedAnswer,
    OutboundRequest,
    ReceivedRequest,
    World,
)

MAX_BODY = 4 * 1024 * 1024
KEPT_REQUESTS = 1000


class Sandbox:
    """The ASGI app. `changed` is called after every request; `ports` are those of one party."""

    def __init__(
        self,
        world: World,
        parties: EmulatedParties,
        changed: Callable[[], None],
        ports: Mapping[int, str],
    ) -> None:
        self._world = world
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
        """Deliver a vault's request to a destination of this sandbox (`World.send`)."""
        parts = urlsplit(outbound.url)
        host = (parts.hostname or "").lower()
        party = self._parties.of(host)
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
                exchange = await self._run(self._parties.of(host), host, scope, body)
        except (DestinationUnreachableError, DestinationBrokenError):
            await _cut(send)
            return
        except DestinationTimeoutError:
            await _hang(receive, self._world.hang_seconds)
            await _cut(send)
            return
        finally:
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


def create_app(
    world: World,
    *,
    changed: Callable[[], None] = lambda: None,
    ports: Mapping[int, str] | None = None,
) -> Sandbox:
    """The sandbox on one world, with its fixed sources. Sets `world.send`.

    `ports` are those on which one party answers, by its short name or host. Raises
    `UnknownPartyError` for a name that no party has.
    """
    seed(world)
    parties, ports = create_parties(world), ports or {}
    for name in ports.values():
        if not known_name(name, parties):
            raise UnknownPartyError
    sandbox = Sandbox(world, parties, changed, ports)
    world.send = sandbox.deliver
    return sandbox


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
