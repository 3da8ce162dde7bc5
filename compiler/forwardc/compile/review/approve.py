"""Puts approvals into the lock, as a new value and as bytes. Has no clock and writes no file.

Refuses what nobody can have looked at: stand-ins, steps without an outcome, dates that are past.
"""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass

from forwardc.compile.review.counting import refuse_uncounted
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets
from forwardc.plan.approvals import (
    AcceptedChange,
    Approval,
    Covers,
    Lock,
    OwnApproval,
    PspApproval,
    one_line,
    place,
)
from forwardc.plan.behaviour import behaviour_digest
from forwardc.plan.covers import covers
from forwardc.plan.digests import approval_digest, canonical, file_digest, review_surface
from forwardc.plan.model import Plan
from forwardc.plan.separation import has_shapes, needs_approval
from forwardc.plan.unfit import refuse_unfit

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ApprovalAct:
    """Who approves, when, until which day (included), and the PSP's ticket if it has approved."""

    by: str
    date: datetime.date
    expires: datetime.date | None = None
    ticket: str | None = None


def with_approvals(
    lock: Lock, plan: Plan, operations: Sequence[str], act: ApprovalAct, sink: Sink
) -> Lock | None:
    """The lock with the approvals of these operations, all or none.

    None with FC0706 or FC0815 in the sink. Raises `KeyError` for an operation not in the plan.
    """
    refused = [refuse_unfit(plan, name, sink) for name in operations]
    live = plan.environment_class == "production"
    surfaces = {name: review_surface(plan, name) if live else None for name in operations}
    if _refused(plan, operations, act, list(surfaces.values()), sink) or any(refused):
        return None
    own, psp = dict(lock.own), dict(lock.psp)
    for name in operations:
        own[place(plan, name)] = _own(plan, name, act)
        surface = surfaces[name]
        if act.ticket is not None and surface is not None:
            psp[place(plan, name)] = _psp(surface, act, act.ticket)
    return lock.model_copy(update={"own": own, "psp": psp})


def with_accepted(
    lock: Lock, changes: Sequence[str], reason: str, act: ApprovalAct, sink: Sink
) -> Lock | None:
    """The lock with these breaks of callers accepted, by the ids that `diff` gives.

    An earlier acceptance of the same break is replaced. None with FC0706 in the sink.
    """
    before = len(sink.sorted())
    check_text("--by", act.by, sink)
    check_text("--reason", reason, sink)
    if len(sink.sorted()) > before:
        return None
    others = [change for change in lock.accepted if change.change not in changes]
    new = [
        AcceptedChange(change=change, reason=reason, by=act.by, date=act.date)
        for change in dict.fromkeys(changes)
    ]
    accepted = tuple(sorted([*others, *new], key=lambda change: change.change))
    return lock.model_copy(update={"accepted": accepted})


def _refused(
    plan: Plan, operations: Sequence[str], act: ApprovalAct, surfaces: Sequence[object], sink: Sink
) -> bool:
    before = len(sink.sorted())
    refuse_uncounted(plan, operations, sink)
    if not needs_approval(plan) and not has_shapes(plan):
        where = f"{plan.vault}/{plan.destination} needs no approval in {plan.environment}"
        sink.error("FC0706", f"{where}: its hosts serve no live account")
    if act.expires is not None and act.expires < act.date:
        sink.error("FC0706", "the day of --expires is past")
    if act.ticket is not None and not any(surfaces):
        sink.error(
            "FC0706",
            f"{plan.vault} reviews nothing of {plan.destination}: there is no PSP's approval",
            hint="leave --psp-ticket out",
        )
    check_text("--by", act.by, sink)
    if act.ticket is not None:
        check_text("--psp-ticket", act.ticket, sink)
    return len(sink.sorted()) > before


def check_name(by: str, sink: Sink) -> bool:
    """Whether this may stand in a record as somebody's name; else FC0706 is in the sink."""
    before = len(sink.sorted())
    check_text("--by", by, sink)
    return len(sink.sorted()) == before


def check_text(option: str, text: str, sink: Sink) -> None:
    """Report FC0706 where a text may not stand in the lock, to be read by everybody."""
    try:
        one_line(text)
    except ValueError as problem:
        sink.error("FC0706", f"{option} {problem}")
    if len(text) > _LONGEST_NAME:
        sink.error("FC0706", f"{option} has more than {_LONGEST_NAME} characters")
    if find_secrets(text) or find_cards(text):
        sink.error("FC0706", f"{option} looks like a credential or a card number")


def _own(plan: Plan, operation: str, act: ApprovalAct) -> OwnApproval:
    covered = Covers(**covers(plan, operation))
    return OwnApproval(
        digest=approval_digest(plan, operation),
        behaviour=behaviour_digest(plan, operation),
        date=act.date,
        by=act.by,
        expires=act.expires,
        covers=covered,
    )


def _psp(surface: list[object], act: ApprovalAct, ticket: str) -> PspApproval:
    digest = file_digest(canonical(surface))
    return PspApproval(
        digest=digest,
        date=act.date,
        by=act.by,
        ticket=ticket,
        expires=act.expires,
        covers=surface,
    )


def lock_bytes(lock: Lock) -> bytes:
    """The lock file: one leaf a line and records sorted, so that its diff reads well."""
    data = {
        "forwardc": lock.forwardc,
        "own": {key: _record(lock.own[key]) for key in sorted(lock.own)},
        "psp": {key: _record(lock.psp[key]) for key in sorted(lock.psp)},
        "accepted": [change.model_dump(mode="json") for change in lock.accepted],
    }
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _record(record: Approval) -> dict[str, object]:
    unused = {name for name in ("expires", "revoked") if getattr(record, name) is None}
    return record.model_dump(mode="json", exclude=unused)
