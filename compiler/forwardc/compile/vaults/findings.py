"""Verdicts: what a vault makes of a feature, and what of an operation is lost, doubtful or refused.

A vault's table answers each feature with a `Support`; a use of a feature that is not carried
without a word becomes a `Finding` at its place in the YAML.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

from forwardc.compile.vaults.facts import Facts
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.span import Span


class Verdict(StrEnum):
    """How a vault carries one feature."""

    NATIVE = "native"
    LOWERED = "lowered"
    """Carried by other means with the same result."""
    ARRANGED = "arranged"
    """Works because the vault agreed to it, or in a sandbox as if it had."""
    DEGRADED = "degraded"
    """Works, with a loss that is named."""
    UNCONFIRMED = "unconfirmed"
    """Works after a source that the vendor's own reference does not confirm."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Support:
    """The answer for one feature; `code` and `reason` say why it is not plainly native.

    `doubts` says why the facts that it was made from are not confirmed.
    """

    verdict: Verdict
    code: str = ""
    reason: str = ""
    doubts: tuple[str, ...] = ()


NATIVE = Support(Verdict.NATIVE)
LOWERED = Support(Verdict.LOWERED)


def with_doubts(facts: Facts, answer: Callable[[Facts], Support]) -> Support:
    """An answer with the doubts of all facts that were read for it."""
    read = facts.recording()
    support = answer(read)
    return replace(support, doubts=tuple(dict.fromkeys(reason for _, reason in read.doubts or ())))


def native_by(section: str, name: str, facts: Facts) -> Support:
    """Native, because a fact names it."""

    def answer(read: Facts) -> Support:
        read.value(section, name)
        return NATIVE

    return with_doubts(facts, answer)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why an operation is degraded, unconfirmed or refused, at its place."""

    verdict: Verdict
    code: str
    reason: str
    span: Span | None = None
    step: str = ""


def findings_by_step(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the name of their step, in their order."""
    by_step: dict[str, list[Finding]] = {}
    for finding in findings:
        by_step.setdefault(finding.step, []).append(finding)
    return by_step
