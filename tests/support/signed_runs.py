"""Runs of one plan in a sandbox that knows its project, with a hand on each request."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx

from forwardc.cli.sandbox.link import store_secrets
from forwardc.cli.sandbox.project import project_data
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver, sandbox_resolver
from forwardc.sandbox.app import create_app
from forwardc.sandbox.project import read
from forwardc.sandbox.world import World

Headers = list[tuple[bytes, bytes]]
NOW = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)

Change = Callable[[Headers, bytes], tuple[Headers, bytes]]


@dataclass
class Arrivals:
    """A world with the project of one plan, and the requests that a run sends into it."""

    operation: str
    plan: Plan
    world: World = field(default_factory=lambda: World(now=NOW.timestamp))
    other_secrets: Callable[[SecretResolver], SecretResolver] = lambda look_up: look_up
    problems: list[Diagnostic] = field(default_factory=list)

    def __post_init__(self) -> None:
        data = project_data([self.plan], Lock(), date(2026, 11, 20))
        self.world.project = read(data)
        self.app = create_app(self.world)

    def run(self, change: Change | None = None, source: str | None = None, **texts: str) -> Any:
        """What the run came to, and None where nothing was sent; `change` alters the request."""
        sink, app = Sink(), self.app

        async def changed(scope: Any, receive: Any, send: Any) -> None:
            message = {**await receive(), "more_body": False}
            if change is not None:
                headers, message["body"] = change(scope["headers"], message["body"])
                length = str(len(message["body"])).encode()
                others = [pair for pair in headers if pair[0] != b"content-length"]
                scope = {**scope, "headers": [*others, (b"content-length", length)]}
            messages = iter([message])

            async def given() -> Any:
                return next(messages, {"type": "http.disconnect"})

            await app(scope, given, send)

        async def go() -> Any:
            async with Sender(httpx.ASGITransport(changed)) as sender:
                await store_secrets(self.plan, self.operation, sender)
                means = RunDependencies(
                    sender, VaultKeys(sender), ClockAndIds(emulated=True, now=lambda: NOW)
                )
                request = RunRequest(source=source, texts=texts)
                look_up = self.other_secrets(sandbox_resolver(self.plan))
                return await run(self.plan, self.operation, request, look_up, means, sink)

        result = asyncio.run(go())
        assert (result is None) == sink.has_errors
        self.problems = sink.sorted()
        return result
