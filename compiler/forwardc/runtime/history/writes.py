"""What a run writes: its start, each intent before it is sent, what came back, its end.

Every function is one transaction's work and is given the time. One file, since each statement
relies on the states that the others leave behind.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import MASK
from forwardc.runtime.history import audit, idempotency_keys
from forwardc.runtime.history.database import DeferredUpsert, Transaction, first_row
from forwardc.runtime.history.errors import (
    HistoryConflictError,
    HistoryError,
    RunInUseError,
    RunPausedError,
    UnknownRunError,
)
from forwardc.runtime.history.lacks import atoms_column, collect_losses, record_losses
from forwardc.runtime.history.records import AttemptState, Intent, NewRun, RunState, StepState
from forwardc.runtime.history.rollups import (
    RESOLVED_CAUSE,
    TALLY_COLUMNS,
    TallyKey,
    add_to_rollups,
    counted_cause,
    remove_from_rollups,
)
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.result import (
    Party,
    PartyName,
    RunResult,
    StepReport,
)

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, default=str)
_WAITING: Final = (StepState.WAITING, None, None, None, "[]", "[]")
_OPEN: Final = (Outcome.UNKNOWN, Outcome.PENDING)
_BEGIN: Final = """
INSERT INTO runs (
  id, created_at, updated_at, environment, emulated, vault, destination, operation,
  asked_operation, fell_back, digest, reference, source_kind, source_id, params, sensitive_params,
  inputs, without_atoms, given_key, state, attempts, approval, owner, lease_until, amounts
) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
WHERE NOT EXISTS (SELECT 1 FROM pauses WHERE name IN (?, ?))
ON CONFLICT (id) DO NOTHING
RETURNING seq
"""
_STEP: Final = """
INSERT INTO steps (
  run_id, position, name, deliver, idempotent, state, called, destination_key, request, names,
  keyed, outputs, sensitive_outputs, cards_masked
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', '[]', 0)
"""
_FIRST: Final = """
INSERT INTO attempts (run_id, step, number, vault_key, state, started_at)
VALUES (?, ?, 1, ?, ?, ?)
"""
# Two processes may commit in another order than they counted.
_HOUR: Final = DeferredUpsert(
    """
    INSERT INTO hours (first_seq, last_seq, start) VALUES (?, ?, ?)
    ON CONFLICT (start) DO UPDATE SET
      first_seq = CASE WHEN excluded.first_seq < hours.first_seq
        THEN excluded.first_seq ELSE hours.first_seq END,
      last_seq = CASE WHEN excluded.last_seq > hours.last_seq
        THEN excluded.last_seq ELSE hours.last_seq END
    """,
    merge=(min, max),
)
# A state that is not set costs no index: only a run that was stopped gets another one.
_HELD: Final = """
UPDATE runs SET attempts = attempts + 1, updated_at = ?, lease_until = COALESCE(?, lease_until)
WHERE id = ? AND owner = ? AND state = 'running'
  AND NOT EXISTS (SELECT 1 FROM pauses WHERE name IN (runs.vault, runs.destination))
"""
_WOKEN: Final = "UPDATE runs SET state = 'running' WHERE id = ? AND owner = ? AND state = 'stopped'"
_PAUSE: Final = "SELECT name FROM pauses WHERE name IN (?, ?) ORDER BY name LIMIT 1"
_PAUSED: Final = """
SELECT pauses.name FROM runs JOIN pauses ON pauses.name IN (runs.vault, runs.destination)
WHERE runs.id = ? AND runs.owner = ? ORDER BY pauses.name LIMIT 1
"""
_ATTEMPT: Final = """
INSERT INTO attempts (run_id, step, number, vault_key, state, started_at)
VALUES (?, ?, (SELECT 1 + COALESCE(max(number), 0) FROM attempts WHERE run_id = ? AND step = ?),
  ?, ?, ?)
RETURNING number
"""
_INTENDED: Final = """
UPDATE steps SET state = ?, called = ?, destination_key = ?, request = ?, names = ?, keyed = ?,
  outcome = NULL, rejected_by = NULL, reason = NULL
WHERE run_id = ? AND name = ?
"""
_ENDED: Final = """
UPDATE attempts SET state = ?, ended_at = ?, vault_status = ?, status = ?, reason = ?
WHERE run_id = ? AND step = ? AND number = ? AND state IN ('intent', 'unknown')
"""
_REPORTED: Final = """
UPDATE steps SET state = ?, outcome = ?, rejected_by = ?, reason = ?, vault_status = ?, status = ?,
  request_id = ?, outputs = ?, sensitive_outputs = ?, answer = NULL, cards_masked = ?,
  duration_ms = ?, scheme = ?, issuing_country = ?, rule = ?, names = ?, keyed = ?, losses = ?,
  untold = ?, log_url = ?
WHERE run_id = ? AND name = ? AND state <> 'done'
"""
_FOUND_BY: Final = """
INSERT INTO payment_names (value, run_id)
SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM runs WHERE id = ? AND reference = ?)
ON CONFLICT (value, run_id) DO NOTHING
"""
_FINISHED: Final = (
    """
