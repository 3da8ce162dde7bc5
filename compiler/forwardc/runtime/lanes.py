"""A transport whose cost for one call does not grow with the calls under way beside it.

httpx's own pool looks through all its connections, and all that waits, whenever a call begins or
ends: with 64 calls under way that costs five times the call. Here each call under way has a lane, a
pool of one connection. Idle lanes wait on a stack for their origin, the one used last on top.
"""

import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import Final, TypeAlias

import httpx

# A server may close an idle connection just as it is used again, and the outcome would be unknown:
# idle ones are given up earlier than common servers do (Node.js closes after five seconds).
_IDLE_S: Final = 2.0
_ONE: Final = httpx.Limits(max_connections=1, keepalive_expiry=_IDLE_S)
_Origin: TypeAlias = tuple[str, str, int | None]


@dataclass(slots=True)
class _Lane:
    transport: httpx.AsyncBaseTransport
    idle_since: float = 0.0


@dataclass(slots=True)
class _Stack:
    """The idle lanes of one origin, the longest idle first."""

    lanes: deque[_Lane] = field(default_factory=deque)
    closed: bool = False

    async def back(self, lane: _Lane) -> None:
        """Take a lane back, and close those that nobody has used for a while."""
        lane.idle_since = now = monotonic()
        self.lanes.append(lane)
        while self.lanes and (self.closed or self.lanes[0].idle_since < now - _IDLE_S):
            await self.lanes.popleft().transport.aclose()


@dataclass(frozen=True, slots=True)
class Lanes(httpx.AsyncBaseTransport):
    """As many connections as there are calls under way. `new` makes a pool of one."""

    new: Callable[[], httpx.AsyncBaseTransport]
    _idle: dict[_Origin, _Stack] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send over a connection that nobody else uses until the answer is closed."""
        url = request.url
        stack = self._idle.setdefault((url.scheme, url.host, url.port), _Stack())
        lane = stack.lanes.pop() if stack.lanes else _Lane(self.new())
        try:
            answer = await lane.transport.handle_async_request(request)
        except BaseException:
            await lane.transport.aclose()
            raise
        answer.stream = _Travelling(answer, lane, stack)
        return answer

    async def aclose(self) -> None:
        """Close all idle connections; one under way closes with its answer."""
        for stack in self._idle.values():
            stack.closed = True
            while stack.lanes:
                await stack.lanes.pop().transport.aclose()


class _Travelling(httpx.AsyncByteStream):
    """An answer's body. Once it is closed, its lane is free for another call."""

    __slots__ = ("_inner", "_lane", "_stack")

    def __init__(self, answer: httpx.Response, lane: _Lane, stack: _Stack) -> None:
        assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 - an async transport's
        self._inner = answer.stream
        self._lane: _Lane | None = lane
        self._stack = stack

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            yield chunk

    async def aclose(self) -> None:
        """Give the lane back, once."""
        lane, self._lane = self._lane, None
        if lane is not None:
            await self._inner.aclose()
            await self._stack.back(lane)


def network() -> Lanes:
    """Lanes over the network: TLS verified, no proxy out of the environment, no retry."""
    return Lanes(_connection)


def _connection() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=_trusted(), trust_env=False, limits=_ONE)


@cache
def _trusted() -> ssl.SSLContext:
    # Reading the authorities' certificates takes thirty times as long as making a connection.
    return httpx.create_ssl_context(trust_env=False)
