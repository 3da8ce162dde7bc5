"""The tables of history, as scripts in order. A script that was released is never changed.

One file, since whoever reads a table looks for all that was ever done to it.

| table | a row is | known by |
|---|---|---|
| `runs` | a run: what was asked, its state, who holds it, its end | `seq`, and its id |
| `steps` | a step: what decided it, and in `sent` and `answered` what is only shown | run, name |
| `attempts` | one sending of a step, its key at the vault, its times | run, step, number |
| `answers` | the answer of a step, until it is forgotten | run, step |
| `plans` | a plan's digest with its approval, for all runs of both | number |
| `samples` | what all requests of a plan's step have in common (`step_texts`) | number |
| `shapes` | where the requests of a digest hold what the destination gets | digest |
| `payment_names` | what names a run at its destination, beside its id and reference | value, run |
| `given_keys`, `withheld_values` | a caller's key, digests of what a repeat must have | key, run |
| `digest_keys` | the key of those digests | |
| `tallies`, `timings`, `causes`, `hours` | figures by hour and day (`rollups`) | what is counted |
| `pauses`, `events` | what people did | name, `seq` |
| `clients`, `shares`, `share_claims`, `rates`, `server_keys` | the partner API's | |
| `tokens`, `callbacks` | what a destination told of itself | |
| `forwardc_history` | a version that the tables have had | |

What belongs to a run has the run's number, and goes with it. The number grows, so that new rows
stand side by side; ids are random. Of a run that is deleted nothing stays but figures, events, its
`plans`, `samples` and `shapes`, none of which holds a value of it. The columns `digest` and
`approval` of `runs` are empty since version 15. Times of attempts are
milliseconds since 1970, all others text. Every index answers a question of the dashboard or of a
command: `test_tables.py::test_every_index_answers_a_question`.

Both databases read the same script. What they spell differently stands in braces: `{seq}` is a key
that counts up, `{int}` a whole number of 64 bits, `{text}` text that is compared byte by byte,
`{bytes}` bytes, `{table}` and `{keyed}` end a table (the second one is stored in the order of its
key).
"""

from collections.abc import Callable
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.runtime.history import packed_rows
from forwardc.runtime.history.database import Transaction

