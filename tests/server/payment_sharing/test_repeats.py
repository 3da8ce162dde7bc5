"""Repeats: at once, later, under a key, after the window, in another process of the history."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import Store, open_store
from forwardc.server.payment_sharing import forwarder
from forwardc.server.payment_sharing.claim import ClaimWon
from forwardc.server.payment_sharing.claim_tables import forget
from forwardc.server.payment_sharing.claims import PendingClaim
from forwardc.server.payment_sharing.forwarder import Forwarder, ForwardResult
from forwardc.server.payment_sharing.payment_forward import ForwardCall, PaymentForwarding
from forwardc.server.payment_sharing.request import SharingRequest
from forwardc.server.settings import ReplaySettings
from patience import until_so
from sharing_house import House, checkout, house
from stored_runs import Clock

Serve = Callable[..., Any]
PAID = {"pay-1": checkout("visa_approved"), "pay-2": checkout("mastercard_approved")}
HOUR = {"headers": {"Idempotency-Key": "order-7"}}


async def at_once(open_house: House, count: int, reference: str = "pay-1") -> list[httpx.Response]:
    return await asyncio.gather(*(open_house.post(reference) for _ in range(count)))


def runs(store: Store) -> int:
    return len(store.search(RunFilter()).runs)


def test_fifty_at_once_are_one_forward(serve_on_both: Serve) -> None:
    async def work(open_house: House) -> None:
        answers = await at_once(open_house, 50)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["forwardc-run"] for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert (len(open_house.vaults.forwards), open_house.arrived()) == (1, 1)
        assert runs(open_house.store) == 1

    serve_on_both(work)


def test_what_asks_the_vault_first_is_claimed_before(
    serve_on_both: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a run with a fallback: of fifty, one has a run, and nobody else comes to ask."""
    begun: list[str] = []
    forward = Forwarder.forward

    async def counted(self: Forwarder, *call: Any) -> ForwardResult:
        begun.append(call[-1].run_id)
        return await forward(self, *call)

    monkeypatch.setattr(Forwarder, "forward", counted)
    monkeypatch.setattr(Forwarder, "asks_first", lambda *_: True)

    async def work(open_house: House) -> None:
        answers = await at_once(open_house, 50)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert (begun, open_house.arrived()) == ([answers[0].headers["forwardc-run"]], 1)

    serve_on_both(work)


def test_a_repeat_is_answered_by_the_record_whatever_a_run_would_meet_now(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*call: Any) -> None:
        call[-1].error("FC0814", "not approved any more")

    async def work(open_house: House) -> None:
        first = await open_house.post()
        monkeypatch.setattr(forwarder, "run", refused)
        again, new = await open_house.post(), await open_house.post("pay-declined")
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        assert new.json()["type"] == "/problems/not-forwardable"
        assert open_house.arrived() == 1

    serve(work)


@pytest.mark.parametrize(
    ("instead", "status"),
    [(httpx.ConnectError("refused"), 503), (httpx.ReadTimeout("slow"), 504)],
)
def test_fifty_at_once_share_a_problem(serve: Serve, instead: Exception, status: int) -> None:
    async def work(open_house: House) -> None:
        open_house.vaults.gate = asyncio.Event()
        open_house.vaults.instead = instead
        asking = asyncio.gather(*(open_house.post() for _ in range(50)))
        await until_so(lambda: open_house.vaults.forwards)
        await asyncio.sleep(0.2)
        open_house.vaults.gate.set()
        answers = await asking
        assert {answer.status_code for answer in answers} == {status}
        assert len({answer.headers["forwardc-run"] for answer in answers}) == 1
        assert runs(open_house.store) == 1

    serve(work)


def test_different_references_do_not_wait_for_each_other(serve: Serve) -> None:
    async def work(open_house: House) -> None:
        answers = await asyncio.gather(
            *(at_once(open_house, 5, name) for name in ("pay-1", "pay-declined", "pay-stripe"))
        )
        assert len({answer.content for group in answers for answer in group}) == 3
        assert open_house.arrived() == 3

    serve(work)


def test_two_processes_share_one_forward(store: Store, history_url: str, clock: Clock) -> None:
    """Two services with connections of their own; real processes are in test_processes.py."""

    async def go() -> None:
        with open_store(history_url, now=clock) as other:
            async with house(store, PAID) as first, house(other, PAID) as second:
                groups = await asyncio.gather(at_once(first, 25), at_once(second, 25))
                answers = [answer for group in groups for answer in group]
                assert {answer.status_code for answer in answers} == {200}
                assert len({answer.content for answer in answers}) == 1
                assert len(first.vaults.forwards) + len(second.vaults.forwards) == 1

    asyncio.run(go())


