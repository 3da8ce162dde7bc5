"""Hand-made plans, a stand-in for the network, and a fixed clock."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver, sandbox_resolver
from loopback import served
from plan_files import build_of

PLANS = Path(__file__).parent / "plans"
NOW = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)

Handler = Callable[[httpx.Request], Any]


def load(name: str) -> Plan:
    return load_plan((PLANS / f"{name}.json").read_bytes())


@pytest.fixture(scope="session")
def forward() -> Plan:
    """A card operation through Checkout.com, one with a fallback, one with two vault steps."""
    return load("forward")


@pytest.fixture(scope="session")
def direct() -> Plan:
    """Operations that the runtime sends itself, one for each kind of body."""
    return load("direct")


@dataclass
class Ran:
    """What a run gave, what was sent, and what was found wrong."""

    result: RunResult | None
    requests: list[httpx.Request]
    sink: Sink

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.sink.sorted()]

    @property
    def done(self) -> RunResult:
        assert self.result is not None, [problem.message for problem in self.sink.sorted()]
        return self.result


class StandIn(httpx.AsyncBaseTransport):
    """The network, as a function from request to response or exception."""

    def __init__(self, handler: Handler, requests: list[httpx.Request]) -> None:
        self._handler = handler
        self._requests = requests

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self._requests.append(request)
        answer = self._handler(request)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, httpx.Response)
        # A fresh, unread response, as a connection gives it.
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)


@dataclass
class Runner:
    """Runs an operation against a function from request to response."""

    ambient: ClockAndIds = field(default_factory=ClockAndIds)

    def __call__(
        self,
        plan: Plan,
        operation: str,
        request: RunRequest,
        handler: Handler,
        look_up: SecretResolver | None = None,
    ) -> Ran:
        requests: list[httpx.Request] = []
        sink = Sink()

        async def go() -> RunResult | None:
            async with Sender(StandIn(handler, requests)) as sender:
                means = RunDependencies(sender, VaultKeys(sender), self.ambient)
                values = look_up or sandbox_resolver(plan)
                return await run(plan, operation, request, values, means, sink)

        return Ran(asyncio.run(go()), requests, sink)


@pytest.fixture(scope="session")
def execute() -> Runner:
    """Runs an operation with a fixed clock and counted ids."""
    numbers = count(1)
    return Runner(ClockAndIds(lambda: NOW, lambda: UUID(int=next(numbers), version=4)))


@pytest.fixture(scope="session")
def forwarded() -> Callable[..., httpx.Response]:
    """A vault's answer around a destination's."""

    def answer(status: int, body: object, *, vault: int = 200, **headers: str) -> httpx.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        arrays = {name.replace("_", "-"): [value] for name, value in headers.items()}
        inner = {"status": status, "headers": arrays, "body": text}
        return httpx.Response(vault, json={"request_id": "fwd_1", "destination_response": inner})

    return answer


@pytest.fixture(scope="session")
def serve() -> Callable[[Any], Any]:
    """A context manager from an ASGI app to its URL on this machine."""
    return served


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build folder with the hand-made plans and their manifest."""
    return build_of([PLANS / "forward.json", PLANS / "direct.json"], tmp_path / "build")
