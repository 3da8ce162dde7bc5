"""A lookup at the merchant's service: the example of the page, and services that misbehave."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

import held_up
from certificates import self_signed
from forwardc.server.directory.factory import open_directory
from forwardc.server.directory.payment_directory import DirectoryError, Instrument, PaymentDirectory
from forwardc.server.settings import HttpDirectorySettings
from hard_references import HARD
from loopback import served
from patience import LONG_S, until_so
from reference_service import example

T = TypeVar("T")
TOKEN = "canary-token-0123456789"
GOOD = {"vault": "checkout", "source": "src_a"}
Answerer = Callable[[Request], Awaitable[Response]]


def lookup(url: str, token: str | None = TOKEN, timeout: float = 2.0) -> PaymentDirectory:
    named = "FORWARDC_LOOKUP_TOKEN" if token else None
    settings = HttpDirectorySettings(kind="http", url=url, token_secret=named, timeout=timeout)
    return open_directory(settings, Path(), {"FORWARDC_LOOKUP_TOKEN": token}.get, {"checkout"})


def ask(one: PaymentDirectory, work: Callable[[PaymentDirectory], Awaitable[T]]) -> T:
    async def walk() -> T:
        try:
            return await work(one)
        finally:
            await one.close()

    return asyncio.run(walk())


def find(url: str, reference: str = "r1", **given: Any) -> Instrument | None:
    return ask(lookup(url, **given), lambda one: one.find(reference))


def service(answer: Answerer) -> Starlette:
    return Starlette(routes=[Route("/references", answer, methods=["POST"])])


def saying(body: str | bytes, status: int = 200, **headers: str) -> Starlette:
    async def answer(_: Request) -> Response:
        named = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return Response(body, status, named)

    return service(answer)


def test_the_example_of_the_page_answers() -> None:
    names = example()
    (reference,) = names["CARDS"]
    with served(names["app"]) as url:
        url += "/references"
        given = {"token": names["TOKEN"]}
        assert find(url, reference, **given) == Instrument(
            "checkout",
            "src_wmlfc3zyhqzehihu7giusaaawu",
            {"cvv_token": "tok_g4yjfzhobnqexlqqwtyxkqxbxe", "billing.country": "GB"},
            {},
            {"email": "john.smith@example.com"},
        )
        assert find(url, "nobody's", **given) is None
        for hard in HARD:
            assert find(url, hard, **given) is None
        ask(lookup(url, **given), lambda one: one.ready())
        with pytest.raises(DirectoryError, match="the service answered 401"):
            find(url, reference, token="canary-of-somebody-else")
        with pytest.raises(DirectoryError, match="the service answered 401"):
            ask(lookup(url, token=None), lambda one: one.ready())


def test_a_request_is_one_json_object_with_the_reference() -> None:
    heard: list[tuple[bytes, dict[str, str]]] = []

    async def answer(request: Request) -> Response:
        heard.append((await request.body(), dict(request.headers)))
        return JSONResponse(GOOD)

    reference = 'a"b\\{{x}} ä😀'
    with served(service(answer)) as url:
        assert find(url + "/references", reference) == Instrument("checkout", "src_a")
    ((body, headers),) = heard
    assert json.loads(body) == {"reference": reference}
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([GOOD], "not a JSON object"),
        ({"vault": "checkout"}, "there is no column source"),
        ({**GOOD, "vault": None}, "vault is empty"),
        ({**GOOD, "vault": "nobody"}, "vault names no vault"),
        ({**GOOD, "source": 7}, "a value that is no text"),
        ({**GOOD, "canary": "x"}, "a member that is not known"),
        ({**GOOD, "reference": "x"}, "a member that is not known"),
        ({**GOOD, "inputs": ["x"]}, "inputs is no object"),
        ({**GOOD, "inputs": {"a": {"b": "c"}}}, "a value that is no text"),
        ({**GOOD, "inputs": {"a b": "canary"}}, "column 3 has a name that is not known"),
        ({**GOOD, "billing": {"street": "canary"}}, "column 3 has a name that is not known"),
        ({**GOOD, "source": "4111 1111 1111 1111"}, "source looks like a card number"),
        ({**GOOD, "inputs": {"x": "4111111111111111"}}, "input.x looks like a card number"),
        ({**GOOD, "without": "card.cvc"}, "without is no list of names"),
        ({**GOOD, "without": [7]}, "without is no list of names"),
        ({**GOOD, "without": ["card.cvc card.holder_name"]}, "without is no list of names"),
        ({**GOOD, "without": ["canary"]}, "without names what is no value of a card"),
        ({**GOOD, "params": {"x": "a\nb"}}, "param.x holds a control character"),
        ({**GOOD, "params": {f"p{at}": "x" for at in range(80)}}, "more than 64 columns"),
    ],
)
def test_an_answer_outside_the_contract_is_refused(document: object, reason: str) -> None:
    with (
        served(saying(json.dumps(document))) as url,
        pytest.raises(DirectoryError, match=reason) as caught,
    ):
        find(url + "/references")
    assert "canary" not in str(caught.value)
    assert "4111" not in str(caught.value)


def test_a_list_says_what_is_left_out() -> None:
    names = ["card.cvc", "billing.line2"]
    with served(saying(json.dumps({**GOOD, "without": names}))) as url:
        card = find(url + "/references")
    assert card == Instrument("checkout", "src_a", without=frozenset(names))


def test_null_and_empty_members_are_absent() -> None:
    document = {**GOOD, "inputs": None, "billing": {}, "without": []}
    document |= {"params": {"x": None, "y": ""}}
    with served(saying(json.dumps(document))) as url:
        assert find(url + "/references") == Instrument("checkout", "src_a")


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (saying("{}", 500), "answered 500"),
        (saying("{}", 201), "answered 201"),
        (saying("{}", 204), "answered 204|broke off"),
        (saying("{}", 400), "answered 400"),
        (saying(json.dumps(GOOD), Content_Type="text/html"), "another media type"),
        (saying(json.dumps(GOOD), Content_Encoding="gzip"), "an encoding that was not asked"),
        (saying('{"vault":"checkout","vault":"checkout"}'), "twice"),
        (saying("{"), "not JSON"),
        (saying(b"\xff"), "not JSON"),
        (saying("[" * 9_000), "not JSON"),
        (saying(" " * 70_000), "more than 64 KiB"),
        (saying(json.dumps(GOOD), Content_Length="100"), "broke off its answer"),
    ],
)
def test_a_service_that_misbehaves_is_told(app: Starlette, reason: str) -> None:
    with served(app) as url, pytest.raises(DirectoryError, match=reason):
        find(url + "/references")


def test_a_redirect_is_not_followed() -> None:
    followed = []

    async def elsewhere(_: Request) -> Response:
        followed.append(1)
        return JSONResponse(GOOD)

    async def answer(_: Request) -> Response:
        return RedirectResponse("/elsewhere", 307)

    routes = [
        Route("/references", answer, methods=["POST"]),
        Route("/elsewhere", elsewhere, methods=["POST", "GET"]),
    ]
    with (
        served(Starlette(routes=routes)) as url,
        pytest.raises(DirectoryError, match="answered 307"),
    ):
        find(url + "/references")
    assert not followed


def test_a_slow_service_fails_in_time_and_one_that_is_down_at_once() -> None:
    left = threading.Event()

    async def answer(_: Request) -> Response:
        await until_so(left.is_set)
        return JSONResponse(GOOD)

    async def slow(one: PaymentDirectory) -> None:
        done = await asyncio.gather(*(one.find("r1") for _ in range(16)), return_exceptions=True)
        assert {str(problem) for problem in done} == {"the service did not answer in 0.3 s"}

    with served(service(answer)) as url, held_up.within():
        # The service answers when nobody waits for it any more.
        ask(lookup(url + "/references", timeout=0.3), slow)
        left.set()
    with pytest.raises(DirectoryError, match="cannot be reached"):
        find(url + "/references")
    with pytest.raises(DirectoryError, match="cannot be reached"):
        ask(lookup(url + "/references"), lambda one: one.ready())


def test_64_callers_at_once_get_each_their_own() -> None:
    async def answer(request: Request) -> Response:
        reference = json.loads(await request.body())["reference"]
        return JSONResponse({"vault": "checkout", "source": f"src_{reference}"})

    async def walk(one: PaymentDirectory) -> None:
        found = await asyncio.gather(*(one.find(str(at)) for at in range(64)))
        assert [each and each.source for each in found] == [f"src_{at}" for at in range(64)]

    with served(service(answer)) as url:
        ask(lookup(url + "/references"), walk)


def test_readiness_needs_a_service_that_lets_us_in() -> None:
    for status, ready in ((200, True), (400, True), (404, True), (403, False), (503, False)):
        with served(saying("{}", status)) as url:
            one = lookup(url + "/references")
            if ready:
                ask(one, lambda one: one.ready())
            else:
                with pytest.raises(DirectoryError, match=f"answered {status}"):
                    ask(one, lambda one: one.ready())


def test_the_token_shows_itself_nowhere() -> None:
    one = lookup("https://shop.example/references")
    assert TOKEN not in repr(vars(one)) + repr(vars(one._directory))
    asyncio.run(one.close())


@contextmanager
def served_by_tls(app: Starlette, certificate: Path, key: Path) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", ssl_certfile=certificate, ssl_keyfile=key
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/references"
    finally:
        server.should_exit = True
        thread.join(LONG_S)


def test_an_authority_of_the_operator_is_trusted_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    with served_by_tls(saying(json.dumps(GOOD)), certificate, key) as url:
        with pytest.raises(DirectoryError, match="cannot be reached"):
            find(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert find(url) == Instrument("checkout", "src_a")


def test_a_connection_that_the_service_closed_is_made_again() -> None:
    """The first answer promises to keep the connection, which is then closed under the second."""
    answer = json.dumps(GOOD).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}"

    def serve(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(head.encode() + b"\r\n\r\n" + answer)
                # The next request arrives, and nobody answers it.
                connection.recv(65_536)

    async def twice(one: PaymentDirectory) -> None:
        for _ in range(2):
            assert await one.find("r1") == Instrument("checkout", "src_a")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        ask(lookup(f"http://127.0.0.1:{listener.getsockname()[1]}/references"), twice)
        thread.join(LONG_S)
