"""Finds runs: one by its id, those to settle, and pages of what a filter fits.

Every function is one transaction's work. Changes nothing.
"""

import json
from dataclasses import replace
from typing import Any, Final

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import answers, shapes
from forwardc.runtime.history.database import Row, Transaction, first_row
from forwardc.runtime.history.lacks import atoms_of_column
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
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.result import Party, PartyName, RecordedAnswer

_SUMMARY: Final = (
    "seq, id, created_at, environment, emulated, vault, destination, operation, reference, state,"
    " outcome, rejected_by, status, vault_status, duration_ms, attempts, reason, losses, cause,"
    " params, amounts"
)
_RUN: Final = (
    "SELECT " + _SUMMARY + ", updated_at, asked_operation, fell_back, digest, source_kind,"
    " source_id, sensitive_params, inputs, without_atoms, given_key, approval,"
    " owner, lease_until FROM runs WHERE id = ?"
)
_STEPS: Final = (
    "SELECT name, position, deliver, idempotent, state, called, destination_key, outcome,"
    " rejected_by, reason, vault_status, status, request_id, outputs, sensitive_outputs, request,"
    " answer, cards_masked, duration_ms, scheme, issuing_country, rule, names, keyed, losses,"
    " untold, log_url FROM steps WHERE run_id = ? ORDER BY position"
)
_ATTEMPTS: Final = (
    "SELECT step, number, vault_key, state, started_at, ended_at, vault_status, status, reason"
    " FROM attempts WHERE run_id = ? ORDER BY step, number"
)
# Each branch reads its index from the start and stops: a short text may fit a million references.
_BY_TEXT: Final = (
    "seq IN (SELECT seq FROM (SELECT seq FROM runs WHERE reference >= ? AND reference < ?"
    " ORDER BY reference, seq LIMIT 500) AS a"
    " UNION SELECT seq FROM (SELECT seq FROM runs WHERE source_id >= ? AND source_id < ?"
    " ORDER BY source_id, seq LIMIT 500) AS b"
    " UNION SELECT runs.seq FROM runs JOIN (SELECT run_id FROM payment_names WHERE value >= ?"
    " AND value < ? ORDER BY value, run_id LIMIT 500) AS c ON c.run_id = runs.id"
    " UNION SELECT seq FROM runs WHERE id = ?"
    " UNION SELECT runs.seq FROM runs JOIN steps ON steps.run_id = runs.id"
    " WHERE steps.request_id = ?)"
)
_OF_SUMMARY: Final = _SUMMARY.count(",") + 1
_LAST_CHARACTER: Final = "\U0010ffff"


def load_run(tx: Transaction, run_id: str, now: Timestamp | None = None) -> StoredRun | None:
    """A run with its steps and attempts; None where there is none.

    With the answers that are not forgotten `now`; without a moment, with none of them.
    """
    found = first_row(tx, _RUN, run_id)
    if found is None:
        return None
    kept = answers.of_run(tx, found[0], now) if now else {}
    attempts: dict[str, list[StoredAttempt]] = {}
    for step, *values in tx.rows(_ATTEMPTS, run_id):
        attempts.setdefault(step, []).append(_attempt(values))
    steps = tuple(
        _step(values, attempts.get(values[0], []), kept.get(values[0]))
        for values in tx.rows(_STEPS, run_id)
    )
    run = _run(found, steps)
    return replace(run, shapes=shapes.shapes_of(tx, run.digest))


def unknown_runs(tx: Transaction, now: Timestamp, limit: int) -> tuple[StoredRun, ...]:
    """Runs to settle, the oldest first: ended as unknown, or left with a step in the air."""
    found = tx.rows(
        "SELECT id FROM (SELECT id, seq FROM runs WHERE outcome = 'unknown' AND state = 'done'"
        " UNION SELECT id, seq FROM runs WHERE state <> 'done' AND (owner = '' OR lease_until < ?)"
        " AND EXISTS (SELECT 1 FROM steps WHERE steps.run_id = runs.id"
        " AND steps.state IN ('intent', 'unknown'))) AS found ORDER BY seq LIMIT ?",
        *(now.milliseconds, limit),
    )
    return tuple(run for (run_id,) in found if (run := load_run(tx, run_id, now)) is not None)


def search(tx: Transaction, wanted: RunFilter, limit: int, cursor: int | None) -> RunPage:
    """The newest runs that fit, `limit` of them, older than `cursor`."""
    bounds = _bounds(tx, wanted)
    if bounds is None:
        return RunPage((), None)
    clauses, values = filter_clauses(wanted)
    clauses += [f"seq {sign} ?" for sign, _ in bounds]
    values += [value for _, value in bounds]
    if cursor is not None:
        clauses.append("seq < ?")
        values.append(cursor)
    where = " WHERE " + " AND ".join(clauses) if clauses else ""
    order = " ORDER BY seq DESC LIMIT ?"
    found = tx.rows("SELECT " + _SUMMARY + " FROM runs" + where + order, *values, limit + 1)
    runs = tuple(_summary(values) for values in found[:limit])
    return RunPage(runs, runs[-1].seq if len(found) > limit else None)