UPDATE runs SET state = 'done', updated_at = ?, operation = ?, fell_back = ?, digest = ?,
  outcome = ?, rejected_by = ?, reason = ?, status = ?, vault_status = ?, duration_ms = ?,
  losses = ?, cause = ?, owner = '', lease_until = 0
WHERE id = ? AND state <> 'done'
RETURNING """
    + TALLY_COLUMNS
)


def begin(tx: Transaction, run: NewRun, now: Timestamp, first: Intent | None = None) -> str | None:
    """Record a run and its steps, and with `first` that one of them is about to be sent.

    The name of the vault or destination where that is paused, and nothing was recorded. Raises
    `KeyInUse` where another run has the caller's key.
    """
    if first is not None:
        _check_keys(first)
    found = first_row(
        tx,
        _BEGIN,
        *(run.id, now.text, now.text, run.environment, run.emulated, run.vault, run.destination),
        *(run.operation, run.asked_operation, run.fell_back, run.digest, run.reference),
        *(run.source_kind, run.source_id, to_json(run.params), to_json(run.sensitive_params)),
        *(to_json(run.inputs), to_json(run.without), run.given_key, RunState.RUNNING),
        *(0 if first is None else 1, None if run.approval is None else to_json(run.approval)),
        *(run.owner, now.after(run.lease_s), to_json(run.amounts) if run.amounts else None),
        *(run.vault, run.destination),
    )
    if found is None:
        # The database may have taken a first try whose answer was lost.
        return None if _is_recorded(tx, run) else _pause_of(tx, run)
    for position, step in enumerate(run.steps):
        state = _intended(first) if first and first.step == step.name else _WAITING
        tx.run(_STEP, run.id, position, step.name, step.deliver, step.idempotent, *state)
    if first is not None:
        tx.run(_FIRST, run.id, first.step, first.keys.vault, AttemptState.INTENT, now.text)
        _find_by(tx, run.id, first.names)
    idempotency_keys.assign_key(tx, run)
    tx.defer(_HOUR, (found[0], found[0]), (now.hour,))
    return None


def record_intent(
    tx: Transaction,
    run_id: str,
    owner: str,
    what: Intent,
    now: Timestamp,
    lease_s: float | None = None,
) -> int:
    """Record that a step is about to be sent; the attempt's number, from 1.

    With `lease_s` the run is held for so many seconds from now. Raises `RunPausedError` where
    nothing may be sent now, and `RunInUseError` where the run no longer belongs to `owner`.
    """
    _check_keys(what)
    lease = None if lease_s is None else now.after(lease_s)
    held = (now.text, lease, run_id, owner)
    if not tx.run(_HELD, *held) and not (tx.run(_WOKEN, run_id, owner) and tx.run(_HELD, *held)):
        raise _refusal(tx, run_id, owner)
    place = (run_id, what.step)
    started = (what.keys.vault, AttemptState.INTENT, now.text)
    found = first_row(tx, _ATTEMPT, *place, *place, *started)
    if found is None:
        raise RuntimeError("the database gave the new attempt no number")
    tx.run(_INTENDED, *_intended(what), run_id, what.step)
    _find_by(tx, run_id, what.names)
    return int(found[0])


def record_not_sent(
    tx: Transaction, run_id: str, step: str, number: int, reason: str, now: Timestamp
) -> None:
    """Record that an attempt certainly sent nothing: the step waits again.

    Where an earlier attempt may have arrived, the step stays unknown.
    """
    _end(tx, run_id, step, number, (AttemptState.NOT_SENT, now.text, None, None, reason))
    in_doubt = first_row(
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


def record_unknown(
    tx: Transaction, run_id: str, step: str, number: int, reason: str, now: Timestamp
) -> None:
    """Record that an attempt may have arrived, and that nobody knows."""
    _end(tx, run_id, step, number, (AttemptState.UNKNOWN, now.text, None, None, reason))
    values = (StepState.UNKNOWN, Outcome.UNKNOWN, reason, run_id, step)
    tx.run(
        "UPDATE steps SET state = ?, outcome = ?, reason = ?"
        " WHERE run_id = ? AND name = ? AND state = 'intent'",
        *values,
    )


def record_answer(
    tx: Transaction, run_id: str, number: int, report: StepReport, now: Timestamp
) -> None:
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
        to_json(sorted(report.outputs.keys() - shown.keys())),
        *(report.cards_masked, report.duration_ms, report.scheme, report.issuing_country),
        *(report.rule, _named(report.names), to_json(report.keyed)),
        *(atoms_column(report.losses), atoms_column(report.untold), report.log_url),
        *(run_id, report.name),
    )
    _find_by(tx, run_id, report.names)


def finish(tx: Transaction, run_id: str, result: RunResult, now: Timestamp) -> None:
    """Record the end of a run, once. Its figures go into the tallies."""
    record_losses(tx, run_id, result)
    last = result.steps[-1] if result.steps else None
    status, vault_status = (last.status, last.vault_status) if last else (None, None)
    duration = sum(step.duration_ms for step in result.steps)
    changed = first_row(
        tx,
        _FINISHED,
        *(now.text, result.operation, result.fell_back, result.digest, result.outcome),
        *(result.rejected_by, result.reason, status, vault_status, duration),
        *(atoms_column(result.losses), counted_cause(result.outcome, result.reason), run_id),
    )
    if changed is None:
        _must_exist(tx, run_id)
        return
    add_to_rollups(tx, TallyKey(*changed))


def stop(
    tx: Transaction, run_id: str, reason: str, now: Timestamp, result: RunResult | None = None
) -> None:
    """Record that a run ended before its last step and may be resumed."""
    if result is not None:
        record_losses(tx, run_id, result)
    collect_losses(tx, run_id)
    tx.run(
        "UPDATE runs SET state = 'stopped', reason = ?, updated_at = ?, owner = '', lease_until = 0"
        " WHERE id = ? AND state <> 'done'",
        *(reason, now.text, run_id),
    )


def lease(tx: Transaction, run_id: str, owner: str, seconds: float, now: Timestamp) -> bool:
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
    tx: Transaction, run_id: str, outcome: Outcome, told: tuple[str | None, str], now: Timestamp
) -> bool:
    """Settle a run whose fate is unknown or pending. `told`: who rejected it, and the reason.

    False where nothing was open: somebody has settled it before, or it can still be resumed.
    """
    party, reason = told
    # Whoever settles adds an event as well, and nobody may hold figures while waiting for that.
    tx.exclusive()
    found = first_row(tx, "SELECT state, outcome FROM runs WHERE id = ?", run_id)
    if found is None:
        raise UnknownRunError(f"there is no run {run_id}")
    done = found[0] == RunState.DONE
    settled = tx.run(
        "UPDATE steps SET state = 'done', outcome = ?, rejected_by = ?, reason = ?"
        " WHERE run_id = ? AND (state IN ('intent', 'unknown') OR outcome = 'pending')",
        *(outcome, party, reason, run_id),
    )
    if (done and found[1] not in _OPEN) or (not done and not settled):
        return False
    collect_losses(tx, run_id)
    if done:
        remove_from_rollups(tx, _told(tx, run_id))
    tx.run(
        "UPDATE runs SET state = 'done', outcome = ?, rejected_by = ?, reason = ?, updated_at = ?,"
        " cause = ?, owner = '', lease_until = 0 WHERE id = ?",
        *(outcome, party, reason, now.text, counted_cause(outcome, RESOLVED_CAUSE), run_id),
    )
    add_to_rollups(tx, _told(tx, run_id))
    return True


def record_event(
    tx: Transaction, kind: str, by: str, what: str, now: Timestamp, run_id: str | None = None
) -> None:
    """Add what a person did."""
    audit.append_event(tx, now, kind, run_id, by, what)


def to_json(value: Mapping[str, Any] | tuple[Any, ...] | list[Any]) -> str:
    """JSON text; what JSON lacks, such as a decimal, as text."""
    if not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    return _ENCODER.encode(value)


def _check_keys(what: Intent) -> None:
    if what.keys.destination == what.keys.vault:
        raise ValueError("the two idempotency keys of a step are equal")


def _intended(what: Intent) -> tuple[str | None, ...]:
    """A step's columns: state, called, destination_key, request, names, keyed."""
    return (
        *(StepState.INTENT, what.called, what.keys.destination, _shown(what.shown)),
        *(_named(what.names), to_json(what.keyed)),
    )


