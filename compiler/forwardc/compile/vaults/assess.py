"""Decides what a vault makes of one operation, and emits it where it is not refused.

A vault examines an operation in each environment, by what its values are; it emits an operation
once (`Emissions`), with holes that each environment fills. So what leaves in production is what
was tried, but for the values that `forwardc.yaml` gives.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final

from forwardc.compile.ir.analysis import has_atom, tainted
from forwardc.compile.ir.arrangements import Arrangement
from forwardc.compile.ir.program import Program, ProgramOperation
from forwardc.compile.vaults import arrangements as words
from forwardc.compile.vaults.arrangements import (
    Grants,
    Standing,
    arranged_doubts,
    lifted_refusals,
    standings,
    with_arrangements,
)
from forwardc.compile.vaults.common_findings import (
    held_elsewhere,
    left_blank,
    unconfirmed,
    unconfirmed_counting,
    unsendable,
)
from forwardc.compile.vaults.contract import Context, EmissionContext, Vault
from forwardc.compile.vaults.emission import Emission, EmittedHead, EmittedStep
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.filling import fill
from forwardc.compile.vaults.findings import Finding, Verdict, findings_by_step
from forwardc.compile.vaults.signed_requests import signed_requests
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.terms.terms import HAS_IF, Encoded, If

NEEDS_ONBOARDING: Final = "FC0610"
"""The code of a URL that the vault forwards to only after it was asked."""


@dataclass(frozen=True, slots=True)
class Emissions:
    """What vaults emitted of one destination, each operation once for all its environments.

    Kept by all that an emitter sees: the vault, the operation with its holes, and what was agreed.
    What all operations of one environment share, the head, is kept until the next environment.
    """

    _heads: dict[str, tuple[Program, Mapping[str, str], EmittedHead, Facts]] = field(
        default_factory=dict
    )
    _made: dict[tuple[object, ...], list[tuple[EmissionContext, Emission, Facts]]] = field(
        default_factory=dict
    )

    def emission_of(self, vault: Vault, context: EmissionContext) -> tuple[Emission, Facts]:
        """The emission, and the facts with the record of what was read for it."""
        made = self._made.setdefault((vault.name, context.operation.name), [])
        for context_before, emission, read in made:
            if context_before == context:
                return emission, read
        read = vault.facts.recording()
        emission = vault.emit(context, read)
        made.append((context, emission, read))
        return emission, read

    def head_of(
        self, vault: Vault, program: Program, account: Mapping[str, str]
    ) -> tuple[EmittedHead, Facts]:
        """The head of a program's plans, and the facts with the record of what was read for it."""
        last = self._heads.get(vault.name)
        if last is not None and last[0] is program and last[1] == account:
            return last[2], last[3]
        read = vault.facts.recording()
        head = vault.head(program, account, read)
        self._heads[vault.name] = (program, account, head, read)
        return head, read


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
    emission: Emission | None
    """What was emitted, with the values of its environment; None where it is refused."""
    head: EmittedHead
    """What the operation's plan shares with those of its environment and account."""
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
    def emitted_steps(self) -> tuple[EmittedStep, ...]:
        """The steps of the plan; none where the operation is refused."""
        return self.emission.steps if self.emission else ()

    @property
    def reaches_vault(self) -> bool:
        """Whether a step of the plan goes through the vault."""
        return self.emission is not None and self.emission.reaches_vault

    @property
    def refusal(self) -> str | None:
        """The first reason of a refusal, or None."""
        refused = (f.reason for f in self.findings if f.verdict is Verdict.REFUSED)
        return next(refused, None)


