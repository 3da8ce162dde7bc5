"""Decides what a vault makes of one operation, and emits it where it is not refused.

Knows vaults by their description only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from forwardc.compile.ir.analysis import has_atom
from forwardc.compile.ir.arrangements import Arrangement
from forwardc.compile.ir.program import Operation, Program
from forwardc.compile.vaults import arranged_words as words
from forwardc.compile.vaults.arranged import (
    Grants,
    Standing,
    applied,
    arranged_doubts,
    gone,
    standings,
)
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.model import Context, Emitted, Finding, Json, Vault, Verdict
from forwardc.compile.vaults.verdicts import (
    held_elsewhere,
    left_blank,
    unconfirmed,
    unconfirmed_counting,
)
from forwardc.core.terms.terms import If


class Level(StrEnum):
    """How much of an operation a vault carries."""

    FULL = "full"
    DEGRADED = "degraded"
    REFUSED = "refused"


class Status(StrEnum):
    """How well the parts of an operation are documented."""

    DOCUMENTED = "documented"
    UNCONFIRMED = "unconfirmed"
    STAND_IN = "stand_in"


@dataclass(frozen=True, slots=True)
class Assessment:
    """One operation at one vault: level, status, the reasons, and the plan if there is one."""

    vault: Vault
    context: Context
    level: Level
    status: Status
    findings: tuple[Finding, ...]
    emitted: Emitted | None
    standings: tuple[Standing, ...] = ()
    """What the vault must agree to for this operation, and whether it did."""

    @property
    def place(self) -> tuple[str, str, str]:
        """Vault, destination and operation."""
        return self.vault.name, self.context.program.destination, self.context.operation.name

    @property
    def has_account(self) -> bool:
        """Whether `forwardc.yaml` gives all that a plan at the vault needs of the account."""
        return all(key in self.context.account for key in self.vault.account_keys)

    @property
    def emitted_steps(self) -> tuple[Json, ...]:
        """The steps of the plan; none where the operation is refused."""
        return self.emitted.steps if self.emitted else ()

    @property
    def refusal(self) -> str | None:
        """The first reason of a refusal, or None."""
        refused = (one.reason for one in self.findings if one.verdict is Verdict.REFUSED)
        return next(refused, None)


def assess(
    vault: Vault,
    program: Program,
    operation: Operation,
    account: Mapping[str, str],
    grants: Grants | None = None,
    *,
    shares_live_host: bool = False,
) -> Assessment:
    """Look up every feature, then emit. A refused operation emits nothing.

    `grants` is what this vault agreed to for this account and environment. `shares_live_host` says
    that the host of a sandbox is one of live accounts, too.
    """
    found = standings(vault, program, operation, grants or {})
    made = applied(operation, found)
    stored = vault.stored_secrets(program, made)
    context = Context(program, made, account, stored, shares_live_host, operation)
    read = vault.facts.recording()
    findings = tuple(_with_arrangements(context, vault, found, read))
    head = vault.head(program, account, read)
    findings = (*findings, *_unknown_inputs(context, head), *_stated_presence(context, head))
    findings = (*findings, *unconfirmed_counting(context))
    if not _has(findings, Verdict.REFUSED):
        findings = (*findings, *_fallback(vault, context, grants or {}))
    emitted = None
    if not _has(findings, Verdict.REFUSED):
        emitted = vault.emit(context, read)
        findings = (*findings, *emitted.findings)
    findings = (*findings, *unconfirmed(context, read))
    findings = _distinct(findings)
    if _has(findings, Verdict.REFUSED):
        emitted = None
    return Assessment(
        *(vault, context, _level(findings), _status(context, findings), findings, emitted, found)
    )


def _examined(vault: Vault, context: Context, read: Facts) -> tuple[Finding, ...]:
    return (*vault.examine(context, read), *held_elsewhere(context), *left_blank(context))


def needless(one: Assessment) -> Iterator[tuple[Standing, Arrangement]]:
    """The parts of arrangements that take no refusal away, whatever the others do."""
    vault, context = one.vault, one.context
    parts = [
        replace(standing, arrangement=part, counts=True)
        for standing in one.standings
        for part in standing.arrangement.parts()
    ]
    whole = _changed(vault, context, parts) if parts else ()
    for number, part in enumerate(parts):
        others = _changed(vault, context, [*parts[:number], *parts[number + 1 :]])
        if not gone(vault, others, whole, [part.arrangement]).lifted:
            yield part, part.arrangement


def _changed(vault: Vault, context: Context, found: Sequence[Standing]) -> tuple[Finding, ...]:
    """What the vault finds in the operation as the author wrote it, by these arrangements."""
    operation = applied(context.authored, found)
    stored = vault.stored_secrets(context.program, operation)
    changed = replace(context, operation=operation, stored=stored)
    return _examined(vault, changed, vault.facts)


def _with_arrangements(
    context: Context, vault: Vault, found: Sequence[Standing], read: Facts
) -> Iterator[Finding]:
    """What the vault finds, with a word for each arrangement in place of what it lifts."""
    findings = _examined(vault, context, read)
    lacking = [one for one in found if not one.counts]
    counting = [one for one in found if one.counts]
    explained: tuple[Finding, ...] = ()
    if lacking:
        agreed = _changed(vault, context, [replace(one, counts=True) for one in found])
        explained = gone(vault, findings, agreed, [one.arrangement for one in lacking]).lifted
    yield from (words.needed(vault, context.program, one) for one in lacking)
    if counting:
        written = _changed(vault, context, ())
        yield from gone(vault, written, findings, [one.arrangement for one in counting]).others
    yield from (finding for finding in findings if finding not in explained)
    for one in counting:
        yield from words.counted(one, arranged_doubts(vault, one))
    named = {one.step for one in found}
    yield from words.possible(vault, context, findings, named)


def _unknown_inputs(context: Context, head: Json) -> Iterator[Finding]:
    """Inputs that go with no source of the vault: nobody could give them."""
    known = {name for source in head["sources"].values() for name in source["inputs"]}
    for step in context.operation.steps:
        for ref in step.request.refs_below("inputs"):
            name = ref.name.removeprefix("inputs.")
            if name not in known:
                reason = f"no source of the vault takes the input `{name}`"
                yield Finding(Verdict.REFUSED, "FC0617", reason, ref.span)


def _stated_presence(context: Context, head: Json) -> Iterator[Finding]:
    """Values that say of another one that it is there, where only the vault knows."""
    unsure = {
        atom
        for source in head["sources"].values()
        for atom, how in source["has"].items()
        if how == "vault"
    }
    for step in context.vault_steps:
        for node in step.request.nodes:
            if isinstance(node, If) and node.present in unsure and not has_atom(node.then):
                reason = f"this says that `{node.present}` is there, and only the vault knows"
                yield Finding(Verdict.DEGRADED, "FC0612", reason, node.span, step.name)


def _fallback(vault: Vault, context: Context, grants: Grants) -> Iterator[Finding]:
    """A fallback that the vault refuses is none: the operation would end in nothing."""
    name, program = context.operation.fallback, context.program
    for target in (one for one in program.operations if one.name == name and not one.fallback):
        reason = assess(vault, program, target, context.account, grants).refusal
        if reason:
            why = f"its fallback `{name}` is refused: {reason}"
            yield Finding(Verdict.REFUSED, "FC0318", why, context.operation.span)


def _has(findings: tuple[Finding, ...], verdict: Verdict) -> bool:
    return any(finding.verdict is verdict for finding in findings)


def _distinct(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The first finding of each kind and reason in a step: one sentence is enough."""
    first: dict[tuple[str, ...], Finding] = {}
    for finding in findings:
        said = (finding.verdict, finding.code, finding.reason, finding.step)
        first.setdefault(said, finding)
    return tuple(first.values())


def _level(findings: tuple[Finding, ...]) -> Level:
    if _has(findings, Verdict.REFUSED):
        return Level.REFUSED
    return Level.DEGRADED if _has(findings, Verdict.DEGRADED) else Level.FULL


def _status(context: Context, findings: tuple[Finding, ...]) -> Status:
    steps = context.operation.steps
    if any(step.stand_in for step in steps):
        return Status.STAND_IN
    if _has(findings, Verdict.UNCONFIRMED) or any(step.unconfirmed for step in steps):
        return Status.UNCONFIRMED
    return Status.DOCUMENTED
