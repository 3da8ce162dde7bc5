"""Reasons in one spelling, figures by them, exports of runs, and pages of events."""

import csv
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.export import COLUMNS, ExportFormat, export, has_runs
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.queries import MAX_CAUSES
from forwardc.runtime.history.records import EventFilter, RunFilter
from forwardc.runtime.history.rollups import MAX_CAUSE_CHARACTERS, normalize_cause
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.run.result import Party
from stored_runs import Clock, complete, new_run


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("insufficient_funds", "insufficient funds"),
        ("Insufficient Funds.", "insufficient funds"),
        ("05 : Do not honor", "05 : do not honor"),
        ("DECLINED 14_030", "declined 14 030"),
        ("the answer was 503; it says: Try again_later!", "try again later"),
        ("request 8a7b9c0d1e2f failed", "request … failed"),
        ("no payment 0199c0de-7a1b-7c22-9f0a-1234567890ab", "no payment …"),
        ("amount 12.50 is above 10.00", "amount … is above …"),
        ("card 411111******1111 is blocked", "card … is blocked"),
        ("at 2026-11-20T12:00:00Z", "at …"),
        ("Недостаточно средств", "недостаточно средств"),
        ("3DS2 required", "3ds2 required"),
        ("...", None),
        ("", None),
        (None, None),
    ],
)
def test_what_is_one_cause(reason: str | None, cause: str | None) -> None:
    assert normalize_cause(reason) == cause


@given(st.text(max_size=400))
def test_a_cause_is_short_and_its_own_cause(reason: str) -> None:
    cause = normalize_cause(reason)
    assert cause is None or (
        0 < len(cause) <= MAX_CAUSE_CHARACTERS and normalize_cause(cause) == cause
    )


def _runs(store: Store) -> list[tuple[str, Outcome, str | None]]:
    """Runs of two operations and many ends: what each is, and its cause."""
    ends = [
        (Outcome.DECLINED, None, "Insufficient_Funds", 200),
        (Outcome.DECLINED, None, "insufficient funds", 402),
        (Outcome.DECLINED, None, "expired card", 200),
        (Outcome.REJECTED, Party.DESTINATION, "Request 1234567 is wrong", 422),
        (Outcome.REJECTED, Party.DESTINATION, "request 7654321 is wrong.", 422),
        (Outcome.APPROVED, None, None, 200),
        (Outcome.UNKNOWN, None, "the answer was 503", 503),
        (Outcome.PENDING, None, "received", 202),
    ]
    told = []
    for operation in ("payment", "payout"):
        for outcome, party, reason, status in ends * (2 if operation == "payout" else 1):
            run = new_run(operation=operation, asked_operation=operation)
            complete(store, run, outcome=outcome, rejected_by=party, reason=reason, status=status)
            told.append((operation, outcome, normalize_cause(reason)))
    return told


def test_figures_by_reason_and_operation_are_those_of_the_runs(store: Store) -> None:
    told = _runs(store)
    causes = Counter((cause, outcome) for _, outcome, cause in told if cause)
    stats = store.statistics(RunFilter())
    assert {(one.cause, one.outcome): one.count for one in stats.causes} == causes
    assert stats.other_causes == 0
    done = Counter(operation for operation, _, _ in told)
    assert {one.operation: one.count for one in stats.operations} == done
    for operation in done:
        for cause in {cause for cause, _ in causes}:
            wanted = RunFilter(operation=operation, cause=cause)
            count = sum(one[0] == operation and one[2] == cause for one in told)
            assert store.statistics(wanted).count == count
            assert len(store.search(wanted).runs) == count
            assert {run.cause for run in store.search(wanted).runs} == {cause}


def test_settling_moves_a_run_from_its_reason(store: Store) -> None:
    store.begin(run := new_run())
    other = complete(store, new_run(), outcome=Outcome.UNKNOWN, reason="the answer was 503")
    assert [one.cause for one in store.statistics(RunFilter()).causes] == ["the answer was 503"]
    store.resolve(other.id, Outcome.DECLINED, "Dana Example")
    found = store.statistics(RunFilter())
    assert [(one.cause, one.outcome, one.count) for one in found.causes] == [
        ("settled afterwards", Outcome.DECLINED, 1)
    ]
    assert found.latency == store.statistics(RunFilter(cause="settled afterwards")).latency
    assert store.search(RunFilter(cause="the answer was 503")).runs == ()
    assert store.load(run.id) is not None


