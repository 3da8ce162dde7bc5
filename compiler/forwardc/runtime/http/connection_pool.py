"""Transports whose cost for one call does not grow with the calls under way beside it.

httpx's own pool looks through all its connections, and all that waits, whenever a call begins or
ends: with 64 calls under way that costs five times the call. Here each call has one of httpcore's
connections to itself. Idle ones wait on a stack for their origin, the one used last on top.
`LoopbackTransport` turns the connection, and nothing else, to a sandbox on this machine: the URL
and the Host header stay, so that a sandbox sees what a vault would see.
"""

import ipaddress
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from functools import cache
from time import monotonic
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpcore
import httpx

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.runtime.http.addresses import (
    AddressRule,
    GuardedBackend,
    Resolver,
    is_loopback,
    is_public,
    resolve,
)
from forwardc.runtime.http.tls import public_authorities

# A server may close an idle connection just as it is used again, and the outcome would be unknown:
# idle ones are given up earlier than common servers do (Node.js closes after five seconds).
_IDLE_S: Final = 2.0

Connection: TypeAlias = httpcore.AsyncConnectionInterface
_Place: TypeAlias = tuple[bytes, bytes, int]


@dataclass(slots=True)
class _Stack:
    """The idle connections of one origin and since when, the longest idle first."""

    idle: deque[tuple[float, Connection]] = field(default_factory=deque)
    closed: bool = False

    async def take(self) -> Connection | None:
        """The one used last, if it can be used again."""
        while self.idle:
            _, connection = self.idle.pop()
            if connection.is_available() and not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def back(self, connection: Connection) -> None:
        """Take a connection back, and close those that nobody has used for a while."""
        now = monotonic()
        self.idle.append((now, connection))
        while self.idle and (self.closed or self.idle[0][0] < now - _IDLE_S):
            await self.idle.popleft()[1].aclose()


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came. `body` is None where it is larger than was asked for."""

    status: int
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)
    body: bytes | None = field(repr=False)


class ExchangingTransport(httpx.AsyncBaseTransport, ABC):
    """A transport that takes a whole request and gives a whole answer, without httpx's objects."""

    @abstractmethod
    async def exchange(self, outgoing: httpcore.Request, max_bytes: int) -> RawAnswer:
        """Send over a connection that nobody else uses. Raises: httpx's errors of a transport."""


@dataclass(frozen=True, slots=True)
class ConnectionPool(ExchangingTransport):
    """As many connections as there are calls under way. `new` makes one to an origin."""

    new: Callable[[httpcore.Origin], Connection]
    _stacks: dict[_Place, _Stack] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send over a connection that nobody else uses until the answer is closed."""
        return await self.send(_outgoing(request))

    async def exchange(self, outgoing: httpcore.Request, max_bytes: int) -> RawAnswer:
        """Send over a connection that nobody else uses until the answer is here."""
        origin = outgoing.url.origin
        stack = self._stacks.setdefault((origin.scheme, origin.host, origin.port), _Stack())
        connection = await stack.take() or self.new(origin)
        try:
            answer = await connection.handle_async_request(outgoing)
            try:
                body = await _body_of(answer, max_bytes)
            finally:
                await answer.aclose()
        except _ERRORS as problem:
            await connection.aclose()
            raise _named(problem)(str(problem)) from problem
        except BaseException:
            await connection.aclose()
            raise
        await stack.back(connection)
        return RawAnswer(answer.status, answer.headers, body)

    async def send(self, outgoing: httpcore.Request) -> httpx.Response:
        """The same for a request whose URL says where to connect, and not whom it is for."""
        origin = outgoing.url.origin
        stack = self._stacks.setdefault((origin.scheme, origin.host, origin.port), _Stack())
        connection = await stack.take() or self.new(origin)
        try:
            with _as_httpx():
                answer = await connection.handle_async_request(outgoing)
        except BaseException:
            await connection.aclose()
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=PooledStream(answer, connection, stack),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close all idle connections; one under way closes with its answer."""
        for stack in self._stacks.values():
            stack.closed = True
            while stack.idle:
                await stack.idle.pop()[1].aclose()


