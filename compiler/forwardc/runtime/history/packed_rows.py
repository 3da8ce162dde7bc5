"""Version 15: steps are packed, what belongs to a run has its number, and plans stand once.

The rows of before are moved in the one transaction of every upgrade, so that one which is broken
off has changed nothing. What is changed stands until its end in SQLite's log beside the file.

The old rows lie in the order of ids, which are random, and the new ones in that of runs. A table is
so large that its pages do not fit into memory: in either order, each row would read or write some
pages of its own. So a row goes three ways:

1. the old table is read once, as it lies, and a new row is made of each;
2. that is added to the rows of its batch, some thousand runs, in `..._by_batch`. Only the page at
   the end of each batch is written to, and those fit into memory;
3. each batch is sorted, and added to the end of the new table.

The old tables are dropped whole. SQLite must not write zeros over their pages meanwhile, as some
builds do by themselves: that would bring every one of them into the log (`upgrading`, `sqlite`).
So what stood in them stays in free pages of the file, until the next runs use these.

Example: run 4,500 has number 2 of the batches from 0, so its steps come to the places from
2 * 2**32, and from there behind those of run 4,000.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import islice
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.database import Row, Transaction
from forwardc.runtime.history.step_texts import LIKE_ALL_ANSWERED, pack, text_of
from forwardc.runtime.history.timestamps import milliseconds_of_text

# PostgreSQL aligns each number to eight bytes: they stand first, side by side.
MAKE: Final = """
CREATE TABLE plans (
  number {seq},
  digest TEXT NOT NULL,
  approval TEXT NOT NULL,
  UNIQUE (digest, approval)
){table};
CREATE TABLE samples (
  number {seq},
  plan {int} NOT NULL,
  step TEXT NOT NULL,
  text {bytes} NOT NULL,
  UNIQUE (plan, step)
){table};
CREATE TABLE steps_15 (
  run_seq {int} NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
  position {int} NOT NULL,
  idempotent {int} NOT NULL,
  vault_status {int},
  status {int},
  cards_masked {int} NOT NULL,
  duration_ms {int},
  rule {int},
  sample {int},
  name TEXT NOT NULL,
  deliver TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  rejected_by TEXT,
  reason TEXT,
  request_id TEXT,
  outputs TEXT NOT NULL,
  answer TEXT,
  scheme TEXT,
  issuing_country TEXT,
  losses TEXT,
  sent {bytes},
  answered {bytes},
  PRIMARY KEY (run_seq, name)
){keyed};
CREATE TABLE attempts_15 (
  run_seq {int} NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
  number {int} NOT NULL,
  started_at {int} NOT NULL,
  ended_at {int},
  vault_status {int},
  status {int},
  step TEXT NOT NULL,
  vault_key TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  PRIMARY KEY (run_seq, step, number)
){keyed};
CREATE TABLE payment_names_15 (
  value {text} NOT NULL,
  run_seq {int} NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
  PRIMARY KEY (value, run_seq)
){keyed};
CREATE TABLE given_keys_15 (
  given_key {text} NOT NULL PRIMARY KEY,
  run_seq {int} NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
  content TEXT NOT NULL
){keyed};
CREATE TABLE withheld_values_15 (
  run_seq {int} NOT NULL PRIMARY KEY REFERENCES runs (seq) ON DELETE CASCADE,
  digest TEXT NOT NULL
){keyed};
CREATE TABLE steps_by_batch (
  place {int} NOT NULL PRIMARY KEY,
  run_seq {int} NOT NULL,
  position {int} NOT NULL,
  name TEXT NOT NULL,
  deliver TEXT NOT NULL,
  idempotent {int} NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  rejected_by TEXT,
  reason TEXT,
  vault_status {int},
  status {int},
  request_id TEXT,
  outputs TEXT NOT NULL,
  answer TEXT,
  cards_masked {int} NOT NULL,
  duration_ms {int},
  scheme TEXT,
  issuing_country TEXT,
  rule {int},
  losses TEXT,
  sample {int},
  sent {bytes},
  answered {bytes}
){table};
CREATE TABLE attempts_by_batch (
  place {int} NOT NULL PRIMARY KEY,
  run_seq {int} NOT NULL,
  step TEXT NOT NULL,
  number {int} NOT NULL,
  vault_key TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at {int} NOT NULL,
  ended_at {int},
  vault_status {int},
  status {int},
  reason TEXT
){table};
CREATE TABLE withheld_values_by_batch (
  place {int} NOT NULL PRIMARY KEY,
  run_seq {int} NOT NULL,
  digest TEXT NOT NULL
){table};
ALTER TABLE runs ADD COLUMN plan {int};
INSERT INTO plans (digest, approval) SELECT DISTINCT digest, COALESCE(approval, '') FROM runs
"""
REPLACE: Final = """
DROP TABLE steps;
DROP TABLE attempts;
DROP TABLE payment_names;
DROP TABLE given_keys;
DROP TABLE withheld_values;
ALTER TABLE steps_15 RENAME TO steps;
ALTER TABLE attempts_15 RENAME TO attempts;
ALTER TABLE payment_names_15 RENAME TO payment_names;
ALTER TABLE given_keys_15 RENAME TO given_keys;
ALTER TABLE withheld_values_15 RENAME TO withheld_values;
CREATE INDEX steps_request ON steps (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX payment_names_run ON payment_names (run_seq);
CREATE INDEX given_keys_run ON given_keys (run_seq)
"""

# Runs whose moved rows are sorted in memory at once: some megabytes.
_RUNS_AT_ONCE: Final = 2000
# Rows that are read before they are written, and few enough statements.
_ROWS_AT_ONCE: Final = 1000
# What a number of a batch is multiplied with: more rows than any batch has.
_ROWS_OF_BATCH: Final = 2**32
_SAMPLE_OF_BEFORE: Final = "INSERT INTO samples (plan, step, text) VALUES (0, '', ?)"
_NEWEST: Final = "SELECT COALESCE(max(seq), 0) FROM runs"
# The two columns stay, and stay empty: SQLite drops one by holding the whole table in memory.
_PLAN: Final = (
    "UPDATE runs SET digest = '', approval = NULL, plan = ("
    "SELECT number FROM plans WHERE plans.digest = runs.digest"
    " AND plans.approval = COALESCE(runs.approval, '')) WHERE seq > ? AND seq <= ?"
)
_SEQ: Final = "SELECT (SELECT seq FROM runs WHERE runs.id = run_id)"
_STEPS: Final = (
    _SEQ + ", run_id, position, name, deliver, idempotent, state, outcome, rejected_by, reason,"
    " vault_status, status, request_id, outputs, answer, cards_masked, duration_ms, scheme,"
    " issuing_country, rule, losses, called, destination_key, request, names, keyed,"
    " sensitive_outputs, untold, log_url FROM steps"
)
_ATTEMPTS: Final = (
    _SEQ + ", step, number, vault_key, state, started_at, ended_at, vault_status, status, reason"
    " FROM attempts"
)
_WITHHELD: Final = _SEQ + ", digest FROM withheld_values"
# A batch is sorted in memory.
_SORT: Final = (
    "INSERT INTO {table}_15 ({columns}) SELECT {columns} FROM {table}_by_batch"
    " WHERE place >= ? AND place < ? ORDER BY {key}"
)
# In the order of their own keys, before as after.
_SAME_ORDER: Final = (
    (
        "INSERT INTO payment_names_15 (value, run_seq)"
        " SELECT value, (SELECT seq FROM runs WHERE runs.id = payment_names.run_id)"
        " FROM payment_names ORDER BY value"
    ),
    (
        "INSERT INTO given_keys_15 (given_key, run_seq, content)"
        " SELECT given_key, (SELECT seq FROM runs WHERE runs.id = given_keys.run_id), content"
        " FROM given_keys ORDER BY given_key"
    ),
)


@dataclass(frozen=True, slots=True)
class _Move:
    """A table whose new rows stand in another order than the old ones.

    `rows` reads the old ones, `row` makes a new one of each with the number of a sample. `key` is
    what the new ones are sorted by.
    """

    table: str
    columns: str
    key: str
    rows: str
    row: Callable[[Row, int], Row]


def move(tx: Transaction) -> None:
    """Put the rows of the tables of before into those of version 15."""
    newest = int(tx.rows(_NEWEST)[0][0])
    sample = _sample_of_before(tx) if newest else 0
    batches = range(0, newest, _RUNS_AT_ONCE)
    for after in batches:
        tx.run(_PLAN, after, after + _RUNS_AT_ONCE)
    for moved in _MOVES:
        _sort(tx, moved, len(batches), sample)
    for statement in _SAME_ORDER:
        tx.run(statement)


def _sample_of_before(tx: Transaction) -> int:
    # What a request of before has in common with others of its step, no record tells without the
    # values of its run; what answers tell is the same for all.
    tx.run(_SAMPLE_OF_BEFORE, LIKE_ALL_ANSWERED)
    return int(tx.rows("SELECT max(number) FROM samples")[0][0])


def _sort(tx: Transaction, moved: _Move, batches: int, sample: int) -> None:
    """Read a table as it lies, put each row to those of its batch, then sort batch by batch."""
    table, columns = moved.table, moved.columns
    marks = ", ".join("?" * (2 + columns.count(",")))
    insert = f"INSERT INTO {table}_by_batch (place, {columns}) VALUES ({marks})"
    with closing(tx.stream(moved.rows)) as before:
        rows = (moved.row(row, sample) for row in before)
        placed = ((_place(number, row[0]), *row) for number, row in enumerate(rows))
        while some := list(islice(placed, _ROWS_AT_ONCE)):
            tx.many(insert, some)
    sort = _SORT.format(table=table, columns=columns, key=moved.key)
    for batch in range(batches):
        tx.run(sort, batch * _ROWS_OF_BATCH, (batch + 1) * _ROWS_OF_BATCH)
    tx.run(f"DROP TABLE {table}_by_batch")


def _place(number: int, seq: int) -> int:
    return (seq - 1) // _RUNS_AT_ONCE * _ROWS_OF_BATCH + number


def _step(row: Row, sample: int) -> Row:
    seq, run_id, *columns = row
    called, key, request, names, keyed, sensitive, untold, log_url = columns[-8:]
    sent = {
        "called": called,
        "key": key,
        "request": request and _request(json.loads(request)),
        "names": names and _names(json.loads(names), run_id),
        "keyed": keyed and json.loads(keyed),
    }
    answered = {"sensitive": json.loads(sensitive) or None, "untold": untold, "log_url": log_url}
    return (seq, *columns[:-8], sample, _packed(sent), _packed(answered))


def _packed(members: dict[str, Any]) -> bytes | None:
    """A text of what is there; None where nothing is."""
    known = {name: value for name, value in members.items() if value is not None}
    return pack(text_of(known), LIKE_ALL_ANSWERED) if known else None


def _request(members: dict[str, Any]) -> list[Any]:
    return [members["method"], members["url"], members["headers"], members["body"]]


def _names(names: Iterable[list[Any]], run_id: str) -> list[list[Any]]:
    return [[*place, None if value == run_id else value] for *place, value in names]


def _attempt(row: Row, _sample: int) -> Row:
    *place, started, ended, vault_status, status, reason = row
    times = (milliseconds_of_text(started), ended and milliseconds_of_text(ended))
    return (*place, *times, vault_status, status, reason)


def _withheld(row: Row, _sample: int) -> Row:
    return row


_MOVES: Final = (
    _Move(
        "steps",
        "run_seq, position, name, deliver, idempotent, state, outcome, rejected_by, reason, "
        "vault_status, status, request_id, outputs, answer, cards_masked, duration_ms, "
        "scheme, issuing_country, rule, losses, sample, sent, answered",
        "run_seq, name",
        _STEPS,
        _step,
    ),
    _Move(
        "attempts",
        "run_seq, step, number, vault_key, state, started_at, ended_at, vault_status, status, "
        "reason",
        "run_seq, step, number",
        _ATTEMPTS,
        _attempt,
    ),
    _Move("withheld_values", "run_seq, digest", "run_seq", _WITHHELD, _withheld),
)