def filter_clauses(wanted: RunFilter) -> tuple[list[str], list[Any]]:
    """The conditions of a filter and their values."""
    named = {
        "reference": wanted.reference,
        "environment": wanted.environment,
        "emulated": wanted.emulated,
        "vault": wanted.vault,
        "destination": wanted.destination,
        "operation": wanted.operation,
        "outcome": wanted.outcome,
        "rejected_by": wanted.rejected_by,
        "status": wanted.status,
        "state": wanted.state,
        "cause": wanted.cause,
    }
    clauses = [f"{name} = ?" for name, value in named.items() if value is not None]
    values: list[Any] = [value for value in named.values() if value is not None]
    for sign, moment in ((">=", wanted.since), ("<", wanted.until)):
        if moment is not None:
            clauses.append(f"created_at {sign} ?")
            values.append(moment)
    if wanted.text is not None:
        text, end = wanted.text, wanted.text + _LAST_CHARACTER
        clauses.append(_BY_TEXT)
        values += [text, end, text, end, text, end, text, text]
    return clauses, values


def _bounds(tx: Transaction, wanted: RunFilter) -> list[tuple[str, int]] | None:
    """Where runs of the filter's time can stand; None where there are none.

    A clock that jumped back only makes an hour's range wider.
    """
    if wanted.since is None and wanted.until is None:
        return []
    since, until = (wanted.since or "")[:13], (wanted.until or "~")[:13]
    found = first_row(
        tx,
        "SELECT min(first_seq), max(last_seq) FROM hours WHERE start >= ? AND start <= ?",
        *(since, until),
    )
    if found is None or found[0] is None:
        return None
    return [(">=", found[0]), ("<=", found[1])]


def pauses(tx: Transaction) -> tuple[Pause, ...]:
    """Everything that is paused, by name."""
    return tuple(
        Pause(*found)
        for found in tx.rows("SELECT name, by_whom, at, reason FROM pauses ORDER BY name")
    )


def events(tx: Transaction, run_id: str | None, limit: int) -> tuple[Event, ...]:
    """What persons did, the newest first, to one run or to all."""
    where = "" if run_id is None else " WHERE run_id = ?"
    values = () if run_id is None else (run_id,)
    found = tx.rows(
        "SELECT seq, at, kind, run_id, by_whom, what FROM events"
        + where
        + " ORDER BY seq DESC LIMIT ?",
        *values,
        limit,
    )
    return tuple(Event(*values) for values in found)


def _summary(values: Row) -> RunSummary:
    seq, run_id, at, environment, emulated, vault, destination, operation, reference, *ends = values
    state, outcome, party, status, vault_status, duration_ms, attempts, reason, *last = ends
    losses, cause, params, amounts = last
    sum_ = main_amount(params, amounts)
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
        amount=sum_.major if sum_ else None,
        currency=sum_.currency if sum_ else None,
    )


def _run(values: Row, steps: tuple[StoredStep, ...]) -> StoredRun:
    updated, asked, fell_back, digest, kind, source, sensitive, *rest = values[_OF_SUMMARY:]
    inputs, without, key, approval, owner, lease_until = rest
    params, amounts = values[_OF_SUMMARY - 2 : _OF_SUMMARY]
    return StoredRun(
        summary=_summary(values[:_OF_SUMMARY]),
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


def _step(values: Row, attempts: list[StoredAttempt], kept: RecordedAnswer | None) -> StoredStep:
    name, position, deliver, idempotent, state, called, key, outcome, party, *rest = values
    reason, vault_status, status, request_id, outputs, sensitive, request, *ends = rest
    answer, cards_masked, duration_ms, scheme, country, rule, names, keyed, *lacks = ends
    losses, untold, log_url = lacks
    return StoredStep(
        *(name, position, deliver, bool(idempotent), StepState(state), called, key),
        outcome=Outcome(outcome) if outcome else None,
        rejected_by=Party(party) if party else None,
        reason=reason,
        vault_status=vault_status,
        status=status,
        request_id=request_id,
        outputs=json.loads(outputs),
        sensitive_outputs=tuple(json.loads(sensitive)),
        request=_shown(request),
        answer=kept.says if kept else answer,
        cards_masked=cards_masked,
        duration_ms=duration_ms,
        scheme=scheme,
        issuing_country=country,
        rule=rule,
        losses=atoms_of_column(losses),
        untold=atoms_of_column(untold),
        log_url=log_url,
        attempts=tuple(attempts),
        names=_names(names),
        keyed=None if keyed is None else tuple(Party(party) for party in json.loads(keyed)),
        recorded_answer=kept,
    )


def _names(text: str | None) -> tuple[PartyName, ...] | None:
    if text is None:
        return None
    return tuple(PartyName(Party(party), *rest) for party, *rest in json.loads(text))


def _attempt(values: list[Any]) -> StoredAttempt:
    number, key, state, *rest = values
    return StoredAttempt(number, key, AttemptState(state), *rest)


def _shown(text: str | None) -> ShownRequest | None:
    if text is None:
        return None
    read = json.loads(text)
    headers = tuple((name, value) for name, value in read["headers"])
    return ShownRequest(read["method"], read["url"], headers, read["body"])
