"""Runs the repository's compiled plans in one emulated world, and keeps what went to and fro."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from forwardc.cli.sandbox.link import store_secrets
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.sandbox.app import create_app
from forwardc.sandbox.world import EmulatedAnswer, OutboundRequest, World

BUILD = Path(__file__).resolve().parent.parent.parent / "build"
PARAMS: dict[str, dict[str, str]] = {
    "adyen": {
        "amount": "1999",
        "currency": "EUR",
        "reference": "order-1",
        "return_url": "https://shop.example/return",
    },
    "stripe": {"amount": "1999", "currency": "EUR"},
    "visa": {"wallet_account_id": "wallet-1", "email": "jane@example.com"},
    "rokt": {"reference": "order-1"},
    "token_vault": {"customer": "customer-1"},
    "rocketpay": {},
}


@cache
def plan_of(vault: str, destination: str) -> Any:
    """A committed plan of the sandbox."""
    plan = read_plan(BUILD, vault, destination, "sandbox", Sink())
    assert plan is not None
    return plan


@dataclass
class Emulated:
    """A world that plans run in. `exchanges` are what its vaults delivered, with the answers."""

    world: World
    exchanges: list[tuple[OutboundRequest, EmulatedAnswer]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = create_app(self.world)
        inner = self.world.send
        assert inner is not None

        async def send(outbound: OutboundRequest) -> EmulatedAnswer:
            answer = await inner(outbound)
            self.exchanges.append((outbound, answer))
            return answer

        self.world.send = send

    def run(
        self,
        vault: str,
        destination: str,
        operation: str,
        source: str | None,
        *,
        plan: Any = None,
        without: frozenset[str] = frozenset(),
        inputs: dict[str, str] | None = None,
        now: datetime | None = None,
        **texts: str,
    ) -> RunResult:
        """Run one operation as `forwardc run --sandbox` does: of the committed plan, or another."""
        plan, sink = plan or plan_of(vault, destination), Sink()
        request = RunRequest(
            source=source,
            inputs=inputs or {},
            texts=PARAMS.get(destination, {}) | texts,
            without=without,
        )
        transport = httpx.ASGITransport(self.app)

        clock = ClockAndIds(emulated=True)
        if now is not None:
            clock = ClockAndIds(now=lambda: now, emulated=True)

        async def go() -> RunResult | None:
            async with Sender(transport) as sender:
                await store_secrets(plan, operation, sender)
                means = RunDependencies(sender, VaultKeys(sender), clock)
                return await run(plan, operation, request, sandbox_resolver(plan), means, sink)

        result = asyncio.run(go())
        assert result is not None, sink.sorted()
        return result

    def ask(self, method: str, url: str, **how: Any) -> httpx.Response:
        """One request of a client to a party."""

        async def go() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as client:
                return await client.request(method, url, **how)

        return asyncio.run(go())
