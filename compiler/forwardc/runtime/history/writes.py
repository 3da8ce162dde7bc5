"""What a run writes: its start, each intent before it is sent, what came back, its end.

Every function is one transaction's work and is given the time. One file, since each statement
relies on the states that the others leave behind.
"""

from typing import Any, Final

from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import MASK
from forwardc.runtime.history import audit, idempotency_keys
from forwardc.runtime.history.columns import (
    atoms_of_column,
    atoms_to_column,
    names_to_column,
    request_to_column,
    to_json,
)
from forwardc.runtime.history.database import DeferredUpsert, Transaction, first_row
from forwardc.runtime.history.errors import (
    HistoryConflictError,
    HistoryError,
    RunInUseError,
    RunPausedError,
    UnknownRunError,
)
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
from forwardc.runtime.run.result import (
    CardFacts,
    Party,
    PartyName,
    RunResult,
    StepReport,
)

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
_SHAPES: Final = "INSERT INTO shapes (digest, steps) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
_CARD_FACTS: Final = """
UPDATE steps SET scheme = COALESCE(scheme, ?), issuing_country = COALESCE(issuing_country, ?)
WHERE run_id = ? AND deliver = 'vault' AND (scheme IS NULL OR issuing_country IS NULL)
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

    The name of the vault or destination where that is paused, and nothing was recorded.

    Raises: `IdempotencyKeyInUseError` where another run has the caller's key, `RunInUseError` where
    another process has this run, and `HistoryConflictError` where a pause ended meanwhile.
    """
    if first is not None:
        _check_keys(first)
    inserted = first_row(
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
    if inserted is None:
        # The database may have taken a first try whose answer was lost.
        return None if _is_recorded(tx, run) else _pause_of(tx, run)
    for position, step in enumerate(run.steps):
        state = _intended(first) if first and first.step == step.name else _WAITING
        tx.run(_STEP, run.id, position, step.name, step.deliver, step.idempotent, *state)
    if first is not None:
        tx.run(_FIRST, run.id, first.step, first.keys.vault, AttemptState.INTENT, now.text)
        _find_by(tx, run.id, first.names)
    idempotency_keys.assign_key(tx, run)
    tx.defer(_HOUR, (inserted[0], inserted[0]), (now.hour,))
    return None


def record_intent(
    tx: Transaction,
    run_id: str,
    owner: str,
    intent: Intent,
    now: Timestamp,
    lease_s: float | None = None,
) -> int:
    """Record that a step is about to be sent; the attempt's number, from 1.

    With `lease_s` the run is held for so many seconds from now. Raises: `RunPausedError` where
    nothing may be sent now, and `RunInUseError` where the run no longer belongs to `owner`.
    """
    _check_keys(intent)
    lease = None if lease_s is None else now.after(lease_s)
    hold = (now.text, lease, run_id, owner)
    if not tx.run(_HELD, *hold) and not (tx.run(_WOKEN, run_id, owner) and tx.run(_HELD, *hold)):
        raise _refusal(tx, run_id, owner)
    place = (run_id, intent.step)
    started = (intent.keys.vault, AttemptState.INTENT, now.text)
    attempt = first_row(tx, _ATTEMPT, *place, *place, *started)
    if attempt is None:
        raise RuntimeError("the database gave the new attempt no number")
    tx.run(_INTENDED, *_intended(intent), run_id, intent.step)
    _find_by(tx, run_id, intent.names)
    return int(attempt[0])


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
    has_answer = report.status is not None or report.vault_status is not None
    state = AttemptState.ANSWERED if has_answer else AttemptState.UNKNOWN
    end = (state, now.text, report.vault_status, report.status, report.reason)
    _end(tx, run_id, report.name, number, end)
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
        *(report.rule, names_to_column(report.names), to_json(report.keyed)),
        *(atoms_to_column(report.losses), atoms_to_column(report.untold), report.log_url),
        *(run_id, report.name),
    )
    _find_by(tx, run_id, report.names)


