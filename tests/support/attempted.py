"""Runs over a network that answers by a script, with a journal in memory and a fixed clock."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import httpx

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.reading import read_part
from forwardc.core.terms.values import Secret
from forwardc.plan.answers import Failure, ReadVault
from forwardc.plan.model import Plan
from forwardc.runtime.history.records import Intent, NewRun, StoredRun
from forwardc.runtime.http.circuit_breaker import CircuitBreaker
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.journal import JournalError, SendingPausedError
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import CardFacts, RunResult, StepReport
from forwardc.runtime.run.retries import RetryPolicy
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

SOURCE = "src_" + "a" * 26
TOKEN = "tok_" + "b" * 26
PAID = RunRequest(source=SOURCE, texts={"amount": "1000", "currency": "EUR"})
APPROVED = {"resultCode": "Authorised", "pspReference": "P1"}
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@dataclass
class Notes:
    """A journal in memory: what was told, in order, and what to fail at.

    As strict as the record: an attempt has two different keys and ends once, in its own step, and
    nothing is told of a run that has ended. A run that was begun elsewhere may be continued.
    """

    told: list[tuple[str, ...]] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    results: list[RunResult] = field(default_factory=list)
    runs: list[NewRun] = field(default_factory=list)
    reports: list[StepReport] = field(default_factory=list)
    pauses: set[str] = field(default_factory=set)
    fails: str = ""
    keeps_answers: bool = True
    known: dict[str, CardFacts] = field(default_factory=dict)
    cards: dict[str, CardFacts] = field(default_factory=dict)
    under_way: dict[int, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)

    def _tell(self, *what: str) -> None:
        if what[0] == self.fails:
            raise JournalError("FC0819", "the disk is full")
        self.told.append(what)

    async def digest(self, content: Secret) -> str | None:
        return None

    async def held(self, given_key: str) -> tuple[StoredRun, str] | None:
        return None

    async def withheld(self, run_id: str) -> str | None:
        return None

    def _let_pass(self, new: NewRun) -> None:
        for name in (new.vault, new.destination):
            if name in self.pauses:
                raise SendingPausedError(name)

    async def begin(self, new: NewRun, first: Intent | None = None) -> None:
        self._let_pass(new)
        assert new.id not in {begun.id for begun in self.runs}, "a run begins once"
        self._tell("begin")
        self.runs.append(new)
        if first is not None:
            await self.intent(new.id, first)

    async def intent(self, run_id: str, intent: Intent) -> int:
        for begun in self.runs[-1:]:
            self._let_pass(begun)
        assert run_id not in self.ended, "nothing is sent after the end"
        assert intent.keys.destination != intent.keys.vault
        self._tell("intent", intent.step)
        self.intents.append(intent)
        self.under_way[len(self.intents)] = intent.step
        return len(self.intents)

    def _end(self, fact: str, step: str, number: int) -> None:
        self._tell(fact, step)
        assert self.under_way.pop(number) == step, "an attempt ends once, in its own step"

    async def not_sent(self, run_id: str, step: str, number: int, reason: str) -> None:
        self._end("not_sent", step, number)

    async def unknown(self, run_id: str, step: str, number: int, reason: str) -> None:
        self._end("unknown", step, number)

    async def answered(self, run_id: str, number: int, report: StepReport) -> None:
        self._end("answered", report.name, number)
        self.reports.append(report)

    async def finish(self, run_id: str, result: RunResult) -> None:
        self._tell("finish")
        assert run_id not in self.ended, "a run ends once"
        self.ended.add(run_id)
        self.results.append(result)

    async def card_of_source(self, vault: str, environment: str, source: str) -> CardFacts | None:
        return self.known.get(source)

    async def record_card(self, run_id: str, card: CardFacts) -> None:
        self._tell("card", run_id)
        self.cards[run_id] = card

    async def leave(self, run_id: str, reason: str) -> None:
        self._tell("leave", reason)


class Network(httpx.AsyncBaseTransport):
    """Answers in order; what is asked beyond the last one fails the test."""

    def __init__(self, answers: Iterable[Any]) -> None:
        self.answers: Iterator[Any] = iter(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)


@dataclass
class Went:
    result: RunResult | None
    requests: list[httpx.Request]
    waits: list[float]
    notes: Notes
    sink: Sink

    @property
    def done(self) -> RunResult:
        assert self.result is not None
        return self.result


def go(
    plan: Plan,
    name: str,
    request: RunRequest,
    answers: Iterable[Any],
    notes: Notes | None = None,
    breaker: CircuitBreaker | None = None,
) -> Went:
    """Run with retries, a clock that only the waits move, and no waiting."""
    numbers, waits, sink, network = count(1), [0.0], Sink(), Network(answers)
    notes = notes or Notes()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def work() -> RunResult | None:
        async with Sender(network) as sender:
            means = RunDependencies(
                sender,
                VaultKeys(sender),
                ClockAndIds(lambda: NOW, lambda: UUID(int=next(numbers), version=4)),
                notes,
                RetryPolicy(),
                breaker or CircuitBreaker(),
                clock=lambda: sum(waits),
                sleep=sleep,
                jitter=lambda: 1.0,
            )
            return await run(plan, name, request, sandbox_resolver(plan), means, sink)

    return Went(asyncio.run(work()), network.requests, waits[1:], notes, sink)


def changed(plan: Plan, name: str, **step_changes: Any) -> Plan:
    """The plan with another first step of one operation."""
    operation = plan.operations[name]
    step = replace(operation.steps[0], **step_changes)
    steps = (step, *operation.steps[1:])
    operations = {**plan.operations, name: replace(operation, steps=steps)}
    return replace(plan, operations=operations)


def with_failures(plan: Plan, *failures: Failure, **step_changes: Any) -> Plan:
    read = plan.operations["card"].steps[0].read
    assert isinstance(read, ReadVault)
    return changed(plan, "card", read=replace(read, failures=failures), **step_changes)


def failure(status: int, sent: str, retry: str, *, consumes_cvc: bool = False) -> Failure:
    return read_part(
        Failure, {"status": (status,), "sent": sent, "retry": retry, "consumes_cvc": consumes_cvc}
    )


def vault_keys(went: Went) -> list[str]:
    return [intent.keys.vault for intent in went.notes.intents]


def destination_keys(went: Went) -> set[str]:
    return {intent.keys.destination for intent in went.notes.intents}
