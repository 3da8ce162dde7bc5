"""Which ways may be served, and the record of the approvals that let them.

Knows no lock file's form, and writes no approval: events tell when one was first in force here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.approvals import Lock, Revoked, place, refuse_unapproved, withdrawn
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.store import Store
from forwardc.server.payment_sharing.forwarder import ServedPlan

Ways = Mapping[tuple[str, str], ServedPlan]
KIND = "approval"


def approved_plans(
    ways: Ways, lock: Lock, today: date, sink: Sink, *, emulated: bool = False
) -> dict[tuple[str, str], ServedPlan]:
    """The ways that may be served. A destination that keeps none is an error.

    Codes FC0814, FC0815 and FC0859, which warns of a rehearsal with ids for trying out.

    Of one that keeps some, the others are warned of: a merchant need not use every vault. What a
    sandbox on this machine plays (`emulated`) needs no approval in a sandbox.
    """
    refused: dict[tuple[str, str], Sink] = {}
    for key, way in ways.items():
        found = Sink()
        refuse_unapproved(way.plan, way.operation, lock, today, found, emulated=emulated)
        if found.has_errors:
            refused[key] = found
        else:
            for remark in found.sorted():
                sink.add(remark)
    kept = {key: way for key, way in ways.items() if key not in refused}
    served = {destination for destination, _ in kept}
    for (destination, _), found in refused.items():
        for problem in found.sorted():
            known = destination in served
            sink.add(replace(problem, severity=Severity.WARNING) if known else problem)
    return kept


def record_approvals(store: Store, ways: Ways, lock: Lock) -> int:
    """Add an event for each approval in force that this history has not seen; how many."""
    return store.database.write(approval_recorder(store, ways, lock))


def approval_recorder(store: Store, ways: Ways, lock: Lock) -> Callable[[Transaction], int]:
    """The work of `record`, for a transaction."""

    def work(tx: Transaction) -> int:
        tx.alone()
        new = [told for told in _told(ways, lock) if not _is_known(tx, told[1])]
        for by, what in new:
            writes.record_event(tx, KIND, by, what, store.moment())
        return len(new)

    return work


def _told(ways: Ways, lock: Lock) -> Iterator[tuple[str, str]]:
    """Who approved, and what: place, digest, day, and the last day; or who withdrew it, and why."""
    for key in sorted({place(way.plan, way.operation) for way in ways.values()}):
        if own := lock.own.get(key):
            line = _line(key, "own", own.digest, own.date, own.expires)
            yield _revoked(own.revoked, line) or (own.by, line)
        if psp := lock.psp.get(key):
            line = _line(key, "psp", psp.digest, psp.date, psp.expires)
            line = f"{line}, ticket {psp.ticket}"
            yield _revoked(psp.revoked, line) or (psp.by, line)


def _revoked(fact: Revoked | None, line: str) -> tuple[str, str] | None:
    return None if fact is None else (fact.by, f"{line}: {withdrawn(fact)}")


def _line(key: str, group: str, digest: str, day: date, expires: date | None) -> str:
    until = f", until {expires.isoformat()}" if expires else ""
    return f"{group} approval of {key}, {digest}, given {day.isoformat()}{until}"


def _is_known(tx: Transaction, what: str) -> bool:
    return first_row(tx, "SELECT 1 FROM events WHERE kind = ? AND what = ?", KIND, what) is not None
