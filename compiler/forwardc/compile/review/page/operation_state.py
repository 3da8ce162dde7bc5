"""How an operation stands: what the vault agreed to, which records approve it, why it is degraded.

Each becomes rows of the page. What is said of several card values alike is said once, and the
worst comes first; changes since an approval are pointers.
"""

from collections.abc import Iterable
from typing import Any

from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.review.arrangements import signing_secrets
from forwardc.compile.review.page.request_values import values_of
from forwardc.compile.review.page.wording import VendorNames
from forwardc.compile.vaults.arrangements import Standing, to_record
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.findings import Finding, Verdict
from forwardc.core.dataclass import dataclass
from forwardc.core.documents.writing import as_json
from forwardc.core.files.digest import file_digest
from forwardc.plan.approvals import approval_key, withdrawn
from forwardc.plan.changes import changes, covers, digests
from forwardc.plan.digests import canonical, review_surface
from forwardc.plan.lock import Lock, OwnApproval
from forwardc.plan.model import Plan
from forwardc.plan.separation import needs_approval


def agreements(assessments: Iterable[Assessment]) -> list[dict[str, Any]]:
    """One row for each arrangement and step, also of operations that are refused without it."""
    return [
        _row(assessment, standing)
        for assessment in assessments
        for standing in assessment.standings
    ]


def _row(assessment: Assessment, standing: Standing) -> dict[str, Any]:
    arrangement, grant = standing.arrangement, standing.grant
    signature = arrangement.signature
    return {
        "id": standing.id,
        "operation": assessment.context.operation.name,
        "step": standing.step,
        "needs": arrangement.words,
        "asks": arrangement.asks,
        "url": standing.url,
        "listed": standing.listed,
        "state": _state(standing),
        "grant": grant,
        "signature": signature,
        "secrets": signing_secrets(assessment, standing) if signature else [],
        "record": to_record(assessment.vault.name, assessment.context.program, standing),
    }


def _state(standing: Standing) -> str:
    """`agreed`, `another URL` where the grant is of one, `as if agreed`, or `to ask`."""
    if standing.grant is not None:
        return "agreed" if standing.counts else "another URL"
    return "as if agreed" if standing.counts else "to ask"


# Approvals

# Lines of changes below an approval: more than these are counted, so that the page stays readable.
_MOST_CHANGES = 12


def _since(own: OwnApproval, now: dict[str, Any]) -> list[str]:
    # It can also ask git for a build, which most builds never do.
    from forwardc.compile.review.diff.compare import own_changes

    return list(own_changes(as_json(own.covers), now))


def approvals(plan: Plan, name: str, lock: Lock) -> list[dict[str, Any]]:
    """The records for an operation with what has changed since: pointers, never values.

    None where no approval is needed and none was given. A PSP's reviewers look at production only.
    """
    key, live = approval_key(plan, name), plan.environment_class == "production"
    if not needs_approval(plan) and key not in lock.own:
        return []
    surface = review_surface(plan, name) if live else None
    own, psp = lock.own.get(key), lock.psp.get(key)
    since = _since(own, covers(plan, name)) if own else []
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


# Reasons


@dataclass(frozen=True, slots=True)
class CoverageReason:
    """One sentence. Names in it stand in backticks; `place` is the first one that it is about."""

    text: str
    code: str
    step: str
    unconfirmed: bool
    place: str = ""


def reasons(assessment: Assessment, names: VendorNames) -> list[CoverageReason]:
    """The findings of an operation as sentences, what is lost before what is not confirmed."""
    steps = {step.name: step for step in assessment.context.operation.steps}
    grouped: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in assessment.findings:
        _, rest = _about(finding.reason)
        grouped.setdefault((finding.code, finding.step, rest), []).append(finding)
    sentences = [_reason(group, names, steps) for group in grouped.values()]
    return sorted(sentences, key=lambda reason: reason.unconfirmed)


def _reason(
    group: list[Finding], names: VendorNames, steps: dict[str, ProgramStep]
) -> CoverageReason:
    first = group[0]
    subjects = [_about(finding.reason)[0] for finding in group]
    _, rest = _about(first.reason)
    subject = ", ".join(f"`{names.get(name, name)}`" for name in subjects if name)
    text = f"{subject}: {rest}" if subject else rest
    place = "" if subject else _place(first, steps)
    unconfirmed = first.verdict is Verdict.UNCONFIRMED
    return CoverageReason(
        _with_vendor_names(text, names), first.code, first.step, unconfirmed, place
    )


def _about(reason: str) -> tuple[str, str]:
    """The name that a sentence begins with, and what it says of it: `x`: is lost."""
    if reason.startswith("`"):
        name, mark, rest = reason[1:].partition("`: ")
        if mark and "`" not in name:
            return name, rest
    return "", reason


def _with_vendor_names(text: str, names: VendorNames) -> str:
    parts = text.split("`")
    parts[1::2] = [names.get(part, part) for part in parts[1::2]]
    return "`".join(parts)


def _place(finding: Finding, steps: dict[str, ProgramStep]) -> str:
    """Where the value stands that a finding was made at; empty where it is no value's."""
    step = steps.get(finding.step)
    if step is None or finding.span is None:
        return ""
    return values_of(step.request).place_at(finding.span)
