"""Whatever an answer holds, and whatever breaks while it is read, no run goes on as `running`."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from attempted import APPROVED, PAID, Network, changed, failure, go, with_failures
from forwardc.cli.main import run as forwardc
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.runtime.history.records import AttemptState, RunFilter, RunState, StepState, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run import attempts
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.run import run
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from patience import LONG_S

BUILD = Path(__file__).resolve().parent.parent.parent / "build"
STRIPE = ("adyen.card_cit", "--via", "stripe", "--env", "sandbox", "--source", "pm_sandbox_visa")
PARAMS = ("amount=1", "currency=EUR", "reference=r", "return_url=https://shop.example/r")


def broken(*_: object, **__: object) -> Any:
    raise OverflowError("a value that must not be told")


@pytest.mark.parametrize("name", ["read_answer", "conclude", "step_report"])
def test_a_mistake_while_an_answer_is_read_leaves_the_run_unknown(
    forward: Plan, forwarded, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    right, calls = getattr(attempts, name), [0]

    def once(*given: object, **named: object) -> Any:
        calls[0] += 1
        return broken() if calls[0] == 1 else right(*given, **named)

    monkeypatch.setattr(attempts, name, once)
    plan = changed(forward, "card", idempotent=True)
    went = go(plan, "card", PAID, [forwarded(200, APPROVED)])
    assert went.done.outcome == "unknown"
    assert "forwardc failed after it was sent" in str(went.done.reason)
    assert [kind for kind, *_ in went.notes.told] == ["begin", "intent", "unknown", "finish"]
    (problem,) = went.sink.sorted()
    assert problem.code == "FC9901"
    assert "OverflowError in runtime/run/attempts.py" in problem.message
    assert "must not be told" not in str(problem)


@pytest.mark.parametrize("name", ["count_attempt", "resend_decision", "retry_after"])
def test_a_mistake_after_an_answer_was_read_costs_the_next_attempt_only(
    forward: Plan, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(attempts, name, broken)
    plan = with_failures(forward, failure(429, "no", "same_key"))
    went = go(plan, "card", PAID, [httpx.Response(429)])
    assert (went.done.outcome, went.done.rejected_by) == ("rejected", "vault")
    assert went.notes.told[-1] == ("finish",)
    assert [problem.code for problem in went.sink.sorted()] == ["FC9901"]


def recorded(plan: Plan, path: Path, answers: list[Any]) -> tuple[StoredRun, BaseException | None]:
    """A run in a real history, and what it raised."""
    raised: BaseException | None = None
    with open_store(str(path)) as store:

        async def work() -> None:
            async with Sender(Network(answers)) as sender:
                journal = StoreJournal(store, alone=True)
                means = RunDependencies(sender, VaultKeys(sender), journal=journal)
                await run(plan, "card", PAID, sandbox_resolver(plan), means, Sink())

        try:
            asyncio.run(work())
        except (Exception, asyncio.CancelledError) as problem:
            raised = problem
        found = store.load(store.search(RunFilter()).runs[0].id)
    assert found is not None
    return found, raised


@pytest.mark.parametrize("problem", [RuntimeError("x"), asyncio.CancelledError()])
def test_a_run_that_is_broken_off_on_its_way_is_unknown(
    forward: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise problem

    if isinstance(problem, RuntimeError):
        # The record of the answer itself fails by a mistake of ours.
        monkeypatch.setattr(attempts, "_record", fail)
    else:
        monkeypatch.setattr(Sender, "send", fail)
    found, raised = recorded(forward, tmp_path / "h.db", [httpx.Response(500)])
    assert type(raised) is type(problem)
    assert found.summary.state is RunState.DONE
    assert found.summary.outcome == "unknown"
    assert "broken off" in str(found.reason)
    (step,) = found.steps
    assert step.state is StepState.UNKNOWN
    assert [one.state for one in step.attempts] == [AttemptState.UNKNOWN]


def test_a_run_that_is_broken_off_before_it_sent_anything_can_be_continued(
    forward: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "bind_step", broken)
    monkeypatch.setattr(attempts, "_resting", broken)
    found, raised = recorded(forward, tmp_path / "h.db", [])
    assert isinstance(raised, OverflowError)
    assert found.summary.state is RunState.STOPPED
    assert found.steps[0].state is StepState.WAITING


HEADS = {
    "date of no clock": "Retry-After: Wed, 21 Oct 2026 07:28:00 +99999999999999",
    "date that is none": "Date: Wed, 99 Foo 99999 99:99:99 XXX\r\nRetry-After: Thu, 1 Jan 1970",
    "endless wait": "Retry-After: " + "9" * 5000,
    "other digits": "Retry-After: \u0661\u0662",
    "codec that is none": "Content-Type: application/json; charset=base64; charset=undefined",
    "two types": "Content-Type: text/html\r\nContent-Type: \xff\xfe",
    "cookies": "Set-Cookie: a=\x80\xff; Expires=never; Max-Age=1e999\r\nSet-Cookie:",
    "no value": "Retry-After:\r\nDate:\r\nContent-Type:\r\nETag:",
    "ages": "Age: -1\r\nCache-Control: max-age=99999999999999999999, =, ,\r\nExpires: 0",
    "another length": "Content-Length: 99999999999999999999999",
    "length that is none": "Content-Length: banana",
    "coding that is none": "Transfer-Encoding: banana",
    "compressed": "Content-Encoding: gzip, br",
    "moved": "Location: http://[::1",
    "many": "\r\n".join(f"X-{number}: {number}" for number in range(90)),
    "folded": "X-Folded: a\r\n  b\r\n\tc",
    "name that is none": "a b: c",
}
STATUSES = ("429 Slow", "503 Away", "200 OK", "302 Found", "101 Switching Protocols", "999 What")


@contextmanager
def raw_server(head: bytes) -> Iterator[str]:
    """Answers every call with these bytes of a head, and a small body."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(LONG_S)
                try:
                    peer.recv(65536)
                    peer.sendall(head + b"\r\nConnection: close\r\n\r\n{}")
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(LONG_S)


@pytest.mark.parametrize("name", HEADS)
def test_no_header_ends_the_process_before_the_record(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], no_waiting: None
) -> None:
    history = str(tmp_path / "h.db")
    for status in STATUSES:
        head = f"HTTP/1.1 {status}\r\n{HEADS[name]}".encode("utf-8", "surrogateescape")
        with raw_server(head) as url:
            where = ("--build", str(BUILD), "--sandbox", url, "--history", history)
            given = [part for param in PARAMS for part in ("-p", param)]
            code = forwardc(("run", *STRIPE, *where, *given))
        assert code in (11, 13), capsys.readouterr()
        assert "FC9901" not in capsys.readouterr().err
    with open_store(history) as store:
        states = {found.state for found in store.search(RunFilter(), limit=100).runs}
    assert states == {RunState.DONE}


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr(
        "forwardc.runtime.run.context.RunDependencies.__init__", _without_waiting(at_once)
    )


def _without_waiting(sleep: Callable[[float], Any]) -> Any:
    original = RunDependencies.__init__

    def init(self: RunDependencies, *given: Any, **named: Any) -> None:
        original(self, *given, **{**named, "sleep": sleep})

    return init


def test_an_answer_of_odd_json_is_recorded(forward: Plan, tmp_path: Path, forwarded) -> None:
    odd = json.dumps({"resultCode": "Authorised", "pspReference": "\ud800\u0000\u202e"})
    found, raised = recorded(forward, tmp_path / "h.db", [forwarded(200, odd)])
    assert raised is None
    assert found.summary.state is RunState.DONE
