"""A history of version 14, as it was written then: every question has the answer that it had.

`v14/` is never edited. Its runs are those of `real_runs`, and one for each state that a run, a step
and an attempt can be left in; `answers.json` is what the code of then said of them, by `told`.
"""

import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

import real_runs
from forwardc.cli.main import run as main
from forwardc.core.outcome import Outcome
from forwardc.runtime.history import packed_rows
from forwardc.runtime.history.database import Row
from forwardc.runtime.history.export import ExportFormat, export
from forwardc.runtime.history.location import connect_existing
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.records import EventFilter, RunFilter
from forwardc.runtime.history.store import Store, open_store, upgrade

V14 = Path(__file__).resolve().parent / "v14"
ROOT = Path(__file__).resolve().parents[2]
# By whether the database is a file.
TABLES = {
    True: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    False: "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}
NOW = datetime(2026, 11, 20, 11, 40, tzinfo=UTC)
# Runs of `real_runs` that are shown one by one, beside those that were made for this.
SHOWN = ("shop-1001", "shop-1010", "shop-1013")
FILTERS = (
    RunFilter(),
    RunFilter(outcome=Outcome.UNKNOWN),
    RunFilter(vault="stripe", destination="adyen"),
    RunFilter(reference="shop-1003"),
    RunFilter(text="P1"),
    RunFilter(text="their-2"),
    RunFilter(text="req-2"),
    RunFilter(text="00000000-0000-4000-8000-000000000001"),
    RunFilter(since="2026-11-19T00:00:00.000Z"),
    RunFilter(cause="no money"),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The history of then, in either database."""
    path = tmp_path / "history.db"
    shutil.copy(V14 / "history.db", path)
    if request.param == "sqlite":
        return str(path)
    database = request.getfixturevalue("postgres_server").database()
    with open_store(database, migrations=MIGRATIONS[:14]):
        pass
    _copy(path, database)
    return database


def _copy(path: Path, url: str) -> None:
    """Every row of a file, in the tables of the same version at a server."""
    with closing(sqlite3.connect(path)) as source, psycopg.connect(url) as target:
        tables = [
            name
            for (name,) in source.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            if name != "forwardc_history"
        ]
        # What others refer to comes first.
        for table in sorted(tables, key=lambda name: name != "runs"):
            rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            names = [column[0] for column in rows.description]
            marks = ", ".join(["%s"] * len(names))
            statement = (
                f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608 - our own names
                f" OVERRIDING SYSTEM VALUE VALUES ({marks})"
            )
            with target.cursor() as cursor:
                cursor.executemany(statement.encode(), rows.fetchall())


def told(store: Store, said: Callable[..., str]) -> dict[str, Any]:
    """All that a history says: by what the code reads, and by what the commands print."""
    runs = store.search(RunFilter(), limit=1000).runs
    shown = [run.id for run in runs if run.id.startswith("0000") or run.reference in SHOWN]
    return {
        "loaded": {run.id: asdict(store.load(run.id)) for run in runs},  # type: ignore[arg-type]
        "searched": [asdict(store.search(one)) for one in FILTERS],
        "figures": [asdict(store.statistics(one)) for one in FILTERS],
        "events": [asdict(one) for one in store.events()],
        "chain": asdict(store.verify_events()),
        "some events": asdict(store.search_events(EventFilter(by="a"))),
        "unknown": [run.id for run in store.unknown_runs()],
        "pauses": [asdict(one) for one in store.pauses()],
        "exported": ["".join(export(store, one, form)) for one in FILTERS for form in ExportFormat],
        "keys": [_held(store, key) for key in ("caller-1", "nobody's")],
        "withheld": {run.id: store.withheld(run.id) for run in runs},
        "list": said("history", "--json", "--limit", "1000"),
        "shown": {run: said("history", "show", run, "--json") for run in shown},
        "texts": {run: said("history", "show", run) for run in shown},
    }


def _held(store: Store, key: str) -> Any:
    held = store.held(key)
    return held and (held[0].id, held[1])


def answers(url: str) -> Any:
    def said(*typed: str) -> str:
        out = io.StringIO()
        with redirect_stdout(out):
            main((*typed, "--history", url))
        return out.getvalue()

    with real_runs.turn(NOW), open_store(url, now=lambda: NOW) as store:
        return json.loads(json.dumps(told(store, said), default=str, ensure_ascii=False))


class _BrokenOffError(Exception):
    """The upgrade ended in the middle."""


def _fails_after(rows: int, place: Callable[[int, int], int]) -> Callable[[int, int], int]:
    left = iter(range(rows))

    def placed(number: int, seq: int) -> int:
        if next(left, None) is None:
            raise _BrokenOffError
        return place(number, seq)

    return placed


def _lines(value: Any, place: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from _lines(value[name], f"{place}/{name}")
    elif isinstance(value, list) and value:
        for at, item in enumerate(value):
            yield from _lines(item, f"{place}/{at}")
    else:
        yield f"{place} {value!r}"


# Upgrades a history, says when it has replaced the first table, and waits there for its end.
UPGRADE = """
import sys
from forwardc.runtime.history import packed_rows
from forwardc.runtime.history.store import upgrade

def sort(tx, moved, *rest, do=packed_rows._sort):
    if moved.table != "steps":
        print("half", flush=True)
        sys.stdin.read()
    do(tx, moved, *rest)

packed_rows._RUNS_AT_ONCE = 5
packed_rows._sort = sort
upgrade(sys.argv[1])
"""


def test_an_upgrade_that_is_killed_has_changed_nothing(url: str) -> None:
    before = _rows(url)
    paths = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
    with subprocess.Popen(
        [sys.executable, "-c", UPGRADE, url],
        env=paths,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert _rows(url) == before
    # The server may need a moment to see that its client is gone: it holds the lock until then.
    upgrade(url, wait_s=60)
    assert _rows(url) != before


def _rows(url: str) -> dict[str, list[Row]]:
    """Every row of every table."""
    with closing(connect_existing(url, 60, lambda _: None)) as database:
        return database.read(
            lambda tx: {
                name: sorted(tx.rows(f"SELECT * FROM {name}"), key=str)  # noqa: S608 - our own names
                for (name,) in tx.rows(TABLES[database.is_local])
            }
        )


def test_every_answer_is_the_one_of_before(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Broken off in its second table, it has changed nothing, and is done whole the next time.
    monkeypatch.setattr(packed_rows, "_RUNS_AT_ONCE", 5)
    with monkeypatch.context() as patch:
        patch.setattr(packed_rows, "_place", _fails_after(40, packed_rows._place))
        with pytest.raises(_BrokenOffError):
            upgrade(url)
    upgrade(url)
    before = json.loads((V14 / "answers.json").read_text("utf-8"))
    assert list(_lines(answers(url))) == list(_lines(before))
