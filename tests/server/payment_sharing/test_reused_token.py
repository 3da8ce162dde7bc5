"""One access token for all payments of a process: asked for once, renewed once, shown nowhere."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arranged import handed
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plans
from forwardc.sandbox.world import ReceivedRequest, World
from forwardc.server.settings import LimitSettings
from sharing_house import House, checkout
from stored_projects import asked

Serve = Callable[..., Any]
PROJECT = """\
forwardc: 1
merchant: {name: Shop of Tests}
environments:
  sandbox:
    vaults: {checkout: {processing_channel_id: pc_shopoftests000000000000000, prefix: shop}}
"""
LODGE = """\
forwardc: 1
name: lodge
title: A lodge that takes bearer tokens of its own
environments: {sandbox: {base_url: https://api.lodge.example}}
params:
  reference: {type: string, max_length: 80, example: STAY-1, description: Name of the stay}
payment_reference: ${params.reference}
secrets:
  lodge_id: {description: client id}
  lodge_secret: {description: client secret}
operations:
  book:
    initiator: customer
    steps:
      token:
        deliver: direct
        reuse: {expires_in: /expires_in, renew_on_401: true}
        request:
          POST: /token
          headers: {Authorization: "Basic ${base64(secrets.lodge_id + ':' + secrets.lodge_secret)}"}
          form: {grant_type: client_credentials}
        response:
          outcome: by_status
          outputs: {bearer: {at: /access_token, sensitive: true}}
      stay:
        request:
          POST: /stays
          headers: {Authorization: "Bearer ${steps.token.bearer}"}
          json:
            stay: ${params.reference}
            pan: ${card.number}
            until: ${card.expiry.MM}/${card.expiry.YY}
        response: {outcome: by_status}
"""
STAYS = {f"stay-{number}": checkout("visa_approved") for number in range(40)}
LIMITS = LimitSettings(calls_per_minute=1_000)


@pytest.fixture(scope="module")
def lodge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of a project that shares with one destination, the lodge."""
    folder = tmp_path_factory.mktemp("lodge")
    (folder / "destinations").mkdir()
    (folder / "destinations" / "lodge.yaml").write_text(LODGE)
    (folder / "forwardc.yaml").write_text(PROJECT)
    answer = asked(folder, "build")
    assert answer.exit_code == 0, answer.out
    return folder / "build"


class Clock:
    """The time of the sandbox; the server has its own."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def world_of(build: Path, clock: Clock) -> World:
    return World(now=clock, project=handed(read_plans(build, Sink())))


def arrivals(house: House, path: str) -> list[ReceivedRequest]:
    return [one for one in house.vaults.world.received if one.target == path]


def bearers(house: House) -> list[str]:
    """What each stay was asked for with, in the order of arrival."""
    return [dict(one.headers)["authorization"] for one in arrivals(house, "/stays")]


async def booked(house: House, *numbers: int) -> list[dict[str, Any]]:
    """The answers to calls that are made at once."""
    answers = await asyncio.gather(*(house.post(f"stay-{number}") for number in numbers))
    assert {answer.status_code for answer in answers} == {200}, answers[0].text
    return [answer.json() for answer in answers]


def test_calls_at_once_ask_for_one_token(serve: Serve, lodge: Path) -> None:
    async def work(house: House) -> None:
        answers = await booked(house, *range(20))
        assert [answer["status"] for answer in answers] == [200] * 20
        assert len(arrivals(house, "/token")) == 1
        assert len(bearers(house)) == 20
        assert len(set(bearers(house))) == 1
        stays = {json.loads(one.body)["stay"] for one in arrivals(house, "/stays")}
        assert stays == {f"stay-{number}" for number in range(20)}

    serve(work, STAYS, world=world_of(lodge, Clock()), limits=LIMITS, build=lodge, run="lodge")


def test_a_token_that_has_ended_is_renewed_once_for_all_that_come(
    serve: Serve, lodge: Path
) -> None:
    clock = Clock()

    async def work(house: House) -> None:
        await booked(house, 0)
        clock.now += 700
        (answer,) = await booked(house, 1)
        assert answer["status"] == 200
        assert len(arrivals(house, "/token")) == 2
        first, refused, renewed = bearers(house)
        assert first == refused != renewed
        # Whoever comes now takes the new one, and the one stay was booked once.
        await booked(house, *range(2, 12))
        assert len(arrivals(house, "/token")) == 2
        assert bearers(house)[3:] == [renewed] * 10

    serve(work, STAYS, world=world_of(lodge, clock), limits=LIMITS, build=lodge, run="lodge")


def test_calls_at_once_renew_an_ended_token_once(serve: Serve, lodge: Path) -> None:
    clock = Clock()

    async def work(house: House) -> None:
        await booked(house, 0)
        clock.now += 700
        answers = await booked(house, *range(1, 21))
        assert [answer["status"] for answer in answers] == [200] * 20
        assert len(arrivals(house, "/token")) == 2

    serve(work, STAYS, world=world_of(lodge, clock), limits=LIMITS, build=lodge, run="lodge")


def test_nobody_is_told_the_token(
    serve: Serve,
    lodge: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("", "httpx", "httpcore", "asyncio", "forwardc.server"):
        caplog.set_level(logging.DEBUG, logger=name)
    clock, tokens, said = Clock(), set[str](), list[str]()

    async def work(house: House) -> None:
        said.extend(json.dumps(answer) for answer in await booked(house, 0, 1))
        clock.now += 700
        told = await house.post("stay-2")
        said.extend((told.text, repr(told.headers), repr(house.watched.told)))
        said.append(repr(house.service))
        tokens.update(bearer.removeprefix("Bearer ") for bearer in bearers(house))

    serve(work, STAYS, world=world_of(lodge, clock), limits=LIMITS, build=lodge, run="lodge")
    said.extend((caplog.text, *capsys.readouterr()))
    history = "".join(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())
    # The runs are in there, with what was asked of whom.
    assert "https://api.lodge.example/stays" in history
    said.append(history)
    assert len(tokens) == 2
    assert not [token for token in tokens for text in said if token in text]