@dataclass(frozen=True, slots=True)
class VaultAccount:
    """What decides beside the program: the merchant's account, and what was agreed for it.

    `values` are those of `forwardc.yaml`. `shares_live_host` says that the host of a sandbox is one
    of live accounts, too.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    grants: Grants = field(default_factory=dict)
    shares_live_host: bool = False


def assess(
    vault: Vault,
    program: Program,
    operation: ProgramOperation,
    account: VaultAccount,
    emissions: Emissions | None = None,
) -> Assessment:
    """Look up every feature, then emit. A refused operation emits nothing.

    With `emissions` of the destination, an operation that was emitted already is filled only.
    """
    emissions = Emissions() if emissions is None else emissions
    agreements = standings(vault, program, operation, account.grants)
    asked = with_arrangements(operation, agreements)
    stored = vault.stored_secrets(program, asked)
    context = Context(
        *(program, asked, account.values, stored, account.shares_live_host, operation)
    )
    read = vault.facts.recording()
    findings = tuple(_with_arrangements(context, vault, agreements, read))
    head, read_for_head = emissions.head_of(vault, program, account.values)
    read.note_all(read_for_head)
    findings = (*findings, *_unknown_inputs(context, head), *_stated_presence(context, head))
    findings = (*findings, *unconfirmed_counting(context))
    if not _has(findings, Verdict.REFUSED):
        findings = (*findings, *_fallback(vault, context, account, emissions))
    emission = None
    if not _has(findings, Verdict.REFUSED):
        emission = _emitted(vault, context, agreements, emissions, read)
        findings = (*findings, *_of_emission(emission, context))
    findings = (*findings, *unconfirmed(context, read))
    findings = _distinct(findings)
    if _has(findings, Verdict.REFUSED):
        emission = None
    level, status = _level(findings), _status(context, findings)
    return Assessment(vault, context, level, status, findings, emission, head, agreements)


def _emitted(
    vault: Vault,
    context: Context,
    agreements: Sequence[Standing],
    emissions: Emissions,
    read: Facts,
) -> Emission:
    """The operation as it leaves in this environment; `read` gets what was read to emit it."""
    program = context.program
    siblings = program.templates or program.operations
    template = program.templates_by_name[context.operation.name]
    masked = tainted(program, context.operation)
    emitting_context = EmissionContext(
        with_arrangements(template, agreements), siblings, context.stored, masked
    )
    emission, emitting = emissions.emission_of(vault, emitting_context)
    read.note_all(emitting)
    values = vault.values(context.environment_class, context.account, read)
    return fill(emission, {**program.values, **values}, private=program.private)


def _of_emission(emission: Emission, context: Context) -> Iterator[Finding]:
    """What is wrong with the calls themselves, in the order of the steps."""
    spans = {step.name: step.request.span for step in context.operation.steps}
    by_step = findings_by_step(emission.findings)
    for step in emission.steps:
        body = step.call.body
        if isinstance(body, Encoded) and not step.is_direct:
            # The body as a whole has no limit, and a run's source stands in it.
            for finding in unsendable(body.tree):
                yield replace(finding, span=spans[step.name], step=step.name)
        yield from by_step.get(step.name, ())


def _examined(vault: Vault, context: Context, read: Facts) -> tuple[Finding, ...]:
    return (
        *vault.examine(context, read),
        *signed_requests(context, vault),
        *held_elsewhere(context),
        *left_blank(context),
    )


def idle_arrangements(assessment: Assessment) -> Iterator[tuple[Standing, Arrangement]]:
    """The parts of arrangements that take no refusal away, whatever the others do."""
    vault, context = assessment.vault, assessment.context
    parts = [
        replace(standing, arrangement=part, counts=True)
        for standing in assessment.standings
        for part in standing.arrangement.parts()
    ]
    whole = _changed(vault, context, parts) if parts else ()
    for number, part in enumerate(parts):
        others = _changed(vault, context, [*parts[:number], *parts[number + 1 :]])
        if not lifted_refusals(vault, others, whole, [part.arrangement]).lifted:
            yield part, part.arrangement


def _changed(vault: Vault, context: Context, agreements: Sequence[Standing]) -> tuple[Finding, ...]:
    """What the vault finds in the operation as the author wrote it, by these arrangements."""
    operation = with_arrangements(context.authored, agreements)
    stored = vault.stored_secrets(context.program, operation)
    changed = replace(context, operation=operation, stored=stored)
    return _examined(vault, changed, vault.facts)


def _with_arrangements(
    context: Context, vault: Vault, agreements: Sequence[Standing], read: Facts
) -> Iterator[Finding]:
    """What the vault finds, with a word for each arrangement in place of what it lifts."""
    findings = _examined(vault, context, read)
    lacking = [standing for standing in agreements if not standing.counts]
    counting = [standing for standing in agreements if standing.counts]
    explained: Collection[Finding] = ()
    if lacking:
        agreed = _changed(vault, context, [replace(each, counts=True) for each in agreements])
        needs = [standing.arrangement for standing in lacking]
        explained = frozenset(lifted_refusals(vault, findings, agreed, needs).lifted)
    yield from (words.needed_finding(vault, context.program, standing) for standing in lacking)
    if counting:
        written = _changed(vault, context, ())
        lifting = [standing.arrangement for standing in counting]
        yield from lifted_refusals(vault, written, findings, lifting).others
    yield from (finding for finding in findings if finding not in explained)
    for standing in counting:
        yield from words.agreement_findings(standing, arranged_doubts(vault, standing))
    named = {standing.step for standing in agreements}
    yield from words.possible_findings(vault, context, findings, named)


def _unknown_inputs(context: Context, head: EmittedHead) -> Iterator[Finding]:
    """Inputs that go with no source of the vault: nobody could give them."""
    for step in context.operation.steps:
        for ref in step.request.refs_below("inputs"):
            name = ref.name.removeprefix("inputs.")
            if not any(name in source.inputs for source in head.sources.values()):
                reason = f"no source of the vault takes the input `{name}`"
                yield Finding(Verdict.REFUSED, "FC0617", reason, ref.span)


def _stated_presence(context: Context, head: EmittedHead) -> Iterator[Finding]:
    """Values that say of another one that it is there, where only the vault knows."""
    for step in context.vault_steps:
        for node in step.request.holding(HAS_IF):
            if not isinstance(node, If) or has_atom(node.then):
                continue
            told = (source.has.get(node.present) for source in head.sources.values())
            if any(presence is not None and presence.when == "vault" for presence in told):
                reason = f"this says that `{node.present}` is there, and only the vault knows"
                yield Finding(Verdict.DEGRADED, "FC0612", reason, node.span, step.name)


def _fallback(
    vault: Vault, context: Context, account: VaultAccount, emissions: Emissions
) -> Iterator[Finding]:
    """A fallback that the vault refuses is none: the operation would end in nothing.

    Whether the host is shared with live accounts lifts and adds no refusal, so it is not asked.
    """
    name, program = context.operation.fallback, context.program
    if name is None:
        return
    alone = replace(account, shares_live_host=False)
    targets = (each for each in program.operations if each.name == name and not each.fallback)
    for target in targets:
        reason = assess(vault, program, target, alone, emissions).refusal
        if reason:
            why = f"its fallback `{name}` is refused: {reason}"
            yield Finding(Verdict.REFUSED, "FC0318", why, context.operation.span)


def _has(findings: tuple[Finding, ...], verdict: Verdict) -> bool:
    return any(finding.verdict is verdict for finding in findings)


def _distinct(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The first finding of each kind and reason in a step: one sentence is enough."""
    first: dict[tuple[str, ...], Finding] = {}
    for finding in findings:
        kind = (finding.verdict, finding.code, finding.reason, finding.step)
        first.setdefault(kind, finding)
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
