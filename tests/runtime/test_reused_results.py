"""A token step whose result serves several runs: asked for once, ended in time, kept nowhere."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from arranged import handed
from attempted import NOW, Notes
from compiled import plan_of, program_of
from forwardc.cli.history.output import run_lines
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import Secret
from forwardc.plan.digests import behaviour_digest
from forwardc.plan.model import load_plan
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.reused_results import Obtained, ReusedResults, StepResult
from forwardc.runtime.run.run import resume, run
from forwardc.runtime.run.run_record import RunProgress, StepProgress
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.sandbox.app import create_app
from forwardc.sandbox.world import World
from token_shop import CVC, DIRECT, FILE, TOLD, Gate, Shop, paid, plan


def test_fifty_runs_at_once_ask_once() -> None:
    shop, held = Shop(Gate()), plan()

    async def work(sender: Sender) -> list[RunResult]:
        return await asyncio.gather(*(shop.pay(held, sender) for _ in range(50)))

    results = shop.go(work)
    assert {str(result.outcome) for result in results} == {"approved"}
    assert shop.gate.tokens == 1
    assert shop.gate.payments == ["token-number-1"] * 50
    # One run asked, and its record says so; the others say that they sent nothing for it.
    asked = [notes for notes in shop.notes if ("intent", "token") in notes.told]
    assert len(asked) == 1
    assert sorted(result.steps[0].attempts for result in results) == [0] * 49 + [1]


def test_a_result_ends_a_minute_before_it_is_told_to() -> None:
    shop, held = Shop(Gate(lifetime=3600)), plan()
    paid(shop, held)
    shop.now += 3539
    paid(shop, held)
    assert shop.gate.tokens == 1
    shop.now += 2
    paid(shop, held)
    assert shop.gate.tokens == 2
    # A clock of the wall that jumps is not asked at all; this one never goes back.
    assert shop.gate.payments == ["token-number-1"] * 2 + ["token-number-2"]


@pytest.mark.parametrize(
    ("reuse", "told", "lasts"),
    [
        ("{at_most: 100}", None, 50),
        ("{at_most: 1000}", None, 940),
        ("{expires_in: /expires_in, at_most: 100}", 3600, 50),
        ("{expires_in: /expires_in, at_most: 3600}", 100, 50),
        ("{expires_in: /expires_in, at_most: 100}", None, 50),
        ("{expires_in: /expires_in}", "100", 50),
        ("{expires_in: /expires_in}", None, 0),
        ("{expires_in: /expires_in}", -5, 0),
        ("{expires_in: /expires_in}", "soon", 0),
        ("{expires_in: /expires_in}", True, 0),
        ("{expires_in: /expires_in}", 10**30, 86340),
    ],
    ids=range(11),
)
def test_how_long_it_lasts(reuse: str, told: Any, lasts: int) -> None:
    shop, held = Shop(Gate(lifetime=told)), plan(reuse)
    paid(shop, held)
    if lasts:
        shop.now += lasts - 1
        paid(shop, held)
        assert shop.gate.tokens == 1
        shop.now += 2
    paid(shop, held)
    assert shop.gate.tokens == 2


def test_what_another_run_sends_decides_whose_it_is() -> None:
    shop, held = Shop(Gate()), plan()
    paid(shop, held, tenant="a")
    paid(shop, held, tenant="b")
    paid(shop, held, tenant="a", note="other")
    assert shop.gate.tokens == 2
    # Another rule of the file is another plan.
    other = plan("{expires_in: /expires_in, at_most: 5000}", body='{x: "${params.note}"}')
    paid(shop, other, tenant="a")
    assert shop.gate.tokens == 3


def test_another_secret_is_another_key() -> None:
    results = ReusedResults()
    first, second = Secret("one"), Secret("two")
    assert results.key(("s",), {"secrets.key": first}) == results.key(
        ("s",), {"secrets.key": Secret("one")}
    )
    assert results.key(("s",), {"secrets.key": first}) != results.key(
        ("s",), {"secrets.key": second}
    )
    # Nobody finds a secret by its key: it is another one in each process.
    assert results.key(("s",), {"secrets.key": first}) != ReusedResults().key(
        ("s",), {"secrets.key": first}
    )


@pytest.mark.parametrize(
    "failure", [httpx.Response(500), httpx.Response(401), httpx.ReadTimeout("no")], ids=range(3)
)
def test_a_failure_is_shared_by_those_that_wait_and_kept_for_nobody(failure: Any) -> None:
    shop, held = Shop(Gate(fails=[failure])), plan()

    async def work(sender: Sender) -> list[RunResult]:
        shop.gate.arrives, shop.gate.answers = asyncio.Event(), asyncio.Event()
        runs = [asyncio.ensure_future(shop.pay(held, sender)) for _ in range(5)]
        await shop.gate.arrives.wait()
        # The others have come as far as they can without an answer.
        for _ in range(200):
            await asyncio.sleep(0)
        shop.gate.answers.set()
        failed = await asyncio.gather(*runs)
        return [*failed, await shop.pay(held, sender)]

    *failed, after = shop.go(work)
    assert all(result.outcome is not Outcome.APPROVED for result in failed)
    assert shop.gate.payments == ["token-number-2"]
    assert after.outcome is Outcome.APPROVED
    others = [result for result in failed if "another run" in str(result.reason)]
    assert len(others) == 4
    assert all("nothing was sent" in str(result.reason) for result in others)


def test_who_is_cancelled_takes_nobody_with_it() -> None:
    shop, held = Shop(Gate()), plan()

    async def work(sender: Sender) -> list[RunResult]:
        shop.gate.arrives, shop.gate.answers = asyncio.Event(), asyncio.Event()
        first = asyncio.ensure_future(shop.pay(held, sender))
        await shop.gate.arrives.wait()
        waiting = [asyncio.ensure_future(shop.pay(held, sender)) for _ in range(4)]
        for _ in range(200):
            await asyncio.sleep(0)
        waiting[0].cancel()
        first.cancel()
        shop.gate.answers.set()
        ended = await asyncio.gather(first, *waiting, return_exceptions=True)
        assert [isinstance(one, asyncio.CancelledError) for one in ended] == [True, True] + [
            False
        ] * 3
        return [one for one in ended if isinstance(one, RunResult)]

    results = shop.go(work)
    assert {str(result.outcome) for result in results} == {"approved"}
    # The one that asked was broken off; one of those that waited asked again, for all.
    assert shop.gate.tokens == 2
    assert shop.gate.payments == ["token-number-2"] * 3


@pytest.mark.parametrize("vault", ["direct", "stripe"])
def test_a_refusal_renews_once(vault: str) -> None:
    shop, held = Shop(Gate()), plan(vault=vault)
    paid(shop, held)
    shop.gate.refuses.add("token-number-1")
    (result,) = paid(shop, held)
    assert result.outcome is Outcome.APPROVED
    assert shop.gate.tokens == 2
    assert len(shop.gate.payments) == 3
    told = shop.notes[-1].told
    assert told == [
        ("begin",),
        ("intent", "pay"),
        ("not_sent", "pay"),
        ("intent", "token"),
        ("answered", "token"),
        ("intent", "pay"),
        ("answered", "pay"),
        ("finish",),
    ]
    assert [step.attempts for step in result.steps] == [1, 2]
    # Whoever comes now takes the new one.
    paid(shop, held)
    assert shop.gate.tokens == 2


def test_what_serves_once_is_not_sent_again() -> None:
    """The vault used the CVC up, whatever the destination made of it."""
    shop, held = Shop(Gate()), plan(vault="stripe", body=CVC)
    paid(shop, held)
    shop.gate.refuses.add("token-number-1")
    (result,) = paid(shop, held)
    assert result.outcome is Outcome.REJECTED
    assert shop.gate.payments == ["token-number-1"] * 2


def test_a_refusal_of_the_new_one_is_the_end() -> None:
    shop, held = Shop(Gate()), plan()
    paid(shop, held)
    shop.gate.refuses |= {"token-number-1", "token-number-2"}
    (result,) = paid(shop, held)
    assert result.outcome is Outcome.REJECTED
    assert shop.gate.payments == ["token-number-1", "token-number-1", "token-number-2"]


def test_one_that_the_run_got_itself_is_not_renewed() -> None:
    shop, held = Shop(Gate(refuses={"token-number-1"})), plan()
    (result,) = paid(shop, held)
    assert result.outcome is Outcome.REJECTED
    assert shop.gate.payments == ["token-number-1"]
    # It is forgotten, so that the next run is not refused for it.
    (after,) = paid(shop, held)
    assert after.outcome is Outcome.APPROVED


@pytest.mark.parametrize("reuse", ["{expires_in: /expires_in}"])
def test_without_the_authors_word_nothing_is_sent_twice(reuse: str) -> None:
    shop, held = Shop(Gate()), plan(reuse)
    paid(shop, held)
    shop.gate.refuses.add("token-number-1")
    (result,) = paid(shop, held)
    assert result.outcome is Outcome.REJECTED
    assert shop.gate.tokens == 1
    (after,) = paid(shop, held)
    assert after.outcome is Outcome.APPROVED


@pytest.mark.parametrize("status", [400, 403, 500])
def test_no_other_answer_proves_a_refusal(status: int) -> None:
    shop, held = Shop(Gate()), plan()
    paid(shop, held)
    shop.gate._pay = lambda _: httpx.Response(status, json={})  # type: ignore[method-assign]
    (result,) = paid(shop, held)
    assert result.outcome is not Outcome.APPROVED
    assert shop.gate.tokens == 1


def test_a_renewal_that_fails_ends_with_the_refusal() -> None:
    shop, held = Shop(Gate()), plan()
    paid(shop, held)
    shop.gate.refuses.add("token-number-1")
    shop.gate.fails = [httpx.Response(503)]
    (result,) = paid(shop, held)
    assert result.outcome is Outcome.REJECTED
    assert shop.gate.payments == ["token-number-1"] * 2


def test_a_run_of_a_killed_process_asks_for_it_again() -> None:
    """The memory went with the process, and no record has the token: the next one gets its own."""
    first, held = Shop(Gate()), plan()
    (done,) = paid(first, held)
    past = RunProgress(steps={"token": StepProgress(report=done.steps[0])})
    shop = Shop(Gate())

    async def work(sender: Sender) -> RunResult | None:
        notes, ambient = Notes(), ClockAndIds(lambda: NOW)
        means = RunDependencies(
            *(sender, VaultKeys(sender), ambient, notes), results=ReusedResults()
        )
        texts = {"note": "n", "tenant": "t"}
        request = RunRequest(texts=texts, run_id=UUID(int=7, version=4))
        return await resume(held, "pay", past, request, sandbox_resolver(held), means, Sink())

    result = shop.go(work)
    assert result is not None
    assert result.outcome is Outcome.APPROVED
    assert (shop.gate.tokens, shop.gate.payments) == (1, ["token-number-1"])


def test_no_record_holds_it() -> None:
    shop, held = Shop(Gate()), plan()
    first, second = paid(shop, held, 2)
    kept = repr([(n.runs, n.intents, n.reports, n.results) for n in shop.notes])
    assert "token-number" not in kept + repr(first) + repr(second) + repr(shop.results)
    assert second.steps[0].outputs == {"token": "***"}
    assert (
        "token-number"
        not in to_bytes(plan_of(program_of(FILE % {"reuse": TOLD, **DIRECT}), "direct")).decode()
    )


def test_the_memory_is_bounded() -> None:
    results = ReusedResults()

    async def ask() -> Obtained:
        return Obtained(StepResult({"a": 1}, good_for_s=1000.0), asked=True)

    async def fill() -> None:
        for number in range(1_200):
            await results.obtain(str(number), ask)

    asyncio.run(fill())
    assert len(results._held) == 1_000


def test_how_often_it_is_sent_is_part_of_an_approval() -> None:
    held = {reuse: behaviour_digest(plan(reuse), "pay") for reuse in (TOLD, "{at_most: 9}")}
    assert len(set(held.values())) == 2


def test_in_the_sandbox_a_token_ends_and_is_renewed() -> None:
    """The clocks of the two are apart: the runs think that it lasts, the destination does not."""
    path = Path(__file__).parents[2] / "docs" / "examples" / "recipes" / "token.yaml"
    held = load_plan(to_bytes(plan_of(program_of(path.read_bytes()), "checkout")))
    clock, results = [1_800_000_000.0], ReusedResults(lambda: 0.0)
    world = World(now=lambda: clock[0], project=handed([held]))

    async def work() -> list[RunResult]:
        app, ended = create_app(world), []
        for seconds in (0, 10, 700, 10):
            clock[0] += seconds
            async with Sender(httpx.ASGITransport(app)) as sender:
                ambient = ClockAndIds(emulated=True)
                means = RunDependencies(sender, VaultKeys(sender), ambient, results=results)
                request = RunRequest(source="src_visa_approved".ljust(30, "0"))
                done = await run(held, "payment", request, sandbox_resolver(held), means, Sink())
                assert done is not None
                ended.append(done)
        return ended

    first, second, third, fourth = asyncio.run(work())
    assert [[step.attempts for step in one.steps] for one in (first, second, third, fourth)] == [
        [1, 1],
        [0, 1],
        [1, 2],
        [0, 1],
    ]
    assert {str(one.outcome) for one in (first, second, third, fourth)} == {"approved"}


def test_the_history_tells_who_asked(tmp_path: Path) -> None:
    held, gate, results = plan(), Gate(), ReusedResults(lambda: 0.0)

    async def work() -> list[str]:
        async with Sender(gate) as sender:
            journal = StoreJournal(open_store(str(tmp_path / "history.db")))
            means = RunDependencies(
                *(sender, VaultKeys(sender), ClockAndIds(), journal), results=results
            )
            shown = []
            for refused in (False, False, True):
                gate.refuses |= {"token-number-1"} if refused else set()
                request = RunRequest(texts={"note": "n", "tenant": "t"})
                done = await run(held, "pay", request, sandbox_resolver(held), means, Sink())
                assert done is not None
                stored = journal.store.load(done.run_id)
                assert stored is not None
                shown.append("\n".join(run_lines(stored, [])))
            return shown

    first, second, third = asyncio.run(work())
    assert "step token: answered, approved by rule 1" in first
    assert "step token: not sent, an earlier run's result served" in second
    assert "not sent, answered 401: what another run was given for it serves no more" in third
    assert "step token: answered" in third
    assert "attempt 2" in third
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"token-number" not in kept
