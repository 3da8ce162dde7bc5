"""Only a direct step whose plan says `private` is sent over connections that may be private."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.request import RunRequest

PLANS = Path(__file__).parent / "plans"


def private(name: str, operation: str) -> Plan:
    """A hand-made plan in which every step of an operation says `private`."""
    plan = json.loads((PLANS / name).read_text(encoding="utf-8"))
    for step in plan["operations"][operation]["steps"]:
        step["private"] = True
    return load_plan(json.dumps(plan).encode())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What each request was allowed."""
    found: list[bool] = []
    whole = Sender.send

    async def send(self: Sender, *given: Any, private: bool = False, **more: Any) -> Any:
        found.append(private)
        return await whole(self, *given, private=private, **more)

    monkeypatch.setattr(Sender, "send", send)
    return found


def go(execute: Any, plan: Plan, operation: str, request: RunRequest, answer: Any) -> None:
    assert execute(plan, operation, request, lambda _: answer).done.outcome == "approved"


def test_a_direct_step_may(execute: Any, asked: list[bool], direct: Plan, answered: Any) -> None:
    request = RunRequest(texts={"text": "x", "segment": "s"})
    for plan, may in ((direct, False), (private("direct.json", "json"), True)):
        go(execute, plan, "json", request, answered())
        assert asked.pop() is may


def test_a_vault_never(execute: Any, asked: list[bool], forwarded: Callable[..., Any]) -> None:
    """Whatever a damaged plan says: a vault is not in our network."""
    request = RunRequest(
        source="src_visa_adyen_approved0000000", texts={"amount": "1", "currency": "EUR"}
    )
    answer = forwarded(200, {"resultCode": "Authorised", "pspReference": "p"})
    go(execute, private("forward.json", "card"), "card", request, answer)
    assert asked == [False]


@pytest.fixture
def answered() -> Callable[[], Any]:
    """An answer that approves."""
    import httpx

    return lambda: httpx.Response(200, json={"status": "done", "id": "1", "token": "t"})
