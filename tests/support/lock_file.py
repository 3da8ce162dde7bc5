"""Gives approvals to a whole plan on a fixed day, as `forwardc approve` does."""

import datetime
from collections.abc import Sequence

from forwardc.compile.review.approve import ApprovalAct, with_approvals
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan

TODAY = datetime.date(2026, 11, 20)


def approve(
    lock: Lock,
    plan: Plan,
    operations: Sequence[str] | None = None,
    *,
    expires: datetime.date | None = None,
    ticket: str | None = None,
) -> Lock:
    """The lock with the approvals; by default of every operation of the plan."""
    sink = Sink()
    act = ApprovalAct("Ada Moreau", TODAY, expires, ticket)
    names = sorted(plan.operations) if operations is None else operations
    found = with_approvals(lock, plan, names, act, sink)
    assert found is not None, [one.message for one in sink.sorted()]
    return found
