"""Finding runs, figures and retention, the same on both databases."""

import math

import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import prune
from forwardc.runtime.history.queries import Latency, OutcomeCount, RouteCount
from forwardc.runtime.history.records import RunFilter, RunState
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.result import Party
from stored_runs import OWNER, Clock, complete, intent_of, new_run


def found(store: Store, wanted: RunFilter) -> list[str]:
    return [run.reference for run in store.search(wanted).runs]


def test_the_newest_runs_come_first_whatever_the_clock_says(store: Store, clock: Clock) -> None:
    for name in ("first", "second", "third"):
        complete(store, new_run(reference=name))
        clock.turn(hours=-7)
    assert found(store, RunFilter()) == ["third", "second", "first"]


def test_pages_follow_each_other_while_runs_are_added(store: Store) -> None:
    for number in range(7):
        complete(store, new_run(reference=str(number)))
    first = store.search(RunFilter(), limit=3)
    complete(store, new_run(reference="late"))
    second = store.search(RunFilter(), limit=3, cursor=first.cursor)
    third = store.search(RunFilter(), limit=3, cursor=second.cursor)
    seen = [run.reference for page in (first, second, third) for run in page.runs]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    assert third.cursor is None


@pytest.mark.parametrize(
    "wanted",
    [
        RunFilter(reference="B"),
        RunFilter(environment="production"),
        RunFilter(emulated=True),
        RunFilter(vault="checkout"),
        RunFilter(destination="rokt"),
        RunFilter(operation="refund"),
        RunFilter(outcome=Outcome.REJECTED),
        RunFilter(rejected_by=Party.DESTINATION),
        RunFilter(status=422),
        RunFilter(vault="checkout", status=422, outcome=Outcome.REJECTED),
    ],
    ids=str,
)
def test_each_filter(store: Store, wanted: RunFilter) -> None:
    complete(store, new_run(reference="A"))
    other = new_run(
        reference="B",
        environment="production",
        emulated=True,
        vault="checkout",
        destination="rokt",
        operation="refund",
    )
    ends = {"outcome": Outcome.REJECTED, "rejected_by": Party.DESTINATION, "status": 422}
    complete(store, other, **ends)
    assert found(store, wanted) == ["B"]
    # The figures of the same filter count the same run; only a reference is not tallied.
    assert store.statistics(wanted).count == 1


def test_runs_under_way_are_found_by_their_state(store: Store) -> None:
    complete(store, new_run(reference="done"))
    store.begin(new_run(reference="running"))
    assert found(store, RunFilter(state=RunState.RUNNING)) == ["running"]


