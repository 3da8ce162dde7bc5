"""What leaves with a request beside what the plan says, and which answers are whole."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

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
from forwardc.version import __version__

URL = "https://pay.example/v1"
LIMITS = SendLimits(connect_s=3, read_s=7, max_bytes=100)


class Stream(httpx.AsyncByteStream):
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.data

    async def aclose(self) -> None:
        self.closed = True


class Wire(httpx.AsyncBaseTransport):
    """Answers as it is told, and keeps what it was given."""

    def __init__(self, answer: httpx.Response | Exception | None = None) -> None:
        self.answer = answer
        self.got: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or httpx.Response(200, stream=Stream(b"{}"))


def sent(
    wire: Wire, method: str = "POST", body: bytes | None = b"{}", *headers: tuple[str, str]
) -> Any:
    request = BoundRequest(method, URL, headers, body, ShownRequest(method, URL, (), None))

    async def go() -> object:
        async with Sender(wire) as sender:
            return await sender.send(request, {"pay.example"}, LIMITS)

    return asyncio.run(go())


def told(wire: Wire) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in wire.got[0].headers.raw}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_method_with_a_body_says_that_it_is_empty(method: str) -> None:
    wire = Wire()
    sent(wire, method, None)
    assert told(wire)["content-length"] == "0"


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "OPTIONS"])
def test_a_method_without_a_body_says_nothing_of_one(method: str) -> None:
    wire = Wire()
    sent(wire, method, None)
    ours = {"host": "pay.example", "user-agent": f"forwardc/{__version__}"}
    assert told(wire) == ours | {"accept-encoding": "identity"}
    with_one = Wire()
    sent(with_one, method, b"abc")
    assert told(with_one)["content-length"] == "3"


def test_what_the_plan_says_stands_once_in_any_spelling() -> None:
    wire = Wire()
    sent(wire, "POST", b"{}", ("USER-AGENT", "theirs"), ("accept-Encoding", "x"), ("HOST", "a"))
    names = [name.decode().lower() for name, _ in wire.got[0].headers.raw]
    assert sorted(names) == ["accept-encoding", "content-length", "host", "user-agent"]
    assert told(wire)["user-agent"] == "theirs"


def test_each_wait_has_its_limit() -> None:
    wire = Wire()
    sent(wire)
    waits = wire.got[0].extensions["timeout"]
    assert waits == {"connect": 3, "pool": 3, "read": 7, "write": 7}


def answered(body: bytes, *headers: tuple[str, str], method: str = "POST") -> Any:
    stream = Stream(body)
    found = sent(Wire(httpx.Response(200, headers=list(headers), stream=stream)), method)
    assert stream.closed
    return found


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "CONTENT-LENGTH"])
def test_an_answer_has_as_many_bytes_as_it_says(name: str) -> None:
    assert isinstance(answered(b"abc", (name, "3")), HttpAnswer)
    for length in ("2", "4", "0", "x", "03"):
        assert isinstance(answered(b"abc", (name, length)), AnswerLost), length
    assert isinstance(answered(b"abc", (name, "3"), (name, "3")), HttpAnswer)
    assert isinstance(answered(b"abc", (name, "3"), (name, "4")), AnswerLost)
    assert isinstance(answered(b"abc"), HttpAnswer)


def test_an_answer_to_head_tells_the_length_of_what_it_leaves_out() -> None:
    assert isinstance(answered(b"", ("content-length", "3"), method="HEAD"), HttpAnswer)
    assert isinstance(answered(b"", ("content-length", "3"), method="GET"), AnswerLost)


def test_an_answer_shows_nothing_of_what_it_holds() -> None:
    found = answered(b"hush-body", ("x-token", "hush-header"))
    assert "hush" not in repr(found)
    assert ("x-token", "hush-header") in found.headers


def test_an_answer_is_as_large_as_is_allowed_and_no_larger() -> None:
    assert isinstance(answered(b"x" * 100), HttpAnswer)
    assert answered(b"x" * 101) == AnswerLost("the answer is larger than 100 bytes")


CERTIFICATE = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
NOT_VALID = "the server's certificate is not valid; nothing was sent"
NOT_THERE = "the server cannot be reached; nothing was sent"


@pytest.mark.parametrize(
    ("problem", "found"),
    [
        (httpx.ConnectError(CERTIFICATE), NotSent(NOT_VALID)),
        (httpx.ConnectError(CERTIFICATE.lower()), NotSent(NOT_VALID)),
        (httpx.ConnectError("refused"), NotSent(NOT_THERE)),
        (httpx.ConnectTimeout(CERTIFICATE), NotSent(NOT_THERE)),
        (httpx.PoolTimeout("x"), NotSent(NOT_THERE)),
        (httpx.ReadTimeout("x"), AnswerLost("no answer came in time")),
        (httpx.WriteTimeout("x"), AnswerLost("no answer came in time")),
        (TimeoutError(), AnswerLost("no answer came in time")),
        (httpx.ReadError("x"), AnswerLost("the connection ended without a whole answer")),
        (httpx.WriteError("x"), AnswerLost("the connection ended without a whole answer")),
        (httpx.RemoteProtocolError("x"), AnswerLost("the connection ended without a whole answer")),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_a_failure_says_of_the_request(problem: Exception, found: object) -> None:
    assert sent(Wire(problem)) == found


def test_no_logger_of_the_client_writes_a_url_or_a_header() -> None:
    names = ["httpx", "httpcore"]
    names += [f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy")]
    for name in names:
        logging.getLogger(name).disabled = False
    Sender(Wire())
    assert [name for name in names if not logging.getLogger(name).disabled] == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://pay.example/", "pay.example"),
        ("https://pay.example:443/a", "pay.example"),
        ("https://PAY.example/a", "pay.example"),
        ("https://pay.example:8443/a", "pay.example:8443"),
        ("https://pay.example:4430/a", "pay.example:4430"),
    ],
)
def test_the_host_that_the_plan_names(url: str, host: str) -> None:
    assert str(check_url(url, {host}).host) == "pay.example"
    for other in ({"pay.example:443"}, {"example"}, {"pay.example."}, {"pay.example:80"}, set()):
        if host not in other:
            with pytest.raises(HostRefusedError):
                check_url(url, other)


def test_the_longest_url() -> None:
    start = "https://pay.example/"
    assert check_url(start + "x" * (8000 - len(start)), {"pay.example"})
    with pytest.raises(HostRefusedError):
        check_url(start + "x" * (8001 - len(start)), {"pay.example"})


def test_a_url_without_a_path_is_sent_as_it_is() -> None:
    assert check_url("https://pay.example", {"pay.example"}).raw_path == b"/"
    for url in ("https://pay.example?x=1", "https://pay.example/a/../b", "https://pay.example/a b"):
        with pytest.raises(HostRefusedError):
            check_url(url, {"pay.example"})


def test_certificates_are_looked_at() -> None:
    context = ssl.create_default_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
