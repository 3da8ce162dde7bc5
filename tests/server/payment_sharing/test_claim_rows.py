"""What stands in the history of a claim at its edges, and what a repeat makes of it."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.result import Party
from forwardc.server.payment_sharing.claim import (
    ClaimFinished,
    ClaimHeld,
    ClaimReleased,
    ClaimRequest,
    ClaimResult,
    ClaimUnknown,
    ClaimWon,
    ForwardState,
)
from forwardc.server.payment_sharing.claim_tables import (
    ClaimingProcess,
    abandoned_forwards,
    claim,
    end,
    end_abandoned,
    forget,
    give_up,
    look,
)
from stored_runs import Clock, intent_of, new_run, report_of

DAY_S = 86_400
INSERT = "INSERT INTO share_claims (claim, share_id, asked, until) VALUES (?, ?, ?, ?)"


def process(owner: str = "here/1/a") -> ClaimingProcess:
    return ClaimingProcess(owner, "sandbox", True, 60.0)


HERE, THERE = process(), process("there/2/b")


def ask(key: str | None = None, window_s: float = 3600) -> ClaimRequest:
    return ClaimRequest(str(uuid4()), str(uuid4()), "pay-1", key, "rokt", "R", window_s, DAY_S)


def claimed(store: Store, asked: ClaimRequest, who: ClaimingProcess = HERE) -> ClaimResult:
    return store.database.write(lambda tx: claim(tx, asked, who, store.timestamp()))


def mine(store: Store, asked: ClaimRequest, who: ClaimingProcess = HERE) -> ClaimWon:
    found = claimed(store, asked, who)
    assert isinstance(found, ClaimWon)
    return found


def forgotten(store: Store) -> bool:
    return store.database.write(lambda tx: forget(tx, store.timestamp()))


def seen(store: Store, held: ClaimWon, who: ClaimingProcess = THERE) -> object:
    return store.database.read(lambda tx: look(tx, held.forward_id, who, store.timestamp()))


def test_a_key_that_comes_later_keeps_the_answer_as_long_as_itself(
    file_store: Store, clock: Clock
) -> None:
    held = mine(file_store, ask())
    file_store.database.write(lambda tx: end(tx, held, ForwardState.DONE, 200, "sealed"))
    done = ClaimFinished(held.forward_id, held.run_id, "sealed")
    assert claimed(file_store, ask("a-key")) == done
    clock.turn(hours=23)
    forgotten(file_store)
    assert claimed(file_store, ask("a-key")) == done


def test_a_claim_that_is_asked_for_again_is_still_ones_own(file_store: Store) -> None:
    """The database took it, its answer was lost, and the process holds it from before it asked."""
    who, asked = process(), ask()
    who.live.begin(asked.run_id)
    held = mine(file_store, asked, who)
    assert claimed(file_store, asked, who) == held
    assert claimed(file_store, ask(), who) == ClaimHeld(held.forward_id, held.run_id)


def test_what_was_left_and_is_gone_is_left_alone(file_store: Store, clock: Clock) -> None:
    held = mine(file_store, ask(window_s=60))
    assert [
        one.run_id for one in file_store.database.read(lambda tx: abandoned_forwards(tx, HERE))
    ] == [held.run_id]
    clock.turn(days=2)
    forgotten(file_store)
    file_store.database.write(lambda tx: end_abandoned(tx, held, HERE, file_store.timestamp()))
    assert file_store.database.read(lambda tx: tx.rows("SELECT id FROM shares")) == []


def test_what_was_left_and_has_ended_since_stays_as_it_ended(file_store: Store) -> None:
    held = mine(file_store, ask())
    file_store.database.write(lambda tx: end(tx, held, ForwardState.DONE, 200, "sealed"))
    file_store.database.write(lambda tx: end_abandoned(tx, held, HERE, file_store.timestamp()))
    assert seen(file_store, held) == ClaimFinished(held.forward_id, held.run_id, "sealed")


def test_what_is_held_is_not_left(file_store: Store) -> None:
    who = process()
    held = mine(file_store, ask(), who)
    who.live.begin(held.run_id)
    assert file_store.database.read(lambda tx: abandoned_forwards(tx, who)) == []
    who.live.end(held.run_id)
    assert len(file_store.database.read(lambda tx: abandoned_forwards(tx, who))) == 1


@pytest.mark.parametrize("sent", [True, False])
def test_what_is_given_up_is_said_to_be_what_is_certain(file_store: Store, sent: bool) -> None:
    held = mine(file_store, ask())
    run = replace(new_run(), id=held.run_id, owner=HERE.owner)
    file_store.begin(run)
    if sent:
        file_store.intent(held.run_id, HERE.owner, intent_of(run))
    state = file_store.database.write(lambda tx: give_up(tx, held, file_store.timestamp()))
    unknown, free = (
        ClaimUnknown(held.forward_id, held.run_id),
        ClaimReleased(held.run_id, abandoned=False),
    )
    assert state == (ForwardState.UNKNOWN if sent else ForwardState.NOT_SENT)
    assert seen(file_store, held) == (unknown if sent else free)


@pytest.mark.parametrize(("old", "rounds"), [(0, [False]), (499, [False]), (1001, [True, True])])
def test_old_claims_are_deleted_five_hundred_at_once(
    file_store: Store, clock: Clock, old: int, rounds: list[bool]
) -> None:
    until = file_store.timestamp().milliseconds
    rows = [(str(number), "share", "asked", until) for number in range(old)]
    file_store.database.write(lambda tx: tx.many(INSERT, rows))
    clock.turn(minutes=1)
    assert [forgotten(file_store) for _ in rounds] == rounds
    assert forgotten(file_store) is False
    assert file_store.database.read(lambda tx: tx.rows("SELECT claim FROM share_claims")) == []


@dataclass
class Beaten:
    """A transaction in which another one's change of a share comes first."""

    inner: Transaction
    first: Callable[[Transaction], object]

    def run(self, statement: str, *values: Any) -> int:
        if statement.startswith("UPDATE shares"):
            self.first(self.inner)
        return self.inner.run(statement, *values)

    def rows(self, statement: str, *values: Any) -> list[Any]:
        return list(self.inner.rows(statement, *values))

    def stream(self, statement: str, *values: Any) -> Generator[Any, None, None]:
        yield from self.inner.stream(statement, *values)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.inner.many(statement, rows)

    def defer(self, *upsert: Any) -> None:
        self.inner.defer(*upsert)

    def flush(self) -> None:
        self.inner.flush()