@pytest.mark.parametrize(
    ("instead", "status"),
    [(httpx.ConnectError("refused"), 503), (httpx.ReadTimeout("slow"), 504), (None, 200)],
)
def test_another_process_waits_for_what_it_comes_to(
    store: Store, history_url: str, clock: Clock, instead: Exception | None, status: int
) -> None:
    async def go() -> None:
        with open_store(history_url, now=clock) as other:
            async with house(store, PAID) as first, house(other, PAID) as second:
                first.vaults.gate, first.vaults.instead = asyncio.Event(), instead
                asking = asyncio.create_task(first.post())
                await until_so(lambda: first.vaults.forwards)
                waiting = asyncio.create_task(second.post())
                await asyncio.sleep(0.2)
                assert not waiting.done()
                first.vaults.gate.set()
                answers = [await asking, await waiting]
                assert [answer.status_code for answer in answers] == [status, status]
                assert answers[0].content == answers[1].content
                assert len({answer.headers["forwardc-run"] for answer in answers}) == 1
                assert not second.vaults.forwards

    asyncio.run(go())


def test_who_waits_takes_over_what_another_process_leaves(
    store: Store, history_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        with open_store(history_url, now=clock) as other:
            async with house(store, PAID) as first, house(other, PAID) as second:
                stuck = asyncio.Event()

                async def never(*_: object) -> None:
                    await stuck.wait()
                    raise RuntimeError("left")

                with monkeypatch.context() as patch:
                    patch.setattr(type(first.service.forwarder), "forward", never)
                    asking = asyncio.create_task(first.post())
                    await until_so(lambda: first.service._under_way)
                waiting = asyncio.create_task(second.post())
                await asyncio.sleep(0.1)
                clock.turn(seconds=61)
                answer = await waiting
                assert (answer.status_code, second.arrived()) == (200, 1)
                assert "idempotent-replayed" not in answer.headers
                stuck.set()
                # What it was certain of comes too late to change anything.
                assert (await asking).status_code == 500
                assert (await first.post()).content == answer.content

    asyncio.run(go())


def test_within_the_window_and_after_it(store: Store, clock: Clock) -> None:
    async def go() -> None:
        async with house(store, PAID, replay=ReplaySettings(window_minutes=10)) as open_house:
            first = await open_house.post()
            clock.turn(minutes=9)
            assert (await open_house.post()).content == first.content
            # The window is counted from the first call: a repeat does not make it longer.
            clock.turn(minutes=1.1)
            new = await open_house.post()
            assert "idempotent-replayed" not in new.headers
            assert new.headers["forwardc-run"] != first.headers["forwardc-run"]
            assert len(open_house.vaults.forwards) == 2

    asyncio.run(go())


def test_a_key_outlives_the_window(store: Store, clock: Clock) -> None:
    async def go() -> None:
        async with house(store, PAID) as open_house:
            first = await open_house.post(**HOUR)
            clock.turn(hours=20)
            again = await open_house.post(**HOUR)
            assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
            assert len(open_house.vaults.forwards) == 1
            new = await open_house.post()
            assert new.headers["forwardc-run"] != first.headers["forwardc-run"]
            # The key is the first purchase's, also after another one of the same reference.
            assert (await open_house.post(**HOUR)).content == first.content
            clock.turn(hours=5)
            assert (await open_house.post(**HOUR)).headers["forwardc-run"] not in (
                first.headers["forwardc-run"],
                new.headers["forwardc-run"],
            )

    asyncio.run(go())


def test_a_key_is_for_one_request_and_one_client(serve_on_both: Serve) -> None:
    async def work(open_house: House) -> None:
        assert (await open_house.post(**HOUR)).status_code == 200
        reused = await open_house.post("pay-declined", **HOUR)
        assert reused.status_code == 422
        assert reused.json()["type"] == "/problems/key-reused"
        elsewhere = {**HOUR["headers"], "Authorization": "Bearer test-token-other"}
        assert (await open_house.post("pay-declined", headers=elsewhere)).status_code == 200

    serve_on_both(work)


def test_a_key_given_later_belongs_to_the_same_share(store: Store, clock: Clock) -> None:
    async def go() -> None:
        async with house(store, PAID) as open_house:
            first = await open_house.post()
            assert (await open_house.post(**HOUR)).content == first.content
            clock.turn(hours=3)
            store.database.write(lambda tx: forget(tx, store.timestamp()))
            assert (await open_house.post(**HOUR)).content == first.content
            assert (await open_house.post("pay-2", **HOUR)).status_code == 422

    asyncio.run(go())


def test_a_key_taken_for_two_requests_at_once(serve_on_both: Serve) -> None:
    async def work(open_house: House) -> None:
        names = ("pay-1", "pay-declined") * 5
        answers = await asyncio.gather(*(open_house.post(name, **HOUR) for name in names))
        assert sorted({answer.status_code for answer in answers}) == [200, 422]
        assert len(open_house.vaults.forwards) == 1

    serve_on_both(work)


def test_a_repeat_that_waits_too_long_is_told_to_ask_again(serve: Serve) -> None:
    async def work(open_house: House) -> None:
        open_house.vaults.gate = asyncio.Event()
        first = asyncio.create_task(open_house.post())
        await until_so(lambda: open_house.vaults.forwards)
        answer = await open_house.post()
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/still-running"
        assert int(answer.headers["retry-after"]) >= 1
        open_house.vaults.gate.set()
        content = (await first).content
        assert (await open_house.post()).content == content

    serve(work, replay=ReplaySettings(wait=0.05))


def test_a_caller_that_leaves_does_not_end_the_forward(serve: Serve) -> None:
    async def work(open_house: House) -> None:
        open_house.vaults.gate = asyncio.Event()
        leaving = asyncio.create_task(open_house.post())
        await until_so(lambda: open_house.vaults.forwards)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        open_house.vaults.gate.set()
        answer = await open_house.post()
        assert (answer.status_code, answer.headers["idempotent-replayed"]) == (200, "true")
        assert len(open_house.vaults.forwards) == 1

    serve(work)


def test_what_takes_too_long_at_the_end_is_recorded_as_unknown(serve_on_both: Serve) -> None:
    async def work(open_house: House) -> None:
        open_house.vaults.gate = asyncio.Event()
        asking = asyncio.create_task(open_house.post())
        await until_so(lambda: open_house.vaults.forwards)
        assert await open_house.service.drain(0.05) == 1
        answer = await asking
        assert answer.status_code == 504
        (left,) = open_house.store.unknown_runs()
        assert left.id == answer.json()["run"]
        open_house.vaults.gate = None
        assert (await open_house.post()).status_code == 504
        assert len(open_house.vaults.forwards) == 1

    serve_on_both(work)


def test_a_second_forward_of_a_share_outlives_the_end_of_the_first(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the first is on the disk, and a repeat forwards, before its task has ended."""
    gate = asyncio.Event()

    async def work(open_house: House) -> None:
        service, instrument = open_house.service, PAID["pay-1"]
        asked = ForwardCall(SharingRequest("pay-1", "ROKT", {}), "rokt")
        begun: list[PendingClaim] = []

        async def forward(self: PaymentForwarding, claim: PendingClaim, *_: Any) -> None:
            begun.append(claim)
            claim.result = ClaimWon("share", claim.run_id, 0)
            claim.when_won(claim.result)
            if len(begun) == 1:
                self._begin(asked, instrument)
                await asyncio.sleep(0)
            else:
                await gate.wait()

        monkeypatch.setattr(PaymentForwarding, "_forward", forward)
        await service._begin(asked, instrument)
        await asyncio.sleep(0)
        assert len(begun) == 2
        assert await service.drain(0) == 1
        assert not service._under_way

    serve(work)


def test_what_is_replayed_no_longer_is_deleted(store: Store, clock: Clock) -> None:
    async def go() -> None:
        async with house(store, PAID) as open_house:
            await open_house.post()
            await open_house.post("pay-2", **HOUR)
            count = "SELECT (SELECT count(*) FROM shares), (SELECT count(*) FROM share_claims)"
            for minutes, left in ((59, (2, 3)), (2, (1, 1)), (24 * 60, (0, 0))):
                clock.turn(minutes=minutes)
                store.database.write(lambda tx: forget(tx, store.timestamp()))
                assert tuple(store.database.read(lambda tx: tx.rows(count))[0]) == left

    asyncio.run(go())


def test_old_answers_are_deleted_while_nobody_calls(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.server.payment_sharing.claim_tables._FORGOTTEN_AT_ONCE", 1)
    monkeypatch.setattr("forwardc.server.payment_sharing.claims._FORGET_EVERY_S", 0.01)
    count = "SELECT (SELECT count(*) FROM shares) + (SELECT count(*) FROM share_claims)"

    async def go() -> None:
        async with house(store, PAID) as open_house:
            await open_house.post()
            await open_house.post("pay-2")
            clock.turn(minutes=61)
            forgetting = asyncio.create_task(open_house.service.claims.forget())
            await until_so(lambda: store.database.read(lambda tx: tx.rows(count)) == [(0,)])
            forgetting.cancel()

    asyncio.run(go())


def test_an_outcome_of_the_runs_record(serve: Serve) -> None:
    async def work(open_house: House) -> None:
        answer = await open_house.post("pay-declined")
        run = open_house.store.load(answer.headers["forwardc-run"])
        assert run is not None
        assert run.summary.outcome is Outcome.DECLINED
        told = open_house.watched.told[-1]
        assert (told.outcome, told.run_id, told.vault) == ("declined", run.id, "checkout")
        await open_house.post("pay-declined")
        assert open_house.watched.told[-1].replayed

    serve(work)
