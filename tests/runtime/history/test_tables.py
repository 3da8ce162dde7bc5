"""The tables of history: all of them are told, and each index answers a question."""

import re
import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import migrations, sqlite
from forwardc.runtime.history.queries import recorded_names
from forwardc.runtime.history.records import RunFilter, RunState
from forwardc.runtime.history.store import Store
from stored_runs import Clock, complete, new_run

# What goes with its run is found by it: SQLite shows no plan of what a foreign key deletes.
OF_A_RUN = {"payment_names_run", "given_keys_run"}
# The indexes of what runs have; those of other tables stand beside their own questions.
TABLES = ("runs", "steps", "attempts", "answers", "payment_names", "given_keys", "events")


@pytest.fixture
def history_url(tmp_path) -> str:
    """SQLite tells what it reads; the statements are the same in PostgreSQL."""
    return str(tmp_path / "history.db")


def test_every_table_is_told(store: Store) -> None:
    rows = store.database.read(
        lambda tx: tx.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    )
    there = {name for (name,) in rows if not name.startswith("sqlite_")}
    lines = [line for line in (migrations.__doc__ or "").splitlines() if line.startswith("| `")]
    assert {name for line in lines for name in re.findall("`([a-z_]+)`", line.split("|")[1])} == (
        there
    )


def test_every_index_answers_a_question(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    execute = sqlite._Statements.execute

    def explained(self: Any, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        if statement.lstrip().upper().startswith(("SELECT", "DELETE", "UPDATE", "INSERT")):
            for row in self._connection.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                read.update(re.findall(r"INDEX ([a-z_]+)", row[3]))
        return execute(self, statement, values)

    run = complete(store, new_run(), outcome=Outcome.DECLINED, reason="no")
    monkeypatch.setattr(sqlite._Statements, "execute", explained)
    for wanted in (
        RunFilter(reference="A"),
        RunFilter(vault="stripe"),
        RunFilter(destination="adyen"),
        RunFilter(outcome=Outcome.PENDING),
        RunFilter(status=422),
        RunFilter(cause="no"),
        RunFilter(text="x"),
        RunFilter(state=RunState.STOPPED),
    ):
        store.search(wanted)
    store.unknown_runs()
    store.events(run.id)
    store.database.read(recorded_names)
    clock.turn(days=100)
    store.forget_answers()
    indexes = store.database.read(
        lambda tx: tx.rows(
            "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        )
    )
    assert {name for name, table in indexes if table in TABLES} - read == OF_A_RUN
