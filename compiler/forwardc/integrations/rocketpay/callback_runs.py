"""Finds the run that a callback is about, and gives it its outcome, in one transaction.

Only a run that waits is resolved: one that is pending or unknown, or that no process holds any
more. A callback is about runs of the destinations whose secret verified it, a sandbox's about runs
that a sandbox answered, and the Gate's about all others.

Either may come first, and both ways lead to the same end:

| what is there | what comes | who resolves the run |
|---|---|---|
| a waiting run | its callback | `resolve_callback`, with the callback's own transaction |
| a stored callback | the open end of its run | `CallbackRuns.resolve_waiting`, by the journal |
| both, since a process died between the two | `forwardc reconcile` | `resolve_waiting` again |
"""

import json
from collections.abc import Collection, Iterator
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome
from forwardc.integrations.card_tokens import Callback, CallbackEffect
from forwardc.integrations.rocketpay.signers import NAME
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.timestamps import Timestamp

# A run that a process holds is not touched: it records its own end in a moment.
_WAITING: Final = (
    "SELECT runs.id, runs.destination, runs.reference, runs.params, runs.emulated, steps.outputs"
    " FROM runs JOIN steps ON steps.run_seq = runs.seq"
    " WHERE runs.destination IN ({names}) AND runs.lease_until < ?"
    " AND (runs.outcome IN ('pending', 'unknown') OR runs.state <> 'done') ORDER BY runs.seq"
)
_CALLBACKS: Final = (
    "SELECT seq, outcome, request_id, destinations FROM callbacks WHERE emulated = ? AND "
)
_OF_PAYMENT: Final = _CALLBACKS + "payment_id = ?"
_OF_REQUEST: Final = _CALLBACKS + "request_id = ? AND payment_id IS NULL"
_RESOLVED: Final = (
    "UPDATE callbacks SET settled = ?, applied = ?"
    " WHERE seq = ? AND outcome IS NOT NULL AND settled IS NULL"
)
_OWNERS: Final = (
    "SELECT settled, destinations FROM callbacks"
    " WHERE payment_id = ? AND emulated = ? AND settled <> ?"
)


@dataclass(frozen=True, slots=True)
class CallbackResolution:
    """The run that got its outcome, or those among which a person must choose."""

    runs: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallbackRuns:
    """An `OpenRunHook`: resolves runs of these destinations whose callback lies in the store."""

    destinations: frozenset[str]

    def may_resolve(self, tx: Transaction, run_id: str) -> bool:
        """Whether callbacks can be about a run: its destination is one that gets them."""
        rows = tx.rows("SELECT destination FROM runs WHERE id = ?", run_id)
        return any(destination in self.destinations for (destination,) in rows)

    def resolve_waiting(self, tx: Transaction, now: Timestamp) -> tuple[str, ...]:
        """Resolve every run whose callback came before the run was recorded as waiting."""
        resolved: list[str] = []
        waiting = _waiting_runs(tx, self.destinations, now)
        for run in waiting:
            rows = list(_callbacks_about(tx, run, waiting))
            # A payment has one result, so that two different ones are for a person, too.
            outcomes = {outcome for _, outcome in rows if outcome is not None}
            if len(outcomes) == 1 and _resolve(tx, run, Outcome(outcomes.pop()), now):
                resolved.append(run.run_id)
                for seq, _ in rows:
                    tx.run(_RESOLVED, run.run_id, CallbackEffect.RESOLVED, seq)
        return tuple(resolved)


@dataclass(frozen=True, slots=True)
class _WaitingRun:
    """A run that waits, and what a callback may name it by."""

    run_id: str
    destination: str
    payment_id: str
    request_id: str | None
    pays: bool
    emulated: bool

    def is_meant_by(self, callback: Callback) -> bool:
        """Whether the callback is about this run."""
        if callback.payment_id is not None:
            return callback.payment_id == self.payment_id
        # The request of a payment was only accepted: its payment tells what became of it.
        return not self.pays and self.has_request_of(callback)

    def has_request_of(self, callback: Callback) -> bool:
        """Whether the callback names the request of this run."""
        return callback.request_id is not None and callback.request_id == self.request_id


