"""Which run a caller's idempotency key belongs to, and by what its content is known again.

Content is kept as a keyed digest only: the key is this history's own, drawn at chance, so that
nobody who sees a digest elsewhere can try values. Every function is one transaction's work.
"""

import hmac
from hashlib import sha256
from typing import Final

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import reads
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.errors import (
    HistoryConflictError,
    HistoryUnavailableError,
    IdempotencyKeyInUseError,
)
from forwardc.runtime.history.records import NewRun, RunState, StepState, StoredRun
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.run.result import Party

_TAKE: Final = (
    "INSERT INTO given_keys (given_key, run_seq, content) SELECT ?, seq, ? FROM runs WHERE id = ?"
    " ON CONFLICT (given_key) DO NOTHING"
)
_HELD: Final = (
    "SELECT runs.id, given_keys.content FROM given_keys"
    " JOIN runs ON runs.seq = given_keys.run_seq WHERE given_keys.given_key = ?"
)
_GIVE_ON: Final = (
    "UPDATE given_keys SET run_seq = (SELECT seq FROM runs WHERE id = ?)"
    " WHERE given_key = ? AND run_seq = ? AND content = ?"
)
_KEEP_DIGEST: Final = (
    "INSERT INTO withheld_values (run_seq, digest) SELECT seq, ? FROM runs WHERE id = ?"
)
_WITHHELD: Final = (
    "SELECT withheld_values.digest FROM withheld_values"
    " JOIN runs ON runs.seq = withheld_values.run_seq WHERE runs.id = ?"
)
_OPEN: Final = (StepState.INTENT, StepState.UNKNOWN)


def run_of_key(
    tx: Transaction, key: str, now: Timestamp | None = None
) -> tuple[StoredRun, str] | None:
    """The run of a caller's key, and the digest of what it was asked to do; None for a new key."""
    columns = first_row(tx, _HELD, key)
    run = reads.load_run(tx, columns[0], now) if columns else None
    return (run, str(columns[1])) if columns and run else None


def assign_key(tx: Transaction, run: NewRun) -> None:
    """Give a caller's key to its run, which is recorded already, and keep the digests of both.

    A key whose run certainly sent nothing is passed on. Of two that begin at once one wins, and
    nothing of the other stays.

    Raises: `IdempotencyKeyInUseError` where another run has the key, and `HistoryConflictError`
    where it was given up meanwhile.
    """
    if run.withheld is not None:
        tx.run(_KEEP_DIGEST, run.withheld, run.id)
    if run.given_key is None or run.content is None:
        return
    if tx.run(_TAKE, run.given_key, run.content, run.id):
        return
    holder = run_of_key(tx, run.given_key)
    if holder is None:
        raise HistoryConflictError("an idempotency key was given up while a run was to begin")
    other, _ = holder
    if other.id == run.id:
        return
    change = (run.id, run.given_key, other.summary.seq, run.content)
    if not has_sent_nothing(other) or not tx.run(_GIVE_ON, *change):
        raise IdempotencyKeyInUseError(
            f"run {other.id} has this idempotency key, and nothing was sent"
        )


def has_sent_nothing(run: StoredRun) -> bool:
    """Whether a run has ended, and certainly reached no destination."""
    summary = run.summary
    refused = summary.outcome is Outcome.REJECTED and summary.rejected_by is not Party.DESTINATION
    reached = any(step.status is not None or step.state in _OPEN for step in run.steps)
    return summary.state is RunState.DONE and refused and not reached


def withheld_digest(tx: Transaction, run_id: str) -> str | None:
    """The digest of the values that a run's record leaves out; None where there are none."""
    columns = first_row(tx, _WITHHELD, run_id)
    return None if columns is None else str(columns[0])


def digest_key(tx: Transaction) -> bytes:
    """The key of this history's digests, drawn when it is first asked for.

    Of two processes that draw at once, the one whose row is there first gives both the key.

    Raises: `HistoryConflictError` where it was taken away meanwhile.
    """
    known: bytes | None = tx.recall("digest key")
    if known is not None:
        return known
    # Late: it is drawn once in the life of a history.
    from secrets import token_hex

    tx.run(
        "INSERT INTO digest_keys (id, secret) VALUES (1, ?) ON CONFLICT (id) DO NOTHING",
        token_hex(32),
    )
    columns = first_row(tx, "SELECT secret FROM digest_keys WHERE id = 1")
    if columns is None:
        raise HistoryConflictError("the key of digests is not there")
    key = bytes.fromhex(columns[0])
    tx.remember("digest key", key)
    return key


def check_digest_key(tx: Transaction, used: bytes) -> None:
    """Whether digests that are to be kept are of this history's key.

    Raises: `HistoryUnavailableError` where a backup has taken its place since they were made.
    """
    if digest_key(tx) != used:
        raise HistoryUnavailableError("the history is another one than a moment before: ask again")


def keyed_digest(key: bytes, text: str) -> str:
    """HMAC-SHA-256 of a text, in hexadecimal."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), sha256).hexdigest()
