"""What people did cannot be changed unseen, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.store import Store, open_store
from stored_runs import Clock, complete, new_run

OLD = (
    "INSERT INTO events (at, kind, run_id, by_whom, what)"
    " VALUES ('2026-11-01T00:00:00.000Z', 'pause', NULL, 'ann', 'stripe: incident')"
)


def tell(store: Store, count: int = 5) -> None:
    for number in range(count):
        store.record("note", "ann", f"number {number}, naïve \U0001f642 \ud83d \0 %", None)


def change(store: Store, statement: str) -> None:
    store.database.write(lambda tx: tx.run(statement))


def test_events_that_nobody_touched_stand(store: Store) -> None:
    assert store.verify_events().head is None
    tell(store)
    store.pause("stripe", "ann", "incident 7")
    store.unpause("stripe", "bob")
    seen = store.verify_events()
    assert (seen.events, seen.wrong) == (7, None)
    assert seen.head is not None


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ("UPDATE events SET what = 'nothing' WHERE seq = 3", 3),
        ("UPDATE events SET by_whom = 'bob' WHERE seq = 1", 1),
        ("UPDATE events SET run_id = 'r' WHERE seq = 5", 5),
        ("UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 2", 2),
        ("UPDATE events SET chain = NULL WHERE seq = 4", 4),
        ("UPDATE events SET chain = NULL WHERE seq <= 2", 3),
        ("DELETE FROM events WHERE seq = 2", 3),
        ("DELETE FROM events WHERE seq = 1", 2),
    ],
)
def test_the_first_event_that_was_tampered_with_is_found(
    store: Store, statement: str, wrong: int
) -> None:
    tell(store)
    change(store, statement)
    assert store.verify_events().wrong == wrong


def test_an_event_that_was_slipped_in_is_found(store: Store) -> None:
    tell(store, 3)
    change(store, OLD)
    tell(store, 1)
    assert store.verify_events().wrong == 4


def test_what_was_taken_from_the_end_is_seen_by_the_head_that_somebody_noted(store: Store) -> None:
    tell(store, 3)
    noted = store.verify_events().head
    tell(store, 1)
    change(store, "DELETE FROM events WHERE seq = 4")
    assert store.verify_events().head == noted
    change(store, "DELETE FROM events WHERE seq = 3")
    assert store.verify_events().head != noted


def test_events_of_before_there_were_links_stay_valid(no_history_url: str) -> None:
    with open_store(no_history_url, migrations=MIGRATIONS[:2]) as old:
        change(old, OLD)
        change(old, OLD)
    with open_store(no_history_url) as store:
        assert store.verify_events().wrong is None
        tell(store, 2)
        seen = store.verify_events()
        assert (seen.events, seen.wrong) == (4, None)
        # After the first link each event has one.
        change(store, OLD)
        assert store.verify_events().wrong == 5


def test_two_processes_add_to_one_chain(store: Store, history_url: str) -> None:
    with open_store(history_url) as other, ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: tell(one, 10), [store, other, store, other]))
    seen = store.verify_events()
    assert (seen.events, seen.wrong) == (40, None)


def test_old_runs_are_deleted_and_events_never(store: Store, clock: Clock) -> None:
    complete(store, new_run())
    tell(store, 2)
    clock.turn(days=400)
    assert store.prune(30, "ann") == 1
    seen = store.verify_events()
    assert (seen.events, seen.wrong) == (3, None)


def test_more_events_than_are_read_at_once(store: Store) -> None:
    now = store.timestamp()

    def add(tx: Transaction) -> None:
        for number in range(1200):
            writes.record_event(tx, "note", "ann", str(number), now)

    store.database.write(add)
    assert store.verify_events().wrong is None
    change(store, "UPDATE events SET what = 'x' WHERE seq = 1100")
    assert store.verify_events().wrong == 1100
