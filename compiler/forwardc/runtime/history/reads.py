"""Finds runs: one by its id, those to resolve, and pages of what a filter fits.

Every function is one transaction's work, and reads rows into the data classes of `records`; a
column that a row of an older version lacks is None there.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from forwardc.core.dataclass import replace
from forwardc.core.outcome import Outcome
from forwardc.runtime.history import answers
from forwardc.runtime.history.columns import atoms_of_column
from forwardc.runtime.history.database import Row, Transaction, first_row
from forwardc.runtime.history.records import (
    AttemptState,
    Event,
    Pause,
    RunFilter,
    RunPage,
    RunState,
    RunSummary,
    StepState,
    StoredAttempt,
    StoredRun,
    StoredStep,
    main_amount,
)
from forwardc.runtime.history.step_texts import StepTexts, read_texts, sample_text, unpack
from forwardc.runtime.history.timestamps import Timestamp, text_of_milliseconds
from forwardc.runtime.run.result import CardFacts, Party, RecordedAnswer

_SUMMARY: Final = (
    "seq, id, created_at, environment, emulated, vault, destination, operation, reference, state,"
    " outcome, rejected_by, status, vault_status, duration_ms, attempts, reason, losses, cause,"
    " params, amounts"
)
_RUN: Final = (
    "SELECT " + _SUMMARY + ", updated_at, asked_operation, fell_back, plans.digest, source_kind,"
    " source_id, sensitive_params, inputs, without_atoms, given_key, plans.approval,"
    " owner, lease_until FROM runs LEFT JOIN plans ON plans.number = runs.plan WHERE id = ?"
)
_STEPS: Final = (
    "SELECT name, position, deliver, idempotent, state, outcome, rejected_by, reason, vault_status,"
    " status, request_id, outputs, answer, cards_masked, duration_ms, scheme, issuing_country,"
    " rule, losses, sample, sent, answered FROM steps WHERE run_seq = ? ORDER BY position"
)
_ATTEMPTS: Final = (
    "SELECT step, number, vault_key, state, started_at, ended_at, vault_status, status, reason"
    " FROM attempts WHERE run_seq = ? ORDER BY step, number"
)
# Each branch reads its index from the start and stops: a short text may fit a million references.
_BY_TEXT: Final = (
    "seq IN (SELECT seq FROM (SELECT seq FROM runs WHERE reference >= ? AND reference < ?"
    " ORDER BY reference, seq LIMIT 500) AS a"
    " UNION SELECT seq FROM (SELECT seq FROM runs WHERE source_id >= ? AND source_id < ?"
    " ORDER BY source_id, seq LIMIT 500) AS b"
    " UNION SELECT run_seq FROM (SELECT run_seq FROM payment_names WHERE value >= ?"
    " AND value < ? ORDER BY value, run_seq LIMIT 500) AS c"
    " UNION SELECT seq FROM runs WHERE id = ?"
    " UNION SELECT run_seq FROM steps WHERE request_id = ?)"
)
# Of the newest runs the newest with both: a destination may have told the scheme alone.
_CARD_FACTS: Final = """
SELECT scheme, issuing_country FROM (
  SELECT runs.seq, steps.scheme, steps.issuing_country
  FROM runs JOIN steps ON steps.run_seq = runs.seq
  WHERE runs.source_id = ? AND runs.vault = ? AND runs.environment = ? AND runs.emulated = ?
    AND (steps.scheme IS NOT NULL OR steps.issuing_country IS NOT NULL) AND steps.deliver = 'vault'
  ORDER BY runs.seq DESC LIMIT 50
) AS newest
ORDER BY CASE WHEN scheme IS NULL OR issuing_country IS NULL THEN 1 ELSE 0 END, seq DESC LIMIT 1
"""
_SUMMARY_COLUMNS: Final = _SUMMARY.count(",") + 1
_LAST_CHARACTER: Final = "\U0010ffff"


def load_run(tx: Transaction, run_id: str, now: Timestamp | None = None) -> StoredRun | None:
    """A run with its steps and attempts; None where there is none.

    With the answers that are not forgotten `now`; without a moment, with none of them.
    """
    columns = first_row(tx, _RUN, run_id)
    if columns is None:
        return None
    recorded = answers.of_run(tx, columns[0], now) if now else {}
    attempts: dict[str, list[StoredAttempt]] = {}
    for step, *values in tx.rows(_ATTEMPTS, columns[0]):
        attempts.setdefault(step, []).append(_attempt(values))
    steps = tuple(
        _step(
            values,
            _texts(tx, run_id, *texts),
            attempts.get(values[0], []),
            recorded.get(values[0]),
        )
        for *values, sample, sent, answered in tx.rows(_STEPS, columns[0])
        for texts in ((sample, sent, answered),)
    )
    run = _run(columns, steps)
    return replace(run, shapes=_shapes(tx, run.digest))


def card_facts(
    tx: Transaction, vault: str, environment: str, source: str, *, emulated: bool
) -> CardFacts | None:
    """What the newest run of a source was told of its card; None for nothing.

    A sandbox of ours knows nothing of a vault's cards, so that `emulated` runs are asked apart.
    """
    columns = first_row(tx, _CARD_FACTS, source, vault, environment, emulated)
    return CardFacts(*columns) if columns else None


def unknown_runs(tx: Transaction, now: Timestamp, limit: int) -> tuple[StoredRun, ...]:
    """Runs to resolve, the oldest first: ended as unknown, or left with a step in the air."""
    ids = tx.rows(
        "SELECT id FROM (SELECT id, seq FROM runs WHERE outcome = 'unknown' AND state = 'done'"
        " UNION SELECT id, seq FROM runs WHERE state <> 'done' AND (owner = '' OR lease_until < ?)"
        " AND EXISTS (SELECT 1 FROM steps WHERE steps.run_seq = runs.seq"
        " AND steps.state IN ('intent', 'unknown'))) AS found ORDER BY seq LIMIT ?",
        *(now.milliseconds, limit),
    )
    return tuple(run for (run_id,) in ids if (run := load_run(tx, run_id, now)) is not None)


def search(tx: Transaction, run_filter: RunFilter, limit: int, cursor: int | None) -> RunPage:
    """The newest runs that fit, `limit` of them, older than `cursor`."""
    bounds = _bounds(tx, run_filter)
    if bounds is None:
        return RunPage((), None)
    clauses, values = filter_clauses(run_filter)
    clauses += [f"seq {sign} ?" for sign, _ in bounds]
    values += [value for _, value in bounds]
    if cursor is not None:
        clauses.append("seq < ?")
        values.append(cursor)
    where = " WHERE " + " AND ".join(clauses) if clauses else ""
    order = " ORDER BY seq DESC LIMIT ?"
    rows = tx.rows("SELECT " + _SUMMARY + " FROM runs" + where + order, *values, limit + 1)
    runs = tuple(_summary(values) for values in rows[:limit])
    return RunPage(runs, runs[-1].seq if len(rows) > limit else None)


def filter_clauses(run_filter: RunFilter) -> tuple[list[str], list[Any]]:
    """The conditions of a filter and their values."""
    named = {
        "reference": run_filter.reference,
        "environment": run_filter.environment,
        "emulated": run_filter.emulated,
        "vault": run_filter.vault,
        "destination": run_filter.destination,
        "operation": run_filter.operation,
        "outcome": run_filter.outcome,
        "rejected_by": run_filter.rejected_by,
        "status": run_filter.status,
        "state": run_filter.state,
        "cause": run_filter.cause,
    }
    clauses = [f"{name} = ?" for name, value in named.items() if value is not None]
    values: list[Any] = [value for value in named.values() if value is not None]
    for sign, time in ((">=", run_filter.since), ("<", run_filter.until)):
        if time is not None:
            clauses.append(f"created_at {sign} ?")
            values.append(time)
    if run_filter.text is not None:
        text, end = run_filter.text, run_filter.text + _LAST_CHARACTER
        clauses.append(_BY_TEXT)
        values += [text, end, text, end, text, end, text, text]
    return clauses, values


def _bounds(tx: Transaction, run_filter: RunFilter) -> list[tuple[str, int]] | None:
    """Where runs of the filter's time can stand; None where there are none.

    A clock that jumped back only makes an hour's range wider.
    """
    if run_filter.since is None and run_filter.until is None:
        return []
    since, until = (run_filter.since or "")[:13], (run_filter.until or "~")[:13]
    hours = first_row(
        tx,
        "SELECT min(first_seq), max(last_seq) FROM hours WHERE start >= ? AND start <= ?",
        *(since, until),
    )
    if hours is None or hours[0] is None:
        return None
    return [(">=", hours[0]), ("<=", hours[1])]


def pauses(tx: Transaction) -> tuple[Pause, ...]:
    """Everything that is paused, by name."""
    return tuple(
        Pause(*columns)
        for columns in tx.rows("SELECT name, by_whom, at, reason FROM pauses ORDER BY name")
    )


def events(tx: Transaction, run_id: str | None, limit: int) -> tuple[Event, ...]:
    """What persons did, the newest first, to one run or to all."""
    where = "" if run_id is None else " WHERE run_id = ?"
    values = () if run_id is None else (run_id,)
    rows = tx.rows(
        "SELECT seq, at, kind, run_id, by_whom, what FROM events"
        + where
        + " ORDER BY seq DESC LIMIT ?",
        *values,
        limit,
    )
    return tuple(Event(*columns) for columns in rows)


def _summary(values: Row) -> RunSummary:
    seq, run_id, at, environment, emulated, vault, destination, operation, reference, *ends = values
    state, outcome, party, status, vault_status, duration_ms, attempts, reason, *last = ends
    losses, cause, params, amounts = last
    amount = main_amount(params, amounts)
    return RunSummary(
        seq=seq,
        id=run_id,
        created_at=at,
        environment=environment,
        emulated=bool(emulated),
        vault=vault,
        destination=destination,
        operation=operation,
        reference=reference,
        state=RunState(state),
        outcome=Outcome(outcome) if outcome else None,
        rejected_by=Party(party) if party else None,
        status=status,
        vault_status=vault_status,
        duration_ms=duration_ms,
        attempts=attempts,
        reason=reason,
        losses=atoms_of_column(losses),
        cause=cause,
        amount=amount.major if amount else None,
        currency=amount.currency if amount else None,
    )


def _run(values: Row, steps: tuple[StoredStep, ...]) -> StoredRun:
    updated, asked, fell_back, digest, kind, source, sensitive, *rest = values[_SUMMARY_COLUMNS:]
    inputs, without, key, approval, owner, lease_until = rest
    params, amounts = values[_SUMMARY_COLUMNS - 2 : _SUMMARY_COLUMNS]
    return StoredRun(
        summary=_summary(values[:_SUMMARY_COLUMNS]),
        updated_at=updated,
        asked_operation=asked,
        fell_back=bool(fell_back),
        digest=digest,
        source_kind=kind,
        source_id=source,
        params=json.loads(params),
        sensitive_params=tuple(json.loads(sensitive)),
        inputs=json.loads(inputs),
        without=tuple(json.loads(without)),
        given_key=key,
        approval=json.loads(approval) if approval else None,
        owner=owner,
        lease_until=lease_until,
        steps=steps,
        amounts=json.loads(amounts) if amounts else {},
    )


def _texts(
    tx: Transaction, run_id: str, sample: int | None, sent: bytes | None, answered: bytes | None
) -> StepTexts:
    known = sample_text(tx, sample)
    return read_texts(unpack(sent, known), unpack(answered, known), run_id)


def _step(
    values: list[Any],
    texts: StepTexts,
    attempts: list[StoredAttempt],
    recorded: RecordedAnswer | None,
) -> StoredStep:
    name, position, deliver, idempotent, state, outcome, party, reason, *rest = values
    vault_status, status, request_id, outputs, answer, cards_masked, *ends = rest
    duration_ms, scheme, country, rule, losses = ends
    return StoredStep(
        *(name, position, deliver, bool(idempotent), StepState(state)),
        *(texts.called, texts.destination_key),
        outcome=Outcome(outcome) if outcome else None,
        rejected_by=Party(party) if party else None,
        reason=reason,
        vault_status=vault_status,
        status=status,
        request_id=request_id,
        outputs=json.loads(outputs),
        sensitive_outputs=texts.sensitive_outputs,
        request=texts.request,
        answer=recorded.says if recorded else answer,
        cards_masked=cards_masked,
        duration_ms=duration_ms,
        scheme=scheme,
        issuing_country=country,
        rule=rule,
        losses=atoms_of_column(losses),
        untold=texts.untold,
        log_url=texts.log_url,
        attempts=tuple(attempts),
        names=texts.names,
        keyed=texts.keyed,
        recorded_answer=recorded,
    )


def _shapes(tx: Transaction, digest: str) -> Mapping[str, Any]:
    """The shapes of an operation's requests by step; empty where none were recorded."""
    columns = first_row(tx, "SELECT steps FROM shapes WHERE digest = ?", digest)
    return json.loads(columns[0]) if columns else {}


def _attempt(values: list[Any]) -> StoredAttempt:
    number, key, state, started, ended, *rest = values
    times = (text_of_milliseconds(started), ended and text_of_milliseconds(ended))
    return StoredAttempt(number, key, AttemptState(state), *times, *rest)