def test_a_window_of_time(store: Store, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        complete(store, new_run(reference=name))
        clock.turn(minutes=30)
    since, until = "2026-11-20T12:30:00.000Z", "2026-11-20T13:00:00.250Z"
    assert found(store, RunFilter(since=since)) == ["c", "b"]
    assert found(store, RunFilter(until=until)) == ["b", "a"]
    assert found(store, RunFilter(since=since, until=until)) == ["b"]
    assert found(store, RunFilter(since="2027-01-01T00:00:00.000Z")) == []


def test_a_window_of_time_where_the_clock_jumped_back(store: Store, clock: Clock) -> None:
    complete(store, new_run(reference="before"))
    clock.turn(hours=-30)
    complete(store, new_run(reference="jumped"))
    clock.turn(hours=30)
    complete(store, new_run(reference="after"))
    since = "2026-11-20T12:00:00.000Z"
    assert found(store, RunFilter(since=since)) == ["after", "before"]
    assert found(store, RunFilter(until=since)) == ["jumped"]


@pytest.mark.parametrize("text", ["ORDER-7", "ORDER", "pm_seven", "pm_se", "fwd_7", "run id"])
def test_one_field_finds_a_run_by_whatever_is_at_hand(store: Store, text: str) -> None:
    complete(store, new_run(reference="other", source_id="pm_other"), request_id="fwd_8")
    run = new_run(reference="ORDER-7", source_id="pm_seven")
    complete(store, run, request_id="fwd_7")
    assert found(store, RunFilter(text=run.id if text == "run id" else text)) == ["ORDER-7"]


@pytest.mark.parametrize("text", ["", "%", "_", "' OR 1=1 --", "?", "\0", "\ud800", "ÿ"])
def test_text_is_never_part_of_a_statement(store: Store, text: str) -> None:
    complete(store, new_run(reference="ORDER-7"))
    # The empty text is the start of every reference.
    assert found(store, RunFilter(text=text)) == (["ORDER-7"] if text == "" else [])


def test_the_figures(store: Store) -> None:
    complete(store, new_run())
    complete(store, new_run())
    complete(store, new_run(vault="checkout"), outcome=Outcome.DECLINED)
    lost = {"outcome": Outcome.UNKNOWN, "status": None, "vault_status": None, "duration_ms": 0}
    complete(store, new_run(), **lost)
    store.begin(new_run())
    figures = store.statistics(RunFilter())
    assert (figures.count, figures.answered) == (4, 3)
    assert set(figures.outcomes) == {
        OutcomeCount(Outcome.APPROVED, None, 2),
        OutcomeCount(Outcome.DECLINED, None, 1),
        OutcomeCount(Outcome.UNKNOWN, None, 1),
    }
    assert figures.statuses == ((None, 1), (200, 3))
    assert figures.routes == (
        RouteCount("checkout", "adyen", 1, 1, 0),
        RouteCount("stripe", "adyen", 3, 2, 2),
    )
    assert [(slot.start, slot.count) for slot in figures.slots] == [("2026-11-20", 4)]


def test_each_vault_has_percentiles_of_its_own(store: Store) -> None:
    complete(store, new_run(), duration_ms=100)
    complete(store, new_run(vault="checkout"), duration_ms=1000, outcome=Outcome.DECLINED)
    complete(store, new_run(vault="checkout", destination="rokt"), duration_ms=1000)
    for wanted in (RunFilter(), RunFilter(text="ORDER")):
        checkout, stripe = store.statistics(wanted).vaults
        assert (checkout.vault, checkout.count, checkout.approved) == ("checkout", 2, 1)
        assert (stripe.vault, stripe.count, stripe.answered) == ("stripe", 1, 1)
        assert checkout.latency
        assert stripe.latency
        assert math.isclose(checkout.latency.p50, 1000, rel_tol=0.15)
        assert math.isclose(stripe.latency.p50, 100, rel_tol=0.15)


def test_figures_of_nothing(store: Store) -> None:
    figures = store.statistics(RunFilter())
    assert (figures.count, figures.answered, figures.latency) == (0, 0, None)
    assert figures.outcomes == figures.slots == ()


def test_settling_a_run_moves_it_in_the_figures(store: Store) -> None:
    run = complete(store, new_run(), outcome=Outcome.UNKNOWN, status=None)
    store.resolve(run.id, Outcome.APPROVED, "ann")
    assert store.statistics(RunFilter()).outcomes == (OutcomeCount(Outcome.APPROVED, None, 1),)


def test_percentiles_are_within_fifteen_percent(store: Store) -> None:
    for duration in range(10, 1010, 10):
        complete(store, new_run(), duration_ms=duration)
    latency = store.statistics(RunFilter()).latency
    assert isinstance(latency, Latency)
    for told, true in ((latency.p50, 500), (latency.p95, 950), (latency.p99, 990)):
        assert math.isclose(told, true, rel_tol=0.15)


def test_figures_by_the_hour_up_to_three_days_and_by_the_day_beyond(
    store: Store, clock: Clock
) -> None:
    complete(store, new_run())
    clock.turn(hours=1)
    complete(store, new_run())
    near = store.statistics(RunFilter(since="2026-11-19T12:00:00.000Z"))
    far = store.statistics(RunFilter(since="2026-11-01T00:00:00.000Z"))
    assert (near.grain, far.grain) == ("hour", "day")
    assert [slot.start for slot in near.slots] == ["2026-11-20T12", "2026-11-20T13"]
    assert [slot.start for slot in far.slots] == ["2026-11-20"]
    until = RunFilter(since="2026-11-19T12:00:00.000Z", until="2026-11-20T13:00:00.000Z")
    assert store.statistics(until).count == 1


def test_figures_of_a_reference_come_from_its_runs(store: Store) -> None:
    complete(store, new_run(reference="ORDER-1"))
    complete(store, new_run(reference="ORDER-2"), outcome=Outcome.DECLINED)
    for wanted in (RunFilter(reference="ORDER-2"), RunFilter(text="ORDER-2")):
        figures = store.statistics(wanted)
        assert figures.outcomes == (OutcomeCount(Outcome.DECLINED, None, 1),)


def test_what_is_older_is_deleted_and_what_nobody_settled_stays(store: Store, clock: Clock) -> None:
    complete(store, new_run(reference="old"))
    complete(store, new_run(reference="old, unknown"), outcome=Outcome.UNKNOWN, status=None)
    under_way = new_run(reference="old, under way")
    store.begin(under_way)
    store.intent(under_way.id, OWNER, intent_of(under_way))
    clock.turn(days=30)
    complete(store, new_run(reference="new"))
    assert store.prune(30, "ann") == 0
    clock.turn(days=1)
    assert store.prune(30, "ann") == 1
    assert found(store, RunFilter()) == ["new", "old, under way", "old, unknown"]
    assert store.statistics(RunFilter()).count == 1
    assert [(event.kind, event.by) for event in store.events()] == [("prune", "ann")]
    assert store.prune(30, "ann") == 0


def test_at_least_one_day_is_kept(store: Store) -> None:
    with pytest.raises(ValueError, match="one day"):
        store.prune(0, "ann")


def test_many_old_runs_are_deleted_in_small_steps(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "_ROWS_AT_ONCE", 10)
    for _ in range(25):
        complete(store, new_run())
    clock.turn(days=3)
    assert store.prune(1, "ann") == 25
    assert found(store, RunFilter()) == []
