"""Version 15: steps are packed, what belongs to a run has its number, and plans stand once.

The rows of before are moved in batches, so that memory does not grow with a history, and in the
one transaction of every upgrade, so that one which is broken off has changed nothing. Until it is
done the disk needs as much room again: what is changed stands in the log beside the file.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from forwardc.runtime.history.database import Row, Transaction, first_row
from forwardc.runtime.history.step_texts import LIKE_ALL_ANSWERED, pack, text_of
from forwardc.runtime.history.timestamps import milliseconds_of_text

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
  answered {bytes},
  PRIMARY KEY (run_seq, name)
){keyed};
CREATE TABLE attempts_15 (
  run_seq {int} NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
  step TEXT NOT NULL,
  number {int} NOT NULL,
  vault_key TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at {int} NOT NULL,
  ended_at {int},
  vault_status {int},
  status {int},
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

# Runs whose rows are in memory at once: some megabytes, and few enough statements.
_RUNS_AT_ONCE: Final = 500
_SAMPLE_OF_BEFORE: Final = "INSERT INTO samples (plan, step, text) VALUES (0, '', ?)"
_LAST: Final = (
    "SELECT max(seq) FROM (SELECT seq FROM runs WHERE seq > ? ORDER BY seq LIMIT ?) AS batch"
)
# The two columns stay, and stay empty: SQLite drops one by holding the whole table in memory.
_PLAN: Final = (
    "UPDATE runs SET digest = '', approval = NULL, plan = ("
    "SELECT number FROM plans WHERE plans.digest = runs.digest"
    " AND plans.approval = COALESCE(runs.approval, '')) WHERE seq > ? AND seq <= ?"
)
_STEPS: Final = (
    "SELECT runs.seq, runs.id, steps.position, steps.name, steps.deliver, steps.idempotent,"
    " steps.state, steps.outcome, steps.rejected_by, steps.reason, steps.vault_status,"
    " steps.status, steps.request_id, steps.outputs, steps.answer, steps.cards_masked,"
    " steps.duration_ms, steps.scheme, steps.issuing_country, steps.rule, steps.losses,"
    " steps.called, steps.destination_key, steps.request, steps.names, steps.keyed,"
    " steps.sensitive_outputs, steps.untold, steps.log_url"
    " FROM runs JOIN steps ON steps.run_id = runs.id WHERE runs.seq > ? AND runs.seq <= ?"
)
_ATTEMPTS: Final = (
    "SELECT runs.seq, attempts.step, attempts.number, attempts.vault_key, attempts.state,"
    " attempts.started_at, attempts.ended_at, attempts.vault_status, attempts.status,"
    " attempts.reason"
    " FROM runs JOIN attempts ON attempts.run_id = runs.id WHERE runs.seq > ? AND runs.seq <= ?"
)
_OTHERS: Final = (
    (
        "INSERT INTO payment_names_15 (value, run_seq) SELECT payment_names.value, runs.seq"
        " FROM runs JOIN payment_names ON payment_names.run_id = runs.id"
        " WHERE runs.seq > ? AND runs.seq <= ?"
    ),
    (
        "INSERT INTO given_keys_15 (given_key, run_seq, content)"
        " SELECT given_keys.given_key, runs.seq, given_keys.content"
        " FROM runs JOIN given_keys ON given_keys.run_id = runs.id"
        " WHERE runs.seq > ? AND runs.seq <= ?"
    ),
    (
        "INSERT INTO withheld_values_15 (run_seq, digest) SELECT runs.seq, withheld_values.digest"
        " FROM runs JOIN withheld_values ON withheld_values.run_id = runs.id"
        " WHERE runs.seq > ? AND runs.seq <= ?"
    ),
)
# SQLite keeps in memory what a statement may have to take back: dropped at once, a table would be
# there whole. What is deleted in time makes room for the new rows as well.
_MOVED: Final = tuple(
    f"DELETE FROM {table} WHERE run_id IN (SELECT id FROM runs WHERE seq > ? AND seq <= ?)"
    for table in ("steps", "attempts", "payment_names", "given_keys", "withheld_values")
)
_NEW_STEP: Final = "INSERT INTO steps_15 VALUES (" + ", ".join("?" * 23) + ")"
_NEW_ATTEMPT: Final = "INSERT INTO attempts_15 VALUES (" + ", ".join("?" * 10) + ")"


def move(tx: Transaction) -> None:
    """Put the rows of the tables of before into those of version 15."""
    if first_row(tx, "SELECT 1 FROM runs LIMIT 1") is None:
        return
    # What a request of before has in common with others of its step, no record tells without the
    # values of its run; what answers tell is the same for all.
    tx.run(_SAMPLE_OF_BEFORE, LIKE_ALL_ANSWERED)
    sample = tx.rows("SELECT max(number) FROM samples")[0][0]
    for batch in _batches(tx):
        tx.run(_PLAN, *batch)
        tx.many(_NEW_STEP, [_step(row, sample) for row in tx.rows(_STEPS, *batch)])
        tx.many(_NEW_ATTEMPT, [_attempt(row) for row in tx.rows(_ATTEMPTS, *batch)])
        for statement in (*_OTHERS, *_MOVED):
            tx.run(statement, *batch)


def _batches(tx: Transaction) -> Iterator[tuple[int, int]]:
    """The ranges of all runs: after the first number, up to the second."""
    after = 0
    while (row := first_row(tx, _LAST, after, _RUNS_AT_ONCE)) and row[0] is not None:
        yield after, row[0]
        after = row[0]


def _step(row: Row, sample: int) -> tuple[Any, ...]:
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


def _attempt(row: Row) -> tuple[Any, ...]:
    *place, started, ended, vault_status, status, reason = row
    times = (milliseconds_of_text(started), ended and milliseconds_of_text(ended))
    return (*place, *times, vault_status, status, reason)
