"""The echo gives access tokens that end, and refuses them where they are not good."""

import asyncio
from typing import Any

import httpx
import pytest

from forwardc.sandbox.destinations.echo import create
from forwardc.sandbox.world import World

GRANT = {"grant_type": "client_credentials"}


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Gate:
    """The echo at a host, asked one thing at a time."""

    def __init__(self, clock: Clock) -> None:
        self._app = create(World(now=clock))

    def post(self, url: str, **sent: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            base = "https://gate.example"
            async with httpx.AsyncClient(transport=transport, base_url=base) as client:
                return await client.post(url, **sent)

        return asyncio.run(ask())


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(clock)


def token(gate: Gate, **form: str) -> httpx.Response:
    return gate.post("/token", data=GRANT | form, auth=None if form else ("id", "key"))


def pay(gate: Gate, bearer: str, url: str = "/pay") -> int:
    answer = gate.post(url, json={"a": 1}, headers={"Authorization": f"Bearer {bearer}"})
    return answer.status_code


def test_a_token_is_good_for_its_time_and_host(gate: Gate, clock: Clock) -> None:
    granted: dict[str, Any] = token(gate).json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 600)
    bearer = granted["access_token"]
    assert pay(gate, bearer) == 200
    assert pay(gate, bearer, "https://other.example/pay") == 401
    clock.seconds += 599
    assert pay(gate, bearer) == 200
    clock.seconds += 1
    assert pay(gate, bearer) == 401
    assert pay(gate, bearer + "x") == 401


def test_each_is_another(gate: Gate) -> None:
    assert token(gate).json()["access_token"] != token(gate).json()["access_token"]


def test_a_client_names_itself(gate: Gate) -> None:
    assert token(gate, client_id="id", client_secret="key").status_code == 200
    assert token(gate, client_id="id").status_code == 401
    assert gate.post("/token", data=GRANT).status_code == 401
    broken = {"Authorization": "Basic ***"}
    assert gate.post("/token", data=GRANT, headers=broken).status_code == 401
    other = {"grant_type": "password"}
    assert gate.post("/token", data=other, auth=("id", "key")).status_code == 400


def test_of_other_tokens_it_says_nothing(gate: Gate) -> None:
    assert pay(gate, "made-by-somebody-else") == 200
    assert gate.post("/pay", data={"grant": "client_credentials"}).json() == {"received": True}
