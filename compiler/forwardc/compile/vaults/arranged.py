"""What arrangements change of an operation at a vault, and what each of them lifts.

An arrangement counts where its grant is recorded; a sandbox plays one without a grant as if it were
agreed. Each lifts the refusals of its own place, of the codes that the vault's facts name.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from forwardc.compile.ir.arrangements import Agreed, Arrangement, Grant, Kind, Signature
from forwardc.compile.ir.expiry_format import composed
from forwardc.compile.ir.places import changed
from forwardc.compile.ir.program import Operation, Pair, Program, Request, Step
from forwardc.compile.vaults.model import Finding, Vault, Verdict
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
    vault: Vault, program: Program, operation: Operation, grants: Grants
) -> tuple[Standing, ...]:
    """The arrangements of an operation's steps with this vault, in the order of the file."""
    sandbox = program.environment_class == "sandbox"
    found: list[Standing] = []
    for one in program.arrangements:
        if one.vault != vault.name or not offered(vault, one):
            continue
        id_ = f"{program.destination}.{one.name}"
        grant = grants.get(id_)
        for step in operation.steps:
            if one.of(operation.name, step.name) and not step.direct:
                url, listed = vault.address(step.request)
                counts = sandbox if grant is None else grant.url in (None, url)
                found.append(Standing(id_, step.name, one, grant, counts, url, listed))
    return tuple(found)


def offered(vault: Vault, one: Arrangement) -> bool:
    """Whether the vault's facts know every kind of an arrangement."""
    return not list(refused_kinds(vault, one))


def refused_kinds(vault: Vault, one: Arrangement) -> Iterator[str]:
    """What of an arrangement the vault agrees to with nobody, in words."""
    known = kinds(vault)
    for kind in one.kinds:
        fact = known.get(kind)
        if fact is None:
            yield f"{kind}"
        elif kind is Kind.METHOD and one.method not in fact["methods"]:
            yield f"the method {one.method}"
        elif kind is Kind.SIGNATURE and one.signature is not None:
            if one.signature.replacement not in fact["replacements"]:
                yield f"the replacement {one.signature.replacement}"
        elif kind is Kind.NETWORK_TOKEN:
            yield from (f"tokens of {name}" for name in one.wallets if name not in fact["kinds"])


def kinds(vault: Vault) -> Mapping[str, Any]:
    """What the vault can agree to, by kind; nothing where its facts name none."""
    return {name: fact["value"] for name, fact in vault.facts.data.get("arrangements", {}).items()}


def arranged_doubts(vault: Vault, one: Standing) -> list[str]:
    """Why nobody confirms the facts of an arrangement's kinds."""
    known = vault.facts.data.get("arrangements", {})
    found = (vault.facts.doubt(known[kind]) for kind in one.arrangement.kinds if kind in known)
    return [reason for reason in found if reason]


def applied(operation: Operation, found: Iterable[Standing]) -> Operation:
    """The operation as the vault is asked for it: what counts is blank, or native, at its place."""
    by_step: dict[str, list[Agreed]] = {}
    for one in found:
        if one.counts:
            agreed = Agreed(one.id, one.arrangement, one.grant)
            by_step.setdefault(one.step, []).append(agreed)
    if not by_step:
        return operation
    steps = tuple(
        _with(step, by_step[step.name]) if step.name in by_step else step
        for step in operation.steps
    )
    return replace(operation, steps=steps)


def _with(step: Step, agreed: Sequence[Agreed]) -> Step:
    request = step.request
    for one in agreed:
        for fill in one.arrangement.fills:
            request = _at(request, fill.at, _blank_date)
        if one.arrangement.signature is not None:
            request = _signed(request, one.arrangement.signature)
    return replace(step, request=request, agreed=tuple(agreed))


def _at(request: Request, at: str, change: Callable[[Term, Encoding], Term]) -> Request:
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


def _signed(request: Request, signature: Signature) -> Request:
    """The request with a blank where the vault signs, and without our own signature there."""
    header = signature.header
    sign = request.sign
    if sign is not None and (sign.into == signature.at if sign.into else header is not None):
        request = replace(request, sign=None)
    if header is None:
        return _at(request, signature.at, lambda term, _: Lit("", span=term.span))
    blank = Lit("", span=signature.span)
    pairs = tuple(
        Pair(pair.name, blank, pair.span) if pair.name.lower() == header.lower() else pair
        for pair in request.headers
    )
    if pairs == request.headers and all(pair.name.lower() != header.lower() for pair in pairs):
        pairs = (*pairs, Pair(header, blank, signature.span))
    return replace(request, headers=pairs)


@dataclass(frozen=True, slots=True)
class Gone:
    """Refusals that are not found any more: of codes that arrangements lift, and of others."""

    lifted: tuple[Finding, ...]
    others: tuple[Finding, ...]


def gone(
    vault: Vault, before: Sequence[Finding], after: Sequence[Finding], found: Iterable[Arrangement]
) -> Gone:
    """What arrangements took away. Only what their kinds lift may stay away."""
    known = kinds(vault)
    codes = {code for one in found for kind in one.kinds for code in known[kind]["lifts"]}
    missing = list(Counter(_refusals(before)) - Counter(_refusals(after)))
    return Gone(
        tuple(one for one in missing if one.code in codes),
        tuple(one for one in missing if one.code not in codes),
    )


def _refusals(found: Iterable[Finding]) -> Iterator[Finding]:
    return (one for one in found if one.verdict is Verdict.REFUSED)
