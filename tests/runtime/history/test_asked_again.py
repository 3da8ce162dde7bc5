"""Runs that ended pending, on each database: found by their operation, opened and closed again."""

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import asked_again
from forwardc.runtime.history.asked_again import PendingTarget
from forwardc.runtime.history.records import StoredRun
from forwardc.runtime.history.store import Store
from stored_runs import complete, new_run


def pending(store: Store, target: PendingTarget) -> list[str]:
    now = store.timestamp()

    def runs(tx) -> tuple[StoredRun, ...]:
        return asked_again.pending_runs(tx, target, now, 10)

    return [run.id for run in store.database.read(runs)]


def test_pending_runs_are_found_by_their_operation(store: Store) -> None:
    run = complete(store, new_run(), outcome=Outcome.PENDING)
    complete(store, new_run(operation="refund"), outcome=Outcome.APPROVED)
    now = store.timestamp()
    targets = store.database.read(lambda tx: asked_again.pending_targets(tx, now))
    assert targets == (PendingTarget("stripe", "adyen", "sandbox", "payment"),)
    assert pending(store, targets[0]) == [run.id]
    # Open again, and left so by its process: it is found as before.
    assert store.database.write(lambda tx: asked_again.reopen(tx, run.id, now))
    assert pending(store, targets[0]) == [run.id]
    store.database.write(lambda tx: asked_again.close_pending(tx, run.id, now))
    assert pending(store, targets[0]) == [run.id]
    store.database.write(lambda tx: asked_again.record_settlement(tx, run.id, "Ann", now))
    assert store.events(run.id) == ()
    store.resolve(run.id, Outcome.APPROVED, "Ann")
    assert pending(store, targets[0]) == []
    assert not store.database.write(lambda tx: asked_again.reopen(tx, run.id, now))
