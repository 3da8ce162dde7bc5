"""What a run writes: its start, each intent before it is sent, what came back, its end.

Every function is one transaction's work and is given the moment. Knows no database by name.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from forwardc.plan.program import Outcome
from forwardc.plan.values import MASK
from forwardc.runtime.history.database import Transaction, row
from forwardc.runtime.history.errors import RunInUse, UnknownRun
from forwardc.runtime.history.moments import Moment
from forwardc.runtime.history.records import AttemptState, Intent, NewRun, RunState, StepState
from forwardc.runtime.history.tallies import Told, count_in, count_out
from forwardc.runtime.shapes import RunResult, StepReport

_OPEN: Final = (Outcome.UNKNOWN, Outcome.PENDING)
_BEGIN: Final = """
INSERT INTO runs (
  id, created_at, updated_at, environment, emulated, vault, destination, operation,
  asked_operation, fell_back, digest, reference, source_kind, source_id, params, sensitive_params,
  inputs, without_atoms, given_key, state, attempts, approval, owner, lease_until
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
RETURNING seq
"""
_STEP: Final = """
INSERT INTO steps (
  run_id, position, name, deliver, idempotent, state, outputs, sensitive_outputs, cards_masked
) VALUES (?, ?, ?, ?, ?, ?, '{}', '[]', 0)
"""
_HOUR: Final = """
INSERT INTO hours (start, first_seq, last_seq) VALUES (?, ?, ?)
ON CONFLICT (start) DO UPDATE SET last_seq = excluded.last_seq
WHERE hours.last_seq < excluded.last_seq
"""
_ATTEMPT: Final = """
INSERT INTO attempts (run_id, step, number, vault_key, state, started_at) VALUES (?, ?, ?, ?, ?, ?)
"""
_INTENDED: Final = """
UPDATE steps SET state = ?, called = ?, destination_key = ?, request = ?, outcome = NULL,
  rejected_by = NULL, reason = NULL
WHERE run_id = ? AND name = ?
"""
_ENDED: Final = """
UPDATE attempts SET state = ?, ended_at = ?, vault_status = ?, status = ?, reason = ?
WHERE run_id = ? AND step = ? AND number = ? AND state IN ('intent', 'unknown')
"""
_REPORTED: Final = """
UPDATE steps SET state = ?, outcome = ?, rejected_by = ?, reason = ?, vault_status = ?, status = ?,
  request_id = ?, outputs = ?, sensitive_outputs = ?, answer = ?, cards_masked = ?,
  duration_ms = ?, scheme = ?, issuing_country = ?
WHERE run_id = ? AND name = ? AND state <> 'done'
"""
_FINISHED: Final = """
UPDATE runs SET state = 'done', updated_at = ?, operation = ?, fell_back = ?, digest = ?,
  outcome = ?, rejected_by = ?, reason = ?, status = ?, vault_status = ?, duration_ms = ?,
  owner = '', lease_until = 0
WHERE id = ? AND state <> 'done'
"""


def begin(tx: Transaction, run: NewRun, now: Moment) -> None:
    """Record a run and its steps."""
    found = row(
        tx,
        _BEGIN,
        *(run.id, now.text, now.text, run.environment, run.emulated, run.vault, run.destination),
        *(run.operation, run.asked_operation, run.fell_back, run.digest, run.reference),
        *(run.source_kind, run.source_id, to_json(run.params), to_json(run.sensitive_params)),
        *(to_json(run.inputs), to_json(run.without), run.given_key, RunState.RUNNING),
        None if run.approval is None else to_json(run.approval),
        *(run.owner, now.after(run.lease_s)),
    )
    if found is None:
        raise RuntimeError("the database gave the new run no number")
    for position, step in enumerate(run.steps):
        values = (step.name, step.deliver, step.idempotent, StepState.WAITING)
        tx.run(_STEP, run.id, position, *values)
    tx.run(_HOUR, now.hour, found[0], found[0])


def intent(tx: Transaction, run_id: str, owner: str, what: Intent, now: Moment) -> int:
    """Record that a step is about to be sent; the attempt's number, from 1.

    Raises `RunInUse` where the run no longer belongs to `owner`: then nothing may be sent.
    """
    if what.keys.destination == what.keys.vault:
        raise ValueError("the two idempotency keys of a step are equal")
    changed = tx.run(
        "UPDATE runs SET attempts = attempts + 1, state = 'running', updated_at = ?"
        " WHERE id = ? AND owner = ? AND state <> 'done'",
        *(now.text, run_id, owner),
    )
    if not changed:
        _must_exist(tx, run_id)
        raise RunInUse(f"run {run_id} is not this process's any more; nothing was sent")
    last = row(
        tx, "SELECT max(number) FROM attempts WHERE run_id = ? AND step = ?", run_id, what.step
    )
    number = 1 + ((last and last[0]) or 0)
    started = (what.keys.vault, AttemptState.INTENT, now.text)
    tx.run(_ATTEMPT, run_id, what.step, number, *started)
    shown = to_json(asdict(what.shown))
    values = (StepState.INTENT, what.called, what.keys.destination, shown)
    tx.run(_INTENDED, *values, run_id, what.step)
    return number


def not_sent(
    tx: Transaction, run_id: str, step: str, number: int, reason: str, now: Moment
) -> None:
    """Record that an attempt certainly sent nothing: the step waits again.

    Where an earlier attempt may have arrived, the step stays unknown.
    """
    _end(tx, run_id, step, number, (AttemptState.NOT_SENT, now.text, None, None, reason))
    in_doubt = row(
        tx,
        "SELECT 1 FROM attempts WHERE run_id = ? AND step = ? AND state IN ('intent', 'unknown')",
        *(run_id, step),
    )
    fate = StepState.UNKNOWN if in_doubt else StepState.WAITING
    values = (fate, reason, run_id, step)
    tx.run(
        "UPDATE steps SET state = ?, reason = ? WHERE run_id = ? AND name = ? AND state = 'intent'",
        *values,
    )
    _touch(tx, run_id, now)


def unknown(tx: Transaction, run_id: str, step: str, number: int, reason: str, now: Moment) -> None:
    """Record that an attempt may have arrived, and that nobody knows."""
    _end(tx, run_id, step, number, (AttemptState.UNKNOWN, now.text, None, None, reason))
    values = (StepState.UNKNOWN, Outcome.UNKNOWN, reason, run_id, step)
    tx.run(
        "UPDATE steps SET state = ?, outcome = ?, reason = ?"
        " WHERE run_id = ? AND name = ? AND state = 'intent'",
        *values,
    )
    _touch(tx, run_id, now)


def answered(tx: Transaction, run_id: str, number: int, report: StepReport, now: Moment) -> None:
    """Record what a step came to.

    A report whose outcome is unknown leaves the step `unknown`.
    """
    came = report.status is not None or report.vault_status is not None
    state = AttemptState.ANSWERED if came else AttemptState.UNKNOWN
    seen = (state, now.text, report.vault_status, report.status, report.reason)
    _end(tx, run_id, report.name, number, seen)
    fate = StepState.UNKNOWN if report.outcome is Outcome.UNKNOWN else StepState.ANSWERED
    shown = {
        name: value
        for name, value in report.outputs.items()
        if name not in report.withheld and not _masked(value)
    }
    tx.run(
        _REPORTED,
        *(fate, report.outcome, report.rejected_by, report.reason, report.vault_status),
        *(report.status, report.request_id, to_json(shown)),
        *(to_json(sorted(report.outputs.keys() - shown.keys())), report.answer),
        *(report.cards_masked, report.duration_ms, report.scheme, report.issuing_country),
        *(run_id, report.name),
    )
    _touch(tx, run_id, now)


def finish(tx: Transaction, run_id: str, result: RunResult, now: Moment) -> None:
    """Record the end of a run, once. Its figures go into the tallies."""
    last = result.steps[-1] if result.steps else None
    status, vault_status = (last.status, last.vault_status) if last else (None, None)
    duration = sum(step.duration_ms for step in result.steps)
    changed = tx.run(
        _FINISHED,
        *(now.text, result.operation, result.fell_back, result.digest, result.outcome),
        *(result.rejected_by, result.reason, status, vault_status, duration, run_id),
    )
    if not changed:
        _must_exist(tx, run_id)
        return
    count_in(tx, _told(tx, run_id))


def stop(tx: Transaction, run_id: str, reason: str, now: Moment) -> None:
    """Record that a run ended before its last step and may be resumed."""
    tx.run(
        "UPDATE runs SET state = 'stopped', reason = ?, updated_at = ?, owner = '', lease_until = 0"
        " WHERE id = ? AND state <> 'done'",
        *(reason, now.text, run_id),
    )


def lease(tx: Transaction, run_id: str, owner: str, seconds: float, now: Moment) -> bool:
    """Take a run, or keep it; False where another process holds it or it is done."""
    changed = tx.run(
        "UPDATE runs SET owner = ?, lease_until = ?, updated_at = ?"
        " WHERE id = ? AND state <> 'done' AND (owner = ? OR owner = '' OR lease_until < ?)",
        *(owner, now.after(seconds), now.text, run_id, owner, now.milliseconds),
    )
    if not changed:
        _must_exist(tx, run_id)
    return changed == 1


def resolve(
    tx: Transaction, run_id: str, outcome: Outcome, told: tuple[str | None, str], now: Moment
) -> bool:
    """Settle a run whose fate is unknown or pending. `told`: who rejected it, and the reason.

    False where nothing was open: somebody has settled it before, or it can still be resumed.
    """
    party, reason = told
    found = row(tx, "SELECT state, outcome FROM runs WHERE id = ?", run_id)
    if found is None:
        raise UnknownRun(f"there is no run {run_id}")
    done = found[0] == RunState.DONE
    settled = tx.run(
        "UPDATE steps SET state = 'done', outcome = ?, rejected_by = ?, reason = ?"
        " WHERE run_id = ? AND (state IN ('intent', 'unknown') OR outcome = 'pending')",
        *(outcome, party, reason, run_id),
    )
    if (done and found[1] not in _OPEN) or (not done and not settled):
        return False
    if done:
        count_out(tx, _told(tx, run_id))
    tx.run(
        "UPDATE runs SET state = 'done', outcome = ?, rejected_by = ?, reason = ?, updated_at = ?,"
        " owner = '', lease_until = 0 WHERE id = ?",
        *(outcome, party, reason, now.text, run_id),
    )
    count_in(tx, _told(tx, run_id))
    return True


def event(
    tx: Transaction, kind: str, by: str, what: str, now: Moment, run_id: str | None = None
) -> None:
    """Add what a person did."""
    tx.run(
        "INSERT INTO events (at, kind, run_id, by_whom, what) VALUES (?, ?, ?, ?, ?)",
        *(now.text, kind, run_id, by, what),
    )


def to_json(value: Mapping[str, Any] | tuple[Any, ...] | list[Any]) -> str:
    """JSON text; what JSON lacks, such as a decimal, as text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _end(tx: Transaction, run_id: str, step: str, number: int, values: tuple[Any, ...]) -> None:
    tx.run(_ENDED, *values, run_id, step, number)


def _touch(tx: Transaction, run_id: str, now: Moment) -> None:
    tx.run("UPDATE runs SET updated_at = ? WHERE id = ?", now.text, run_id)


def _masked(value: object) -> bool:
    return isinstance(value, str) and MASK in value


def _told(tx: Transaction, run_id: str) -> Told:
    found = row(
        tx,
        "SELECT created_at, environment, emulated, vault, destination, operation, outcome,"
        " rejected_by, status, duration_ms FROM runs WHERE id = ?",
        run_id,
    )
    if found is None:
        raise UnknownRun(f"there is no run {run_id}")
    return Told(*found)


def _must_exist(tx: Transaction, run_id: str) -> None:
    if row(tx, "SELECT 1 FROM runs WHERE id = ?", run_id) is None:
        raise UnknownRun(f"there is no run {run_id}")