def test_of_two_that_take_a_free_share_at_once_one_forwards(file_store: Store) -> None:
    held = mine(file_store, ask())
    file_store.database.write(lambda tx: end(tx, held, ForwardState.NOT_SENT, 503, None))
    faster, slower = ask(), ask()

    def both(tx: Transaction) -> tuple[list[ClaimResult], ClaimResult]:
        won: list[ClaimResult] = []
        now = file_store.timestamp()
        beaten = Beaten(tx, lambda inner: won.append(claim(inner, faster, THERE, now)))
        return won, claim(beaten, slower, HERE, now)

    (won,), lost = file_store.database.write(both)
    assert isinstance(won, ClaimWon)
    assert won.run_id == faster.run_id
    assert isinstance(lost, ClaimHeld)
    assert lost.forward_id == held.forward_id


def test_a_refusal_of_the_vault_counts_when_its_run_has_ended(
    file_store: Store, clock: Clock
) -> None:
    """The process died between the answer and the end: nobody knows what it made of it."""
    held = mine(file_store, ask(), THERE)
    run = replace(new_run(), id=held.run_id, owner=THERE.owner, lease_s=300)
    file_store.begin(run)
    file_store.intent(held.run_id, THERE.owner, intent_of(run))
    refused = report_of(
        outcome=Outcome.REJECTED, rejected_by=Party.VAULT, status=None, vault_status=422
    )
    file_store.answered(held.run_id, 1, refused)
    clock.turn(seconds=301)
    assert claimed(file_store, ask()) == ClaimUnknown(held.forward_id, held.run_id)


@pytest.mark.parametrize("hours", [1, 30])
def test_a_run_with_a_record_of_nothing_sent_may_be_sent_however_old(
    file_store: Store, clock: Clock, hours: int
) -> None:
    held = mine(file_store, ask(window_s=2 * DAY_S), THERE)
    file_store.begin(replace(new_run(), id=held.run_id, owner=THERE.owner, lease_s=300))
    clock.turn(hours=hours)
    assert mine(file_store, ask()).forward_id == held.forward_id


def test_a_claim_without_its_share_is_our_own_mistake(file_store: Store) -> None:
    mine(file_store, ask())
    file_store.database.write(lambda tx: tx.run("DELETE FROM shares"))
    with pytest.raises(RuntimeError, match="a share that is not there"):
        claimed(file_store, ask())