def finish(tx: Transaction, run_id: str, result: RunResult, now: Timestamp) -> None:
    """Record the end of a run, once. Its figures go into the roll-ups.

    Raises: `UnknownRunError`.
    """
    record_losses(tx, run_id, result)
    last = result.steps[-1] if result.steps else None
    status, vault_status = (last.status, last.vault_status) if last else (None, None)
    duration = sum(step.duration_ms for step in result.steps)
    changed = first_row(
        tx,
        _FINISHED,
        *(now.text, result.operation, result.fell_back, result.digest, result.outcome),
        *(result.rejected_by, result.reason, status, vault_status, duration),
        *(atoms_to_column(result.losses), counted_cause(result.outcome, result.reason), run_id),
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
    """Take a run, or keep it; False where another process holds it or it is done.

    Of two that take a run at once, the condition in the change itself lets one win.

    Raises: `UnknownRunError`.
    """
    changed = tx.run(
        "UPDATE runs SET owner = ?, lease_until = ?, updated_at = ?"
        " WHERE id = ? AND state <> 'done' AND (owner = ? OR owner = '' OR lease_until < ?)",
        *(owner, now.after(seconds), now.text, run_id, owner, now.milliseconds),
    )
    if not changed:
        _must_exist(tx, run_id)
    return changed == 1


def resolve(
    tx: Transaction,
    run_id: str,
    outcome: Outcome,
    resolution: tuple[str | None, str],
    now: Timestamp,
) -> bool:
    """Give a run its outcome that was unknown or pending; who rejected it, and the reason.

    False where nothing was open: somebody has resolved it before, or it can still be resumed.

    Raises: `UnknownRunError`.
    """
    party, reason = resolution
    # Whoever resolves adds an event as well, which takes this lock, too: taken first by everybody,
    # so that nobody holds the rows of figures while he waits for it.
    tx.exclusive()
    run = first_row(tx, "SELECT state, outcome FROM runs WHERE id = ?", run_id)
    if run is None:
        raise UnknownRunError(f"there is no run {run_id}")
    done = run[0] == RunState.DONE
    resolved = tx.run(
        "UPDATE steps SET state = 'done', outcome = ?, rejected_by = ?, reason = ?"
        " WHERE run_id = ? AND (state IN ('intent', 'unknown') OR outcome = 'pending')",
        *(outcome, party, reason, run_id),
    )
    if (done and run[1] not in _OPEN) or (not done and not resolved):
        return False
    collect_losses(tx, run_id)
    if done:
        remove_from_rollups(tx, _tally_key(tx, run_id))
    tx.run(
        "UPDATE runs SET state = 'done', outcome = ?, rejected_by = ?, reason = ?, updated_at = ?,"
        " cause = ?, owner = '', lease_until = 0 WHERE id = ?",
        *(outcome, party, reason, now.text, counted_cause(outcome, RESOLVED_CAUSE), run_id),
    )
    add_to_rollups(tx, _tally_key(tx, run_id))
    return True


def record_event(
    tx: Transaction, kind: str, by: str, description: str, now: Timestamp, run_id: str | None = None
) -> None:
    """Add what a person did."""
    audit.append_event(tx, now, kind, run_id, by, description)


def store_shapes(tx: Transaction, run: NewRun) -> None:
    """Keep where the requests of a run's operation hold what: one row for each digest, once."""
    tx.run(_SHAPES, run.digest, run.shapes)


def add_card_facts(tx: Transaction, run_id: str, card: CardFacts) -> None:
    """Add what a vault tells of a card to the vault's steps of a run that do not have it."""
    tx.run(_CARD_FACTS, card.scheme, card.issuing_country, run_id)


def record_losses(tx: Transaction, run_id: str, result: RunResult) -> None:
    """Record what a request without an answer was sent without: an answer records its own."""
    last = result.steps[-1] if result.steps else None
    if result.outcome is Outcome.UNKNOWN and last and (last.losses or last.untold):
        tx.run(
            "UPDATE steps SET losses = ?, untold = ? WHERE run_id = ? AND name = ?",
            *(atoms_to_column(last.losses), atoms_to_column(last.untold), run_id, last.name),
        )


def collect_losses(tx: Transaction, run_id: str) -> None:
    """Let a run say what its steps say, where it has ended otherwise than by its own end."""
    rows = tx.rows(
        "SELECT losses FROM steps WHERE run_id = ? AND losses IS NOT NULL ORDER BY position", run_id
    )
    names = dict.fromkeys(name for (losses,) in rows for name in atoms_of_column(losses))
    if names:
        tx.run("UPDATE runs SET losses = ? WHERE id = ?", atoms_to_column(tuple(names)), run_id)


def _check_keys(intent: Intent) -> None:
    if intent.keys.destination == intent.keys.vault:
        raise ValueError("the two idempotency keys of a step are equal")


def _intended(intent: Intent) -> tuple[str | None, ...]:
    """A step's columns: state, called, destination_key, request, names, keyed."""
    return (
        *(StepState.INTENT, intent.called, intent.keys.destination),
        *(request_to_column(intent.shown), names_to_column(intent.names), to_json(intent.keyed)),
    )


def _find_by(tx: Transaction, run_id: str, names: tuple[PartyName, ...]) -> None:
    """Let a run be found by what names it at its destination."""
    values = {name.value for name in names if name.party is Party.DESTINATION}
    for value in sorted(values - {run_id}):
        tx.run(_FOUND_BY, value, run_id, run_id, value)


def _is_recorded(tx: Transaction, run: NewRun) -> bool:
    """Whether a run is there already. Raises: `RunInUseError` where another process has it now."""
    owner = first_row(tx, "SELECT owner FROM runs WHERE id = ?", run.id)
    if owner is not None and owner[0] not in (run.owner, ""):
        raise _taken(run.id)
    return owner is not None


def _pause_of(tx: Transaction, run: NewRun) -> str:
    name = first_row(tx, _PAUSE, run.vault, run.destination)
    if name is None:
        raise HistoryConflictError("a pause ended while a run was to begin")
    return str(name[0])


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


def _tally_key(tx: Transaction, run_id: str) -> TallyKey:
    run = first_row(tx, "SELECT " + TALLY_COLUMNS + " FROM runs WHERE id = ?", run_id)
    if run is None:
        raise UnknownRunError(f"there is no run {run_id}")
    return TallyKey(*run)


def _must_exist(tx: Transaction, run_id: str) -> None:
    if first_row(tx, "SELECT 1 FROM runs WHERE id = ?", run_id) is None:
        raise UnknownRunError(f"there is no run {run_id}")
