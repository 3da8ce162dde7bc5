"""What goes over a connection, and where a connection may go."""

import asyncio
import gzip
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from certificates import self_signed
from forwardc.runtime.http.connection_pool import LoopbackTransport, NotLoopbackError
from forwardc.runtime.http.request import BoundRequest, ShownRequest
from forwardc.runtime.http.send import (
    AnswerLost,
    HostRefusedError,
    HttpAnswer,
    NotSent,
    Sender,
    SendLimits,
    check_url,
)
from loopback import served

LIMITS = SendLimits(connect_s=2, read_s=2, max_bytes=1000)
URL = "https://pay.example/v1/a%2Fb?x=%7B%0D"


def request(url: str = URL, body: bytes | None = b"{}") -> BoundRequest:
    headers = (("Content-Type", "application/json"), ("X-Key", "hush"))
    return BoundRequest("POST", url, headers, body, ShownRequest("POST", url, (), None))


def send(transport: httpx.AsyncBaseTransport, limits: SendLimits = LIMITS) -> Any:
    async def go() -> object:
        async with Sender(transport) as sender:
            return await sender.send(request(), {"pay.example"}, limits)

    return asyncio.run(go())


class Server:
    """An ASGI app that remembers one request and answers as it is told."""

    def __init__(self, **answer: Any) -> None:
        self.scope: dict[str, Any] = {}
        self.body = b""
        self.answer = {"status": 200, "headers": [], "body": b"{}", "wait": 0.0} | answer

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope, self.body = scope, (await receive())["body"]
        status, headers = self.answer["status"], self.answer["headers"]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for byte in self.answer["body"]:
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(self.answer["wait"])
        await send({"type": "http.response.body", "body": b""})


def test_the_bytes_on_the_wire(serve: Callable[[Any], Any]) -> None:
    server = Server(headers=[(b"x-a", b"1"), (b"x-a", b"2")])
    with serve(server) as url:
        answer = send(LoopbackTransport(url))
    assert isinstance(answer, HttpAnswer)
    assert (answer.status, answer.body) == (200, b"{}")
    assert [value for name, value in answer.headers if name == "x-a"] == ["1", "2"]
    assert server.scope["raw_path"] == b"/v1/a%2Fb"
    assert server.scope["query_string"] == b"x=%7B%0D"
    headers = dict(server.scope["headers"])
    assert headers[b"host"] == b"pay.example"
    assert headers[b"accept-encoding"] == b"identity"
    assert server.body == b"{}"
    assert set(headers) == {
        b"host",
        b"user-agent",
        b"accept-encoding",
        b"content-type",
        b"x-key",
        b"content-length",
    }


def test_redirects_are_answers(serve: Callable[[Any], Any]) -> None:
    server = Server(status=307, headers=[(b"location", b"https://elsewhere.example/")])
    with serve(server) as url:
        answer = send(LoopbackTransport(url))
    assert isinstance(answer, HttpAnswer)
    assert answer.status == 307


def test_a_large_answer_is_cut(serve: Callable[[Any], Any]) -> None:
    with serve(Server(body=b"x" * 1001)) as url:
        assert isinstance(send(LoopbackTransport(url)), AnswerLost)
    with serve(Server(body=b"x" * 1000)) as url:
        assert isinstance(send(LoopbackTransport(url)), HttpAnswer)


def test_a_slow_drip_does_not_last_for_ever(serve: Callable[[Any], Any]) -> None:
    limits = SendLimits(connect_s=0.2, read_s=0.3, max_bytes=1000)
    with serve(Server(body=b"x" * 16, wait=0.05)) as url:
        assert send(LoopbackTransport(url), limits) == AnswerLost("no answer came in time")


def test_nobody_there() -> None:
    assert isinstance(send(LoopbackTransport("http://127.0.0.1:1")), NotSent)


def test_a_certificate_that_nobody_signed_is_refused(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    server = Server()
    with served(server, ssl_certfile=certificate, ssl_keyfile=key) as url:
        answer = send(LoopbackTransport(url.replace("http:", "https:")))
    assert answer == NotSent("the server's certificate is not valid; nothing was sent")
    assert server.scope == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1:8123",
        "http://sandbox.example:8123",
        "https://127.0.0.1.example",
        "http://127.0.0.1@sandbox.example",
        "http://user@127.0.0.1:1",
        "http://127.0.0.1:1/path",
        "ftp://127.0.0.1",
        "http://0.0.0.0:1",
        "http://[::1",
        "127.0.0.1:8123",
    ],
)
def test_a_sandbox_is_on_this_machine(url: str) -> None:
    with pytest.raises(NotLoopbackError):
        LoopbackTransport(url)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:1", "https://127.1.2.3/"])
def test_addresses_of_this_machine(url: str) -> None:
    LoopbackTransport(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example/",
        "https://pay.example.evil.example/",
        "https://pay.example@evil.example/",
        "https://pay.example:444/",
        "https://pay.example:x/",
        "https://pay.example/../x",
        "https://pay.example/%zz é",
        "//pay.example/",
        "https://pay.example/" + "x" * 8000,
    ],
)
def test_only_https_to_named_hosts(url: str) -> None:
    with pytest.raises(HostRefusedError) as refusal:
        check_url(url, {"pay.example"})
    assert url not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["https://pay.example", "https://PAY.example/a?b", "https://pay.example:443/%7B"]
)
def test_named_hosts(url: str) -> None:
    check_url(url, {"pay.example"})


def test_nothing_is_logged(serve: Callable[[Any], Any], caplog: pytest.LogCaptureFixture) -> None:
    for name in ("", "httpx", "httpcore", "httpcore.connection", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, logger=name)
    with serve(Server()) as url:
        assert isinstance(send(LoopbackTransport(url)), HttpAnswer)
    assert not [record for record in caplog.records if record.name.startswith("http")]


@pytest.mark.parametrize("label", [b"gzip", b"x-gzip", b"", b"identity", b"UTF-8"])
def test_an_answer_that_is_compressed_all_the_same(
    serve: Callable[[Any], Any], label: bytes
) -> None:
    headers = [(b"content-encoding", label)] if label else []
    with serve(Server(body=gzip.compress(b"{}"), headers=headers)) as url:
        answer = send(LoopbackTransport(url))
    assert isinstance(answer, HttpAnswer)
    assert answer.body == b"{}"


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"{}", mtime=0)[:-1], gzip.compress(b"0" * 100_000, mtime=0)],
    ids=["cut", "large"],
)
def test_a_compressed_answer_that_is_not_whole(serve: Callable[[Any], Any], body: bytes) -> None:
    with serve(Server(body=body, headers=[(b"content-encoding", b"gzip")])) as url:
        assert isinstance(send(LoopbackTransport(url)), AnswerLost)