_FIRST: Final = """
CREATE TABLE runs (
  seq {seq},
  id TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  environment TEXT NOT NULL,
  emulated {int} NOT NULL,
  vault TEXT NOT NULL,
  destination TEXT NOT NULL,
  operation TEXT NOT NULL,
  asked_operation TEXT NOT NULL,
  fell_back {int} NOT NULL,
  digest TEXT NOT NULL,
  reference {text} NOT NULL,
  source_kind TEXT,
  source_id {text},
  params TEXT NOT NULL,
  sensitive_params TEXT NOT NULL,
  inputs TEXT NOT NULL,
  without_atoms TEXT NOT NULL,
  given_key TEXT,
  state TEXT NOT NULL,
  outcome TEXT,
  rejected_by TEXT,
  reason TEXT,
  status {int},
  vault_status {int},
  attempts {int} NOT NULL,
  approval TEXT,
  owner TEXT NOT NULL,
  lease_until {int} NOT NULL,
  duration_ms {int}
){table};
CREATE INDEX runs_reference ON runs (reference, seq);
CREATE INDEX runs_source ON runs (source_id, seq);
CREATE INDEX runs_destination ON runs (destination, seq);
CREATE INDEX runs_vault ON runs (vault, seq);
CREATE INDEX runs_outcome ON runs (outcome, seq);
CREATE INDEX runs_status ON runs (status, seq);
CREATE INDEX runs_open ON runs (seq) WHERE state <> 'done';
CREATE TABLE steps (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position {int} NOT NULL,
  name TEXT NOT NULL,
  deliver TEXT NOT NULL,
  idempotent {int} NOT NULL,
  state TEXT NOT NULL,
  called TEXT,
  destination_key TEXT,
  outcome TEXT,
  rejected_by TEXT,
  reason TEXT,
  vault_status {int},
  status {int},
  request_id TEXT,
  outputs TEXT NOT NULL,
  sensitive_outputs TEXT NOT NULL,
  request TEXT,
  answer TEXT,
  cards_masked {int} NOT NULL,
  duration_ms {int},
  scheme TEXT,
  issuing_country TEXT,
  PRIMARY KEY (run_id, name)
){keyed};
CREATE INDEX steps_request ON steps (request_id) WHERE request_id IS NOT NULL;
CREATE TABLE attempts (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step TEXT NOT NULL,
  number {int} NOT NULL,
  vault_key TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  vault_status {int},
  status {int},
  reason TEXT,
  PRIMARY KEY (run_id, step, number)
){keyed};
CREATE TABLE pauses (
  name TEXT NOT NULL PRIMARY KEY,
  by_whom TEXT NOT NULL,
  at TEXT NOT NULL,
  reason TEXT NOT NULL
){table};
CREATE TABLE events (
  seq {seq},
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  run_id TEXT,
  by_whom TEXT NOT NULL,
  what TEXT NOT NULL
){table};
CREATE INDEX events_run ON events (run_id, seq);
CREATE TABLE hours (
  start TEXT NOT NULL PRIMARY KEY,
  first_seq {int} NOT NULL,
  last_seq {int} NOT NULL
){keyed};
CREATE TABLE tallies (
  grain TEXT NOT NULL,
  start TEXT NOT NULL,
  environment TEXT NOT NULL,
  emulated {int} NOT NULL,
  vault TEXT NOT NULL,
  destination TEXT NOT NULL,
  operation TEXT NOT NULL,
  outcome TEXT NOT NULL,
  rejected_by TEXT NOT NULL,
  status {int} NOT NULL,
  n {int} NOT NULL,
  PRIMARY KEY (
    grain, start, environment, emulated, vault, destination, operation, outcome, rejected_by, status
  )
){keyed};
CREATE TABLE timings (
  grain TEXT NOT NULL,
  start TEXT NOT NULL,
  environment TEXT NOT NULL,
  emulated {int} NOT NULL,
  vault TEXT NOT NULL,
  destination TEXT NOT NULL,
  operation TEXT NOT NULL,
  outcome TEXT NOT NULL,
  rejected_by TEXT NOT NULL,
  status {int} NOT NULL,
  bucket {int} NOT NULL,
  n {int} NOT NULL,
  PRIMARY KEY (
    grain, start, environment, emulated, vault, destination, operation, outcome, rejected_by,
    status, bucket
  )
){keyed}
"""


_TOKENS: Final = """
CREATE TABLE tokens (
  token TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  customer_id TEXT,
  project_id TEXT,
  masked_number TEXT,
  scheme TEXT,
  initials TEXT,
  expires TEXT,
  created_at TEXT,
  first_seen_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  last_request TEXT,
  changed_by {int} NOT NULL
){table};
CREATE INDEX tokens_changed ON tokens (changed_by);
CREATE TABLE callbacks (
  seq {seq},
  digest TEXT NOT NULL UNIQUE,
  received_at TEXT NOT NULL,
  kind TEXT NOT NULL,
  token TEXT,
  request_id TEXT,
  payment_id TEXT,
  status TEXT,
  outcome TEXT,
  applied TEXT NOT NULL
){table};
CREATE INDEX callbacks_token ON callbacks (token, seq) WHERE token IS NOT NULL;
CREATE INDEX callbacks_request ON callbacks (request_id, seq) WHERE request_id IS NOT NULL;
CREATE INDEX callbacks_payment ON callbacks (payment_id, seq) WHERE payment_id IS NOT NULL
"""

