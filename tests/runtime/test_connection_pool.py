"""Connections of calls under way at once: kept apart, used again, given up when they are old."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpcore
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from forwardc.runtime.http import connection_pool as lanes
from forwardc.runtime.http.addresses import is_loopback
from forwardc.runtime.http.connection_pool import ConnectionPool, network_pool
from loopback import served

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Line(httpcore.AsyncConnectionInterface):
    """A connection, as the test sees it."""

    origin: httpcore.Origin
    fails: Exception | None = None
    under_way: int = 0
    most: int = 0
    calls: int = 0
    closed: bool = False
    stale: bool = False

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        assert not self.closed
        assert request.url.origin == self.origin
        self.calls += 1
        if self.fails:
            raise self.fails
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        return httpcore.Response(200, content=Body(self))

    def is_available(self) -> bool:
        return not self.under_way and not self.closed

    def has_expired(self) -> bool:
        return self.stale

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class Body:
    line: Line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"ok"

    async def aclose(self) -> None:
        self.line.under_way -= 1


@dataclass
class Lines:
    made: list[Line] = field(default_factory=list)
    fails: Exception | None = None

    def __call__(self, origin: httpcore.Origin) -> Line:
        self.made.append(Line(origin, self.fails))
        return self.made[-1]


# As httpx asks, and as `Sender` does, which takes a whole answer.
WAY = ["httpx"]


@pytest.fixture(params=["httpx", "whole"], autouse=True)
def way(request: pytest.FixtureRequest) -> None:
    WAY[:] = [request.param]


async def call(over: ConnectionPool, url: str = "https://vault.example/forward") -> bytes:
    if WAY == ["whole"]:
        whole = await over.exchange(httpcore.Request("POST", url), max_bytes=2)
        assert whole.body is not None
        return whole.body
    answer = await over.handle_async_request(httpx.Request("POST", url))
    body = await answer.aread()
    await answer.aclose()
    return body


async def test_calls_at_once_share_no_connection() -> None:
    lines = Lines()
    over = ConnectionPool(lines)
    assert await asyncio.gather(*(call(over) for _ in range(64))) == [b"ok"] * 64
    assert len(lines.made) == 64
    assert {line.most for line in lines.made} == {1}


async def test_a_connection_is_used_again_once_its_answer_is_read() -> None:
    lines = Lines()
    over = ConnectionPool(lines)
    for _ in range(5):
        await call(over)
    assert [line.calls for line in lines.made] == [5]


async def test_each_origin_has_connections_of_its_own() -> None:
    lines = Lines()
    over = ConnectionPool(lines)
    for url in ("https://a.example/", "https://b.example/", "https://a.example:8443/"):
        await call(over, url)
    assert [line.calls for line in lines.made] == [1, 1, 1]


async def test_a_connection_that_failed_is_closed_and_not_used_again() -> None:
    lines = Lines(fails=httpcore.ReadError("gone"))
    over = ConnectionPool(lines)
    for _ in range(2):
        with pytest.raises(httpx.ReadError, match="gone"):
            await call(over)
    assert [(line.calls, line.closed) for line in lines.made] == [(1, True), (1, True)]


async def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    lines = Lines()
    over = ConnectionPool(lines)
    await call(over)
    lines.made[0].stale = True
    await call(over)
    assert [(line.calls, line.closed) for line in lines.made] == [(1, True), (1, False)]


@pytest.mark.parametrize(
    "problem",
    [
        httpcore.ConnectError,
        httpcore.ConnectTimeout,
        httpcore.ReadTimeout,
        httpcore.RemoteProtocolError,
        httpcore.LocalProtocolError,
        httpcore.UnsupportedProtocol,
    ],
)
async def test_an_error_is_the_one_of_the_same_name(problem: type[Exception]) -> None:
    with pytest.raises(getattr(httpx, problem.__name__)):
        await call(ConnectionPool(Lines(fails=problem("x"))))


async def test_what_nobody_uses_is_closed_by_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines, now = Lines(), [100.0]
    monkeypatch.setattr(lanes, "monotonic", lambda: now[0])
    over = ConnectionPool(lines)
    await asyncio.gather(*(call(over) for _ in range(8)))
    now[0] += 3.0
    await call(over)
    assert sum(not line.closed for line in lines.made) == 1


async def test_closing_closes_idle_ones_now_and_others_with_their_answer() -> None:
    lines = Lines()
    over = ConnectionPool(lines)
    await call(over)
    answer = await over.handle_async_request(httpx.Request("GET", "https://other.example/"))
    await over.aclose()
    assert [line.closed for line in lines.made] == [True, False]
    await answer.aclose()
    await answer.aclose()
    assert [line.closed for line in lines.made] == [True, True]


async def test_an_answer_that_is_too_large_is_not_read() -> None:
    lines = Lines()
    over = ConnectionPool(lines)
    answer = await over.exchange(httpcore.Request("POST", "https://vault.example/"), max_bytes=1)
    assert (answer.status, answer.body) == (200, None)
    assert await call(over) == b"ok"


async def test_over_a_real_connection() -> None:
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse({"port": request.client.port if request.client else 0})

    with served(Starlette(routes=[Route("/", echo)])) as url:
        over = network_pool(is_loopback)
        ports = [
            json.loads(await answer.aread())["port"]
            for answer in [
                await over.handle_async_request(httpx.Request("GET", url)) for _ in range(3)
            ]
        ]
        await over.aclose()
    assert len(set(ports)) == 3
