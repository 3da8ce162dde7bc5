"""Who forwards: decided once for all processes, also after one that left a claim behind."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from time import sleep
from typing import Any
from uuid import uuid4

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryUnavailableError, RunInUseError
from forwardc.runtime.history.records import Intent, NewRun
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.run.journal import JournalError
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import Party
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.server.directory.payment_directory import Instrument
from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimHeld,
    ClaimKeyReused,
    ClaimReleased,
    ClaimRequest,
    ClaimResult,
    ClaimUnknown,
    ClaimWon,
    ForwardState,
    claim_digest,
)
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess, claim, end, forget, look
from forwardc.server.payment_sharing.claims import ClaimStore
from forwardc.server.payment_sharing.forwarder import Forwarder, read_served_plans
from forwardc.server.settings import DestinationSettings
from held_claim import HeldClaim
from sharing_house import ROOT
from stored_runs import SHOWN, Clock, new_run, report_of, result_of

HERE = ClaimingProcess("here/1/a", "sandbox", True, 60.0)
THERE = ClaimingProcess("there/2/b", "sandbox", True, 60.0)
INTENT = Intent(
    "pay", IdempotencyKeys("destination-key", "vault-key"), "POST https://x.example/", SHOWN
)


def ask(
    reference: str = "pay-1", key: str | None = None, client: str = "client", **changes: float
) -> ClaimRequest:
    asked = ClaimRequest(
        forward_id=str(uuid4()),
        run_id=str(uuid4()),
        by_reference=claim_digest("reference", "sandbox", True, "ROKT", reference),
        by_key=key and claim_digest("key", "sandbox", True, client, key),
        by_client=claim_digest("client", "sandbox", True, client),
        destination="ROKT",
        window_s=3600,
        key_s=86_400,
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def claimed(store: Store, asked: ClaimRequest, process: ClaimingProcess = HERE) -> ClaimResult:
    return store.database.write(lambda tx: claim(tx, asked, process, store.timestamp()))


def mine(store: Store, asked: ClaimRequest, process: ClaimingProcess = HERE) -> ClaimWon:
    found = claimed(store, asked, process)
    assert isinstance(found, ClaimWon)
    return found


def begun(store: Store, held: ClaimWon, owner: str, *, intended: bool) -> NewRun:
    run = replace(new_run(), id=held.run_id, owner=owner, lease_s=300)
    store.begin(run)
    if intended:
        store.intent(held.run_id, owner, INTENT)
    return run


def test_the_first_is_mine_and_a_second_is_not(store: Store) -> None:
    first = ask()
    held = mine(store, first)
    assert (held.forward_id, held.run_id) == (first.forward_id, first.run_id)
    assert claimed(store, ask(), THERE) == ClaimHeld(held.forward_id, held.run_id)
    # The database took it and the answer was lost: asked again, it is still mine.
    assert mine(store, first).run_id == held.run_id
    assert isinstance(claimed(store, ask("pay-2")), ClaimWon)


def test_each_ending_is_seen(store: Store) -> None:
    held = mine(store, ask())
    store.database.write(lambda tx: end(tx, held, ForwardState.DONE, 200, "sealed"))
    assert claimed(store, ask(), THERE) == ClaimFinished(held.forward_id, held.run_id, "sealed")
    held = mine(store, ask("pay-2"))
    store.database.write(lambda tx: end(tx, held, ForwardState.UNKNOWN, 504, None))
    assert claimed(store, ask("pay-2")) == ClaimUnknown(held.forward_id, held.run_id)
    held = mine(store, ask("pay-3"))
    store.database.write(lambda tx: end(tx, held, ForwardState.NOT_SENT, 503, None))
    moment = store.timestamp()
    seen = store.database.read(lambda tx: look(tx, held.forward_id, THERE, moment))
    assert seen == ClaimReleased(held.run_id, abandoned=False)
    again = ask("pay-3")
    assert mine(store, again) == ClaimWon(held.forward_id, again.run_id, moment.after(60))
    # The one before ends late: it changes nothing any more.
    store.database.write(lambda tx: end(tx, held, ForwardState.DONE, 200, "sealed"))
    assert isinstance(claimed(store, ask("pay-3"), THERE), ClaimHeld)


def test_a_claim_that_its_process_left_before_the_run(store: Store, clock: Clock) -> None:
    held = mine(store, ask(), THERE)
    clock.turn(seconds=59)
    assert isinstance(claimed(store, ask()), ClaimHeld)
    clock.turn(seconds=2)
    taken = mine(store, ask())
    assert (taken.forward_id, taken.run_id == held.run_id) == (held.forward_id, False)


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("intended", [True, False])
def test_who_asks_again_too_late_finds_it_taken_over(
    store: Store, clock: Clock, key: str | None, intended: bool
) -> None:
    """The database took a claim with its run, and its process heard of that a lease later."""
    late, other = ask(key=key), ask(key=key)
    run = begun(store, mine(store, late, THERE), THERE.owner, intended=intended)
    clock.turn(seconds=301)
    taken = claimed(store, other)
    assert isinstance(taken, ClaimUnknown if intended else ClaimWon)
    again = claimed(store, late, THERE)
    assert again == (taken if intended else ClaimHeld(taken.forward_id, other.run_id))
    with pytest.raises(RunInUseError):
        store.begin(run)


def test_a_run_has_a_lease_of_its_own(store: Store, clock: Clock) -> None:
    held = mine(store, ask(), THERE)
    begun(store, held, THERE.owner, intended=False)
    clock.turn(seconds=200)
    assert isinstance(claimed(store, ask()), ClaimHeld)
    clock.turn(seconds=101)
    assert isinstance(claimed(store, ask()), ClaimWon)
    # Should the other process live after all, its run is not its own any more.
    with pytest.raises(RunInUseError):
        store.intent(held.run_id, THERE.owner, INTENT)


def test_what_may_have_been_sent_stays_unknown(store: Store, clock: Clock) -> None:
    held = mine(store, ask(), THERE)
    begun(store, held, THERE.owner, intended=True)
    clock.turn(seconds=301)
    for _ in range(2):
        assert claimed(store, ask()) == ClaimUnknown(held.forward_id, held.run_id)
    assert [run.id for run in store.unknown_runs()] == [held.run_id]
    assert store.resolve(held.run_id, Outcome.DECLINED, "jane")
    assert claimed(store, ask()) == ClaimUnknown(held.forward_id, held.run_id, "declined")


def test_a_run_whose_record_was_deleted_is_not_sent_again(store: Store, clock: Clock) -> None:
    week = {"key": "k", "key_s": 7 * 86_400}
    held = mine(store, ask(**week), THERE)  # type: ignore[arg-type]
    begun(store, held, THERE.owner, intended=True)
    assert store.resolve(held.run_id, Outcome.APPROVED, "jane")
    clock.turn(hours=72)
    store.database.write(lambda tx: forget(tx, store.timestamp()))
    assert store.prune(1, "jane") == 1
    for _ in range(2):
        assert claimed(store, ask(**week)) == ClaimUnknown(held.forward_id, held.run_id)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [None, 402])
def test_a_run_that_the_vault_refused(store: Store, clock: Clock, status: int | None) -> None:
    """The process died beside its last write: the run's record tells whether anything was sent."""
    held = mine(store, ask(), THERE)
    run = begun(store, held, THERE.owner, intended=True)
    told = {"outcome": Outcome.REJECTED, "rejected_by": Party.VAULT, "status": status}
    refused = report_of(**told, vault_status=422)
    store.answered(held.run_id, 1, refused)
    store.finish(held.run_id, result_of(run, refused))
    clock.turn(seconds=61)
    found = claimed(store, ask())
    assert isinstance(found, ClaimWon if status is None else ClaimUnknown)


