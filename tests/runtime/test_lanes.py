"""Connections of calls under way at once: kept apart, used again, given up when they are old."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from forwardc.runtime import lanes
from forwardc.runtime.lanes import Lanes, network
from loopback import served

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Pool(httpx.AsyncBaseTransport):
    """A pool of one, as the test sees it."""

    fails: bool = False
    under_way: int = 0
    most: int = 0
    calls: int = 0
    closed: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert not self.closed
        self.calls += 1
        if self.fails:
            raise httpx.ReadError("gone")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        return httpx.Response(200, stream=Body(self))

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class Body(httpx.AsyncByteStream):
    pool: Pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"ok"

    async def aclose(self) -> None:
        self.pool.under_way -= 1


@dataclass
class Pools:
    made: list[Pool] = field(default_factory=list)
    fails: bool = False

    def __call__(self) -> Pool:
        self.made.append(Pool(self.fails))
        return self.made[-1]


async def call(over: Lanes, url: str = "https://vault.example/forward") -> bytes:
    answer = await over.handle_async_request(httpx.Request("POST", url))
    body = await answer.aread()
    await answer.aclose()
    return body


async def test_calls_at_once_share_no_connection() -> None:
    pools = Pools()
    over = Lanes(pools)
    assert await asyncio.gather(*(call(over) for _ in range(64))) == [b"ok"] * 64
    assert len(pools.made) == 64
    assert {pool.most for pool in pools.made} == {1}


async def test_a_connection_is_used_again_once_its_answer_is_read() -> None:
    pools = Pools()
    over = Lanes(pools)
    for _ in range(5):
        await call(over)
    assert [pool.calls for pool in pools.made] == [5]


async def test_each_origin_has_connections_of_its_own() -> None:
    pools = Pools()
    over = Lanes(pools)
    for url in ("https://a.example/", "https://b.example/", "https://a.example:8443/"):
        await call(over, url)
    assert [pool.calls for pool in pools.made] == [1, 1, 1]


async def test_a_connection_that_failed_is_closed_and_not_used_again() -> None:
    pools = Pools(fails=True)
    over = Lanes(pools)
    for _ in range(2):
        with pytest.raises(httpx.ReadError):
            await call(over)
    assert [(pool.calls, pool.closed) for pool in pools.made] == [(1, True), (1, True)]


async def test_what_nobody_uses_is_closed_by_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pools, now = Pools(), [100.0]
    monkeypatch.setattr(lanes, "monotonic", lambda: now[0])
    over = Lanes(pools)
    await asyncio.gather(*(call(over) for _ in range(8)))
    now[0] += 3.0
    await call(over)
    assert sum(not pool.closed for pool in pools.made) == 1


async def test_closing_closes_idle_ones_now_and_others_with_their_answer() -> None:
    pools = Pools()
    over = Lanes(pools)
    await call(over)
    answer = await over.handle_async_request(httpx.Request("GET", "https://other.example/"))
    await over.aclose()
    assert [pool.closed for pool in pools.made] == [True, False]
    await answer.aclose()
    await answer.aclose()
    assert [pool.closed for pool in pools.made] == [True, True]


async def test_over_a_real_connection() -> None:
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse({"port": request.client.port if request.client else 0})

    with served(Starlette(routes=[Route("/", echo)])) as url:
        over = network()
        ports = [
            json.loads(await answer.aread())["port"]
            for answer in [
                await over.handle_async_request(httpx.Request("GET", url)) for _ in range(3)
            ]
        ]
        await over.aclose()
    assert len(set(ports)) == 3
