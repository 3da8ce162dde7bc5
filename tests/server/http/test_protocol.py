"""A connection itself, over raw sockets: its limits, with the uvicorn that is installed."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any

import pytest
from uvicorn.server import ServerState

from forwardc.server.http import protocol
from forwardc.server.http.process import ServerConfig
from forwardc.server.settings import LimitSettings
from patience import LONG_S, until_so

LARGE = 32 << 20
LIMITS = LimitSettings(headers=4_096, body=1_024, receive_within=LONG_S)
IMPATIENT = LIMITS.model_copy(update={"receive_within": 0.5})
GOOD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
App = Callable[[Any, Any, Any], Awaitable[None]]


async def over(
    app: App, talk: Callable[[Any], Awaitable[Any]], limits: LimitSettings = LIMITS
) -> Any:
    """What a talk with a server of one connection gives. It gets the server's address."""
    config = ServerConfig(
        app,
        limits,
        http=protocol.BoundedHttpProtocol,
        lifespan="off",
        log_config=None,
        # Who waits for less than this waits for our limits.
        timeout_keep_alive=round(2 * LONG_S),
    )
    config.load()
    loop = asyncio.get_running_loop()
    state = ServerState()
    server = await loop.create_server(
        lambda: protocol.BoundedHttpProtocol(config, state, {}),
        "127.0.0.1",
        0,
        family=socket.AF_INET,
    )
    async with server:
        return await talk(server.sockets[0].getsockname())


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the names of the fields that arrived, after the whole body."""
    while (await receive()).get("more_body"):
        continue
    body = b"fields: " + b",".join(name for name, _ in scope["headers"])
    length = str(len(body)).encode()
    start = {"status": 200, "headers": [(b"content-length", length)]}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": body})


def told(
    *parts: bytes, pause: float = 0.0, until: bytes = b"", limits: LimitSettings = LIMITS
) -> tuple[bytes, float]:
    """What comes back until the server closes the connection, and after how many seconds.

    Between two parts a pause lies, and `until` must have come.
    """

    async def talk(address: Any) -> tuple[bytes, float]:
        began, came = monotonic(), bytearray()
        reader, writer = await asyncio.open_connection(*address)

        async def read() -> None:
            while some := await reader.read(65_536):
                came.extend(some)

        answer = asyncio.create_task(read())
        for number, part in enumerate(parts, 1):
            writer.write(part)
            await asyncio.sleep(pause)
            if number < len(parts):
                await until_so(partial(came.__contains__, until))
        try:
            await asyncio.wait_for(answer, LONG_S)
            return bytes(came), monotonic() - began
        except ConnectionResetError:
            return b"", monotonic() - began
        finally:
            writer.close()

    result: tuple[bytes, float] = asyncio.run(over(echo, talk, limits))
    return result


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 5_000, b"431"),
        (b"GET /" + b"x" * 5_000, b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 900, b"431"),
        (b"\x16\x03\x01\x02\x00\x01", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (POST + b"Content-Length: -1\r\n\r\n", b"400"),
        (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (CHUNKED + b"zz\r\n", b"400"),
        (GOOD[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", b"400"),
    ],
    ids=[
        *("field", "target", "fields"),
        *("tls", "version", "length", "two-ends", "chunk", "upgrade"),
    ],
)
def test_what_is_too_much_or_no_http_is_refused(sent: bytes, status: bytes) -> None:
    answer, _ = told(sent)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"application/problem+json" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("head", "behind"),
    [
        (POST + b"Content-Length: 9000\r\n\r\n", b"x" * 8_999),
        (CHUNKED, b"1\r\nx\r\n" * 2_000),
        (CHUNKED, b"1;" + b"x" * 9_000),
        (CHUNKED, b"0\r\nX: " + b"x" * 9_000),
    ],
    ids=["body", "chunks", "extension", "trailer"],
)
def test_what_follows_a_head_is_bounded(head: bytes, behind: bytes) -> None:
    answer, _ = told(head, behind, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "parts",
    [(), (b"GET / HT",), (b"\r\n",), (GOOD, b"\r\n"), (GOOD, b"GET / HT"), (b"\r\n",) * 9],
    ids=["nothing", "half", "blank", "after", "second", "blanks"],
)
def test_what_does_not_come_in_time_is_not_waited_for(parts: tuple[bytes, ...]) -> None:
    _, took = told(*parts, pause=0.1, limits=IMPATIENT)
    assert 0.4 < took < 20


def test_a_connection_has_one_call_at_a_time() -> None:
    closing = GOOD[:-2] + b"Connection: close\r\n\r\n"
    assert told(GOOD, closing, until=b"fields: host")[0].count(b"HTTP/1.1 200 ") == 2
    assert told(GOOD * 20)[0].count(b"HTTP/1.1 ") == 1
    assert told(GOOD + b"\x00nonsense\r\n\r\n")[0].count(b"HTTP/1.1 ") == 1


def test_what_stands_behind_a_body_is_no_field() -> None:
    head = CHUNKED[:-2] + b"Connection: close\r\n\r\n"
    answer, _ = told(head + b"1\r\nx\r\n0\r\nAuthorization: x\r\n\r\n")
    assert answer.endswith(b"fields: host,transfer-encoding,connection")


async def unread(ended: asyncio.Event) -> None:
    """Ask for an answer that fits into no buffer, read nothing, and wait for its end."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * LARGE, "more_body": True})
        await send({"type": "http.response.body", "body": b"x"})
        ended.set()

    async def talk(address: Any) -> None:
        with socket.create_connection(address) as caller:
            caller.sendall(GOOD)
            await asyncio.wait_for(ended.wait(), LONG_S)

    await over(app, talk, LimitSettings())


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would count as a call under way for as long as its caller likes."""
    monkeypatch.setattr(protocol, "_TAKEN_WITHIN_S", 0.2)
    asyncio.run(unread(asyncio.Event()))