_PARTNER: Final = """
CREATE TABLE clients (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  scope TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  old_hash TEXT,
  old_until {int},
  created_at TEXT NOT NULL,
  rotated_at TEXT,
  revoked_at TEXT
){table};
CREATE TABLE shares (
  id TEXT NOT NULL PRIMARY KEY,
  created_at TEXT NOT NULL,
  environment TEXT NOT NULL,
  emulated {int} NOT NULL,
  destination TEXT NOT NULL,
  run_id TEXT NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  lease_until {int} NOT NULL,
  status {int},
  sealed TEXT,
  forget_at {int} NOT NULL
){table};
CREATE INDEX shares_forget ON shares (forget_at);
CREATE TABLE share_claims (
  claim TEXT NOT NULL PRIMARY KEY,
  share_id TEXT NOT NULL,
  asked TEXT NOT NULL,
  until {int} NOT NULL
){keyed};
CREATE INDEX share_claims_until ON share_claims (until);
CREATE TABLE rates (
  name TEXT NOT NULL,
  start {int} NOT NULL,
  used {int} NOT NULL,
  PRIMARY KEY (name, start)
){keyed};
CREATE TABLE server_keys (
  thumbprint TEXT NOT NULL PRIMARY KEY,
  added_at TEXT NOT NULL
){keyed};
ALTER TABLE events ADD COLUMN chain TEXT
"""

# Whoever knows a sandbox's secret, and everybody does, must not change what the Gate itself has
# told: so a token is known twice, once as the Gate told of it and once as a sandbox did.
_EMULATED_TOKENS: Final = """
ALTER TABLE tokens RENAME TO tokens_before;
DROP INDEX tokens_changed;
CREATE TABLE tokens (
  token TEXT NOT NULL,
  emulated {int} NOT NULL,
  state TEXT NOT NULL,
  customer_id TEXT,
  project_id TEXT,
  masked_number TEXT,
  scheme TEXT,
  initials TEXT,
  expires TEXT,
  created_at TEXT,
  first_seen_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  last_request TEXT,
  changed_by {int} NOT NULL,
  PRIMARY KEY (token, emulated)
){table};
INSERT INTO tokens (
  token, emulated, state, customer_id, project_id, masked_number, scheme, initials, expires,
  created_at, first_seen_at, updated_at, last_request, changed_by
) SELECT
  token, 0, state, customer_id, project_id, masked_number, scheme, initials, expires,
  created_at, first_seen_at, updated_at, last_request, changed_by
FROM tokens_before;
DROP TABLE tokens_before;
CREATE INDEX tokens_changed ON tokens (changed_by);
CREATE INDEX tokens_state ON tokens (state, changed_by);
CREATE INDEX tokens_customer ON tokens (customer_id, changed_by) WHERE customer_id IS NOT NULL;
ALTER TABLE callbacks ADD COLUMN emulated {int} NOT NULL DEFAULT 0;
ALTER TABLE callbacks ADD COLUMN settled TEXT
"""

# A run has neither before its end: no page of these is written when it begins.
_SPARSE: Final = """
DROP INDEX runs_outcome;
DROP INDEX runs_status;
CREATE INDEX runs_outcome ON runs (outcome, seq) WHERE outcome IS NOT NULL;
CREATE INDEX runs_status ON runs (status, seq) WHERE status IS NOT NULL
"""

_GIVEN_KEYS: Final = """
CREATE TABLE given_keys (
  given_key {text} NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  content TEXT NOT NULL
){keyed};
CREATE INDEX given_keys_run ON given_keys (run_id);
CREATE TABLE withheld_values (
  run_id TEXT NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  digest TEXT NOT NULL
){keyed};
CREATE TABLE digest_keys (
  id {int} NOT NULL PRIMARY KEY,
  secret TEXT NOT NULL
){keyed}
"""


_RULES: Final = "ALTER TABLE steps ADD COLUMN rule {int}"

# Names of destinations, divided by spaces; null for a client of before, which nobody has bound.
_BOUND: Final = "ALTER TABLE clients ADD COLUMN destinations TEXT"

