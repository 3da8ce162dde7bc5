"""What is bound before a run begins is sent as it is only where nothing in it is still to come."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.run.prepare import prepare
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

Json = dict[str, Any]
DIRECT: Json = json.loads((Path(__file__).parent / "plans" / "direct.json").read_text())
REQUEST = RunRequest(texts={"code": "c-1", "note": "n"})
NOW = {"$call": "text", "args": [{"$call": "unix", "args": [{"$": "run.now"}]}]}


def changed(change: Callable[[Json, Json], object]) -> Plan:
    """The plan of two steps with one of them changed."""
    plan = copy.deepcopy(DIRECT)
    change(*plan["operations"]["two_steps"]["steps"])
    return load_plan(json.dumps(plan).encode())


def ready_of(plan: Plan) -> set[str]:
    sink = Sink()
    prepared = prepare(plan, "two_steps", REQUEST, sandbox_resolver(plan), sink, ClockAndIds())
    assert prepared is not None, sink.sorted()
    return set(prepared.ready)


def only_if_there(first: Json, second: Json) -> None:
    first["outputs"]["extra"] = {"at": "/extra", "optional": True}
    second["http"]["url"] = "https://shop.example/v1/confirm"
    second["http"]["body"] = {"$json": {"extra": {"$if": "steps.create.extra", "then": "there"}}}


def test_a_step_that_waits_for_nothing_is_ready(direct: Plan) -> None:
    assert ready_of(direct) == {"create"}


@pytest.mark.parametrize(
    "change",
    [
        lambda first, _: first["http"]["headers"].append(["X-Now", {"$header": NOW}]),
        lambda first, _: first.update(sign={"scheme": "visa-x-pay-token", "secret": "a"}),
        lambda first, _: first["http"]["body"]["$form"].update(key={"$": "vault.jwk"}),
    ],
    ids=["the time", "a signature", "the vault's key"],
)
def test_a_step_that_depends_on_when_it_is_sent_is_not(
    change: Callable[[Json, Json], object],
) -> None:
    assert ready_of(changed(change)) == set()


@pytest.mark.parametrize(("extra", "sent"), [({}, b"{}"), ({"extra": "x"}, b'{"extra":"there"}')])
def test_whether_an_output_is_there_is_known_only_when_it_is(
    execute, extra: Json, sent: bytes
) -> None:
    plan = changed(only_if_there)
    assert ready_of(plan) == {"create"}
    created = {"id": "o1", "token": "t", **extra}
    ran = execute(plan, "two_steps", REQUEST, lambda _: httpx.Response(200, json=created))
    assert ran.requests[1].content == sent


def test_it_is_sent_under_the_keys_that_are_told(direct: Plan, execute) -> None:
    ran = execute(direct, "two_steps", REQUEST, lambda _: httpx.Response(400))
    (request,) = ran.requests
    assert request.headers["Idempotency-Key"] == ran.done.steps[0].keys.destination
