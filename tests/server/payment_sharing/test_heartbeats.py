"""When a process asks its history again, looks at what it left, and deletes what is old.

The waits are counted and not slept.
"""

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.journal import JournalError
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimHeld,
    ClaimReleased,
    ClaimRequest,
    ClaimWon,
    ForwardEnd,
    ForwardState,
)
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess, claim
from forwardc.server.payment_sharing.claims import ClaimStore
from held_claim import HeldClaim
from stored_runs import Clock

CLAIMS = "forwardc.server.payment_sharing.claims"
HERE, THERE = "here/1/a", "there/2/b"


def process(owner: str = HERE) -> ClaimingProcess:
    return ClaimingProcess(owner, "sandbox", True, 60.0)


def ask(reference: str = "pay-1") -> ClaimRequest:
    ids = {"forward_id": str(uuid4()), "run_id": str(uuid4())}
    who = {"by_key": None, "by_client": "rokt"}
    return ClaimRequest(
        **ids, **who, by_reference=reference, destination="R", window_s=60, key_s=60
    )


def left_behind(store: Store, who: ClaimingProcess) -> ClaimWon:
    """A claim that the database took, and whose answer was lost."""
    found = store.database.write(lambda tx: claim(tx, ask(), who, store.timestamp()))
    assert isinstance(found, ClaimWon)
    return found


def seen_there(store: Store, mine: ClaimWon) -> object:
    return asyncio.run(ClaimStore(store, process(THERE)).look(mine.forward_id))


class Slept:
    """Counts waits instead of them, and ends whoever has waited `most` times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int = 99) -> None:
        self.waits: list[float] = []
        self.most = most
        monkeypatch.setattr(f"{CLAIMS}.asyncio", SimpleNamespace(sleep=self.sleep))

    async def sleep(self, seconds: float) -> None:
        if len(self.waits) == self.most:
            raise asyncio.CancelledError
        self.waits.append(seconds)


class Away:
    """A history that cannot be written. `times` says how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: Store, most: int = 99) -> None:
        self.times, self.most = 0, most
        self.write = store.commits.write
        monkeypatch.setattr(store.commits, "write", self.fail)

    async def fail(self, work: Callable[[Transaction], Any]) -> Any:
        self.times += 1
        if self.times > self.most:
            return await self.write(work)
        raise HistoryUnavailableError("the disk is full")


WORKS: dict[str, Callable[[ClaimStore, ClaimWon], Any]] = {
    "claim": lambda claims, _: claims.claim(ask()),
    "end": lambda claims, mine: claims.end(mine, ForwardState.DONE, 200, "sealed"),
    "give_up": lambda claims, mine: claims.give_up(mine),
    "end at once": lambda claims, mine: claims.end(mine, ForwardState.DONE, 200, retry=False),
}


@pytest.mark.parametrize(
    ("work", "waits"),
    [("claim", [0.1]), ("end", [0.1, 0.5, 2.0]), ("give_up", [0.1, 0.5, 2.0]), ("end at once", [])],
)
def test_a_history_that_stays_away_is_asked_so_often(
    file_store: Store, monkeypatch: pytest.MonkeyPatch, work: str, waits: list[float]
) -> None:
    slept, away = Slept(monkeypatch), Away(monkeypatch, file_store)
    mine = ClaimWon(str(uuid4()), str(uuid4()), 0)
    with pytest.raises(HistoryUnavailableError):
        asyncio.run(WORKS[work](ClaimStore(file_store, process()), mine))
    assert slept.waits == waits
    assert away.times == len(waits) + 1


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_what_is_certain_is_told_whenever_the_history_is_back(
    file_store: Store, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    held = left_behind(file_store, process())
    Slept(monkeypatch)
    Away(monkeypatch, file_store, failures)
    claims = ClaimStore(file_store, process())
    assert asyncio.run(claims.give_up(held)) is ForwardState.NOT_SENT
    assert seen_there(file_store, held) == ClaimReleased(held.run_id, abandoned=False)


def test_a_process_holds_what_it_forwards_and_nothing_else(file_store: Store) -> None:
    async def go() -> None:
        claims, first, second = ClaimStore(file_store, process()), ask(), ask()
        assert isinstance(await claims.claim(first), ClaimWon)
        assert isinstance(await claims.claim(second), ClaimHeld)
        assert claims.live.holds(first.run_id)
        assert not claims.live.holds(second.run_id)
        claims.let_go(first.run_id)
        assert not claims.live.holds(first.run_id)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("in_doubt", "after_s", "settled"),
    [(True, 0.0, True), (True, 59.9, True), (True, 60.5, False), (None, 0.0, False)],
)
def test_a_claim_in_doubt_is_looked_for_as_long_as_it_can_be_there(
    file_store: Store, in_doubt: bool | None, after_s: float, settled: bool
) -> None:
    held, now = left_behind(file_store, process()), [1000.0]
    claims = ClaimStore(file_store, process(), clock=lambda: now[0])
    claims.let_go(held.run_id, **({"in_doubt": in_doubt} if in_doubt else {}))
    now[0] += after_s
    asyncio.run(claims.record_owed_ends())
    left, running = (
        ClaimReleased(held.run_id, abandoned=False),
        ClaimHeld(held.forward_id, held.run_id),
    )
    assert seen_there(file_store, held) == (left if settled else running)


