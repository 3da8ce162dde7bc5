"""What arrangements change of an operation at a vault, what each of them lifts, and what is said.

An arrangement counts where its grant is recorded; a sandbox plays one without a grant as if it were
agreed. Each lifts the refusals of its own place, of the codes that the vault's facts name.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from forwardc.compile.ir.arrangements import (
    AgreedArrangement,
    Arrangement,
    ArrangementKind,
    Grant,
    Signature,
    composed,
)
from forwardc.compile.ir.places import changed
from forwardc.compile.ir.program import (
    Program,
    ProgramOperation,
    ProgramPair,
    ProgramRequest,
    ProgramStep,
)
from forwardc.compile.vaults.contract import Context, Vault
from forwardc.compile.vaults.findings import Finding, Verdict
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.terms.terms import Atom, Call, Encoding, Lit, Term, walk

Grants: TypeAlias = Mapping[str, Grant]
"""Grants of one vault, account and environment, by `destination.arrangement`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One arrangement of a step at a vault: whether it is agreed, and what of it helps."""

    id: str
    step: str
    arrangement: Arrangement
    grant: Grant | None
    counts: bool
    """Whether the step is compiled by it: agreed, or played as if."""
    url: str
    listed: bool
    """Whether the vault's published list has the URL."""

    @property
    def as_if(self) -> bool:
        """Whether nobody has agreed, and a sandbox plays it."""
        return self.counts and self.grant is None


def standings(
    vault: Vault, program: Program, operation: ProgramOperation, grants: Grants
) -> tuple[Standing, ...]:
    """The arrangements of an operation's steps with this vault, in the order of the file."""
    sandbox = program.environment_class == "sandbox"
    agreements: list[Standing] = []
    for arrangement in program.arrangements:
        if arrangement.vault != vault.name or not offered(vault, arrangement):
            continue
        id_ = f"{program.destination}.{arrangement.name}"
        grant = grants.get(id_)
        for step in operation.steps:
            if arrangement.is_for(operation.name, step.name) and not step.direct:
                url, listed = vault.address(step.request)
                counts = sandbox if grant is None else grant.url in (None, url)
                agreements.append(Standing(id_, step.name, arrangement, grant, counts, url, listed))
    return tuple(agreements)


def offered(vault: Vault, arrangement: Arrangement) -> bool:
    """Whether the vault's facts know every kind of an arrangement."""
    return not list(refused_kinds(vault, arrangement))


def refused_kinds(vault: Vault, arrangement: Arrangement) -> Iterator[str]:
    """What of an arrangement the vault agrees to with nobody, in words."""
    facts_of_kind = kinds(vault)
    for kind in arrangement.kinds:
        fact = facts_of_kind.get(kind)
        if fact is None:
            yield f"{kind}"
        elif kind is ArrangementKind.METHOD and arrangement.method not in fact["methods"]:
            yield f"the method {arrangement.method}"
        elif kind is ArrangementKind.SIGNATURE and arrangement.signature is not None:
            if arrangement.signature.replacement not in fact["replacements"]:
                yield f"the replacement {arrangement.signature.replacement}"
        elif kind is ArrangementKind.NETWORK_TOKEN:
            yield from (
                f"tokens of {name}" for name in arrangement.wallets if name not in fact["kinds"]
            )


def kinds(vault: Vault) -> Mapping[str, Any]:
    """What the vault can agree to, by kind; nothing where its facts name none."""
    return {name: fact["value"] for name, fact in vault.facts.data.get("arrangements", {}).items()}


def arranged_doubts(vault: Vault, standing: Standing) -> list[str]:
    """Why nobody confirms the facts of an arrangement's kinds."""
    entries = vault.facts.data.get("arrangements", {})
    reasons = (
        vault.facts.doubt(entries[kind]) for kind in standing.arrangement.kinds if kind in entries
    )
    return [reason for reason in reasons if reason]


def with_arrangements(
    operation: ProgramOperation, agreements: Iterable[Standing]
) -> ProgramOperation:
    """The operation as the vault is asked for it: what counts is blank, or native, at its place."""
    by_step: dict[str, list[AgreedArrangement]] = {}
    for standing in agreements:
        if standing.counts:
            agreed = AgreedArrangement(standing.id, standing.arrangement, standing.grant)
            by_step.setdefault(standing.step, []).append(agreed)
    if not by_step:
        return operation
    steps = tuple(
        _with(step, by_step[step.name]) if step.name in by_step else step
        for step in operation.steps
    )
    return replace(operation, steps=steps)


def _with(step: ProgramStep, agreed: Sequence[AgreedArrangement]) -> ProgramStep:
    request = step.request
    for each in agreed:
        for fill in each.arrangement.fills:
            request = _at(request, fill.at, _blank_date)
        if each.arrangement.signature is not None:
            request = _signed(request, each.arrangement.signature)
    return replace(step, request=request, agreed=tuple(agreed))


def _at(
    request: ProgramRequest, at: str, change: Callable[[Term, Encoding], Term]
) -> ProgramRequest:
    body = request.body
    if body is None:
        return request
    tree = changed(body, lambda place, term: change(term, body.encoding) if place == at else term)
    return replace(request, body=replace(body, tree=tree))


def _blank_date(term: Term, encoding: Encoding) -> Term:
    """An expiry date that the vault fills: any form of it is the same blank."""
    if composed(term) is None:
        return term
    first = next(node for node in walk(term) if isinstance(node, Atom))
    blank = Atom(f"{first.name.partition('.')[0]}.expiry.MM", span=term.span or first.span)
    is_number = isinstance(term, Call) and encoding is not Encoding.XML
    return Call("int", (blank,), span=term.span) if is_number else blank


