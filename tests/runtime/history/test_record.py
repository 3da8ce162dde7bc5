"""What a run leaves behind, at each point of its way, the same on both databases."""

from dataclasses import replace
from uuid import uuid4

import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.errors import RunInUseError, UnknownRunError
from forwardc.runtime.history.records import (
    AttemptState,
    Intent,
    NewRun,
    RunState,
    StepState,
    StoredRun,
)
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.run.request import IdempotencyKeys
from forwardc.runtime.run.result import Party
from stored_runs import (
    OWNER,
    SHOWN,
    Clock,
    complete,
    intent_of,
    keys_of,
    new_run,
    report_of,
    result_of,
)


def loaded(store: Store, run: NewRun) -> StoredRun:
    found = store.load(run.id)
    assert found is not None
    return found


def test_a_run_that_has_begun(store: Store) -> None:
    run = new_run(
        "lookup",
        "pay",
        params={"amount": 1000, "note": "naïve \U0001f642 { } % ?"},
        sensitive_params=("email",),
        inputs={"cvv_token": "tok_1"},
        without=("card.cvc",),
        given_key="mine",
        approval={"by": "ann", "digest": "sha256:0"},
        fell_back=True,
        emulated=True,
    )
    store.begin(run)
    found = loaded(store, run)
    summary = found.summary
    assert (summary.state, summary.outcome, summary.attempts) == (RunState.RUNNING, None, 0)
    assert summary.created_at == "2026-11-20T12:00:00.250Z"
    assert (summary.emulated, found.fell_back) == (True, True)
    assert (found.params, found.inputs) == (run.params, run.inputs)
    assert (found.sensitive_params, found.without) == (("email",), ("card.cvc",))
    assert (found.given_key, found.approval) == ("mine", run.approval)
    assert [(step.name, step.state) for step in found.steps] == [
        ("lookup", StepState.WAITING),
        ("pay", StepState.WAITING),
    ]


def test_an_intent_holds_both_keys_and_the_masked_request(store: Store) -> None:
    run = new_run()
    store.begin(run)
    what = intent_of(run)
    assert store.intent(run.id, OWNER, what) == 1
    (step,) = loaded(store, run).steps
    assert (step.state, step.request) == (StepState.INTENT, SHOWN)
    assert step.destination_key == what.keys.destination
    assert [(one.state, one.vault_key) for one in step.attempts] == [
        (AttemptState.INTENT, what.keys.vault)
    ]


def test_an_intent_is_there_for_another_process_at_once(store: Store, history_url: str) -> None:
    run = new_run()
    store.begin(run)
    store.intent(run.id, OWNER, intent_of(run))
    with open_store(history_url) as other:
        assert loaded(other, run).steps[0].state is StepState.INTENT


def test_the_two_keys_are_never_equal(store: Store) -> None:
    run = new_run()
    store.begin(run)
    key = str(uuid4())
    with pytest.raises(ValueError, match="equal"):
        store.intent(run.id, OWNER, Intent("pay", IdempotencyKeys(key, key), "POST /", SHOWN))
    assert loaded(store, run).steps[0].attempts == ()


def test_what_was_not_sent_waits_again_and_counts_as_an_attempt(store: Store) -> None:
    run = new_run()
    store.begin(run)
    store.not_sent(run.id, "pay", store.intent(run.id, OWNER, intent_of(run)), "no connection")
    assert loaded(store, run).steps[0].state is StepState.WAITING
    assert store.intent(run.id, OWNER, intent_of(run)) == 2
    (step,) = loaded(store, run).steps
    assert [one.state for one in step.attempts] == [AttemptState.NOT_SENT, AttemptState.INTENT]
    assert step.attempts[0].reason == "no connection"
    assert loaded(store, run).summary.attempts == 2


def test_an_answer_ends_the_step(store: Store, clock: Clock) -> None:
    run = new_run()
    store.begin(run)
    number = store.intent(run.id, OWNER, intent_of(run))
    clock.turn(seconds=2)
    report = report_of(outputs={"id": "P1", "paid": True, "token": "***"}, cards_masked=1)
    report = replace(report, scheme="visa", issuing_country="FR")
    store.answered(run.id, number, report)
    (step,) = loaded(store, run).steps
    assert (step.state, step.outcome, step.status) == (StepState.ANSWERED, Outcome.APPROVED, 200)
    assert (step.outputs, step.sensitive_outputs) == ({"id": "P1", "paid": True}, ("token",))
    assert (step.scheme, step.issuing_country, step.cards_masked) == ("visa", "FR", 1)
    assert step.attempts[0].state is AttemptState.ANSWERED
    assert step.attempts[0].ended_at == "2026-11-20T12:00:02.250Z"


