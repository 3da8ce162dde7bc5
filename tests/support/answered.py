"""One answer of a destination on each of the ways it may come, and what a run makes of it.

The destination is made up, and compiled for each way; the vaults' envelopes are as they document
them. What a run makes of the plain answer is what it must make of every decorated one.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from compiled import plan_of, program_of
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

WAYS: Final = ("direct", "checkout", "stripe")
_SOURCES: Final = {
    "direct": None,
    "checkout": "src_abcdefghijklmnopqrstuvwxyz",
    "stripe": "pm_1AbCdEf",
}
_HEAD: Final = """\
forwardc: 1
name: gate
title: A gate of tests
docs: https://docs.gate.example
environments: {sandbox: {base_url: https://sandbox.gate.example}}
operations:
"""
_OPERATION: Final = """\
  %(name)s:
    initiator: customer
    steps:
      pay:
        deliver: %(deliver)s
        request: {POST: /%(name)s, json: %(body)s}
        response:
%(response)s
"""


@dataclass(frozen=True)
class Body:
    """What a destination answers: bytes as it sends them, and the text that a vault makes of it."""

    text: str
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    @property
    def sent(self) -> bytes:
        """The bytes, UTF-8 unless they are given."""
        return self.data or self.text.encode("utf-8", "surrogatepass")


def plans(responses: Mapping[str, str]) -> dict[str, Plan]:
    """A plan for each way; an operation for each response, which is YAML of ten spaces' depth."""
    return {way: _plan(way, responses) for way in WAYS}


def _plan(way: str, responses: Mapping[str, str]) -> Plan:
    direct = way == "direct"
    filled = [
        _OPERATION
        % {
            "name": name,
            "deliver": "direct" if direct else "vault",
            "body": '{ping: "1"}' if direct else '{number: "${card.number}"}',
            "response": response,
        }
        for name, response in responses.items()
    ]
    plan = plan_of(program_of(_HEAD + "".join(filled)), way)
    assert plan is not None
    return load_plan(json.dumps(plan).encode())


def enveloped(way: str, body: Body, encoding: str = "utf-8", **headers: str) -> httpx.Response:
    """The answer as it reaches us: the destination's own, or the vault's around its text."""
    if way == "direct":
        return httpx.Response(body.status, content=body.sent, headers=dict(body.headers))
    pairs = body.headers.items()
    told: dict[str, Any] = {"status": body.status, "body": body.text}
    if way == "checkout":
        told["headers"] = {name: [value] for name, value in pairs}
        whole: dict[str, Any] = {"request_id": "fwd_1", "destination_response": told}
    else:
        told["headers"] = [{"name": name, "value": value} for name, value in pairs]
        whole = {"id": "fwdreq_1", "object": "forwarding.request", "response_details": told}
    content = json.dumps(whole).encode(encoding)
    return httpx.Response(200, content=content, headers=headers)


def ran(plan: Plan, operation: str, way: str, answer: httpx.Response, **texts: str) -> RunResult:
    """What a run comes to over this answer."""
    sink = Sink()

    async def go() -> RunResult | None:
        async with Sender(_Once(lambda: answer)) as sender:
            means = RunDependencies(sender, VaultKeys(sender))
            request = RunRequest(source=_SOURCES[way], texts=texts)
            return await run(plan, operation, request, sandbox_resolver(plan), means, sink)

    result = asyncio.run(go())
    assert result is not None, [found.message for found in sink.sorted()]
    return result


def told(plan: Plan, operation: str, way: str, answer: httpx.Response) -> tuple[Any, ...]:
    """Outcome and outputs of a run: what must not depend on how an answer is written."""
    result = ran(plan, operation, way, answer)
    return str(result.outcome), dict(result.steps[-1].outputs)


class _Once(httpx.AsyncBaseTransport):
    def __init__(self, answer: Callable[[], httpx.Response]) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        found = self._answer()
        return httpx.Response(found.status_code, headers=found.headers, stream=found.stream)
