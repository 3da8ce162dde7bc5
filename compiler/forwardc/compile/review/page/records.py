"""The approvals of an operation as the page shows them: the record, and what changed since.

Knows plans and the lock; pointers, never values.
"""

from typing import Any

from forwardc.compile.review.diff.compare import own_changes
from forwardc.plan.approvals import Lock, place, withdrawn
from forwardc.plan.changes import changes
from forwardc.plan.covers import covers, digests
from forwardc.plan.digests import canonical, file_digest, review_surface
from forwardc.plan.model import Plan
from forwardc.plan.separation import needs_approval

_MOST_CHANGES = 12


def approvals(plan: Plan, name: str, lock: Lock) -> list[dict[str, Any]]:
    """The records for an operation with what has changed since: pointers, never values.

    None where no approval is needed and none was given. A PSP's reviewers look at production only.
    """
    key, live = place(plan, name), plan.environment_class == "production"
    if not needs_approval(plan) and key not in lock.own:
        return []
    surface = review_surface(plan, name) if live else None
    own, psp = lock.own.get(key), lock.psp.get(key)
    now = covers(plan, name)
    since = list(own_changes(own.covers.model_dump(), now)) if own else []
    records = [_record("own", own, since, list(digests(plan, name).values()))]
    if surface is not None:
        since = [str(change) for change in changes(psp.covers, surface)] if psp else []
        records.append(_record("PSP", psp, since, [file_digest(canonical(surface))]))
    return records


def _record(which: str, record: Any, since: list[str], digest: list[str]) -> dict[str, Any]:
    state = "never approved" if record is None else "changed" if since else "approved"
    revoked = None if record is None else record.revoked
    return {
        "which": which,
        "state": state if revoked is None else "withdrawn",
        # Both are red: nothing runs.
        "tag": state.split()[0] if revoked is None else "never",
        "withdrawn": None if revoked is None else withdrawn(revoked),
        "digests": digest,
        "record": record,
        "ticket": getattr(record, "ticket", None),
        "changes": since[:_MOST_CHANGES],
        "more": max(0, len(since) - _MOST_CHANGES),
    }