def resolve_callback(
    tx: Transaction, callback: Callback, now: Timestamp, *, emulated: bool
) -> CallbackResolution:
    """Resolve the run that waits for this payment or request."""
    if callback.outcome is None:
        return CallbackResolution()
    waiting = _waiting_runs(tx, callback.destinations, now)
    meant = [run for run in waiting if run.emulated == emulated and run.is_meant_by(callback)]
    # Two runs of one payment id made one payment: the one whose request the callback names.
    certain = [run for run in meant if run.has_request_of(callback)]
    if len(certain) == 1:
        return CallbackResolution(_resolve(tx, certain[0], callback.outcome, now))
    owners = _owners(tx, meant[0]) if meant else []
    if len(meant) > 1 or owners:
        return CallbackResolution(undecided=_leave(tx, meant, callback.outcome, owners, now))
    return CallbackResolution(_resolve(tx, meant[0], callback.outcome, now) if meant else ())


def destinations_of(column: str | None) -> tuple[str, ...]:
    """The destinations of a stored callback. Rows of before name none: there was one only."""
    return tuple(column.split()) if column else (NAME,)


def _callbacks_about(
    tx: Transaction, run: _WaitingRun, waiting: list[_WaitingRun]
) -> Iterator[tuple[int, str | None]]:
    """Number and outcome of the stored callbacks about a run."""
    query, name = (_OF_PAYMENT, run.payment_id) if run.pays else (_OF_REQUEST, run.request_id)
    if not name:
        return
    rows = [
        (seq, outcome, request_id, destinations_of(column))
        for seq, outcome, request_id, column in tx.rows(query, run.emulated, name)
        if run.destination in destinations_of(column)
    ]
    parties = {destination for *_, destinations in rows for destination in destinations}
    rivals = run.pays and (_has_rivals(run, waiting, parties) or bool(_owners(tx, run)))
    for seq, outcome, request_id, _ in rows:
        # Which of two runs made the payment, only the id of its request tells.
        if not rivals or (request_id is not None and request_id == run.request_id):
            yield seq, outcome


def _has_rivals(run: _WaitingRun, waiting: list[_WaitingRun], parties: set[str]) -> bool:
    """Whether another run waits for the same payment of the same party."""
    named = (run.payment_id, run.emulated)
    return any(
        (other.payment_id, other.emulated) == named and other.destination in parties
        for other in waiting
        if other.run_id != run.run_id
    )


def _owners(tx: Transaction, run: _WaitingRun) -> list[str]:
    """Other runs that a callback about this payment has resolved: it was theirs."""
    rows = tx.rows(_OWNERS, run.payment_id, run.emulated, run.run_id)
    return sorted({owner for owner, column in rows if run.destination in destinations_of(column)})


def _waiting_runs(
    tx: Transaction, destinations: Collection[str], now: Timestamp
) -> list[_WaitingRun]:
    if not destinations:
        return []
    query = _WAITING.format(names=", ".join("?" * len(destinations)))
    runs: dict[str, _WaitingRun] = {}
    for run_id, destination, reference, params, emulated, outputs in tx.rows(
        query, *sorted(destinations), now.milliseconds
    ):
        payment, request = _text(params, "payment_id"), _text(outputs, "request_id")
        run = _WaitingRun(
            *(run_id, destination, payment or reference, request, payment is not None),
            emulated=bool(emulated),
        )
        runs.setdefault(run_id, run)
    return list(runs.values())


def _leave(
    tx: Transaction, meant: list[_WaitingRun], outcome: Outcome, owners: list[str], now: Timestamp
) -> tuple[str, ...]:
    """Tell at each run that the callback may be about it."""
    names = [*(run.run_id for run in meant), *owners]
    for run in meant:
        others = ", ".join(name for name in names if name != run.run_id)
        message = (
            f"{outcome}, of this run or of {others}, which named the same payment: find out which"
            " one made it, and settle by hand"
        )
        writes.record_event(tx, "callback", run.destination, message, now, run.run_id)
    return tuple(run.run_id for run in meant)


def _resolve(
    tx: Transaction, run: _WaitingRun, outcome: Outcome, now: Timestamp
) -> tuple[str, ...]:
    reason = "the destination said so in a callback"
    if not writes.resolve(tx, run.run_id, outcome, (None, reason), now):
        return ()
    writes.record_event(tx, "callback", run.destination, f"{outcome}: {reason}", now, run.run_id)
    return (run.run_id,)


def _text(document: str, name: str) -> str | None:
    value: Any = json.loads(document).get(name)
    return value if isinstance(value, str) and value else None
