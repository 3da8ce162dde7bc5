"""What holds at every vault: its table, secrets in the wrong place, calls that are too long.

A vault's `examine` puts these together with its own requirements. `unsendable` judges what was
emitted with an environment's values in it: how long a text is, they decide.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from sys import intern
from typing import Final

from forwardc.compile.ir.analysis import Stage, stage_of, tainted
from forwardc.compile.ir.arrangements import Arrangement
from forwardc.compile.ir.features import uses
from forwardc.compile.ir.optional import if_present
from forwardc.compile.ir.places import places
from forwardc.compile.ir.program import Program, ProgramStep
from forwardc.compile.vaults.contract import Context
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Finding, Support, Verdict
from forwardc.compile.vaults.shortest import limited, shortest
from forwardc.core.instrument import ROOT as INSTRUMENT_ROOT
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.functions import DIGESTS, HMACS, ComputationError
from forwardc.core.terms.terms import (
    HAS_AMOUNT,
    HAS_REF,
    Amount,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Ref,
    Term,
)

UNCONFIRMED = "FC0616"
"""The code of what rests on a fact that the vendor's documents do not confirm."""

_NAMED = frozenset({"atom", "integer", "optional", "function", "sign", "instrument"})
# Without the key nobody gets back what went in, where the runtime computes them.
_LOCKING = frozenset({"jwe", "request_signature", *HMACS})
_SILENT = frozenset({Verdict.NATIVE, Verdict.LOWERED})
_KEY: Final = "key of a hash"
HASHES: Final = DIGESTS | HMACS | {"request_signature"}


