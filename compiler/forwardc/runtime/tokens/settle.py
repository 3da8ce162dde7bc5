"""Finds the run that a callback is about, and gives it its outcome. One transaction's work.

Knows no format of a callback. Only a run that waits is settled: one that is pending or unknown, or
that no process holds any more.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from forwardc.plan.program import Outcome
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.moments import Moment
from forwardc.runtime.tokens.records import Callback

DESTINATION: Final = "rocketpay"
# A run that a process holds is not touched: it records its own end in a moment.
_WAITING: Final = (
    "SELECT runs.id, runs.reference, runs.params, steps.outputs FROM runs"
    " JOIN steps ON steps.run_id = runs.id"
    " WHERE runs.destination = ? AND runs.lease_until < ?"
    " AND (runs.outcome IN ('pending', 'unknown') OR runs.state <> 'done') ORDER BY runs.seq"
)
_OF_PAYMENT: Final = (
    "SELECT DISTINCT outcome FROM callbacks WHERE payment_id = ? AND outcome IS NOT NULL"
)
_OF_REQUEST: Final = (
    "SELECT DISTINCT outcome FROM callbacks"
    " WHERE request_id = ? AND payment_id IS NULL AND outcome IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A run that waits, and what a callback may name it by."""

    run_id: str
    payment_id: str
    request_id: str | None
    pays: bool

    def hears(self, callback: Callback) -> bool:
        """Whether the callback is about this run."""
        if callback.payment_id is not None:
            return callback.payment_id == self.payment_id
        # The request of a payment was only accepted: its payment tells what became of it.
        named = callback.request_id is not None and callback.request_id == self.request_id
        return named and not self.pays


def settle(tx: Transaction, callback: Callback, now: Moment) -> tuple[str, ...]:
    """Settle the run that waits for this payment or request; its id, or nothing."""
    if callback.outcome is None:
        return ()
    found = [run for run in _waiting(tx, now) if run.hears(callback)]
    # Two runs of one payment id made one payment: which of them did, a person must find out.
    if len(found) != 1:
        return ()
    return _resolve(tx, found[0], callback.outcome, now)


def settle_waiting(tx: Transaction, now: Moment) -> tuple[str, ...]:
    """Settle every waiting run whose callback came before the run was recorded as waiting."""
    settled: list[str] = []
    waiting = _waiting(tx, now)
    for run in waiting:
        alone = sum(other.payment_id == run.payment_id for other in waiting) == 1
        name = run.payment_id if run.pays else run.request_id
        told = tx.rows(_OF_PAYMENT if run.pays else _OF_REQUEST, name) if alone and name else []
        # A payment has one result, so that two different ones are for a person, too.
        if len(told) == 1:
            settled += _resolve(tx, run, Outcome(told[0][0]), now)
    return tuple(settled)


def _waiting(tx: Transaction, now: Moment) -> list[_Waiting]:
    found: dict[str, _Waiting] = {}
    for run_id, reference, params, outputs in tx.rows(_WAITING, DESTINATION, now.milliseconds):
        payment, request = _text(params, "payment_id"), _text(outputs, "request_id")
        run = _Waiting(run_id, payment or reference, request, payment is not None)
        found.setdefault(run_id, run)
    return list(found.values())


def _resolve(tx: Transaction, run: _Waiting, outcome: Outcome, now: Moment) -> tuple[str, ...]:
    reason = "the destination said so in a callback"
    if not writes.resolve(tx, run.run_id, outcome, (None, reason), now):
        return ()
    writes.event(tx, "callback", DESTINATION, f"{outcome}: {reason}", now, run.run_id)
    return (run.run_id,)


def _text(document: str, name: str) -> str | None:
    value: Any = json.loads(document).get(name)
    return value if isinstance(value, str) and value else None
