"""Runs that their process does not go on with: what was sent is unknown, the rest was not sent."""

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.records import AttemptState, RunState, StepState
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.store_journal import abandon, abandon_all
from stored_runs import OWNER, Clock, complete, intent_of, new_run, report_of

REASON = "the server stopped before the answer came"


def test_what_was_on_its_way_is_unknown(store: Store) -> None:
    run = new_run()
    store.begin(run)
    store.intent(run.id, OWNER, intent_of(run))
    assert abandon_all(store, OWNER, REASON) == 1
    left = store.load(run.id)
    assert left is not None
    assert (left.summary.state, left.summary.outcome) == (RunState.DONE, Outcome.UNKNOWN)
    assert left.reason == REASON
    assert left.owner == ""
    step = left.step("pay")
    assert step.state is StepState.UNKNOWN
    assert [one.state for one in step.attempts] == [AttemptState.UNKNOWN]
    assert [one.id for one in store.unknown_runs()] == [run.id]
    # A person can still settle it.
    assert store.resolve(run.id, Outcome.APPROVED, "ann")


def test_what_had_not_left_was_not_sent(store: Store) -> None:
    run = new_run()
    store.begin(run)
    assert abandon_all(store, OWNER, REASON) == 0
    left = store.load(run.id)
    assert left is not None
    assert left.summary.state is RunState.STOPPED
    assert left.step("pay").state is StepState.WAITING
    assert store.unknown_runs() == ()


def test_between_two_steps_the_run_can_be_continued(store: Store) -> None:
    run = new_run("token", "pay")
    store.begin(run)
    number = store.intent(run.id, OWNER, intent_of(run, "token"))
    store.answered(run.id, number, report_of("token"))
    assert abandon_all(store, OWNER, REASON) == 0
    left = store.load(run.id)
    assert left is not None
    assert left.summary.state is RunState.STOPPED
    assert left.step("token").outcome is Outcome.APPROVED


def test_an_early_step_in_doubt_stops_the_run(store: Store) -> None:
    run = new_run("token", "pay")
    store.begin(run)
    store.intent(run.id, OWNER, intent_of(run, "token"))
    assert abandon_all(store, OWNER, REASON) == 1
    left = store.load(run.id)
    assert left is not None
    assert left.summary.state is RunState.STOPPED
    assert left.step("token").state is StepState.UNKNOWN


def test_the_runs_of_others_and_those_that_ended_stay(store: Store, clock: Clock) -> None:
    done = complete(store, new_run())
    other = new_run(owner="host-2")
    store.begin(other)
    store.intent(other.id, "host-2", intent_of(other))
    assert abandon_all(store, OWNER, REASON) == 0
    kept = store.load(other.id)
    assert kept is not None
    assert (kept.summary.state, kept.owner) == (RunState.RUNNING, "host-2")
    assert not store.database.write(lambda tx: abandon(tx, done.id, REASON, store.timestamp()))
    assert not store.database.write(lambda tx: abandon(tx, "nobody", REASON, store.timestamp()))
    ended = store.load(done.id)
    assert ended is not None
    assert ended.summary.outcome is Outcome.APPROVED


def test_a_run_is_found_behind_any_number_of_stopped_ones(store: Store) -> None:
    def stopped(tx: Transaction) -> None:
        for _ in range(1_001):
            one = new_run()
            writes.begin(tx, one, store.timestamp())
            writes.stop(tx, one.id, REASON, store.timestamp())

    store.database.write(stopped)
    run = new_run()
    store.begin(run)
    store.intent(run.id, OWNER, intent_of(run))
    assert abandon_all(store, OWNER, REASON) == 1
