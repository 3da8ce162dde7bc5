"""A payment that is pending: asked for while the caller waits, and answered pending after that."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.core.outcome import Outcome
from forwardc.server.payment_sharing.forwarder import PATIENCE_S
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
RULES = """outcome:
            - {when: "${response.json['state'] == 'checking'}", is: pending}
            - {when: "${response.json['state'] == 'taken'}", is: approved}
            - {when: "${response.json['state'] == 'left'}", is: declined}
"""
FILE = f"""\
forwardc: 1
name: desk
title: A desk that looks at payments before it takes them
environments: {{sandbox: {{base_url: https://api.desk.example}}}}
params:
  reference: {{type: string, max_length: 80, example: D-1, description: Name of the payment}}
payment_reference: ${{params.reference}}
operations:
  take:
    initiator: customer
    steps:
      take:
        request:
          POST: /takings
          json: {{name: "${{params.reference}}", pan: "${{card.number}}"}}
        response:
          outputs: {{id: {{at: /id}}}}
          {RULES}
      look:
        deliver: direct
        poll: {{every: 3, at_most: 120, times: 40}}
        request: {{GET: "/takings/${{steps.take.id}}"}}
        response:
          {RULES}
"""
PAYMENTS = {f"desk-{number}": checkout("visa_approved") for number in range(3)}
LIMITS = LimitSettings(calls_per_minute=1_000)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "destinations").mkdir()
    (folder / "destinations" / "desk.yaml").write_text(FILE)
    (folder / "forwardc.yaml").write_text(PROJECT)
    answer = asked(folder, "build")
    assert answer.exit_code == 0, answer.out
    return folder / "build"


class Desk(httpx.AsyncBaseTransport):
    """The vault with the desk behind it, and the desk itself, which answers question by question.

    An answer is a state or a status; the last one stays. Time passes only while a run waits.
    """

    def __init__(self, *answers: str) -> None:
        self.answers: Sequence[str] = answers
        self.forwards = 0
        self.questions = 0
        self.waits: list[float] = []
        self.now = 50.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "api.desk.example":
            self.questions += 1
            return _answer(self.answers[min(self.questions, len(self.answers)) - 1])
        if request.url.path == "/forward":
            self.forwards += 1
            nested = {"status": 202, "headers": {}, "body": json.dumps(_document("checking"))}
            told = {"request_id": "fwd_1", "destination_response": nested}
            return httpx.Response(200, json=told)
        return httpx.Response(200, json={"access_token": "t", "expires_in": 3600, "keys": []})

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


def _document(state: str) -> dict[str, str]:
    return {"id": "d7", "state": state}


def _answer(answer: str) -> httpx.Response:
    if answer == "lost":
        raise httpx.ReadError("gone")
    if answer.isdigit():
        return httpx.Response(int(answer), json={"error": "none of these"})
    return httpx.Response(200, json=_document(answer))


def served(serve: Serve, build: Path, desk: Desk, work: Callable[[House], Any]) -> None:
    means = {"sleep": desk.sleep, "clock": desk.clock, "transport": desk}
    serve(work, PAYMENTS, limits=LIMITS, build=build, run="desk.take", **means)


def test_a_decision_that_comes_while_the_caller_waits(serve: Serve, build: Path) -> None:
    desk = Desk("checking", "taken")

    async def work(house: House) -> None:
        answer = await house.post("desk-0")
        assert answer.status_code == 200, answer.text
        assert answer.json()["body"]["state"] == "taken"

    served(serve, build, desk, work)
    assert (desk.forwards, desk.questions, desk.waits) == (1, 2, [3, 3])


@pytest.mark.parametrize("last", ["checking", "lost", "500", "404"])
def test_nobody_waits_longer_than_the_patience_of_a_call(
    last: str, serve: Serve, build: Path
) -> None:
    desk = Desk("checking", "checking", last)

    async def work(house: House) -> None:
        answer = await house.post("desk-0")
        assert answer.status_code == 200, answer.text
        # It is the last answer that told something, and not one that refused a question.
        assert answer.json()["body"]["state"] == "checking"
        assert sum(desk.waits) <= PATIENCE_S < sum(desk.waits) + 3
        run = house.store.load(answer.headers["forwardc-run"])
        assert run is not None
        assert run.summary.outcome is Outcome.PENDING

    served(serve, build, desk, work)
    assert (desk.forwards, desk.questions) == (1, 3)


def test_where_no_question_is_answered_the_payment_itself_tells(serve: Serve, build: Path) -> None:
    desk = Desk("lost")

    async def work(house: House) -> None:
        answer = await house.post("desk-0")
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == 202
        assert "checking" in json.dumps(answer.json()["body"])

    served(serve, build, desk, work)
    assert desk.questions == 3


@pytest.mark.parametrize("settled", [False, True], ids=["pending", "settled"])
def test_a_repeat_is_answered_as_the_first_call_was(
    settled: bool, serve: Serve, build: Path
) -> None:
    desk = Desk("checking")

    async def work(house: House) -> None:
        first = await house.post("desk-0")
        run_id, questions = first.headers["forwardc-run"], desk.questions
        if settled:
            # As `run --resume` and `reconcile` do.
            house.store.resolve(run_id, Outcome.APPROVED, "Ann")
        again = await house.post("desk-0")
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["forwardc-run"] == run_id
        assert desk.questions == questions

    served(serve, build, desk, work)
    assert desk.forwards == 1