def from_table(
    context: Context,
    table: Mapping[str, Support],
    agreed: Callable[[ProgramStep], Mapping[str, Support]] | None = None,
    supplied: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """One finding for each use that the table does not carry without a word.

    `agreed` is what a step may do beyond the table, `supplied` are atoms that the caller gives.
    """
    for step in context.operation.steps:
        beyond = agreed(step) if agreed and step.agreed else {}
        for use in uses(step, context.operation, context.stored, supplied):
            support = beyond.get(use.feature) or table[use.feature]
            if support.verdict not in _SILENT:
                kind, _, name = use.feature.partition(".")
                # The same few sentences stand at thousands of places of a large project.
                reason = intern(f"`{name}`: {support.reason}") if kind in _NAMED else support.reason
                yield Finding(support.verdict, support.code, reason, use.span, step.name)
            if support.verdict is not Verdict.REFUSED:
                for doubt in support.doubts:
                    yield Finding(Verdict.UNCONFIRMED, UNCONFIRMED, doubt, use.span, step.name)


def unconfirmed(context: Context, read: Facts) -> Iterator[Finding]:
    """What rests on facts that nobody confirms: one finding for each that was read, at its step."""
    spans = {step.name: step.request.span for step in context.operation.steps}
    for step, reason in read.doubts or ():
        span = spans.get(step, context.operation.span)
        yield Finding(Verdict.UNCONFIRMED, UNCONFIRMED, reason, span, step)


def left_blank(context: Context) -> Iterator[Finding]:
    """A signature that an author leaves to one vault: elsewhere it would go out blank."""
    for arrangement in context.program.arrangements:
        for step in context.vault_steps if arrangement.signature else ():
            counts = any(
                agreed.arrangement.name == arrangement.name and agreed.arrangement.signature
                for agreed in step.agreed
            )
            if arrangement.is_for(context.operation.name, step.name) and not counts:
                yield from _blank_at(arrangement, step)


def _blank_at(arrangement: Arrangement, step: ProgramStep) -> Iterator[Finding]:
    signature = arrangement.signature
    if signature is None:
        return
    header, body = signature.header, step.request.body
    terms = [
        *(pair.value for pair in step.request.headers if header and _same(pair.name, header)),
        *(term for at, term in (places(body) if body else ()) if at == signature.at),
    ]
    if any(isinstance(term, Lit) and term.value == "" for term in terms):
        by = f"by the arrangement `{arrangement.name}`"
        reason = f"a signature is left blank for {arrangement.vault}, {by}"
        yield Finding(Verdict.REFUSED, "FC0607", reason, terms[0].span or signature.span, step.name)


def _same(name: str, other: str) -> bool:
    return name.lower() == other.lower()


def held_elsewhere(context: Context) -> Iterator[Finding]:
    """Uses of a secret that the author ties to the vault, where the runtime must have it."""
    for step in context.operation.steps:
        for ref in step.request.refs_below("secrets"):
            forced = context.program.secrets[ref.name.removeprefix("secrets.")].held == "vault"
            if forced and (step.direct or ref.name not in context.stored):
                reason = f"`{ref.name}` is `held: vault`, and here the runtime must have it"
                yield Finding(Verdict.REFUSED, "FC0605", reason, ref.span, step.name)


def unconfirmed_counting(context: Context) -> Iterator[Finding]:
    """Amounts that are counted in a way that nobody's documents confirm."""
    doubt = context.program.counting_doubt
    for step in context.operation.steps if doubt else ():
        nodes = step.request.holding(HAS_AMOUNT)
        amount = next((node for node in nodes if isinstance(node, Amount)), None)
        if amount is not None:
            reason = f"how amounts are counted: {doubt}"
            yield Finding(Verdict.UNCONFIRMED, "FC0624", reason, amount.span, step.name)


def kept_values(
    context: Context, days: int, place: Callable[[ProgramStep], Iterable[Term]]
) -> Iterator[Finding]:
    """Sensitive values of a run, other than secrets, where the vault keeps what it was sent.

    `place` gives the parts of a step that the vault keeps readable, for so many `days`.
    """
    masked = tainted(context.program, context.operation)
    for step in context.vault_steps:
        for term in place(step):
            for ref in _shown(term, context.stored):
                # What the vault told of a card, it has anyway.
                if ref.name in masked and ref.root not in ("secrets", INSTRUMENT_ROOT):
                    reason = f"`{ref.name}` is sensitive, and the vault keeps it for {days} days"
                    yield Finding(Verdict.DEGRADED, "FC0633", reason, ref.span, step.name)


def _shown(term: Term, stored: frozenset[str]) -> Iterator[Ref]:
    """References whose values stand in a text for whoever reads it: no key opens them."""
    if not term.holds & HAS_REF:
        return
    if isinstance(term, Ref):
        yield term
    is_locked = isinstance(term, Call) and term.function in _LOCKING
    if not (is_locked and stage_of(term, stored) is not Stage.VAULT):
        for child in term.inside:
            yield from _shown(child, stored)


def bodies_that_may_be_absent(context: Context) -> Iterator[Finding]:
    """A body that is optional as a whole: a vault fills a body, so there must be one."""
    for step in context.vault_steps:
        body = step.request.body
        if body and isinstance(if_present(body.tree, Lit("")), If):
            reason = "the vault needs a body, and this one may be absent"
            yield Finding(Verdict.REFUSED, "FC0603", reason, body.span, step.name)


def references(term: Term, around: tuple[str, ...] = ()) -> Iterator[tuple[Ref, tuple[str, ...]]]:
    """Every reference with the functions around it, as often as it stands there.

    A key that is derived for `jwe` is a key still, and counts as the secret.

    `pick` is none: it is gone where its setting has a value.
    """
    if not term.holds & HAS_REF:
        return
    if isinstance(term, Ref):
        yield term, around
    elif isinstance(term, Call) and term.function in HMACS and len(term.args) == 2:
        key, message = term.args
        yield from references(key, (*around, term.function, _KEY))
        yield from references(message, (*around, term.function))
    else:
        is_call = isinstance(term, Call) and term.function != "pick"
        inside = (*around, term.function) if is_call and isinstance(term, Call) else around
        for child in term.inside:
            yield from references(child, inside)


def is_hashed(ref: Ref, around: tuple[str, ...], program: Program) -> bool:
    """Whether nobody learns a secret from what these functions around it give.

    It keys a hash, or it is in the text of one and declared too long to be guessed from that.
    """
    if "jwe" in around:
        return False
    hashed = not HASHES.isdisjoint(around)
    secret = program.secrets.get(ref.name.removeprefix("secrets."))
    return _KEY in around or (hashed and secret is not None and secret.high_entropy)


def readable_reason(usual: str, around: tuple[str, ...]) -> str:
    """Why a secret may not stand there: the usual reason, or what lacks where it is hashed."""
    if "jwe" in around or HASHES.isdisjoint(around):
        return usual
    return "a short secret can be guessed from its hash: declare `high_entropy: true` if it is long"


def kept_hash(key: Ref, days: int, step: ProgramStep) -> Finding:
    """The loss: the vault keeps the hash, for so many days, as it keeps the rest of the body."""
    reason = f"a hash by `{key.name}` stands there, and the vault keeps it for {days} days"
    return Finding(Verdict.DEGRADED, "FC0633", reason, key.span, step.name)


def unsendable(term: Term) -> Iterator[Finding]:
    """A refusal for each limit that even the shortest text breaks, and each text with no form."""
    refusals = map(_refusal, limited(term))
    yield from dict.fromkeys(refusal for refusal in refusals if refusal)


def _refusal(term: Limit | Encoded) -> Finding | None:
    try:
        length = shortest(term)
    except (NotExpressibleError, ComputationError) as problem:
        return Finding(Verdict.REFUSED, "FC0622", str(problem))
    if isinstance(term, Limit) and length > term.maximum:
        reason = f"{term.name} is longer than {term.maximum} characters"
        return Finding(Verdict.REFUSED, "FC0606", reason)
    return None