def test_a_dead_process_of_this_machine_gives_way_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine(store, ask(), THERE)
    monkeypatch.setattr(
        "forwardc.server.payment_sharing.claim_tables.is_dead", lambda owner: owner == THERE.owner
    )
    assert isinstance(claimed(store, ask()), ClaimWon)


def test_a_window_does_not_end_under_a_forward(store: Store, clock: Clock) -> None:
    held = mine(store, ask(window_s=60), THERE)
    begun(store, held, THERE.owner, intended=True)
    clock.turn(seconds=120)
    assert claimed(store, ask(window_s=60)) == ClaimHeld(held.forward_id, held.run_id)
    store.database.write(lambda tx: forget(tx, store.timestamp()))
    store.database.write(lambda tx: end(tx, held, ForwardState.DONE, 200, "sealed"))
    assert isinstance(claimed(store, ask(window_s=60)), ClaimWon)


def test_what_another_process_left_is_kept_through_its_runs_lease(
    store: Store, clock: Clock
) -> None:
    held = mine(store, ask(window_s=60), THERE)
    begun(store, held, THERE.owner, intended=True)
    clock.turn(seconds=200)
    store.database.write(lambda tx: forget(tx, store.timestamp()))
    assert claimed(store, ask(window_s=60)) == ClaimHeld(held.forward_id, held.run_id)


def test_keys(store: Store, clock: Clock) -> None:
    asked = ask(key="k")
    held = mine(store, asked)
    assert mine(store, asked).run_id == held.run_id
    assert claimed(store, ask("pay-2", key="k")) == ClaimKeyReused()
    assert isinstance(claimed(store, ask("pay-2", key="other")), ClaimWon)
    store.database.write(lambda tx: end(tx, held, ForwardState.DONE, 200, "sealed"))
    clock.turn(hours=2)
    store.database.write(lambda tx: forget(tx, store.timestamp()))
    assert claimed(store, ask(key="k")) == ClaimFinished(held.forward_id, held.run_id, "sealed")
    clock.turn(hours=23)
    assert isinstance(claimed(store, ask("pay-2", key="k")), ClaimWon)


