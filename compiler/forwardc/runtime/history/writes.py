"""What a run writes: its start, each intent before it is sent, what came back, its end.

Every function is one transaction's work and is given the time. One file, since each statement
relies on the states that the others leave behind.
"""

from typing import Any, Final

from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import MASK
from forwardc.runtime.history import audit, idempotency_keys
from forwardc.runtime.history.answered_steps import (
    SEQ,
    answered_before,
    collect_losses,
    record_losses,
    texts_of,
)
from forwardc.runtime.history.columns import atoms_to_column, to_json
from forwardc.runtime.history.database import DeferredUpsert, Row, Transaction, first_row
from forwardc.runtime.history.errors import (
    HistoryConflictError,
    HistoryError,
    RunInUseError,
    RunPausedError,
    UnknownRunError,
)
from forwardc.runtime.history.plans import change_plan, plan_of
from forwardc.runtime.history.records import AttemptState, Intent, NewRun, RunState, StepState
from forwardc.runtime.history.rollups import (
    RESOLVED_CAUSE,
    TALLY_COLUMNS,
    TallyKey,
    add_to_rollups,
    counted_cause,
    remove_from_rollups,
)
from forwardc.runtime.history.step_texts import (
    Sample,
    answered_text,
    pack,
    sample_of,
    sample_text,
    sent_text,
)
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.run.result import (
    CardFacts,
    Party,
    PartyName,
    RunResult,
    StepReport,
)