# Null in a row of before: nobody knows what the parties were told. What the run's own id and
# reference find already stands in no row of the second table.
_NAMES: Final = """
ALTER TABLE steps ADD COLUMN names TEXT;
ALTER TABLE steps ADD COLUMN keyed TEXT;
CREATE TABLE payment_names (
  value {text} NOT NULL,
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  PRIMARY KEY (value, run_id)
){keyed};
CREATE INDEX payment_names_run ON payment_names (run_id)
"""


# Names of atoms, divided by spaces; null where there are none. Of a run, those of all its steps.
_LOSSES: Final = """
ALTER TABLE steps ADD COLUMN losses TEXT;
ALTER TABLE steps ADD COLUMN untold TEXT;
ALTER TABLE runs ADD COLUMN losses TEXT
"""

# By the number of the run, which grows: an id is random, and any page could be the next one. Where
# an answer of before this is kept, it stands in its step, and goes with it.
_ANSWERS: Final = """
CREATE TABLE answers (
  run_seq {int} NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
  step TEXT NOT NULL,
  forget_at {int} NOT NULL,
  packed {bytes} NOT NULL,
  PRIMARY KEY (run_seq, step)
){table};
CREATE INDEX answers_forget ON answers (forget_at);
ALTER TABLE steps ADD COLUMN log_url TEXT
"""


# Runs of before have no cause. `amounts` is JSON: currency and digits of each param and output that
# is an amount; null where there is none. A table of its own keeps the other figures few.
_CAUSES: Final = """
ALTER TABLE runs ADD COLUMN cause {text};
ALTER TABLE runs ADD COLUMN amounts TEXT;
CREATE INDEX runs_cause ON runs (cause, seq) WHERE cause IS NOT NULL;
CREATE TABLE causes (
  grain TEXT NOT NULL,
  start TEXT NOT NULL,
  environment TEXT NOT NULL,
  emulated {int} NOT NULL,
  vault TEXT NOT NULL,
  destination TEXT NOT NULL,
  operation TEXT NOT NULL,
  outcome TEXT NOT NULL,
  rejected_by TEXT NOT NULL,
  status {int} NOT NULL,
  cause {text} NOT NULL,
  n {int} NOT NULL,
  PRIMARY KEY (
    grain, start, environment, emulated, vault, destination, operation, outcome, rejected_by,
    status, cause
  )
){keyed}
"""

# By digest of the plan's operation: where its requests hold what the destination gets.
_SHAPES: Final = (
    "CREATE TABLE shapes (digest TEXT NOT NULL PRIMARY KEY, steps TEXT NOT NULL){table}"
)


# Names of destinations, divided by spaces, whose secret verified the callback; null in a row of
# before, when one destination alone could have callbacks.
_CALLBACKS_OF: Final = "ALTER TABLE callbacks ADD COLUMN destinations TEXT"


@dataclass(frozen=True, slots=True)
class Migration:
    """The statements that lead from the version before to `version`, divided by semicolons.

    `move` brings rows into another form that no statement gives them; `after` is done after it.
    """

    version: int
    script: str
    move: Callable[[Transaction], None] | None = None
    after: str = ""


MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(1, _FIRST),
    Migration(2, _TOKENS),
    Migration(3, _PARTNER),
    Migration(4, _EMULATED_TOKENS),
    Migration(5, _SPARSE),
    Migration(6, _GIVEN_KEYS),
    Migration(7, _RULES),
    Migration(8, _BOUND),
    Migration(9, _NAMES),
    Migration(10, _LOSSES),
    Migration(11, _ANSWERS),
    Migration(12, _CAUSES),
    Migration(13, _SHAPES),
    Migration(14, _CALLBACKS_OF),
    Migration(15, packed_rows.MAKE, packed_rows.move, packed_rows.REPLACE),
)
"""In order, without a gap. The last one's version is the one that this forwardc writes."""
