"""A pending payment is asked for within limits, and ends pending where nobody decided it."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from attempted import NOW
from compiled import plan_of, program_of
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.history import asked_again
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run import polling as chapter
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.retries import RetryPolicy
from forwardc.runtime.run.run import resume, run
from forwardc.runtime.run.run_record import progress_of
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

RULES = """outcome:
            - {when: "${response.json['s'] == 'wait'}", is: pending}
            - {when: "${response.json['s'] == 'paid'}", is: approved}
            - {when: "${response.json['s'] == 'refused'}", is: declined}
            - {when: "${response.json['s'] == 'wrong'}", is: rejected}
"""
FILE = """forwardc: 1
name: gate
title: A gate that decides later
environments: {sandbox: {base_url: https://api.gate.example}}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        deliver: direct
        request: {POST: /payments, json: {note: hello}}
        response:
          outputs: {id: {at: /id}}
          %(rules)s
      status:
        deliver: direct
        poll: %(poll)s
        request: {GET: "/payments/${steps.pay.id}"}
        response:
          %(rules)s
"""
RUN = UUID(int=7, version=4)
LIMITS = "{every: 2, at_most: 60, times: 3}"
TOKEN = """      token:
        deliver: direct
        reuse: {at_most: 600}
        request: {POST: /token, form: {grant_type: client_credentials}}
        response: {outcome: by_status, outputs: {t: {at: /t, sensitive: true}}}
"""
BEARER = """
          headers: {Authorization: "Bearer ${steps.token.t}"}"""
LOST = "lost"
UNREACHABLE = "unreachable"


def plan(poll: str = LIMITS) -> Plan:
    text = FILE % {"poll": poll, "rules": RULES}
    return load_plan(to_bytes(plan_of(program_of(text), "direct")))


def plan_with_token() -> Plan:
    """The question needs a token, which no record has."""
    text = FILE % {"poll": LIMITS, "rules": RULES}
    text = text.replace("    steps:\n", f"    steps:\n{TOKEN}", 1)
    question = 'request: {GET: "/payments/${steps.pay.id}"}'
    asked = f'request:\n          GET: "/payments/${{steps.pay.id}}"{BEARER}'
    return load_plan(to_bytes(plan_of(program_of(text.replace(question, asked)), "direct")))


@dataclass
class Gate(httpx.AsyncBaseTransport):
    """A destination that answers a payment, and then question after question; its last one stays.

    An answer is a state, `STATUS state`, or a way in which none comes. `waits` are those of runs.
    """

    first: str = "wait"
    answers: Sequence[str] = ("wait",)
    retry_after: str | None = None
    payments: int = 0
    paths: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    now: float = 1000.0
    tokens: int = 0
    token_status: int = 200

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            self.tokens += 1
            return httpx.Response(self.token_status, json={"t": f"token-{self.tokens}"})
        if request.method == "POST":
            self.payments += 1
            return self._answer(self.first)
        self.paths.append(request.url.path)
        return self._answer(self.answers[min(len(self.paths), len(self.answers)) - 1])

    def _answer(self, answer: str) -> httpx.Response:
        if answer == LOST:
            raise httpx.ReadError("gone")
        if answer == UNREACHABLE:
            raise httpx.ConnectError("nobody")
        status, _, state = answer.rpartition(" ")
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        document = json.dumps({"id": "p1", "s": state})
        return httpx.Response(int(status or 200), headers=headers, content=document)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def means(gate: Gate, sender: Sender, store: Store, patience_s: float | None) -> RunDependencies:
    return RunDependencies(
        *(sender, VaultKeys(sender), ClockAndIds(lambda: NOW, lambda: RUN)),
        *(StoreJournal(store), RetryPolicy()),
        clock=lambda: gate.now,
        sleep=gate.sleep,
        patience_s=patience_s,
    )


def ended(
    gate: Gate, tmp_path: Path, held: Plan | None = None, patience_s: float | None = None
) -> RunResult:
    held, sink = held or plan(), Sink()

    async def work() -> RunResult | None:
        with open_store(str(tmp_path / "history.db")) as store:
            async with Sender(gate) as sender:
                dependencies = means(gate, sender, store, patience_s)
                look_up = sandbox_resolver(held)
                return await run(held, "pay", RunRequest(), look_up, dependencies, sink)

    result = asyncio.run(work())
    assert result is not None, [problem.message for problem in sink.sorted()]
    return result


# Rules often call every 4xx rejected: of a question it says nothing of the payment.
REFUSED = ["401 wrong", "404 wrong", "429 wrong", "500 wrong"]
BROUGHT = {
    "a decision": ["paid", "refused", "wrong"],
    "pending": ["wait"],
    "no answer, or one that says nothing": [
        LOST,
        UNREACHABLE,
        "500 paid",
        "404 none",
        "200 none",
        *REFUSED,
    ],
}
TABLE = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for block in re.findall(r"(?:^\|.*\|\n)+", chapter.__doc__ or "", re.MULTILINE)
    for line in block.splitlines()[2:]
]
DECISIONS = {
    "paid": Outcome.APPROVED,
    "refused": Outcome.DECLINED,
    "wrong": Outcome.REJECTED,
}


@pytest.mark.parametrize("line", TABLE, ids=" / ".join)
def test_the_table(line: tuple[str, str, str], tmp_path: Path) -> None:
    brought, limits, step = line
    for number, answer in enumerate(BROUGHT[brought]):
        folder = tmp_path / str(number)
        folder.mkdir()
        # Where the limits allow another question, it is answered, so that it shows.
        answers = [answer] * 3 if limits == "are reached" else [answer, "paid"]
        gate = Gate(answers=answers)
        result = ended(gate, folder)
        match step:
            case "ends as decided":
                assert (result.outcome, len(gate.paths)) == (DECISIONS[answer], 1)
            case "asks again":
                assert (result.outcome, len(gate.paths)) == (Outcome.APPROVED, 2)
            case _:
                assert step == "ends pending"
                assert (result.outcome, len(gate.paths)) == (Outcome.PENDING, 3)
                assert result.rejected_by is None
                assert "pending" in (result.reason or "")
                assert result.steps[-1].attempts == 3
        assert gate.payments == 1
        with open_store(str(folder / "history.db")) as store:
            stored = store.load(str(RUN))
        assert stored is not None
        assert stored.summary.outcome == result.outcome
        assert [one.outcome for one in stored.steps] == [Outcome.PENDING, result.outcome]
        # Each question is an attempt, and none of them is open.
        assert len(stored.steps[-1].attempts) == len(gate.paths)
        assert "intent" not in {str(attempt.state) for attempt in stored.steps[-1].attempts}


def test_every_outcome_is_in_the_table() -> None:
    assert {line[0] for line in TABLE} == BROUGHT.keys()


@pytest.mark.parametrize("first", ["paid", "refused", "wrong", "500 none", LOST])
def test_a_decided_payment(first: str, tmp_path: Path) -> None:
    gate = Gate(first=first)
    result = ended(gate, tmp_path)
    assert result.outcome is not Outcome.PENDING
    assert gate.paths == []


@pytest.mark.parametrize(
    ("poll", "retry_after", "patience_s", "waits"),
    [
        ("{every: 2, at_most: 60, times: 3}", None, None, [2, 2, 2]),
        ("{every: 7, at_most: 21, times: 3}", "8", None, [7, 8]),
        ("{every: 2, at_most: 60, times: 5}", "25", None, [2, 25, 25]),
        ("{every: 2, at_most: 60, times: 5}", "100000", None, [2]),
        ("{every: 9, at_most: 60, times: 3}", "1", None, [9, 9, 9]),
        ("{every: 2, at_most: 60, times: 20}", None, 5.0, [2, 2]),
        ("{every: 6, at_most: 60, times: 2}", None, 5.0, []),
    ],
    ids=range(7),
)
def test_limits(
    poll: str,
    retry_after: str | None,
    patience_s: float | None,
    waits: list[float],
    tmp_path: Path,
) -> None:
    gate = Gate(retry_after=retry_after)
    result = ended(gate, tmp_path, plan(poll), patience_s)
    assert result.outcome is Outcome.PENDING
    assert gate.waits == waits
    assert gate.paths == ["/payments/p1"] * len(waits)


async def asked_once_more(gate: Gate, held: Plan, store: Store, sink: Sink) -> RunResult | None:
    """What `run --resume` does with a run that ended pending, or that was broken off."""
    await store.inline.write(lambda tx: asked_again.reopen(tx, str(RUN), store.timestamp()))
    stored = store.load(str(RUN))
    assert stored is not None
    async with Sender(gate) as sender:
        dependencies = means(gate, sender, store, None)
        journal = dependencies.journal
        assert isinstance(journal, StoreJournal)
        assert await journal.take(str(RUN), "")
        request = replace(RunRequest(), run_id=RUN, reference=stored.summary.reference)
        return await resume(
            *(held, "pay", progress_of(stored), request, sandbox_resolver(held)),
            *(dependencies, sink),
        )


@pytest.mark.parametrize("answer", ["paid", "refused", "wait", LOST])
def test_resume_asks_again(answer: str, tmp_path: Path) -> None:
    gate, held, sink = Gate(), plan(), Sink()
    assert ended(gate, tmp_path, held).outcome is Outcome.PENDING
    gate.answers = (*["wait"] * 3, answer)

    with open_store(str(tmp_path / "history.db")) as store:
        result = asyncio.run(asked_once_more(gate, held, store, sink))
        stored = store.load(str(RUN))
    assert result is not None, [problem.message for problem in sink.sorted()]
    assert result.outcome is DECISIONS.get(answer, Outcome.PENDING)
    assert gate.payments == 1
    assert stored is not None
    assert stored.summary.outcome == result.outcome


def test_a_process_that_dies_while_it_asks_leaves_a_run_that_goes_on(tmp_path: Path) -> None:
    gate, held = Gate(), plan()

    async def broken_off() -> None:
        with open_store(str(tmp_path / "history.db")) as store:
            async with Sender(gate) as sender:
                dependencies = means(gate, sender, store, None)

                async def stop(_: float) -> None:
                    if len(gate.paths) == 1:
                        raise asyncio.CancelledError

                dependencies = replace(dependencies, sleep=stop)
                look_up = sandbox_resolver(held)
                await run(held, "pay", RunRequest(), look_up, dependencies, Sink())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(broken_off())
    with open_store(str(tmp_path / "history.db")) as store:
        stored = store.load(str(RUN))
    assert stored is not None
    assert stored.summary.state == "stopped"
    assert [one.outcome for one in stored.steps] == [Outcome.PENDING, Outcome.PENDING]


@pytest.mark.parametrize("seen", ["wait", LOST, UNREACHABLE, "500 none", *REFUSED])
def test_whatever_a_question_brought_before_the_process_died_is_asked_again(
    seen: str, tmp_path: Path
) -> None:
    gate, held = Gate(answers=[seen, "paid"]), plan()

    async def broken_off() -> None:
        with open_store(str(tmp_path / "history.db")) as store:
            async with Sender(gate) as sender:

                async def stop(_: float) -> None:
                    if gate.paths:
                        raise asyncio.CancelledError

                dependencies = replace(means(gate, sender, store, None), sleep=stop)
                await run(held, "pay", RunRequest(), sandbox_resolver(held), dependencies, Sink())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(broken_off())
    with open_store(str(tmp_path / "history.db")) as store:
        result = asyncio.run(asked_once_more(gate, held, store, Sink()))
    assert result is not None
    assert (result.outcome, gate.payments, len(gate.paths)) == (Outcome.APPROVED, 1, 2)


def test_the_token_of_a_question_is_had_anew(tmp_path: Path) -> None:
    gate, held = Gate(), plan_with_token()
    assert ended(gate, tmp_path, held).outcome is Outcome.PENDING
    path, sink = str(tmp_path / "history.db"), Sink()
    # A token that cannot be had now, twice, ends no payment: it is pending, and a warning says why.
    gate.token_status = 401
    for _ in range(2):
        with open_store(path) as store:
            result = asyncio.run(asked_once_more(gate, held, store, sink))
        assert result is not None
        assert result.outcome is Outcome.PENDING
        assert len(gate.paths) == 3
    assert [problem.code for problem in sink.sorted()] == ["FC0821"]
    assert not sink.has_errors
    gate.token_status, gate.answers = 200, ["paid"]
    with open_store(path) as store:
        result = asyncio.run(asked_once_more(gate, held, store, sink))
        stored = store.load(str(RUN))
    assert result is not None
    assert stored is not None
    assert result.outcome is stored.summary.outcome is Outcome.APPROVED
    assert (gate.payments, gate.tokens) == (1, 4)