def _named(names: tuple[PartyName, ...]) -> str:
    return to_json([(name.party, name.way, name.place, name.value) for name in names])


def _find_by(tx: Transaction, run_id: str, names: tuple[PartyName, ...]) -> None:
    """Let a run be found by what names it at its destination."""
    values = {name.value for name in names if name.party is Party.DESTINATION}
    for value in sorted(values - {run_id}):
        tx.run(_FOUND_BY, value, run_id, run_id, value)


def _is_recorded(tx: Transaction, run: NewRun) -> bool:
    """Whether a run is there already. Raises `RunInUseError` where another process has it now."""
    found = first_row(tx, "SELECT owner FROM runs WHERE id = ?", run.id)
    if found is not None and found[0] not in (run.owner, ""):
        raise _taken(run.id)
    return found is not None


def _pause_of(tx: Transaction, run: NewRun) -> str:
    found = first_row(tx, _PAUSE, run.vault, run.destination)
    if found is None:
        raise HistoryConflictError("a pause ended while a run was to begin")
    return str(found[0])


def _shown(what: ShownRequest) -> str:
    told = {"method": what.method, "url": what.url, "headers": what.headers, "body": what.body}
    return to_json(told)


def _refusal(tx: Transaction, run_id: str, owner: str) -> HistoryError:
    """Why nothing may be sent."""
    _must_exist(tx, run_id)
    paused = first_row(tx, _PAUSED, run_id, owner)
    if paused is not None:
        return RunPausedError(paused[0])
    return _taken(run_id)


def _taken(run_id: str) -> RunInUseError:
    return RunInUseError(f"run {run_id} is not this process's any more; nothing was sent")


def _end(tx: Transaction, run_id: str, step: str, number: int, values: tuple[Any, ...]) -> None:
    tx.run(_ENDED, *values, run_id, step, number)


def _masked(value: object) -> bool:
    return isinstance(value, str) and MASK in value


def _told(tx: Transaction, run_id: str) -> TallyKey:
    found = first_row(tx, "SELECT " + TALLY_COLUMNS + " FROM runs WHERE id = ?", run_id)
    if found is None:
        raise UnknownRunError(f"there is no run {run_id}")
    return TallyKey(*found)


def _must_exist(tx: Transaction, run_id: str) -> None:
    if first_row(tx, "SELECT 1 FROM runs WHERE id = ?", run_id) is None:
        raise UnknownRunError(f"there is no run {run_id}")
