"""The middleware: names, sizes, times, crowds, and what every answer has."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from forwardc.core.http.request_target import own_names
from forwardc.server.http.admission import Admission, Networks
from forwardc.server.http.middleware import AccessRules, ConcurrencyLimit, with_middleware
from forwardc.server.http.problems import ProblemError, ProblemKind, handlers
from forwardc.server.payment_sharing.openapi import SHARING_PATH as SHARING
from forwardc.server.settings import AdmissionSettings, LimitSettings
from forwardc.server.telemetry.calls import CallRecord
from forwardc.server.telemetry.logs import begin
from forwardc.server.telemetry.metrics import Metrics
from forwardc.server.telemetry.telemetry import Telemetry
from patience import LONG_S, until_so

CANARY = "canary-77"


class House:
    """The middleware around a small application, with all that it tells."""

    def __init__(self, admit: AdmissionSettings | None = None, **limits: Any) -> None:
        self.metrics = Metrics()
        self.watch = Telemetry(self.metrics)
        self.release = asyncio.Event()
        admit = admit or AdmissionSettings()
        rules = AccessRules(
            own_names("127.0.0.1", ["pay.shop.example"]),
            Admission(admit),
            Networks.from_blocks(admit.trusted_proxies),
            LimitSettings(**limits),
        )
        self.traffic = ConcurrencyLimit(rules.limits.in_flight, self.watch.in_flight)
        app = Starlette(
            routes=[
                Route(SHARING, self._share, methods=["POST"]),
                Route("/health", self._see, methods=["GET"]),
                Route("/history", self._see, methods=["GET"]),
                Route("/v1/fails", self._fail),
                Route("/v1/waits", self._wait),
                Route("/v1/refuses", self._refuse),
            ],
            exception_handlers=handlers(),
        )
        self.guarded = with_middleware(app, rules, self.traffic, self.watch)

    async def _share(self, request: Request) -> Response:
        body = await request.body()
        self.watch.call(
            CallRecord(
                "x", "x", 0, 0, client_id="rokt", run_id="r-1", vault="stripe", outcome="approved"
            )
        )
        return JSONResponse({"bytes": len(body)})

    async def _see(self, request: Request) -> Response:
        assert request.client
        return PlainTextResponse(f"{request.client.host} {request.url.scheme}")

    async def _fail(self, _request: Request) -> Response:
        raise ValueError(CANARY)

    async def _wait(self, _request: Request) -> Response:
        await self.release.wait()
        return Response()

    async def _refuse(self, _request: Request) -> Response:
        raise ProblemError(ProblemKind.PAYMENT_NOT_FOUND)

    def client(self, peer: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.guarded, client=(peer, 50_000))
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8457")

    def ask(self, method: str, path: str, peer: str = "127.0.0.1", **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            async with self.client(peer) as client:
                return await client.request(method, path, **more)

        return asyncio.run(go())

    def figure(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    begin("json", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before


def problem(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["instance"].startswith("urn:uuid:")
    return str(document["type"]).removeprefix("/problems/")


def test_a_call_comes_through_with_its_body(house: House) -> None:
    answer = house.ask("POST", SHARING, content=b"x" * 65_536)
    assert answer.json() == {"bytes": 65_536}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost:1", "[::1]:80", "PAY.shop.example:443"])
def test_the_server_answers_to_its_names(house: House, name: str) -> None:
    assert house.ask("GET", "/history", headers={"Host": name}).status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]"])
def test_and_to_no_other(house: House, name: str) -> None:
    answer = house.ask("GET", "/history", headers={"Host": name})
    assert (answer.status_code, problem(answer)) == (421, "misdirected")
    # A probe asks by number, and learns nothing else.
    assert house.ask("GET", "/health", headers={"Host": name}).status_code == 200


def test_an_address_off_the_list_is_refused(house: House) -> None:
    answer = house.ask("POST", SHARING, "192.0.2.1", headers={"X-Forwarded-For": "127.0.0.1"})
    assert (answer.status_code, problem(answer)) == (403, "address-refused")
    labels = {"route": SHARING, "method": "POST", "status": "403", "problem": "address-refused"}
    assert house.figure("forwardc_calls_total", **labels) == 1


def test_a_trusted_proxy_is_believed_on_address_and_scheme() -> None:
    networks = (ip_network("10.0.0.0/8"),)
    house = House(AdmissionSettings(staff=(ip_network("192.0.2.0/24"),), trusted_proxies=networks))
    said = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}
    answer = house.ask("GET", "/history", "10.0.0.5", headers=said)
    assert answer.text == "192.0.2.9 https"
    assert answer.headers["strict-transport-security"]
    assert house.ask("GET", "/history", "192.0.2.9", headers=said).text == "192.0.2.9 http"
    assert house.ask("GET", "/history", "198.51.100.1", headers=said).status_code == 403


@pytest.mark.parametrize("length", [65_537, 10**6])
def test_a_body_that_is_too_large_is_refused(house: House, length: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(length // 4_096 + 1):
            yield b"x" * 4_096

    announced = house.ask("POST", SHARING, content=b"x" * length)
    chunked = house.ask("POST", SHARING, content=chunks())
    for answer in (announced, chunked):
        assert (answer.status_code, problem(answer)) == (413, "content-too-large")
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(("coding", "status"), [("identity", 200), ("gzip", 415), ("x", 415)])
def test_a_body_is_what_it_says(house: House, coding: str, status: int) -> None:
    """Whoever unpacks it on the way would read another body than this server does."""
    answer = house.ask("POST", SHARING, content=b"{}", headers={"Content-Encoding": coding})
    assert answer.status_code == status


def test_a_body_that_does_not_come_is_given_up() -> None:
    house = House(receive_within=0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(2 * LONG_S)
        yield b"}"

    answer = house.ask("POST", SHARING, content=slow())
    assert (answer.status_code, problem(answer)) == (408, "request-timeout")
    assert house.traffic.under_way == 0


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Length", "2"), ("Content-Length", "3")],
        [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
        [("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
        [("Content-Type", "application/json"), ("Content-Type", "text/plain")],
    ],
)
def test_a_field_that_stands_there_twice_is_refused(
    house: House, headers: list[tuple[str, str]]
) -> None:
    answer = house.ask("POST", SHARING, content=b"{}", headers=headers)
    assert (answer.status_code, problem(answer)) == (400, "invalid-request")


@pytest.mark.parametrize(
    "headers",
    [{"X-Long": "x" * 20_000}, {f"X-{n}": "" for n in range(120)}],
    ids=["long", "many"],
)
def test_header_fields_that_are_too_large_are_refused(
    house: House, headers: dict[str, str]
) -> None:
    answer = house.ask("GET", "/history", headers=headers)
    assert (answer.status_code, problem(answer)) == (431, "headers-too-large")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, "not-found")),
        ("GET", "/v1/nothing", (404, "not-found")),
        ("PUT", SHARING, (405, "method-not-allowed")),
        ("GET", "/v1/refuses", (404, "payment-not-found")),
        ("GET", "/v1/fails", (500, "internal-error")),
        ("GET", "/" + "x" * 5_000, (400, "invalid-request")),
    ],
)
def test_what_goes_wrong_is_a_problem(
    house: House, method: str, path: str, expected: tuple[int, str]
) -> None:
    answer = house.ask(method, path)
    assert (answer.status_code, problem(answer)) == expected
    assert CANARY not in answer.text
    if expected[0] == 405:
        assert answer.headers["allow"] == "POST"


def test_more_calls_than_the_server_takes_are_asked_to_wait() -> None:
    house = House(in_flight=2)

    async def go() -> None:
        async with house.client() as client:
            waiting = [asyncio.create_task(client.get("/v1/waits")) for _ in range(2)]
            await until_so(lambda: house.figure("forwardc_calls_in_flight") == 2)
            refused = await client.post(SHARING)
            assert (refused.status_code, problem(refused)) == (503, "unavailable")
            assert refused.headers["retry-after"] == "1"
            # Whoever looks after the server still sees it.
            assert (await client.get("/health")).status_code == 200
            house.release.set()
            assert {one.status_code for one in await asyncio.gather(*waiting)} == {200}
            assert (await client.post(SHARING)).status_code == 200

    asyncio.run(go())


def test_a_server_that_stops_takes_no_calls_and_still_tells_its_health(house: House) -> None:
    house.traffic.stop()
    answer = house.ask("POST", SHARING, content=b"{}")
    assert (answer.status_code, problem(answer)) == (503, "unavailable")
    assert answer.headers["connection"] == "close"
    # An earlier call about the same payment may have reached its destination.
    assert answer.json()["detail"].startswith("This call sent nothing.")
    assert house.ask("GET", "/health").status_code == 200


def test_a_call_has_one_line_without_values(
    house: House, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    secrets = {"Authorization": f"Bearer {CANARY}", "Idempotency-Key": CANARY}
    house.ask("POST", f"{SHARING}?q={CANARY}", content=CANARY.encode(), headers=secrets)
    house.ask("GET", "/v1/fails")
    house.ask("GET", f"/{CANARY}")
    lines = logged()
    assert CANARY not in json.dumps(lines)
    calls = [line for line in lines if line["event"] == "call"]
    assert [(one["route"], one["status"], one["level"]) for one in calls] == [
        (SHARING, 200, "info"),
        ("other", 500, "error"),
        ("other", 404, "info"),
    ]
    first = calls[0]
    assert (first["client"], first["run"], first["vault"]) == ("rokt", "r-1", "stripe")
    assert first["address"] == "127.0.0.0/24"
    assert first["duration_ms"] > 0
    assert first["time"].endswith("Z")
    failed = next(line for line in lines if "exception" in line)
    assert failed["exception"].startswith("ValueError in ")


def test_a_dependencys_words_are_not_repeated(logged: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("uvicorn.error").error("failed with %s", CANARY)
    assert [line["event"] for line in logged()] == ["failed with %s"]


def test_lines_for_people_cannot_be_forged() -> None:
    stream = io.StringIO()
    before = logging.getLogger().handlers[:]
    begin("text", stream)
    logging.getLogger("forwardc.server").error("one\ntwo", extra={"members": {"a": "b\nc d"}})
    logging.getLogger().handlers[:] = before
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert 'a="b\\nc d"' in text


def test_figures_tell_outcomes_and_replays(house: House) -> None:
    house.ask("POST", SHARING, content=b"{}")
    forwarded = {"vault": "stripe", "destination": "rokt", "outcome": "unknown"}
    house.watch.forward(*forwarded.values())
    assert house.figure("forwardc_forwards_total", **forwarded) == 1
    assert house.figure("forwardc_call_seconds_count", route=SHARING) == 1
    with house.watch.span("lookup"):
        pass
    assert house.figure("forwardc_part_seconds_count", part="lookup") == 1
    house.watch.call(CallRecord(SHARING, "POST", 200, 1, destination="rokt", replayed=True))
    assert house.figure("forwardc_replays_total", destination="rokt") == 1
    house.watch.call(CallRecord(SHARING, "POST", 401, 1, problem="invalid-token"))
    assert house.figure("forwardc_token_refusals_total", problem="invalid-token") == 1
