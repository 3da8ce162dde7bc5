"""Which plans may be served: at the start, and by `forwardc.lock` as it is now.

The file is looked at once a second at the most, and read only where it is another one than before.
A lock that cannot be read approves nothing. Events tell when an approval was first in force here.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Final, TypeAlias

from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.render.clean import clean
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import CheckoutPath
from forwardc.plan.approvals import approval_key, refuse_unapproved, withdrawn
from forwardc.plan.formats import LOCK, lock_of_build
from forwardc.plan.lock import Lock, Revoked, read_lock
from forwardc.runtime.history import writes
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.store import Store
from forwardc.runtime.run.request import ClockAndIds
from forwardc.runtime.work_executor import run_blocking
from forwardc.server.payment_sharing.forwarder import ServedPlan, ServedPlans

KIND = "approval"


def approved_plans(
    plans: ServedPlans, lock: Lock, today: date, sink: Sink, *, emulated: bool = False
) -> dict[tuple[str, str], ServedPlan]:
    """The ways that may be served. A destination that keeps none is an error.

    Codes FC0814, FC0815 and FC0859, which warns of a rehearsal with ids for trying out.

    Of one that keeps some, the others are warned of: a merchant need not use every vault. What a
    sandbox on this machine plays (`emulated`) needs no approval in a sandbox.
    """
    refused: dict[tuple[str, str], Sink] = {}
    for key, served in plans.items():
        problems = Sink()
        refuse_unapproved(served.plan, served.operation, lock, today, problems, emulated=emulated)
        if problems.has_errors:
            refused[key] = problems
        else:
            for remark in problems.sorted():
                sink.add(remark)
    approved = {key: served for key, served in plans.items() if key not in refused}
    destinations = {destination for destination, _ in approved}
    for (destination, _), problems in refused.items():
        for problem in problems.sorted():
            is_served = destination in destinations
            sink.add(replace(problem, severity=Severity.WARNING) if is_served else problem)
    return approved


def record_approvals(store: Store, plans: ServedPlans, lock: Lock) -> int:
    """Add an event for each approval in force that this history has not seen; how many."""
    return store.database.write(approval_recorder(store, plans, lock))


def approval_recorder(store: Store, plans: ServedPlans, lock: Lock) -> Callable[[Transaction], int]:
    """The work of `record`, for a transaction."""

    def work(tx: Transaction) -> int:
        tx.exclusive()
        new = [event for event in _events(plans, lock) if not _is_known(tx, event[1])]
        for by, text in new:
            writes.record_event(tx, KIND, by, text, store.timestamp())
        return len(new)

    return work


def _events(plans: ServedPlans, lock: Lock) -> Iterator[tuple[str, str]]:
    """Who approved, and what: place, digest, day, and the last day; or who withdrew it, and why."""
    for key in sorted({approval_key(served.plan, served.operation) for served in plans.values()}):
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


def _is_known(tx: Transaction, text: str) -> bool:
    return first_row(tx, "SELECT 1 FROM events WHERE kind = ? AND what = ?", KIND, text) is not None


# While it serves: what may leave now.

_LOG: Final = logging.getLogger("forwardc.server")
# Seconds between two looks at the lock: a withdrawal counts a second later in every process.
EVERY_S: Final = 1.0
# A file that was written a moment ago may be written once more under the same time.
_SETTLED_NS: Final = 2_000_000_000
RefusalReasons: TypeAlias = dict[tuple[str, str], tuple[str, ...]]
Identity: TypeAlias = tuple[int, ...]


class ApprovalsInForce:
    """What may leave now. `clock` gives seconds that never go back; the day is `ambient`'s.

    `told` hears of every way whether it is approved, whenever that may have changed; `came` of
    every lock that was read.
    """

    def __init__(
        self,
        build: Path | CheckoutPath,
        plans: ServedPlans,
        ambient: ClockAndIds,
        on_judged: Callable[[Mapping[tuple[str, str], bool]], None] = lambda _: None,
        on_lock: Callable[[Lock], None] = lambda _: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._build = build
        self._plans = plans
        self._ambient = ambient
        self._on_judged = on_judged
        self._on_lock = on_lock
        self._clock = clock
        self._looked_at = float("-inf")
        self._identity: Identity | None = None
        self._settled = False
        self._reading: asyncio.Task[None] | None = None
        self._unreadable: tuple[str, ...] = ()
        self._read_last: Lock | None = None
        self._day: date | None = None
        self._refused: RefusalReasons = {}

    async def now(self) -> ClockAndIds:
        """The clock and the lock of a run that begins now."""
        await self.look()
        return self._ambient

    async def look(self) -> None:
        """Know the truth of a second ago."""
        if self._clock() - self._looked_at >= EVERY_S:
            self._looked_at = self._clock()
            identity, changed_ns = _identity(self._build)
            if identity != self._identity or not self._settled:
                self._identity = identity
                self._settled = time.time_ns() - changed_ns > _SETTLED_NS
                self._reading = asyncio.get_running_loop().create_task(self._read())
            elif self._ambient.now().date() != self._day:
                self._judge()
        if self._reading is not None and not self._reading.done():
            # One caller that leaves must not take the answer from the others.
            await asyncio.shield(self._reading)

    @property
    def refused(self) -> RefusalReasons:
        """What may not leave, by destination and vault, with the reasons; known by `look`."""
        return dict(self._refused)

    @property
    def unreadable(self) -> bool:
        """Whether the lock could not be read when it was looked at last."""
        return bool(self._unreadable)

    async def watch(self) -> None:
        """Look also while nobody calls. Ends by being cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def _read(self) -> None:
        sink, before = Sink(), self._read_last
        try:
            lock = await run_blocking(read_lock, lock_of_build(self._build), sink)
        except Exception as problem:
            # Whatever it is, it is no approval.
            lock = None
            sink.error("FC0705", f"{LOCK} cannot be read: {type(problem).__name__}")
        self._unreadable = tuple(_shown(sink))
        self._read_last = lock
        self._ambient = replace(self._ambient, lock=lock or Lock())
        if lock is None:
            # It may be whole again without another identity: a disk that came back.
            self._settled = False
        self._judge()
        if lock is not None and lock != before:
            self._on_lock(lock)

    def _judge(self) -> None:
        """Find out what may not leave today, and say what is new of that."""
        self._day = self._ambient.now().date()
        refused: RefusalReasons = {}
        for key, served in self._plans.items():
            sink, ambient = Sink(), self._ambient
            refuse_unapproved(
                *(served.plan, served.operation, ambient.lock, self._day, sink),
                emulated=ambient.emulated,
            )
            if sink.has_errors:
                refused[key] = self._unreadable or tuple(_shown(sink))
        if refused != self._refused:
            _log(refused, self._refused)
        self._refused = refused
        self._on_judged({key: key not in refused for key in self._plans})


def _identity(build: Path | CheckoutPath) -> tuple[Identity, int]:
    """What tells one lock from another, and when it changed last, in nanoseconds since 1970.

    A folder above may be a link that leads to the newest release.
    """
    try:
        status = lock_of_build(build).status()
    except OSError as problem:
        return (problem.errno or -1,), 0
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    ), changed


def _shown(sink: Sink) -> list[str]:
    return [f"{problem.code} {clean(problem).message}" for problem in sink.sorted()]


def _log(now: RefusalReasons, before: RefusalReasons) -> None:
    """A line for each reason that is new, and one for each way that is served again."""
    reasons_before = {why for reasons in before.values() for why in reasons}
    new = dict.fromkeys(
        why for reasons in now.values() for why in reasons if why not in reasons_before
    )
    for why in new:
        _LOG.error("no longer approved", extra={"members": {"why": why}})
    for destination, vault in sorted(before.keys() - now.keys()):
        members = {"destination": destination, "vault": vault}
        _LOG.info("approved again", extra={"members": members})
