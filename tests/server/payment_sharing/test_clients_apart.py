"""One client never gets the bytes of another's share, nor its run, and no payment leaves twice."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx
import pytest

from forwardc.runtime.history.store import Store, open_store
from forwardc.server.payment_sharing.claim import (
    ClaimOfAnotherClient,
    ClaimRequest,
    ClaimResult,
    ClaimWon,
    ForwardState,
    claim_digest,
)
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess, claim, end
from patience import until_so
from sharing_house import TOKEN, House, checkout, house
from stored_runs import Clock

THERE = ClaimingProcess("there/2/b", "sandbox", True, 60.0)
HERE = ClaimingProcess("here/1/a", "sandbox", True, 60.0)
PAID = {"pay-1": checkout("visa_approved"), "pay-2": checkout("visa_approved")}


def ask(client: str, key: str | None = None) -> ClaimRequest:
    world = ("sandbox", True)
    return ClaimRequest(
        forward_id=str(uuid4()),
        run_id=str(uuid4()),
        by_reference=claim_digest("reference", *world, "ROKT", "pay-1"),
        by_key=key and claim_digest("key", *world, client, key),
        by_client=claim_digest("client", *world, client),
        destination="ROKT",
        window_s=3600,
        key_s=86_400,
    )


def claimed(store: Store, asked: ClaimRequest, process: ClaimingProcess = HERE) -> ClaimResult:
    return store.database.write(lambda tx: claim(tx, asked, process, store.timestamp()))


def mine(store: Store, asked: ClaimRequest, process: ClaimingProcess = HERE) -> ClaimWon:
    found = claimed(store, asked, process)
    assert isinstance(found, ClaimWon)
    return found


def as_(client: str, **more: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Authorization": f"{TOKEN}-{client}", **more}}


def refused(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/shared-by-another")
    assert "forwardc-run" not in answer.headers
    assert answer.json().keys() <= {"type", "title", "status", "detail", "instance"}


def test_the_answer_is_for_whoever_asked_first(store: Store) -> None:
    async def go() -> None:
        async with house(store, PAID) as open_house:
            first = await open_house.post(**as_("ann"))
            assert first.status_code == 200
            for client in ("bob", "ann ", "Ann", "ann/x", 'ann","x'):
                refused(await open_house.post(**as_(client)))
            again = await open_house.post(**as_("ann"))
            assert again.content == first.content
            assert open_house.arrived() == 1
            # Another payment is nobody's yet.
            assert (await open_house.post("pay-2", **as_("bob"))).status_code == 200

    asyncio.run(go())


def test_no_key_opens_anothers_share(store: Store) -> None:
    async def go() -> None:
        async with house(store, PAID) as open_house:
            key = {"Idempotency-Key": "order-1"}
            first = await open_house.post(**as_("ann", **key))
            assert first.status_code == 200
            refused(await open_house.post(**as_("bob", **key)))
            refused(await open_house.post(**as_("bob", **{"Idempotency-Key": "order-2"})))
            # What was refused took no key of its own.
            assert (await open_house.post("pay-2", **as_("bob", **key))).status_code == 200
            assert open_house.arrived() == 2

    asyncio.run(go())


async def under_way(open_house: House) -> None:
    open_house.vaults.gate = asyncio.Event()


async def failed(open_house: House) -> None:
    open_house.vaults.instead = httpx.Response(500)


async def not_sent(open_house: House) -> None:
    open_house.vaults.instead = httpx.ConnectError("away")


async def answered(_: House) -> None:
    return


@pytest.mark.parametrize("arrange", [under_way, failed, not_sent, answered])
def test_whatever_became_of_it_the_refusal_is_the_same(
    arrange: Callable[[House], Awaitable[None]], file_store: Store
) -> None:
    async def go() -> None:
        async with house(file_store, PAID) as open_house:
            await arrange(open_house)
            asking = asyncio.create_task(open_house.post(**as_("ann")))
            await until_so(lambda: open_house.vaults.forwards)
            if open_house.vaults.gate is None:
                await asking
            before = len(open_house.vaults.forwards)
            answers = [await open_house.post(**as_("bob")) for _ in range(3)]
            for answer in answers:
                refused(answer)
            assert len({answer.json()["detail"] for answer in answers}) == 1
            assert len(open_house.vaults.forwards) == before
            if open_house.vaults.gate is not None:
                open_house.vaults.gate.set()
            await asking

    asyncio.run(go())


def test_of_many_clients_at_once_one_forwards(store: Store, history_url: str, clock: Clock) -> None:
    async def go() -> None:
        with open_store(history_url, now=clock) as other:
            async with house(store, PAID) as one, house(other, PAID) as two:
                calls = [
                    here.post(**as_(client))
                    for client in ("ann", "bob", "eve")
                    for here in (one, two)
                    for _ in range(5)
                ]
                answers = await asyncio.gather(*calls)
                assert one.arrived() + two.arrived() == 1
                good = [answer for answer in answers if answer.status_code == 200]
                assert len(good) == 10
                assert len({answer.content for answer in good}) == 1
                for answer in answers:
                    if answer not in good:
                        refused(answer)

    asyncio.run(go())


def test_a_share_that_was_left_is_taken_over_by_its_own_client_only(
    store: Store, clock: Clock
) -> None:
    held = mine(store, ask("ann"), THERE)
    clock.turn(seconds=61)
    assert claimed(store, ask("bob")) == ClaimOfAnotherClient()
    taken = claimed(store, ask("ann"))
    assert isinstance(taken, ClaimWon)
    assert taken.run_id != held.run_id


def test_after_the_window_the_payment_is_whoevers_asks_first(store: Store, clock: Clock) -> None:
    held = mine(store, ask("ann", "k"))
    store.database.write(lambda tx: end(tx, held, ForwardState.NOT_SENT, 503, None))
    assert claimed(store, ask("bob")) == ClaimOfAnotherClient()
    clock.turn(seconds=3601)
    new = mine(store, ask("bob"))
    assert new.forward_id != held.forward_id
    # The first one's key still names its own share, and never the other one's.
    again = mine(store, ask("ann", "k"))
    assert again.forward_id == held.forward_id