def test_an_unknown_fate_is_recorded_as_such(store: Store) -> None:
    run = new_run()
    store.begin(run)
    store.unknown(run.id, "pay", store.intent(run.id, OWNER, intent_of(run)), "no answer came")
    (step,) = loaded(store, run).steps
    assert (step.state, step.outcome) == (StepState.UNKNOWN, Outcome.UNKNOWN)
    assert step.attempts[0].state is AttemptState.UNKNOWN


def test_an_answer_that_leaves_the_fate_open_is_unknown_too(store: Store) -> None:
    run = new_run()
    store.begin(run)
    number = store.intent(run.id, OWNER, intent_of(run))
    report = report_of(outcome=Outcome.UNKNOWN, status=None, vault_status=504)
    store.answered(run.id, number, report)
    (step,) = loaded(store, run).steps
    assert step.state is StepState.UNKNOWN
    assert step.attempts[0].state is AttemptState.ANSWERED


def test_a_late_answer_wins_over_not_knowing(store: Store) -> None:
    run = new_run()
    store.begin(run)
    number = store.intent(run.id, OWNER, intent_of(run))
    store.unknown(run.id, "pay", number, "no answer came")
    store.answered(run.id, number, report_of())
    assert loaded(store, run).steps[0].state is StepState.ANSWERED


def test_the_end_of_a_run(store: Store) -> None:
    run = complete(store, new_run(), outcome=Outcome.DECLINED, reason="the bank said no")
    found = loaded(store, run)
    assert (found.summary.state, found.summary.outcome) == (RunState.DONE, Outcome.DECLINED)
    assert (found.summary.status, found.summary.duration_ms) == (200, 120)
    assert (found.reason, found.owner) == ("the bank said no", "")


def test_text_that_a_database_cannot_hold_is_kept_as_far_as_it_goes(store: Store) -> None:
    run = complete(
        store,
        new_run(reference="a\0b"),
        outcome=Outcome.REJECTED,
        rejected_by=Party.DESTINATION,
        answer="half \ud83d, nul \0, quote ' and {braces}",
    )
    found = loaded(store, run)
    assert found.summary.reference == "a\ufffdb"
    assert found.steps[0].answer == "half ?, nul \ufffd, quote ' and {braces}"


def test_two_processes_that_resume_the_same_run(store: Store, history_url: str) -> None:
    run = new_run()
    store.begin(run)
    store.stop(run.id, "interrupted")
    with open_store(history_url, now=Clock()) as other:
        assert [store.lease(run.id, "first", 60), other.lease(run.id, "second", 60)] == [
            True,
            False,
        ]
        with pytest.raises(RunInUseError):
            other.intent(run.id, "second", intent_of(run))
    assert store.intent(run.id, "first", intent_of(run)) == 1


def test_a_process_that_slept_too_long_sends_nothing(store: Store, clock: Clock) -> None:
    run = new_run(lease_s=60)
    store.begin(run)
    assert not store.lease(run.id, "other", 60)
    clock.turn(seconds=61)
    assert store.lease(run.id, "other", 60)
    with pytest.raises(RunInUseError, match="nothing was sent"):
        store.intent(run.id, OWNER, intent_of(run))
    assert loaded(store, run).steps[0].attempts == ()


def test_a_clock_that_jumps_back_gives_no_run_away(store: Store, clock: Clock) -> None:
    run = new_run(lease_s=60)
    store.begin(run)
    clock.turn(hours=-5)
    assert not store.lease(run.id, "other", 60)
    assert store.intent(run.id, OWNER, intent_of(run)) == 1


def test_what_is_done_cannot_be_leased_or_sent_again(store: Store) -> None:
    run = complete(store, new_run())
    assert not store.lease(run.id, OWNER, 60)
    with pytest.raises(RunInUseError):
        store.intent(run.id, OWNER, intent_of(run))


def test_a_run_that_nobody_knows(store: Store) -> None:
    assert store.load("nobody") is None
    stranger = new_run()
    for ask in (
        lambda: store.lease(stranger.id, OWNER, 60),
        lambda: store.intent(stranger.id, OWNER, intent_of(stranger)),
        lambda: store.resolve(stranger.id, Outcome.APPROVED, "ann"),
        lambda: store.finish(stranger.id, result_of(stranger, report_of())),
    ):
        with pytest.raises(UnknownRunError):
            ask()


