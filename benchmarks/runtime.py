"""What is measured of the runtime: binding one compiled request, and one run in process.

Knows the plans of the generated project. Nothing leaves the process.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from benchmarks.timing import Run
from forwardc.cli.options import IN_PROCESS
from forwardc.cli.sandbox.link import store_secrets, transport_to
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.plan.model import Plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.prepare import PreparedRun, prepare, rehearse
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.sandbox.checkout.seed import sources

OPERATION = "payment"


def binding(build: Path) -> tuple[Run, Run]:
    """Two functions: bind the vault's request, and write the same body by hand."""
    plan = plan_of(build)
    prepared = _prepared(plan)
    call = bound_call(plan)
    target: dict[str, Any] = call["destination_request"]
    body = json.loads(target["body"])

    def by_hand() -> bytes:
        return json.dumps(
            call | {"destination_request": target | {"body": json.dumps(body)}}
        ).encode()

    return lambda: rehearse(prepared, Sink(), ClockAndIds()), by_hand


def bound_call(plan: Plan) -> dict[str, Any]:
    """The body of the call to the vault, as data."""
    sink = Sink()
    bound = rehearse(_prepared(plan), sink, ClockAndIds())
    if sink.has_errors or not bound or bound[0].body is None:
        raise RuntimeError("the generated plan cannot be bound")
    call: dict[str, Any] = json.loads(bound[0].body)
    return call


def _prepared(plan: Plan) -> PreparedRun:
    prepared = prepare(plan, OPERATION, request_of(), sandbox_resolver(plan), Sink(), ClockAndIds())
    if prepared is None:
        raise RuntimeError("the generated plan cannot be run")
    return prepared


def forwarding(build: Path) -> Run:
    """A function that starts a sandbox and runs the operation against it, to an outcome."""
    plan = plan_of(build)

    async def go() -> None:
        sink = Sink()
        async with Sender(transport_to(IN_PROCESS)) as sender:
            await store_secrets(plan, OPERATION, sender)
            means = RunDependencies(sender, VaultKeys(sender), ClockAndIds())
            result = await run(plan, OPERATION, request_of(), sandbox_resolver(plan), means, sink)
        if result is None:
            raise RuntimeError(", ".join(found.message for found in sink.sorted()))

    return lambda: asyncio.run(go())


def plan_of(build: Path) -> Plan:
    """The plan of the generated project's first destination at Checkout.com."""
    sink = Sink()
    plan = read_plan(build, "checkout", "psp_0000", "sandbox", sink)
    if plan is None:
        raise RuntimeError(", ".join(found.message for found in sink.sorted()))
    return plan


def request_of() -> RunRequest:
    """The same run for every measurement."""
    texts = {"amount": "1000", "currency": "EUR", "reference": "ORDER-1001"}
    return RunRequest(source=sources()[0]["id"], texts=texts)
