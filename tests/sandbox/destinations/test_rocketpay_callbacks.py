"""Rocketpay Gate in the sandbox sends its callbacks: schedule, address, named cards."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from forwardc.sandbox.credentials import secret
from forwardc.sandbox.crypto import rocketpay as signature
from forwardc.sandbox.destinations.endpoint import loopback_url
from forwardc.sandbox.destinations.rocketpay import callbacks, tokens
from forwardc.sandbox.destinations.rocketpay.callbacks import (
    MOST_ATTEMPTS,
    deliver_due,
    wait_after,
)
from forwardc.sandbox.serve import start_in_thread
from forwardc.sandbox.world import World
from patience import until

NOW = 1_790_000_000.0  # September 2026
URL = "http://127.0.0.1:9/callbacks/rocketpay"
SWITCHES = "/api.rocketpay.kz/_sandbox/rocketpay"
ASKED = {"card": "visa-test", "customer_id": "customer_123", "project_id": 123}


@dataclass
class Merchant:
    """Answers callbacks with the given statuses, then with 200."""

    statuses: list[int | None] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, url: str, body: bytes) -> int | None:
        self.bodies.append(json.loads(body))
        return self.statuses.pop(0) if self.statuses else 200


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    world = World(now=clock, callback_url=URL)
    queue(world, "request-1")
    return world


def queue(world: World, request_id: str) -> None:
    owner = tokens.TokenOwner(123, "customer_123")
    token, _ = tokens.issue(world, owner, "4242424242424242", (2030, 8), "JANE ROE")
    row = world.table(tokens.TABLE)[token]
    content = callbacks.of_token(request_id, "tokenize", token, row)
    callbacks.queue(world, 123, request_id, content, secret("rocketpay", "rocketpay_secret"))


def test_a_callback_is_signed_and_sent_once_when_it_is_answered(world: World) -> None:
    merchant = Merchant()
    assert asyncio.run(deliver_due(world, merchant.post)) == 1
    assert asyncio.run(deliver_due(world, merchant.post)) == 0
    (body,) = merchant.bodies
    given = body["signature"]
    assert signature.verify(body, given, secret("rocketpay", "rocketpay_secret"))
    assert body["card"]["number"] == "424242******4242"
    assert body["token_status"] == "active"


def test_the_schedule_of_repetitions(world: World, clock: Clock) -> None:
    merchant = Merchant([503] * MOST_ATTEMPTS)
    waits = []
    while (due := world.table(callbacks.TABLE)["request-1"]["next_at"]) is not None:
        waits.append(due - clock.now)
        clock.now = due
        assert asyncio.run(deliver_due(world, merchant.post)) == 1
    assert waits[:7] == pytest.approx([0, 10, 10, 10, 10, 10, 10])
    assert waits[7] == pytest.approx(70 + 10 * 1.12**3)
    assert waits[-1] == 4 * 3600
    assert len(merchant.bodies) == MOST_ATTEMPTS == 120
    assert 9 < (clock.now - NOW) / 86_400 < 11
    assert len({json.dumps(body) for body in merchant.bodies}) == 1


def test_no_answer_counts_as_none(world: World, clock: Clock) -> None:
    merchant = Merchant([None, 302])
    for _ in range(3):
        assert asyncio.run(deliver_due(world, merchant.post)) == 1
        clock.now += wait_after(1)
    assert asyncio.run(deliver_due(world, merchant.post)) == 0


def test_without_an_address_callbacks_stay_in_the_queue(world: World) -> None:
    world.callback_url = None
    assert asyncio.run(deliver_due(world, Merchant().post)) == 0
    world.callback_url = URL
    assert asyncio.run(deliver_due(world, Merchant().post)) == 1


def test_a_token_expires_with_its_card(world: World, clock: Clock) -> None:
    merchant = Merchant()
    asyncio.run(deliver_due(world, merchant.post))
    clock.now += 4 * 366 * 86_400
    asyncio.run(deliver_due(world, merchant.post))
    asyncio.run(deliver_due(world, merchant.post))
    told = [(body["token_status"], "action" in body["request"]) for body in merchant.bodies]
    assert told == [("active", True), ("expiry", False)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://127.0.0.1:8456/callbacks/rocketpay", None),
        ("http://localhost:8456/c", "http://127.0.0.1:8456/c"),
        ("http://[::1]:8456/c", None),
    ],
)
def test_an_address_of_this_machine(given: str, kept: str | None) -> None:
    assert loopback_url(given) == (kept or given)


@pytest.mark.parametrize(
    "given",
    [
        "http://192.0.2.1/c",
        "http://example.com/c",
        "http://127.0.0.1.example.com/c",
        "https://127.0.0.1/c",
        "http://user@127.0.0.1/c",
        "file:///etc/passwd",
        "http://[::1",
        "",
    ],
)
def test_no_other_address(given: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        loopback_url(given)


@pytest.fixture
def arrived() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server of a merchant: its URL and what it received."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/callbacks/rocketpay", bodies
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_served_sandbox_sends_what_it_queues(arrived: tuple[str, list[dict[str, Any]]]) -> None:
    url, bodies = arrived
    with start_in_thread() as sandbox, httpx.Client(base_url=sandbox.url + SWITCHES) as client:
        assert client.post("/callback-url", json={"url": url}).json() == {"url": url}
        made = client.post("/tokens", json=ASKED).json()
        until(lambda: bool(bodies))
        assert bodies[0]["token"] == made["token"]
        until(lambda: client.get("/callbacks").json()["data"][0]["answered"] == 200)
        assert "body" not in client.get("/callbacks").json()["data"][0]


@pytest.mark.parametrize("by", ["tokenize", "purchase", "hold", "payout"])
def test_each_way_to_a_token(by: str) -> None:
    with start_in_thread() as sandbox, httpx.Client(base_url=sandbox.url + SWITCHES) as client:
        asked = {**ASKED, "card": "visa-test", "by": by}
        first, second = (client.post("/tokens", json=asked).json() for _ in range(2))
        assert len(first["token"]) == 64
        assert first["token"] == second["token"]
        declined = client.post("/tokens", json=asked | {"card": "visa-declined"}).json()
        assert (declined["token"] is None) is (by != "tokenize")


def test_named_cards_make_tokens_and_no_number_is_shown() -> None:
    with start_in_thread() as sandbox, httpx.Client(base_url=sandbox.url + SWITCHES) as client:
        listed = client.get("/cards")
        names = [card["name"] for card in listed.json()["data"]]
        assert "visa-test" in names
        answers = [client.post("/tokens", json={**ASKED, "card": name}) for name in names]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["token"] for answer in answers}) == len(names)
        assert "424242424242" not in "".join(answer.text for answer in [listed, *answers])


@pytest.mark.parametrize(
    "asked",
    [
        {**ASKED, "card": "4242424242424242"},
        {**ASKED, "customer_id": None},
        {**ASKED, "project_id": "x"},
        {**ASKED, "year": 2020},
        {**ASKED, "customer_id": 1.5},
        {**ASKED, "by": "refund"},
        [],
    ],
)
def test_a_wrong_question_is_refused(asked: Any) -> None:
    with start_in_thread() as sandbox, httpx.Client(base_url=sandbox.url + SWITCHES) as client:
        answer = client.post("/tokens", json=asked)
        assert answer.status_code == 400
        assert "4242424242424242" not in answer.text


def test_a_vault_cannot_reach_the_switches() -> None:
    with start_in_thread() as sandbox, httpx.Client(base_url=sandbox.url) as client:
        answer = client.post(f"{SWITCHES}/callback-url", json={"url": "http://192.0.2.1/c"})
        assert answer.status_code == 400
        assert sandbox.world.callback_url is None
        assert not sandbox.world.received
