"""Answers in a table of their own: packed, forgotten by their own time, or not kept at all."""

import json
import zlib

import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history.answers import DEFAULT_DAYS, retention_days, unpack
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.bodies.body_fields import BodyField, BodyFields
from forwardc.runtime.run.result import Party, RecordedAnswer
from stored_runs import Clock, complete, new_run

BODY = BodyFields(
    "json",
    (
        BodyField("/resultCode", "Authorised"),
        BodyField("/amount", "10", text=False),
        BodyField("/token", None),
    ),
)
KEPT = RecordedAnswer("destination", 200, BODY, (BodyField("content-type", "application/json"),))


def answer_of(store: Store, run_id: str) -> RecordedAnswer | None:
    run = store.load(run_id)
    assert run is not None
    return run.steps[0].recorded_answer


def test_an_answer_comes_back_as_it_was_kept(store: Store) -> None:
    run = complete(store, new_run(), recorded=KEPT)
    found = answer_of(store, run.id)
    assert found is not None
    assert (found.body, found.headers, found.whose, found.status) == (
        *(KEPT.body, KEPT.headers),
        *("destination", 200),
    )
    assert found.kept_at.endswith("Z")
    assert [row.shown for row in found.body.rows] == ["Authorised", "10", "***"]


def test_an_answer_is_forgotten_before_its_run(history_url: str) -> None:
    clock = Clock()
    with open_store(history_url, now=clock) as store:
        run = complete(store, new_run(), recorded=KEPT)
        clock.turn(days=DEFAULT_DAYS, seconds=-1)
        assert answer_of(store, run.id) is not None
        assert store.forget_answers() == 0
        clock.turn(seconds=2)
        # It is not shown any more, whether or not somebody has deleted it yet.
        assert answer_of(store, run.id) is None
        assert store.forget_answers() == 1
        assert store.load(run.id) is not None
        assert store.database.read(lambda tx: tx.rows("SELECT * FROM answers")) == []


def test_a_run_takes_its_answers_along(history_url: str) -> None:
    clock = Clock()
    with open_store(history_url, now=clock, answer_days=100) as store:
        complete(store, new_run(), recorded=KEPT)
        clock.turn(days=40)
        assert store.prune(30, "ada") == 1
        assert store.database.read(lambda tx: tx.rows("SELECT * FROM answers")) == []


def test_where_none_are_kept_the_outcome_is(history_url: str) -> None:
    with open_store(history_url, answer_days=None) as store:
        run = complete(
            store,
            new_run(),
            recorded=KEPT,
            outcome=Outcome.REJECTED,
            rejected_by=Party.DESTINATION,
            reason="no",
            answer="it says no",
        )
        found = store.load(run.id)
        assert found is not None
        assert (found.summary.outcome, found.reason) == (Outcome.REJECTED, "no")
        assert (found.steps[0].recorded_answer, found.steps[0].answer) == (None, None)
        assert store.database.read(lambda tx: tx.rows("SELECT * FROM answers")) == []


def test_an_answer_of_an_older_history_is_still_read(store: Store) -> None:
    run = complete(store, new_run())
    store.database.write(lambda tx: tx.run("UPDATE steps SET answer = 'said then'"))
    found = store.load(run.id)
    assert found is not None
    assert found.steps[0].answer == "said then"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zlib",
        zlib.compress(b"no JSON"),
        zlib.compress(b"[]"),
        zlib.compress(b'{"rows": [[1, 2, 3, 4]]}'),
        zlib.compress(b" " * 2_000_000),
    ],
    ids=["empty", "damaged", "text", "list", "rows", "large"],
)
def test_a_damaged_row_is_as_good_as_none(data: bytes) -> None:
    assert unpack(data) is None


WRITTEN = {
    "whose": "destination",
    "status": 200,
    "at": "2026-11-20T12:00:00.000Z",
    "kind": "json",
    "whole": True,
    "says": None,
    "headers": [["date", "today"]],
    "rows": [["/a", "b"], ["/c", None], ["/d", "1", 0]],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("whose", 5), ("whose", "nobody"), ("status", {}), ("status", "200"), ("at", "today")),
        *(("at", None), ("kind", "<script>"), ("kind", 1), ("says", 7), ("rows", [[1, "b"]])),
        *(("rows", [["/a", 3]]), ("rows", [[]]), ("headers", [["a"]]), ("headers", [["a", 1]])),
    ],
    ids=range(14),
)
def test_a_row_of_another_shape_is_as_good_as_none(name: str, value: object) -> None:
    """Whoever shows it counts on its types: a page that fails would hide the run, too."""
    assert unpack(zlib.compress(json.dumps(WRITTEN).encode())) is not None
    assert unpack(zlib.compress(json.dumps({**WRITTEN, name: value}).encode())) is None


def test_it_takes_less_room_than_its_text(store: Store) -> None:
    rows = tuple(BodyField(f"/list/{number}/resultCode", "Authorised") for number in range(100))
    complete(
        store, new_run(), recorded=RecordedAnswer("destination", 200, BodyFields("json", rows))
    )
    ((size,),) = store.database.read(lambda tx: tx.rows("SELECT length(packed) FROM answers"))
    assert size < sum(len(row.path) + len(row.shown) for row in rows) / 5


@pytest.mark.parametrize("days", [0, 7])
def test_answers_are_deleted_and_their_runs_stay(history_url: str, days: int) -> None:
    clock = Clock()
    with open_store(history_url, now=clock) as store:
        old = complete(store, new_run(), recorded=KEPT)
        of_before = complete(store, new_run())
        store.database.write(
            lambda tx: tx.run(
                "UPDATE steps SET answer = 'x' WHERE run_seq = (SELECT seq FROM runs WHERE id = ?)",
                of_before.id,
            )
        )
        clock.turn(days=9)
        young = complete(store, new_run(), recorded=KEPT)
        assert store.prune_answers(days, "ada") == (3 if days == 0 else 2)
        assert answer_of(store, old.id) is None
        assert (answer_of(store, young.id) is None) == (days == 0)
        assert len(store.search(RunFilter()).runs) == 3
        told = store.load(of_before.id)
        assert told is not None
        assert told.steps[0].answer is None
        assert [event.kind for event in store.events()] == ["prune"]


@pytest.mark.parametrize(("setting", "days"), [("off", None), ("1d", 1), ("3650d", 3650)])
def test_a_setting(setting: str, days: int | None) -> None:
    assert retention_days(setting) == days


@pytest.mark.parametrize(
    "setting",
    ["", "0d", "14", "OFF", "never", "-1d", "1.5d", "3651d", "14d ", "9" * 50 + "d", "٣d"],
)
def test_what_is_no_setting(setting: str) -> None:
    with pytest.raises(ValueError, match="must be off"):
        retention_days(setting)