def test_reasons_beyond_the_most_frequent_are_counted_together(store: Store) -> None:
    words = [f"reason {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(MAX_CAUSES + 3)]
    for word in [*words, *words[:MAX_CAUSES]]:
        complete(store, new_run(), outcome=Outcome.DECLINED, reason=word)
    stats = store.statistics(RunFilter())
    assert [one.count for one in stats.causes] == [2] * MAX_CAUSES
    assert stats.other_causes == 3


def test_a_history_of_before_keeps_its_figures(no_history_url: str, clock: Clock) -> None:
    """Also those of a run that is settled after the upgrade."""
    first = next(one.version for one in MIGRATIONS if "cause" in one.script)
    before = tuple(one for one in MIGRATIONS if one.version < first)
    with open_store(no_history_url, now=clock, migrations=before) as old:
        old.database.write(_before)
    with open_store(no_history_url, now=clock) as new:
        assert new.statistics(RunFilter()).count == 5
        assert (
            new.statistics(RunFilter()).latency
            == new.statistics(RunFilter(outcome=Outcome.UNKNOWN)).latency
        )
        assert new.statistics(RunFilter()).causes == ()
        assert new.resolve("r1", Outcome.DECLINED, "Dana")
        found = new.statistics(RunFilter())
        assert {one.outcome: one.count for one in found.outcomes} == {
            Outcome.UNKNOWN: 4,
            Outcome.DECLINED: 1,
        }
        assert [(one.cause, one.count) for one in found.causes] == [("settled afterwards", 1)]


def _before(tx: Transaction) -> None:
    """Five runs that are alike, as an older forwardc counted them; one of them is there."""
    place = ("sandbox", 0, "stripe", "adyen", "payment", "unknown", "", 503)
    for key in (("hour", "2026-11-20T12", *place), ("day", "2026-11-20", *place)):
        tx.run("INSERT INTO tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 5)", *key)
        tx.run("INSERT INTO timings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 5)", *key, 36)
    at = "2026-11-20T12:00:00.000Z"
    tx.run(
        "INSERT INTO runs (id, created_at, updated_at, environment, emulated, vault, destination,"
        " operation, outcome, rejected_by, status, asked_operation, fell_back, digest, reference,"
        " params, sensitive_params, inputs, without_atoms, state, attempts, owner, lease_until,"
        " duration_ms) VALUES ('r1', ?, ?, ?, ?, ?, ?, ?, ?, NULL, 503, 'payment', 0, 'd', 'r',"
        " '{}', '[]', '{}', '[]', 'done', 1, '', 0, 120)",
        *(at, at, *place[:6]),
    )


def test_an_export_holds_each_run_once_over_all_its_pages(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.runtime.history.export._RUNS_AT_ONCE", 3)
    told = _runs(store)
    complete(store, new_run(reference="=cmd|' /C calc'!A0", params={"amount": "1050"},
                            amounts={"amount": ("EUR", 2)}))  # fmt: skip
    rows = list(csv.DictReader("".join(export(store, RunFilter(), ExportFormat.CSV)).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert len({row["id"] for row in rows}) == len(rows) == len(told) + 1
    assert rows[0]["reference"].startswith("'=cmd")
    assert (rows[0]["amount"], rows[0]["currency"]) == ("10.50", "EUR")
    read = json.loads("".join(export(store, RunFilter(), ExportFormat.JSON)))
    assert [run["id"] for run in read["runs"]] == [row["id"] for row in rows]
    assert read["count"] == len(rows)
    assert read["runs"][0]["reference"].startswith("=cmd")
    wanted = RunFilter(operation="payout", outcome=Outcome.DECLINED)
    few = json.loads("".join(export(store, wanted, ExportFormat.JSON)))
    assert few["count"] == sum(one[:2] == ("payout", Outcome.DECLINED) for one in told)


def test_an_export_of_nothing_is_the_header_alone(store: Store) -> None:
    assert not has_runs(store, RunFilter())
    assert "".join(export(store, RunFilter(), ExportFormat.CSV)) == ",".join(COLUMNS) + "\r\n"
    assert json.loads("".join(export(store, RunFilter(), ExportFormat.JSON)))["count"] == 0


def test_events_are_found_by_kind_name_and_time(store: Store, clock: Clock) -> None:
    for n in range(5):
        store.record("pause" if n % 2 else "sign-in", f"Dana_{n}", "x")
        clock.turn(days=1)
    assert store.event_kinds() == ("pause", "sign-in")
    page = store.search_events(EventFilter(), limit=2)
    assert [one.by for one in page.events] == ["Dana_4", "Dana_3"]
    rest = store.search_events(EventFilter(), cursor=page.cursor)
    assert [one.by for one in rest.events] == ["Dana_2", "Dana_1", "Dana_0"]
    assert rest.cursor is None
    assert [one.by for one in store.search_events(EventFilter(kind="pause")).events] == [
        "Dana_3",
        "Dana_1",
    ]
    assert len(store.search_events(EventFilter(by="Dana_")).events) == 5
    assert not store.search_events(EventFilter(by="Dana%")).events
    middle = EventFilter(since="2026-11-21", until="2026-11-23")
    assert [one.by for one in store.search_events(middle).events] == ["Dana_2", "Dana_1"]
