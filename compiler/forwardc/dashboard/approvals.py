"""What may run and until when: the records of `forwardc.lock` beside what is built now."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.filters import address_error
from forwardc.dashboard.project import BuiltProject, problems
from forwardc.dashboard.views import Page, ViewContext, ViewRequest
from forwardc.plan.approvals import ApprovalState, approval_key, shortfalls, states
from forwardc.plan.lock import Approval, Lock, PspApproval
from forwardc.plan.model import Plan
from forwardc.plan.separation import needs_approval

_SOON: Final = datetime.timedelta(days=30)
_COLOURS: Final[Mapping[str, str]] = {
    ApprovalState.APPROVED: "approved",
    ApprovalState.CHANGED: "declined",
    ApprovalState.EXPIRED: "rejected",
    ApprovalState.REVOKED: "rejected",
    ApprovalState.NEVER: "open",
}


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One record, or the lack of one. `days` are left until it ends, less than none where past."""

    vault: str
    operation: str
    place: str
    whose: str
    state: ApprovalState
    by: str = ""
    date: datetime.date | None = None
    ticket: str = ""
    expires: datetime.date | None = None
    days: int | None = None
    why: str = ""

    @property
    def soon(self) -> bool:
        """Whether it holds now and will not for long."""
        return (
            self.state is ApprovalState.APPROVED
            and self.days is not None
            and self.days <= _SOON.days
        )


def approvals(context: ViewContext, request: ViewRequest) -> Page:
    """Every approval that is needed or on record, what ends first on top.

    Raises `PageRefusedError` for an address with a filter: the page has none.
    """
    if request.query:
        raise address_error("A filter stands in it that this page does not have.")
    sink, project = Sink(), context.settings.project
    lock = project.lock(sink) if project else None
    rows = (
        list(_rows(project, lock, context.settings.now().date(), sink)) if project and lock else []
    )
    built = {f"{row.vault}/{row.operation}/{row.place}" for row in rows}
    return Page(
        "approvals.html.j2",
        {
            "here": "/approvals",
            "project": project,
            "problems": problems(sink),
            "rows": sorted(rows, key=_urgency),
            "colours": _COLOURS,
            "unused": sorted(_unused(lock, built)) if lock else [],
            "soon": sum(row.soon for row in rows),
            "soon_days": _SOON.days,
        },
    )


def _rows(
    project: BuiltProject, lock: Lock, today: datetime.date, sink: Sink
) -> Iterator[ApprovalRow]:
    for plan in project.plans(sink):
        for name in plan.operations:
            if needs_approval(plan) or approval_key(plan, name) in lock.own:
                yield from _of_operation(plan, name, lock, today)


def _of_operation(plan: Plan, name: str, lock: Lock, today: datetime.date) -> Iterator[ApprovalRow]:
    key = approval_key(plan, name)
    record_states, why = states(plan, name, lock, today), shortfalls(plan, name, lock, today)
    yield _row(plan, name, "own", record_states.own, lock.own.get(key), why, today)
    if record_states.psp is not None:
        yield _row(plan, name, "psp", record_states.psp, lock.psp.get(key), why, today)


def _row(
    plan: Plan,
    name: str,
    whose: str,
    state: ApprovalState,
    record: Approval | None,
    why: Mapping[str, str],
    today: datetime.date,
) -> ApprovalRow:
    named = (plan.vault, f"{plan.destination}.{name}", plan.place, whose, state)
    if record is None:
        return ApprovalRow(*named)
    return ApprovalRow(
        *named,
        by=record.by,
        date=record.date,
        ticket=record.ticket if isinstance(record, PspApproval) else "",
        expires=record.expires,
        days=(record.expires - today).days if record.expires else None,
        why=_why(state, why.get(whose, "")),
    )


def _why(state: ApprovalState, why: str) -> str:
    """What is wrong with a record, as a sentence beside its state; its last day stands there."""
    if state is ApprovalState.EXPIRED or not why:
        return ""
    return f"the one {why}" if why.startswith("of ") else why


def _urgency(row: ApprovalRow) -> tuple[int, datetime.date, str, str, str, str]:
    """What ends first, then what holds for ever, then what was never given."""
    dated = row.expires is not None and row.state in (ApprovalState.APPROVED, ApprovalState.EXPIRED)
    rank = (
        0
        if dated
        else 2
        if row.state is ApprovalState.APPROVED
        else 3
        if row.state is ApprovalState.NEVER
        else 1
    )
    ends = row.expires if dated and row.expires else datetime.date.max
    return rank, ends, row.operation, row.vault, row.place, row.whose


def _unused(lock: Lock, built: set[str]) -> Iterator[str]:
    """Records whose operation is not built any more."""
    for key in {*lock.own, *lock.psp}:
        vault, destination, operation, where = key.split("/", 3)
        if f"{vault}/{destination}.{operation}/{where}" not in built:
            yield key