_OPEN: Final = (Outcome.UNKNOWN, Outcome.PENDING)
_BEGIN: Final = """
INSERT INTO runs (
  id, created_at, updated_at, environment, emulated, vault, destination, operation,
  asked_operation, fell_back, digest, plan, reference, source_kind, source_id, params,
  sensitive_params, inputs, without_atoms, given_key, state, attempts, owner, lease_until, amounts
) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
WHERE NOT EXISTS (SELECT 1 FROM pauses WHERE name IN (?, ?))
ON CONFLICT (id) DO NOTHING
RETURNING seq
"""
_STEP: Final = """
INSERT INTO steps (
  run_seq, position, name, deliver, idempotent, state, sample, sent, outputs, cards_masked
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}', 0)
"""
_FIRST: Final = """
INSERT INTO attempts (run_seq, step, number, vault_key, state, started_at)
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
RETURNING seq, plan
"""
_WOKEN: Final = "UPDATE runs SET state = 'running' WHERE id = ? AND owner = ? AND state = 'stopped'"
_PAUSE: Final = "SELECT name FROM pauses WHERE name IN (?, ?) ORDER BY name LIMIT 1"
_PAUSED: Final = """
SELECT pauses.name FROM runs JOIN pauses ON pauses.name IN (runs.vault, runs.destination)
WHERE runs.id = ? AND runs.owner = ? ORDER BY pauses.name LIMIT 1
"""
_ATTEMPT: Final = """
INSERT INTO attempts (run_seq, step, number, vault_key, state, started_at)
VALUES (?, ?, (SELECT 1 + COALESCE(max(number), 0) FROM attempts WHERE run_seq = ? AND step = ?),
  ?, ?, ?)
RETURNING number
"""
_INTENDED: Final = """
UPDATE steps SET state = ?, sample = ?, sent = ?, answered = ?,
  outcome = NULL, rejected_by = NULL, reason = NULL
WHERE run_seq = ? AND name = ?
"""
_ENDED: Final = (
    "UPDATE attempts SET state = ?, ended_at = ?, vault_status = ?, status = ?, reason = ?"
    f" WHERE run_seq = {SEQ} AND step = ? AND number = ? AND state IN ('intent', 'unknown')"
    " RETURNING (SELECT sample FROM steps WHERE steps.run_seq = attempts.run_seq"
    " AND steps.name = attempts.step)"
)
_REPORTED: Final = (
    "UPDATE steps SET state = ?, outcome = ?, rejected_by = ?, reason = ?, vault_status = ?,"
    " status = ?, request_id = ?, outputs = ?, answer = NULL, cards_masked = ?, duration_ms = ?,"
    " scheme = ?, issuing_country = ?, rule = ?, losses = ?, answered = ?"
    f" WHERE run_seq = {SEQ} AND name = ? AND state <> 'done'"
)
_FOUND_BY: Final = """
INSERT INTO payment_names (value, run_seq)
SELECT ?, seq FROM runs WHERE id = ? AND reference <> ?
ON CONFLICT (value, run_seq) DO NOTHING
"""
_SHAPES: Final = "INSERT INTO shapes (digest, steps) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"
_CARD_FACTS: Final = """
UPDATE steps SET scheme = COALESCE(scheme, ?), issuing_country = COALESCE(issuing_country, ?)
WHERE run_seq = (SELECT seq FROM runs WHERE id = ?)
  AND deliver = 'vault' AND (scheme IS NULL OR issuing_country IS NULL)
"""
_FINISHED: Final = (
    """
UPDATE runs SET state = 'done', updated_at = ?, operation = ?, fell_back = ?,
  outcome = ?, rejected_by = ?, reason = ?, status = ?, vault_status = ?, duration_ms = ?,
  losses = ?, cause = ?, owner = '', lease_until = 0
WHERE id = ? AND state <> 'done'
RETURNING (SELECT digest FROM plans WHERE number = runs.plan), """
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
    plan = plan_of(tx, run.digest, to_json(run.approval) if run.approval is not None else "")
    inserted = first_row(
        tx,
        _BEGIN,
        *(run.id, now.text, now.text, run.environment, run.emulated, run.vault, run.destination),
        *(run.operation, run.asked_operation, run.fell_back, plan, run.reference),
        *(run.source_kind, run.source_id, to_json(run.params), to_json(run.sensitive_params)),
        *(to_json(run.inputs), to_json(run.without), run.given_key, RunState.RUNNING),
        *(0 if first is None else 1, run.owner, now.after(run.lease_s)),
        to_json(run.amounts) if run.amounts else None,
        *(run.vault, run.destination),
    )
    if inserted is None:
        # The database may have taken a first try whose answer was lost.
        return None if _is_recorded(tx, run) else _pause_of(tx, run)
    seq = inserted[0]
    for position, step in enumerate(run.steps):
        state, number, sent = StepState.WAITING, None, None
        if first is not None and first.step == step.name:
            state, sample, sent = _intended(tx, plan, first, run.id)
            number = sample.number
        planned = (position, step.name, step.deliver, step.idempotent)
        tx.run(_STEP, seq, *planned, state, number, sent)
    if first is not None:
        tx.run(
            _FIRST, seq, first.step, first.keys.vault, AttemptState.INTENT, now.whole_milliseconds
        )
        _find_by(tx, run.id, first.names)
    idempotency_keys.assign_key(tx, run)
    tx.defer(_HOUR, (seq, seq), (now.hour,))
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
    held = first_row(tx, _HELD, *hold)
    if held is None and tx.run(_WOKEN, run_id, owner):
        held = first_row(tx, _HELD, *hold)
    if held is None:
        raise _refusal(tx, run_id, owner)
    seq, plan = held
    place = (seq, intent.step)
    started = (intent.keys.vault, AttemptState.INTENT, now.whole_milliseconds)
    attempt = first_row(tx, _ATTEMPT, *place, *place, *started)
    if attempt is None:
        raise RuntimeError("the database gave the new attempt no number")
    number = int(attempt[0])
    state, sample, sent = _intended(tx, plan, intent, run_id)
    answered = answered_before(tx, run_id, intent.step, sample) if number > 1 else None
    tx.run(_INTENDED, state, sample.number, sent, answered, *place)
    _find_by(tx, run_id, intent.names)
    return number


def record_not_sent(
    tx: Transaction, run_id: str, step: str, number: int, reason: str, now: Timestamp
) -> None:
    """Record that an attempt certainly sent nothing: the step waits again.

    Where an earlier attempt may have arrived, the step stays unknown.
    """
    _end(
        tx,
        run_id,
        step,
        number,
        (AttemptState.NOT_SENT, now.whole_milliseconds, None, None, reason),
    )
    in_doubt = first_row(
        tx,
        f"SELECT 1 FROM attempts WHERE run_seq = {SEQ} AND step = ?"
        " AND state IN ('intent', 'unknown')",
        *(run_id, step),
    )
    fate = StepState.UNKNOWN if in_doubt else StepState.WAITING
    values = (fate, reason, run_id, step)
    tx.run(
        f"UPDATE steps SET state = ?, reason = ? WHERE run_seq = {SEQ} AND name = ?"
        " AND state = 'intent'",
        *values,
    )


def record_unknown(
    tx: Transaction, run_id: str, step: str, number: int, reason: str, now: Timestamp
) -> None:
    """Record that an attempt may have arrived, and that nobody knows."""
    _end(
        tx, run_id, step, number, (AttemptState.UNKNOWN, now.whole_milliseconds, None, None, reason)
    )
    values = (StepState.UNKNOWN, Outcome.UNKNOWN, reason, run_id, step)
    tx.run(
        "UPDATE steps SET state = ?, outcome = ?, reason = ?"
        f" WHERE run_seq = {SEQ} AND name = ? AND state = 'intent'",
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
    end = (state, now.whole_milliseconds, report.vault_status, report.status, report.reason)
    ended = _end(tx, run_id, report.name, number, end)
    fate = StepState.UNKNOWN if report.outcome is Outcome.UNKNOWN else StepState.ANSWERED
    shown = {
        name: value
        for name, value in report.outputs.items()
        if name not in report.withheld and not _masked(value)
    }
    sample = sample_text(tx, ended[0]) if ended else texts_of(tx, run_id, report.name)[0]
    answered = answered_text(report, sorted(report.outputs.keys() - shown.keys()), run_id)
    tx.run(
        _REPORTED,
        *(fate, report.outcome, report.rejected_by, report.reason, report.vault_status),
        *(report.status, report.request_id, to_json(shown)),
        *(report.cards_masked, report.duration_ms, report.scheme, report.issuing_country),
        *(report.rule, atoms_to_column(report.losses), pack(answered, sample)),
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
        *(now.text, result.operation, result.fell_back, result.outcome),
        *(result.rejected_by, result.reason, status, vault_status, duration),
        *(atoms_to_column(result.losses), counted_cause(result.outcome, result.reason), run_id),
    )
    if changed is None:
        _must_exist(tx, run_id)
        return
    digest, *tally = changed
    if digest != result.digest:
        change_plan(tx, run_id, result.digest)
    add_to_rollups(tx, TallyKey(*tally))


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
    if done and run[1] not in _OPEN:
        # The first step of a payment that was asked for later goes on saying pending.
        return False
    resolved = tx.run(
        "UPDATE steps SET state = 'done', outcome = ?, rejected_by = ?, reason = ?"
        f" WHERE run_seq = {SEQ} AND (state IN ('intent', 'unknown') OR outcome = 'pending')",
        *(outcome, party, reason, run_id),
    )
    if not done and not resolved:
        return False
    collect_losses(tx, run_id)
    if done:
        remove_from_rollups(tx, tally_key(tx, run_id))
    tx.run(
        "UPDATE runs SET state = 'done', outcome = ?, rejected_by = ?, reason = ?, updated_at = ?,"
        " cause = ?, owner = '', lease_until = 0 WHERE id = ?",
        *(outcome, party, reason, now.text, counted_cause(outcome, RESOLVED_CAUSE), run_id),
    )
    add_to_rollups(tx, tally_key(tx, run_id))
    return True


def record_event(
    tx: Transaction, kind: str, by: str, description: str, now: Timestamp, run_id: str | None = None
) -> None:
    """Add what a person did."""
    audit.append_event(tx, now, kind, run_id, by, description)


def store_shapes(tx: Transaction, run: NewRun) -> None:
    """Keep where the requests of a run's operation hold what: one row for each digest, once."""
    if tx.recall(("shapes", run.digest)) is None:
        tx.run(_SHAPES, run.digest, run.shapes)
        tx.remember(("shapes", run.digest), True)


def add_card_facts(tx: Transaction, run_id: str, card: CardFacts) -> None:
    """Add what a vault tells of a card to the vault's steps of a run that do not have it."""
    tx.run(_CARD_FACTS, card.scheme, card.issuing_country, run_id)


def _check_keys(intent: Intent) -> None:
    if intent.keys.destination == intent.keys.vault:
        raise ValueError("the two idempotency keys of a step are equal")


def _intended(
    tx: Transaction, plan: int, intent: Intent, run_id: str
) -> tuple[StepState, Sample, bytes]:
    """A step's state, its sample, and what it sends, packed."""
    sample = sample_of(tx, plan, intent)
    return StepState.INTENT, sample, pack(sent_text(intent, run_id), sample.text)


def _find_by(tx: Transaction, run_id: str, names: tuple[PartyName, ...]) -> None:
    """Let a run be found by what names it at its destination."""
    values = {name.value for name in names if name.party is Party.DESTINATION}
    for value in sorted(values - {run_id}):
        tx.run(_FOUND_BY, value, run_id, value)


def _is_recorded(tx: Transaction, run: NewRun) -> bool:
    """Whether a run is there already. Raises: `RunInUseError` where another process has taken it.

    It may have let it go since: then it has no owner.
    """
    owner = first_row(tx, "SELECT owner FROM runs WHERE id = ?", run.id)
    if owner is not None and owner[0] != run.owner:
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


def _end(
    tx: Transaction, run_id: str, step: str, number: int, values: tuple[Any, ...]
) -> Row | None:
    """End an attempt; the number of its step's sample, None where it had ended before."""
    return first_row(tx, _ENDED, *values, run_id, step, number)


def _masked(value: object) -> bool:
    return isinstance(value, str) and MASK in value


def tally_key(tx: Transaction, run_id: str) -> TallyKey:
    """What the figures count a run by. Raises: `UnknownRunError`."""
    run = first_row(tx, "SELECT " + TALLY_COLUMNS + " FROM runs WHERE id = ?", run_id)
    if run is None:
        raise UnknownRunError(f"there is no run {run_id}")
    return TallyKey(*run)


def _must_exist(tx: Transaction, run_id: str) -> None:
    if first_row(tx, "SELECT 1 FROM runs WHERE id = ?", run_id) is None:
        raise UnknownRunError(f"there is no run {run_id}")