def test_open_runs_and_runs_to_settle(store: Store, clock: Clock) -> None:
    waiting, in_the_air, lost, fine = (new_run(lease_s=60) for _ in range(4))
    for run in (waiting, in_the_air):
        store.begin(run)
    store.intent(in_the_air.id, OWNER, intent_of(in_the_air))
    complete(store, lost, outcome=Outcome.UNKNOWN, status=None, vault_status=None)
    complete(store, fine)
    # Whoever holds the run may be waiting for the answer.
    assert [run.id for run in store.unknown_runs()] == [lost.id]
    clock.turn(seconds=61)
    assert [run.id for run in store.unknown_runs()] == [in_the_air.id, lost.id]


def test_a_run_is_settled_once_and_by_name(store: Store) -> None:
    run = complete(store, new_run(), outcome=Outcome.UNKNOWN, status=None)
    assert store.resolve(run.id, Outcome.APPROVED, "ann", reason="seen in the destination's list")
    assert not store.resolve(run.id, Outcome.DECLINED, "bob")
    found = loaded(store, run)
    assert (found.summary.outcome, found.steps[0].state) == (Outcome.APPROVED, StepState.DONE)
    assert found.reason == "seen in the destination's list"
    (event,) = store.events(run.id)
    assert (event.kind, event.by) == ("resolve", "ann")
    assert store.unknown_runs() == ()


def test_a_run_that_died_in_the_air_is_settled_too(store: Store) -> None:
    run = new_run("lookup", "pay")
    store.begin(run)
    store.intent(run.id, OWNER, intent_of(run, "lookup"))
    assert store.resolve(run.id, Outcome.REJECTED, "ann", reason="settled by ann: not sent")
    found = loaded(store, run)
    assert (found.summary.state, found.summary.outcome) == (RunState.DONE, Outcome.REJECTED)
    assert [step.state for step in found.steps] == [StepState.DONE, StepState.WAITING]


def test_a_run_without_anything_unknown_cannot_be_settled(store: Store) -> None:
    run = new_run()
    store.begin(run)
    assert not store.resolve(run.id, Outcome.APPROVED, "ann")
    assert not store.resolve(complete(store, new_run()).id, Outcome.DECLINED, "ann")
    assert store.events() == ()


def test_finishing_twice_changes_nothing(store: Store) -> None:
    run = complete(store, new_run())
    other = replace(result_of(run, report_of()), outcome=Outcome.DECLINED)
    store.finish(run.id, other)
    assert loaded(store, run).summary.outcome is Outcome.APPROVED


def test_no_word_of_a_person_holds_a_card_number(store: Store) -> None:
    store.pause("stripe", "ann", "saw 4242-4242-4242-4242 in a log")
    store.unpause("stripe", "4242424242424242")
    store.record("note", "ann", "4242 4242 4242 4242")
    told = f"{store.pauses()} {store.events()}"
    assert "4242-4242" not in told
    assert "42424242" not in told
    assert told.count("*" * 16) == 3


def test_pauses_are_seen_by_everybody(store: Store, history_url: str) -> None:
    store.pause("stripe", "ann", "incident 7")
    with open_store(history_url) as other:
        found = other.paused(["adyen", "stripe"])
        assert found is not None
        assert (found.name, found.by, found.reason) == ("stripe", "ann", "incident 7")
        assert other.paused(["adyen", "checkout"]) is None
        other.pause("stripe", "bob", "incident 8")
        assert [pause.by for pause in store.pauses()] == ["bob"]
        assert other.unpause("stripe", "bob")
    assert not store.unpause("stripe", "ann")
    assert store.paused(["stripe"]) is None
    assert [(event.kind, event.by) for event in store.events()] == [
        ("resume", "bob"),
        ("pause", "bob"),
        ("pause", "ann"),
    ]


def test_both_keys_of_a_retry(store: Store) -> None:
    """The destination sees one key however often we try; the vault may see a new one."""
    run = new_run()
    store.begin(run)
    first, second = intent_of(run), intent_of(run)
    store.not_sent(run.id, "pay", store.intent(run.id, OWNER, first), "no connection")
    store.intent(run.id, OWNER, second)
    (step,) = loaded(store, run).steps
    assert step.destination_key == first.keys.destination == second.keys.destination
    assert [one.vault_key for one in step.attempts] == [first.keys.vault, second.keys.vault]
    assert keys_of(run).vault not in (first.keys.vault, second.keys.vault)