def test_an_end_that_nobody_waits_for_is_there_with_the_next_write(file_store: Store) -> None:
    async def go() -> None:
        claims, failures = ClaimStore(file_store, process()), list[Exception]()
        held = await claims.claim(ask())
        assert isinstance(held, ClaimWon)
        claims.end_soon(held, ForwardState.DONE, 200, "sealed", failures.append)
        await claims.claim(ask("pay-2"))
        assert await claims.look(held.forward_id) == ClaimFinished(
            held.forward_id, held.run_id, "sealed"
        )
        assert not failures

    asyncio.run(go())


def test_a_heartbeat_comes_every_two_seconds_whatever_went_wrong(
    file_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slept, claims, beats = Slept(monkeypatch, 4), ClaimStore(file_store, process()), list[int]()

    async def record_owed_ends(_: ClaimStore) -> None:
        beats.append(len(slept.waits))
        if len(beats) == 1:
            raise HistoryUnavailableError("the disk is full")
        if len(beats) == 2:
            raise ZeroDivisionError("a secret")

    monkeypatch.setattr(ClaimStore, "record_owed_ends", record_owed_ends)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(claims.run_heartbeat())
    assert slept.waits == [2.0] * 4
    assert beats == [1, 2, 3, 4]
    assert [record.getMessage() for record in caplog.records] == [
        "FC9901 ends were not recorded: ZeroDivisionError"
    ]


class Unsettled(BatchedJournal):
    """The journal of a run whose end cannot be recorded."""

    code = "FC0823"

    async def flush(self) -> None:
        raise JournalError(self.code, "another process has taken it over")


def unrecorded(store: Store, clock: Clock) -> tuple[ClaimStore, ClaimWon, Unsettled]:
    claims = ClaimStore(store, process())
    held, journal = (
        left_behind(store, claims.process),
        Unsettled(StoreJournal(store), clock, HeldClaim()),
    )
    claims.live.keep_unrecorded(ForwardEnd(held, ForwardState.DONE, 200, "sealed", journal))
    return claims, held, journal


def test_an_end_is_owed_until_the_history_is_back(file_store: Store, clock: Clock) -> None:
    claims, held, journal = unrecorded(file_store, clock)
    journal.code = HistoryUnavailableError.code
    with pytest.raises(HistoryUnavailableError):
        asyncio.run(claims.record_owed_ends())
    assert [end.won for end in claims.live.unrecorded] == [held]


def test_the_end_of_a_run_that_another_took_over_is_not_owed_for_ever(
    file_store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    claims, held, _ = unrecorded(file_store, clock)
    caplog.set_level(logging.INFO, CLAIMS)
    asyncio.run(claims.record_owed_ends())
    assert not claims.live.unrecorded
    assert seen_there(file_store, held) == ClaimFinished(held.forward_id, held.run_id, "sealed")
    assert [record.getMessage() for record in caplog.records] == [
        f"FC0823 the end of run {held.run_id} was not recorded",
        f"the end of run {held.run_id} is recorded now",
    ]


def test_an_owed_end_waits_for_the_next_heartbeat_only(
    file_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims, _, _ = unrecorded(file_store, clock)
    slept, away = Slept(monkeypatch), Away(monkeypatch, file_store)
    with pytest.raises(HistoryUnavailableError):
        asyncio.run(claims.record_owed_ends())
    assert (slept.waits, away.times) == ([], 1)


@pytest.mark.parametrize(("pick", "wait"), [(min, 30.0), (max, 90.0)])
def test_old_claims_are_deleted_every_minute_or_so(
    file_store: Store,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    pick: Callable[[float, float], float],
    wait: float,
) -> None:
    """All of them, however many: also where the history was away the first time."""
    row = "INSERT INTO share_claims (claim, share_id, asked, until) VALUES (?, ?, ?, ?)"
    until = file_store.timestamp().milliseconds

    def many(tx: Transaction) -> None:
        for number in range(1001):
            tx.run(row, str(number), "share", "asked", until)

    file_store.database.write(many)
    clock.turn(seconds=31)
    monkeypatch.setattr(f"{CLAIMS}.uniform", pick)
    slept = Slept(monkeypatch, 2)
    Away(monkeypatch, file_store, 1)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ClaimStore(file_store, process()).forget())
    assert slept.waits == [wait, wait]
    assert file_store.database.read(lambda tx: tx.rows("SELECT claim FROM share_claims")) == []
