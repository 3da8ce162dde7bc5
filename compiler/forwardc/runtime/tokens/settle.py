"""Finds the run that a callback is about, and gives it its outcome. One transaction's work.

Knows no format of a callback. Only a run that waits is settled: one that is pending or unknown, or
that no process holds any more. A sandbox's callback is about runs that a sandbox answered, and the
Gate's about all others.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from forwardc.core.outcome import Outcome
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.tokens.records import Applied, Callback

DESTINATION: Final = "rocketpay"
# A run that a process holds is not touched: it records its own end in a moment.
_WAITING: Final = (
    "SELECT runs.id, runs.reference, runs.params, runs.emulated, steps.outputs FROM runs"
    " JOIN steps ON steps.run_id = runs.id"
    " WHERE runs.destination = ? AND runs.lease_until < ?"
    " AND (runs.outcome IN ('pending', 'unknown') OR runs.state <> 'done') ORDER BY runs.seq"
)
_OF_PAYMENT: Final = "emulated = ? AND payment_id = ?"
_OF_REQUEST: Final = "emulated = ? AND request_id = ? AND payment_id IS NULL"
_OF_BOTH: Final = "emulated = ? AND payment_id = ? AND request_id = ?"
_OWNER: Final = (
    "SELECT settled FROM callbacks WHERE payment_id = ? AND emulated = ? AND settled <> ?"
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The run that got its outcome, or those among which a person must choose."""

    runs: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A run that waits, and what a callback may name it by."""

    run_id: str
    payment_id: str
    request_id: str | None
    pays: bool
    emulated: bool

    def hears(self, callback: Callback) -> bool:
        """Whether the callback is about this run."""
        if callback.payment_id is not None:
            return callback.payment_id == self.payment_id
        # The request of a payment was only accepted: its payment tells what became of it.
        return not self.pays and self.asked(callback)

    def asked(self, callback: Callback) -> bool:
        """Whether the callback names the request of this run."""
        return callback.request_id is not None and callback.request_id == self.request_id


def settle(tx: Transaction, callback: Callback, now: Timestamp, *, emulated: bool) -> Settled:
    """Settle the run that waits for this payment or request."""
    if callback.outcome is None:
        return Settled()
    waiting = [run for run in _waiting(tx, now) if run.emulated == emulated]
    found = [run for run in waiting if run.hears(callback)]
    # Two runs of one payment id made one payment: the one whose request the callback names.
    certain = [run for run in found if run.asked(callback)]
    if len(certain) == 1:
        return Settled(_resolve(tx, certain[0], callback.outcome, now))
    owners = _owners(tx, found[0]) if found else []
    if len(found) > 1 or owners:
        return Settled(undecided=_leave(tx, found, callback.outcome, owners, now))
    return Settled(_resolve(tx, found[0], callback.outcome, now) if found else ())


def may_be_settled(tx: Transaction, run_id: str) -> bool:
    """Whether callbacks can be about a run: its destination is the one that sends them."""
    return bool(tx.rows("SELECT 1 FROM runs WHERE id = ? AND destination = ?", run_id, DESTINATION))


def settle_waiting(tx: Transaction, now: Timestamp) -> tuple[str, ...]:
    """Settle every waiting run whose callback came before the run was recorded as waiting."""
    settled: list[str] = []
    waiting = _waiting(tx, now)
    for run in waiting:
        which, *names = _callbacks(tx, run, waiting)
        if not all(names):
            continue
        told = tx.rows(
            f"SELECT DISTINCT outcome FROM callbacks WHERE {which} AND outcome IS NOT NULL",  # noqa: S608 - fixed
            *(run.emulated, *names),
        )
        # A payment has one result, so that two different ones are for a person, too.
        if len(told) == 1 and _resolve(tx, run, Outcome(told[0][0]), now):
            settled.append(run.run_id)
            tx.run(
                f"UPDATE callbacks SET settled = ?, applied = ? WHERE {which}"  # noqa: S608 - fixed
                " AND outcome IS NOT NULL AND settled IS NULL",
                *(run.run_id, Applied.SETTLED, run.emulated, *names),
            )
    return tuple(settled)


def _callbacks(
    tx: Transaction, run: _Waiting, waiting: list[_Waiting]
) -> tuple[str, *tuple[str | None, ...]]:
    """Which callbacks are about a run: a condition, and the names in it."""
    if not run.pays:
        return _OF_REQUEST, run.request_id
    named = (run.payment_id, run.emulated)
    rivals = sum((other.payment_id, other.emulated) == named for other in waiting) > 1
    if rivals or _owners(tx, run):
        return _OF_BOTH, run.payment_id, run.request_id
    return _OF_PAYMENT, run.payment_id


def _owners(tx: Transaction, run: _Waiting) -> list[str]:
    """Other runs that a callback about this payment has settled: it was theirs."""
    found = tx.rows(_OWNER, run.payment_id, run.emulated, run.run_id)
    return sorted({owner for (owner,) in found})


def _waiting(tx: Transaction, now: Timestamp) -> list[_Waiting]:
    found: dict[str, _Waiting] = {}
    rows = tx.rows(_WAITING, DESTINATION, now.milliseconds)
    for run_id, reference, params, emulated, outputs in rows:
        payment, request = _text(params, "payment_id"), _text(outputs, "request_id")
        run = _Waiting(
            run_id, payment or reference, request, payment is not None, emulated=bool(emulated)
        )
        found.setdefault(run_id, run)
    return list(found.values())


def _leave(
    tx: Transaction, found: list[_Waiting], outcome: Outcome, owners: list[str], now: Timestamp
) -> tuple[str, ...]:
    """Tell at each run that the callback may be about it."""
    names = [*(run.run_id for run in found), *owners]
    for run in found:
        others = ", ".join(name for name in names if name != run.run_id)
        told = (
            f"{outcome}, of this run or of {others}, which named the same payment: find out which"
            " one made it, and settle by hand"
        )
        writes.record_event(tx, "callback", DESTINATION, told, now, run.run_id)
    return tuple(run.run_id for run in found)


def _resolve(tx: Transaction, run: _Waiting, outcome: Outcome, now: Timestamp) -> tuple[str, ...]:
    reason = "the destination said so in a callback"
    if not writes.resolve(tx, run.run_id, outcome, (None, reason), now):
        return ()
    writes.record_event(tx, "callback", DESTINATION, f"{outcome}: {reason}", now, run.run_id)
    return (run.run_id,)


def _text(document: str, name: str) -> str | None:
    value: Any = json.loads(document).get(name)
    return value if isinstance(value, str) and value else None