async def _body_of(answer: httpcore.Response, max_bytes: int) -> bytes | None:
    """The whole body; None where it is larger, and the rest of it is not read."""
    body = bytearray()
    async for chunk in answer.aiter_stream():
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)


class PooledStream(httpx.AsyncByteStream):
    """An answer's body. Once it is closed, its connection is free for another call."""

    __slots__ = ("_answer", "_connection", "_stack")

    def __init__(self, answer: httpcore.Response, connection: Connection, stack: _Stack) -> None:
        self._answer = answer
        self._connection: Connection | None = connection
        self._stack = stack

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        """Give the connection back, once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._answer.aclose()
            await self._stack.back(connection)


def network_pool(
    admits: AddressRule = is_public,
    trusted: ssl.SSLContext | None = None,
    resolve: Resolver = resolve,
) -> ConnectionPool:
    """Lanes over the network: TLS verified, no proxy out of the environment, no retry.

    Only addresses that `admits` lets through are called, and `resolve` finds those of a name.
    `trusted` holds other authorities than the usual ones.
    """
    backend = GuardedBackend(admits, resolve)

    def new(origin: httpcore.Origin) -> Connection:
        return httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=(trusted or _trusted()) if origin.scheme == b"https" else None,
            keepalive_expiry=_IDLE_S,
            network_backend=backend,
        )

    return ConnectionPool(new)


@cache
def _trusted() -> ssl.SSLContext:
    # Reading the authorities' certificates takes a hundred times as long as making a connection.
    return public_authorities()


def _outgoing(request: httpx.Request, place: httpx.URL | None = None) -> httpcore.Request:
    """A request as httpcore has it, to the origin of `place` where that is another one."""
    to = place or request.url
    target = httpcore.URL(
        scheme=to.raw_scheme, host=to.raw_host, port=to.port, target=request.url.raw_path
    )
    assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - an async transport's
    return httpcore.Request(
        request.method,
        target,
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise httpx's error of the same name in place of httpcore's."""
    try:
        yield
    except _ERRORS as problem:
        raise _named(problem)(str(problem)) from problem


def _named(problem: Exception) -> type[httpx.TransportError]:
    for kind in type(problem).__mro__:
        error = getattr(httpx, kind.__name__, None)
        if isinstance(error, type) and issubclass(error, httpx.TransportError):
            return error
    return httpx.TransportError


_ERRORS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
)


class NotLoopbackError(ForwardcError, ValueError):
    """A sandbox's address is not one of this machine."""


class LoopbackTransport(ExchangingTransport):
    """Connects to a sandbox whatever host a request names. Raises `NotLoopbackError`."""

    def __init__(self, base_url: str) -> None:
        self._base = loopback_url(base_url)
        self._inner = network_pool(is_loopback)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the sandbox, its Host header and target unchanged."""
        return await self._inner.send(_outgoing(request, self._base))

    async def exchange(self, outgoing: httpcore.Request, max_bytes: int) -> RawAnswer:
        """The same for a whole answer."""
        base, target = self._base, outgoing.url.target
        outgoing.url = httpcore.URL(
            scheme=base.raw_scheme, host=base.raw_host, port=base.port, target=target
        )
        return await self._inner.exchange(outgoing, max_bytes)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def loopback_url(text: str) -> httpx.URL:
    """An http or https URL of this machine without a path. Raises `NotLoopbackError`."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NotLoopbackError("the sandbox's URL is damaged") from None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise NotLoopbackError("the sandbox's URL must be like http://127.0.0.1:8123")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise NotLoopbackError("the sandbox's URL must have no path")
    # The name could resolve to anything, the address cannot.
    address = "127.0.0.1" if host == "localhost" else host
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NotLoopbackError("a sandbox runs on this machine only, on a loopback address")
    return httpx.URL(scheme=parts.scheme, host=address, port=port)