def _signed(request: ProgramRequest, signature: Signature) -> ProgramRequest:
    """The request with a blank where the vault signs, and without our own signature there."""
    header = signature.header
    sign = request.sign
    if sign is not None and (sign.into == signature.at if sign.into else header is not None):
        request = replace(request, sign=None)
    if header is None:
        return _at(request, signature.at, lambda term, _: Lit("", span=term.span))
    blank = Lit("", span=signature.span)
    pairs = tuple(
        ProgramPair(pair.name, blank, pair.span) if pair.name.lower() == header.lower() else pair
        for pair in request.headers
    )
    if pairs == request.headers and all(pair.name.lower() != header.lower() for pair in pairs):
        pairs = (*pairs, ProgramPair(header, blank, signature.span))
    return replace(request, headers=pairs)


@dataclass(frozen=True, slots=True)
class LiftedRefusals:
    """Refusals that are not found any more: of codes that arrangements lift, and of others."""

    lifted: tuple[Finding, ...]
    others: tuple[Finding, ...]


def lifted_refusals(
    vault: Vault,
    before: Sequence[Finding],
    after: Sequence[Finding],
    lifting: Iterable[Arrangement],
) -> LiftedRefusals:
    """What arrangements took away. Only what their kinds lift may stay away."""
    lifts = kinds(vault)
    codes = {
        code
        for arrangement in lifting
        for kind in arrangement.kinds
        for code in lifts[kind]["lifts"]
    }
    missing = list(Counter(_refusals(before)) - Counter(_refusals(after)))
    return LiftedRefusals(
        tuple(arrangement for arrangement in missing if arrangement.code in codes),
        tuple(arrangement for arrangement in missing if arrangement.code not in codes),
    )


def _refusals(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.verdict is Verdict.REFUSED)


_IN_HEADER = "the documents say that the vault fills a body, and of a signature in a header nothing"


def needed_finding(vault: Vault, program: Program, standing: Standing) -> Finding:
    """FC0625: what must be agreed before the step can leave, with the lines to write."""
    listed = "lists this URL; it needs" if standing.listed else "must onboard this URL, with"
    reason = (
        f"{vault.facts.title} {listed} {standing.arrangement.words}: ask its support,"
        f" and record the ticket: {to_record(vault.name, program, standing)}"
    )
    return Finding(Verdict.REFUSED, "FC0625", reason, standing.arrangement.span, standing.step)


def to_record(vault: str, program: Program, standing: Standing) -> str:
    """The lines of `forwardc.yaml` that record what the vault agreed to, as one flow mapping."""
    url = f", url: {standing.url}" if standing.url else ""
    grant = f"{{ticket: ..., date: YYYY-MM-DD, by: ...{url}}}"
    inner = f"{{vaults: {{{vault}: {{arrangements: {{{standing.id}: {grant}}}}}}}}}"
    if program.where.account:
        inner = f"{{accounts: {{{program.where.account}: {inner}}}}}"
    return f"environments: {{{program.environment}: {inner}}}"


def agreement_findings(standing: Standing, doubts: Collection[str] = ()) -> Iterator[Finding]:
    """FC0626 for what was agreed, FC0627 for what a sandbox plays; what neither confirms.

    `doubts` says why the facts of such an arrangement are not confirmed.
    """
    span, step, needs = standing.arrangement.span, standing.step, standing.arrangement.words
    if standing.grant is None:
        reason = f"as if agreed ({standing.id}): {needs}"
        yield Finding(Verdict.ARRANGED, "FC0627", reason, span, step)
        # A ticket says more than the documents: what they leave open is open without one only.
        yield from (Finding(Verdict.UNCONFIRMED, "FC0616", why, span, step) for why in doubts)
    else:
        reason = f"by arrangement ({standing.grant.ticket}, {standing.grant.date}): {needs}"
        yield Finding(Verdict.ARRANGED, "FC0626", reason, span, step)
    signature = standing.arrangement.signature
    if signature is not None and signature.header and not (standing.grant and standing.grant.says):
        yield Finding(Verdict.UNCONFIRMED, "FC0616", _IN_HEADER, signature.span, step)


def possible_findings(
    vault: Vault, context: Context, findings: Sequence[Finding], named: Collection[str]
) -> Iterator[Finding]:
    """FC0628: the vault lists the URL of a step that it refuses, and nobody said what it needs."""
    offers = kinds(vault)
    codes = {
        code
        for kind in (ArrangementKind.FILLS, ArrangementKind.METHOD)
        for code in _lifts(offers, kind)
    } | {"FC0607" for kind in offers if kind == ArrangementKind.SIGNATURE}
    refusals = (finding for finding in _refusals(findings) if finding.code in codes)
    refused = {finding.step for finding in refusals}
    for step in context.vault_steps:
        if step.name in refused and step.name not in named and vault.address(step.request)[1]:
            reason = (
                f"{vault.facts.title} lists this URL, so that its support can agree to such a"
                " thing: declare it under `arrangements:`"
            )
            yield Finding(Verdict.REFUSED, "FC0628", reason, step.request.span, step.name)


def _lifts(offers: Mapping[str, Any], kind: ArrangementKind) -> list[str]:
    return list(offers[kind]["lifts"]) if kind in offers else []
