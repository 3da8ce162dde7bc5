"""A process knows what it forwards: nothing in its name waits for the end of a lease."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.records import Intent
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimHeld,
    ClaimReleased,
    ClaimRequest,
    ClaimUnknown,
    ClaimWon,
    ForwardEnd,
    ForwardState,
)
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess, claim, look
from forwardc.server.payment_sharing.claims import ClaimStore
from held_claim import HeldClaim
from patience import until_so
from sharing_house import House
from stored_runs import SHOWN, Clock, new_run

INTENT = Intent(
    "pay", IdempotencyKeys("destination-key", "vault-key"), "POST https://x.example/", SHOWN
)
Serve = Callable[..., Any]


def process(owner: str = "here/1/a") -> ClaimingProcess:
    return ClaimingProcess(owner, "sandbox", True, 60.0)


def ask(reference: str = "pay-1") -> ClaimRequest:
    ids = {"forward_id": str(uuid4()), "run_id": str(uuid4())}
    who = {"by_key": None, "by_client": "rokt"}
    return ClaimRequest(
        **ids, **who, by_reference=reference, destination="R", window_s=60, key_s=60
    )


def claimed(store: Store, who: ClaimingProcess) -> ClaimWon:
    """A claim that the database took, and whose answer was lost."""
    found = store.database.write(lambda tx: claim(tx, ask(), who, store.timestamp()))
    assert isinstance(found, ClaimWon)
    return found


def seen(store: Store, mine: ClaimWon, who: ClaimingProcess) -> object:
    return store.database.read(lambda tx: look(tx, mine.forward_id, who, store.timestamp()))


def test_what_this_process_does_not_forward_is_free_at_once(store: Store) -> None:
    here, there = process(), process("there/2/b")
    held = claimed(store, here)
    assert seen(store, held, here) == ClaimReleased(held.run_id, abandoned=True)
    assert seen(store, held, there) == ClaimHeld(held.forward_id, held.run_id)
    here.live.begin(held.run_id)
    assert seen(store, held, here) == ClaimHeld(held.forward_id, held.run_id)


@pytest.mark.parametrize("sent", [True, False])
def test_a_heartbeat_settles_for_others_what_was_left(store: Store, sent: bool) -> None:
    here, there = process(), process("there/2/b")
    claims = ClaimStore(store, here)
    held = claimed(store, here)
    if sent:
        store.begin(replace(new_run(), id=held.run_id, owner=here.owner, lease_s=300))
        store.intent(held.run_id, here.owner, INTENT)
    claims.let_go(held.run_id, in_doubt=True)
    asyncio.run(claims.record_owed_ends())
    unknown = ClaimUnknown(held.forward_id, held.run_id)
    assert seen(store, held, there) == (
        unknown if sent else ClaimReleased(held.run_id, abandoned=False)
    )


def test_a_heartbeat_leaves_alone_what_is_forwarded(store: Store) -> None:
    here = process()
    claims = ClaimStore(store, here)
    held = claimed(store, here)
    here.live.begin(held.run_id)
    claims.let_go("another", in_doubt=True)
    asyncio.run(claims.record_owed_ends())
    assert seen(store, held, process("there/2/b")) == ClaimHeld(held.forward_id, held.run_id)


def test_an_end_that_is_owed_is_the_answer(store: Store, clock: Clock) -> None:
    """Also of what certainly was not sent, though the record has an intent of it."""
    here, there = process(), process("there/2/b")
    claims = ClaimStore(store, here)
    for state in (ForwardState.DONE, ForwardState.NOT_SENT, ForwardState.UNKNOWN):
        held = claimed(store, here)
        store.begin(replace(new_run(), id=held.run_id, owner=here.owner, lease_s=300))
        store.intent(held.run_id, here.owner, INTENT)
        journal = BatchedJournal(StoreJournal(store), clock, HeldClaim())
        here.live.keep_unrecorded(ForwardEnd(held, state, 200, "sealed", journal))
        told = {
            ForwardState.DONE: ClaimFinished(held.forward_id, held.run_id, "sealed"),
            ForwardState.NOT_SENT: ClaimReleased(held.run_id, abandoned=False),
            ForwardState.UNKNOWN: ClaimUnknown(held.forward_id, held.run_id),
        }[state]
        assert seen(store, held, here) == told
        assert seen(store, held, there) == ClaimHeld(held.forward_id, held.run_id)
        asyncio.run(claims.record_owed_ends())
        assert seen(store, held, there) == told
        assert not here.live.unrecorded
        clock.turn(seconds=61)


def test_an_end_stays_owed_while_the_history_is_away(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        async def away(*_: object) -> None:
            raise HistoryUnavailableError("the disk is full")

        house.vaults.gate = asyncio.Event()
        asking = asyncio.create_task(house.post())
        await until_so(lambda: house.vaults.forwards)
        claims = house.service.claims
        with monkeypatch.context() as patch:
            patch.setattr(house.store.commits, "write", away)
            patch.setattr("forwardc.server.payment_sharing.claims._WAITS", (0.0, 0.0))
            house.vaults.gate.set()
            first = await asking
            with pytest.raises(HistoryUnavailableError):
                await claims.record_owed_ends()
            assert len(claims.live.unrecorded) == 1
        again = await house.post()
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        assert await house.service.drain(0) == 0
        assert not claims.live.unrecorded
        run = house.store.load(first.headers["forwardc-run"])
        assert run is not None
        assert (run.summary.state, run.summary.outcome) == ("done", "approved")
        assert house.arrived() == 1

    serve(work)


def test_a_caller_that_leaves_while_it_claims_does_not_end_the_forward(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        write, came, told = house.store.commits.write, asyncio.Event(), asyncio.Event()

        async def slow(how: Callable[[Transaction], Any]) -> Any:
            result = await write(how)
            came.set()
            await told.wait()
            return result

        with monkeypatch.context() as patch:
            patch.setattr(house.store.commits, "write", slow)
            leaving = asyncio.create_task(house.post())
            await came.wait()
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
            assert house.arrived() == 0
            told.set()
            answer = await house.post()
        assert (answer.status_code, house.arrived()) == (200, 1)
        assert answer.headers["idempotent-replayed"] == "true"

    serve(work)


@pytest.mark.parametrize("how", ["while it claims", "once more"])
def test_what_was_given_up_while_it_was_claimed_was_not_sent(
    serve_on_both: Serve, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The history has claim, run and intent, and nobody could say so: that process knows better."""

    async def work(house: House) -> None:
        write, came = house.store.commits.write, asyncio.Event()

        async def slow(work: Callable[[Transaction], Any]) -> Any:
            result = await write(work)
            came.set()
            await asyncio.Event().wait()
            return result

        with monkeypatch.context() as patch:
            patch.setattr(house.store.commits, "write", slow)
            asking = asyncio.create_task(house.post())
            await came.wait()
            monkeypatch.setattr(house.store.commits, "write", write)
            assert await house.service.drain(0) == 1
            given_up = await asking
        assert (given_up.status_code, house.arrived()) == (503, 0)
        assert not house.store.unknown_runs()
        answers = [await house.post() for _ in range(1 + (how == "once more"))]
        assert {answer.status_code for answer in answers} == {200}
        assert house.arrived() == 1

    serve_on_both(work)
