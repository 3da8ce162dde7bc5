"""What to know of an operation: why it is degraded or unconfirmed, in the vault's own names.

Knows findings. What is said of several card values alike is said once; the worst comes first.
"""

from dataclasses import dataclass

from forwardc.compile.ir.program import Step
from forwardc.compile.review.page.expression import VendorNames
from forwardc.compile.review.page.protection import places
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.model import Finding, Verdict
from forwardc.core.terms.terms import walk


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
    said = [_reason(group, names, steps) for group in grouped.values()]
    return sorted(said, key=lambda reason: reason.unconfirmed)


def _reason(group: list[Finding], names: VendorNames, steps: dict[str, Step]) -> CoverageReason:
    first = group[0]
    subjects = [_about(finding.reason)[0] for finding in group]
    _, rest = _about(first.reason)
    subject = ", ".join(f"`{names.get(name, name)}`" for name in subjects if name)
    text = f"{subject}: {rest}" if subject else rest
    place = "" if subject else _place(first, steps)
    unconfirmed = first.verdict is Verdict.UNCONFIRMED
    return CoverageReason(_named(text, names), first.code, first.step, unconfirmed, place)


def _about(reason: str) -> tuple[str, str]:
    """The name that a sentence begins with, and what it says of it: `x`: is lost."""
    if reason.startswith("`"):
        name, mark, rest = reason[1:].partition("`: ")
        if mark and "`" not in name:
            return name, rest
    return "", reason


def _named(text: str, names: VendorNames) -> str:
    parts = text.split("`")
    parts[1::2] = [names.get(part, part) for part in parts[1::2]]
    return "`".join(parts)


def _place(finding: Finding, steps: dict[str, Step]) -> str:
    """Where the value stands that a finding was made at; empty where it is no value's."""
    step = steps.get(finding.step)
    if step is None or finding.span is None:
        return ""
    for place, leaf in reversed(list(places(step.request))):
        if any(node.span == finding.span for node in walk(leaf)):
            return place
    return ""