def test_two_processes_take_one_key_for_two_requests(
    store: Store, history_url: str, clock: Clock
) -> None:
    """The second one waits for the first, and leaves nothing behind."""
    first, second, claimed_first = ask(key="k"), ask("pay-2", key="k"), Event()

    def slowly(tx: Transaction) -> ClaimResult:
        found = claim(tx, first, HERE, store.timestamp())
        claimed_first.set()
        sleep(0.3)
        return found

    async def go() -> tuple[ClaimResult, ClaimResult]:
        with open_store(history_url, now=clock) as other:
            slow = asyncio.create_task(asyncio.to_thread(store.database.write, slowly))
            await asyncio.to_thread(claimed_first.wait)
            return await ClaimStore(other, THERE).claim(second), await slow

    late, early = asyncio.run(go())
    assert isinstance(early, ClaimWon)
    assert late == ClaimKeyReused()
    assert isinstance(claimed(store, ask("pay-2")), ClaimWon)


def test_worlds_are_apart() -> None:
    parts = ("ROKT", "pay-1")
    digests = {
        claim_digest("reference", "sandbox", True, *parts),
        claim_digest("reference", "sandbox", False, *parts),
        claim_digest("reference", "production", False, *parts),
        claim_digest("key", "sandbox", True, *parts),
        claim_digest("reference", "sandbox", True, "ROKT", 'pay-1","x'),
        claim_digest("reference", "sandbox", True, "ROKT", "pay-1", "x"),
    }
    assert len(digests) == 6


def test_a_database_that_was_away_for_a_moment(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims, failures = ClaimStore(file_store, HERE), [True]
    write = file_store.commits.write

    async def failing(work: Callable[[Transaction], Any]) -> Any:
        came = await write(work)
        if failures and failures.pop():
            raise HistoryUnavailableError("the answer was lost")
        return came

    async def go() -> None:
        asked = ask()
        monkeypatch.setattr(file_store.commits, "write", failing)
        held = await claims.claim(asked)
        assert isinstance(held, ClaimWon)
        assert held.run_id == asked.run_id
        failures.append(True)
        await claims.end(held, ForwardState.DONE, 200, "sealed")
        assert await claims.look(held.forward_id) == ClaimFinished(
            held.forward_id, held.run_id, "sealed"
        )

    asyncio.run(go())


def test_a_claim_that_ended_before_the_intent_sends_nothing(
    file_store: Store, clock: Clock
) -> None:
    async def go() -> None:
        inner = StoreJournal(file_store)
        journal = BatchedJournal(inner, clock, HeldClaim(file_store.timestamp().after(60)))
        run = new_run()
        await journal.begin(run)
        assert file_store.load(run.id) is None
        clock.turn(seconds=51)
        with pytest.raises(JournalError):
            await journal.intent(run.id, INTENT)
        # It is there for whoever takes the claim over, who then sends nothing either.
        assert file_store.load(run.id) is not None

    asyncio.run(go())


def test_a_second_intent_has_no_fence(file_store: Store, clock: Clock) -> None:
    async def go() -> None:
        held = HeldClaim(file_store.timestamp().after(60))
        journal = BatchedJournal(StoreJournal(file_store), clock, held)
        run = new_run()
        await journal.begin(run)
        assert await journal.intent(run.id, INTENT) == 1
        await journal.not_sent(run.id, "pay", 1, "the server cannot be reached")
        clock.turn(seconds=100)
        assert await journal.intent(run.id, INTENT) == 2

    asyncio.run(go())


def test_ways_tell_what_is_wrong_with_the_settings() -> None:
    def codes(**mapped: DestinationSettings) -> list[str]:
        sink = Sink()
        read_served_plans(ROOT / "build", "sandbox", mapped, lambda _: {}.get, sink)
        return [problem.code for problem in sink.sorted()]

    assert codes(A=DestinationSettings(run="rokt.share", reference_param="reference")) == []
    assert codes(A=DestinationSettings(run="rokt")) == []
    assert codes(A=DestinationSettings(run="nobody")) == ["FC0704"]
    assert set(codes(A=DestinationSettings(run="rokt.pay"))) == {"FC0813"}
    assert set(codes(A=DestinationSettings(run="rokt.share", reference_param="ref"))) == {"FC0805"}


def test_a_forwarder_knows_its_ways() -> None:
    mapped = {"A": DestinationSettings(run="rokt")}
    ways = read_served_plans(ROOT / "build", "sandbox", mapped, lambda _: {}.get, Sink())
    forwarder = Forwarder(ways, None)  # type: ignore[arg-type]
    assert forwarder.has("A", "checkout")
    assert forwarder.has("A", "stripe")
    assert not forwarder.has("A", "direct")
    assert not forwarder.has("B", "stripe")
    assert "pm_1" not in repr(Instrument("stripe", "pm_1"))
