"""A destination that gives access tokens, and runs of one process that use them."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from attempted import NOW, Notes
from compiled import plan_of, program_of
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.reused_results import ReusedResults
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

FILE = """forwardc: 1
name: gate
title: A gate with tokens
environments: {sandbox: {base_url: https://api.gate.example}}
params: {note: {type: string, example: hello}, tenant: {type: string, example: shop}}
secrets: {id: {description: client id}, key: {description: client secret}}
operations:
  pay:
    initiator: customer
    steps:
      token:
        deliver: direct
        reuse: %(reuse)s
        request:
          POST: /token
          headers: {Authorization: "Basic ${base64(secrets.id + ':' + secrets.key)}"}
          form: {grant_type: client_credentials, tenant: "${params.tenant}", at: "${unix(run.now)}"}
        response: {outcome: by_status, outputs: {token: {at: /access_token, sensitive: true}}}
      pay:
        %(deliver)s
        request:
          POST: /payments
          headers: {Authorization: "Bearer ${steps.token.token}"}
          json: %(body)s
        response: {outcome: by_status}
"""
TOLD = "{expires_in: /expires_in, renew_on_401: true}"
DIRECT = {"deliver": "deliver: direct", "body": '{note: "${params.note}"}'}
VAULT = {
    "deliver": "deliver: vault",
    "body": '{number: "${card.number}", note: "${params.note}"}',
}
CVC = '{number: "${card.number}", note: "${params.note}", cvc: "${card.cvc?}"}'
SOURCE = "pm_1QwErTyUiOp"


def plan(reuse: str = TOLD, vault: str = "direct", **parts: str) -> Plan:
    text = FILE % {"reuse": reuse, **(DIRECT if vault == "direct" else VAULT), **parts}
    return load_plan(to_bytes(plan_of(program_of(text), vault)))


@dataclass
class Gate(httpx.AsyncBaseTransport):
    """A destination that gives tokens, lets them end, and counts who asked for what."""

    lifetime: Any = 3600
    tokens: int = 0
    payments: list[str] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    fails: list[httpx.Response | Exception] = field(default_factory=list)
    arrives: asyncio.Event | None = None
    answers: asyncio.Event | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.url.path == "/token":
            return await self._token()
        if request.url.path == "/v1/forwarding/requests":
            form = httpx.QueryParams(request.content.decode())
            return self._forwarded(self._pay({"authorization": form["request[headers][0][value]"]}))
        return self._pay(dict(request.headers))

    async def _token(self) -> httpx.Response:
        self.tokens += 1
        number = self.tokens
        if self.arrives is not None and self.answers is not None:
            self.arrives.set()
            await self.answers.wait()
        if self.fails:
            answer = self.fails.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        body = {"access_token": f"token-number-{number}"}
        body |= {} if self.lifetime is None else {"expires_in": self.lifetime}
        return httpx.Response(200, json=body)

    def _pay(self, headers: dict[str, Any]) -> httpx.Response:
        bearer = str(headers.get("authorization", "")).removeprefix("Bearer ")
        self.payments.append(bearer)
        return httpx.Response(401 if bearer in self.refuses else 200, json={})

    @staticmethod
    def _forwarded(answer: httpx.Response) -> httpx.Response:
        details = {"status": answer.status_code, "headers": [], "body": "{}"}
        return httpx.Response(200, json={"id": "f", "livemode": False, "response_details": details})


@dataclass
class Shop:
    """Runs of one process over a gate; `now` is the clock of its results."""

    gate: Gate
    now: float = 100.0
    notes: list[Notes] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))
    results: ReusedResults = field(init=False)

    def __post_init__(self) -> None:
        self.results = ReusedResults(lambda: self.now)

    async def pay(self, held: Plan, sender: Sender, **texts: str) -> RunResult:
        notes, sink = Notes(), Sink()
        self.notes.append(notes)
        source = None if held.vault == "direct" else SOURCE
        means = RunDependencies(
            *(sender, VaultKeys(sender), ClockAndIds(lambda: NOW, self._uuid), notes),
            results=self.results,
        )
        request = RunRequest(source=source, texts={"note": "n", "tenant": "t"} | texts)
        asked = {name: text for name, text in request.texts.items() if name in held.params}
        request = RunRequest(source=source, texts=asked)
        result = await run(held, "pay", request, sandbox_resolver(held), means, sink)
        assert result is not None, [one.message for one in sink.sorted()]
        return result

    def _uuid(self) -> UUID:
        return UUID(int=next(self.numbers), version=4)

    def go(self, work: Callable[[Sender], Any]) -> Any:
        async def inside() -> Any:
            async with Sender(self.gate) as sender:
                return await work(sender)

        return asyncio.run(inside())


def paid(shop: Shop, held: Plan, times: int = 1, **texts: str) -> list[RunResult]:
    async def work(sender: Sender) -> list[RunResult]:
        return [await shop.pay(held, sender, **texts) for _ in range(times)]

    results: list[RunResult] = shop.go(work)
    return results
