"""Renews what only the format of the files changed: an old lock beside the present plans.

Has no clock and writes no file. What leaves is compared whole; what decides was in no record of
version 1, so that whoever renews accepts it now. A record that does not fit is not renewed.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from forwardc.compile.review.counting import uncounted
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import decoded
from forwardc.plan.approvals import (
    AcceptedChange,
    Covers,
    Digest,
    Lock,
    OwnApproval,
    Place,
    PspApproval,
    Shown,
    damaged,
    parsed_lock,
)
from forwardc.plan.changes import changes, described
from forwardc.plan.covers import covers, digests
from forwardc.plan.digests import canonical, file_digest, leaving, review_surface
from forwardc.plan.lock_file import LOCK
from forwardc.plan.model import Plan

Json: TypeAlias = Any


class OwnApprovalVersion1(BaseModel):
    """An own approval of version 1: of what leaves only."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    digest: Digest
    date: datetime.date
    by: Shown
    expires: datetime.date | None = None
    covers: dict[str, Any]


class LockVersion1(BaseModel):
    """The lock file of version 1."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    forwardc: Literal[1]
    own: dict[Place, OwnApprovalVersion1] = {}
    psp: dict[Place, PspApproval] = {}
    accepted: tuple[AcceptedChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Renewal:
    """One own record beside the present digests: of what leaves, and of what decides.

    `why_not` says where it does not fit; None: only the format changed. `now` is empty where the
    operation is not built any more.
    """

    place: str
    old: OwnApprovalVersion1
    now: Mapping[str, str]
    why_not: str | None = None


def read_old(data: bytes, sink: Sink) -> LockVersion1 | None:
    """The lock of version 1 in these bytes; None with FC0705 or FC0710 in the sink."""
    document = parsed_lock(data, sink)
    if document is None:
        return None
    if document["forwardc"] != 1:
        sink.error("FC0710", f"{LOCK} has not version 1: there is nothing to renew")
        return None
    try:
        old = LockVersion1.model_validate_json(decoded(data))
    except ValidationError:
        damaged("is damaged", sink)
        return None
    records: list[OwnApprovalVersion1 | PspApproval] = [*old.own.values(), *old.psp.values()]
    if any(record.digest != file_digest(canonical(record.covers)) for record in records):
        damaged("was edited: a digest is not that of what its record covers", sink)
        return None
    return old


def renewals(old: LockVersion1, plans: Mapping[str, tuple[Plan, str]]) -> Iterator[Renewal]:
    """Each own record with what there is now. `plans` gives plan and operation by place."""
    for place, record in sorted(old.own.items()):
        if place not in plans:
            yield Renewal(place, record, {}, "it is not built any more")
            continue
        plan, name = plans[place]
        differing = changes(_of_now(record.covers), leaving(plan, name))
        why_not = f"what leaves has changed: {described(differing)}" if differing else None
        if uncounted(plan, name) is not None:
            why_not = "its file does not say how the destination counts money [FC0712]"
        if any(not step.outcome for step in plan.operations[name].steps):
            why_not = "a step says nothing of what its answers mean"
        yield Renewal(place, record, digests(plan, name), why_not)


def unchanged_psp_approvals(
    old: LockVersion1, plans: Mapping[str, tuple[Plan, str]]
) -> dict[str, PspApproval]:
    """The approvals of PSPs whose review surface is the same: they cover nothing else."""
    return {
        place: record
        for place, record in sorted(old.psp.items())
        if place in plans and record.covers == review_surface(*plans[place])
    }


def _of_now(covered: dict[str, Json]) -> dict[str, Json]:
    """What version 1 says of what leaves, as this version says the same."""
    return {**covered, "forwardc": 2}


def renewed(
    old: LockVersion1,
    candidates: list[Renewal],
    plans: Mapping[str, tuple[Plan, str]],
    by: str,
    date: datetime.date,
) -> Lock:
    """The lock with the records that fit; each keeps its last day.

    An approval of a PSP covers its review surface alone, and stays where that is the same.
    """
    own = {
        renewal.place: _own(renewal, *plans[renewal.place], by, date)
        for renewal in candidates
        if renewal.why_not is None
    }
    return Lock(own=own, psp=unchanged_psp_approvals(old, plans), accepted=old.accepted)


def _own(renewal: Renewal, plan: Plan, name: str, by: str, date: datetime.date) -> OwnApproval:
    return OwnApproval(
        digest=renewal.now["leaves"],
        behaviour=renewal.now["behaviour"],
        date=date,
        by=by,
        expires=renewal.old.expires,
        covers=Covers(**covers(plan, name)),
    )
