"""What holds at every vault: looking up a table, and secrets that cannot be where they must.

Knows no vault.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from sys import intern

from forwardc.compile.ir.analysis import stage_of, tainted
from forwardc.compile.ir.arrangements import Arrangement
from forwardc.compile.ir.features import uses
from forwardc.compile.ir.places import places
from forwardc.compile.ir.program import Step
from forwardc.compile.ir.stages import Stage
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.model import Context, Finding, Support, Verdict
from forwardc.compile.vaults.steps import if_present
from forwardc.core.terms.terms import Amount, Call, If, Lit, Ref, Term, children

UNCONFIRMED = "FC0616"
"""The code of what rests on a fact that the vendor's documents do not confirm."""

_NAMED = frozenset({"atom", "integer", "optional", "function", "sign"})
# Without the key nobody gets back what went in, where the runtime computes them.
_LOCKING = frozenset({"jwe", "hmac_sha256", "hmac_sha512"})
_SILENT = frozenset({Verdict.NATIVE, Verdict.LOWERED})


def from_table(
    context: Context,
    table: Mapping[str, Support],
    agreed: Callable[[Step], Mapping[str, Support]] | None = None,
) -> Iterator[Finding]:
    """One finding for each use that the table does not carry without a word.

    `agreed` is what a step may do beyond the table.
    """
    for step in context.operation.steps:
        beyond = agreed(step) if agreed and step.agreed else {}
        for use in uses(step, context.operation, context.stored):
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
    for one in context.program.arrangements:
        for step in context.vault_steps if one.signature else ():
            counts = any(
                agreed.arrangement.name == one.name and agreed.arrangement.signature
                for agreed in step.agreed
            )
            if one.of(context.operation.name, step.name) and not counts:
                yield from _blank_at(one, step)


def _blank_at(one: Arrangement, step: Step) -> Iterator[Finding]:
    signature = one.signature
    if signature is None:
        return
    header, body = signature.header, step.request.body
    found = [
        *(pair.value for pair in step.request.headers if header and _same(pair.name, header)),
        *(term for at, term in (places(body) if body else ()) if at == signature.at),
    ]
    if any(isinstance(term, Lit) and term.value == "" for term in found):
        reason = f"a signature is left blank for {one.vault}, by the arrangement `{one.name}`"
        yield Finding(Verdict.REFUSED, "FC0607", reason, found[0].span or signature.span, step.name)


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
        amount = next((node for node in step.request.nodes if isinstance(node, Amount)), None)
        if amount is not None:
            reason = f"how amounts are counted: {doubt}"
            yield Finding(Verdict.UNCONFIRMED, "FC0624", reason, amount.span, step.name)


def kept_values(
    context: Context, days: int, place: Callable[[Step], Iterable[Term]]
) -> Iterator[Finding]:
    """Sensitive values of a run, other than secrets, where the vault keeps what it was sent.

    `place` gives the parts of a step that the vault keeps readable, for so many `days`.
    """
    masked = tainted(context.program, context.operation)
    for step in context.vault_steps:
        for term in place(step):
            for ref in _shown(term, context.stored):
                if ref.name in masked and ref.root != "secrets":
                    reason = f"`{ref.name}` is sensitive, and the vault keeps it for {days} days"
                    yield Finding(Verdict.DEGRADED, "FC0633", reason, ref.span, step.name)


def _shown(term: Term, stored: frozenset[str]) -> Iterator[Ref]:
    """References whose values stand in a text for whoever reads it: no key opens them."""
    if isinstance(term, Ref):
        yield term
    is_locked = isinstance(term, Call) and term.function in _LOCKING
    if not (is_locked and stage_of(term, stored) is not Stage.VAULT):
        for child in children(term):
            yield from _shown(child, stored)


def bodies_that_may_be_absent(context: Context) -> Iterator[Finding]:
    """A body that is optional as a whole: a vault fills a body, so there must be one."""
    for step in context.vault_steps:
        body = step.request.body
        if body and isinstance(if_present(body.tree, Lit("")), If):
            reason = "the vault needs a body, and this one may be absent"
            yield Finding(Verdict.REFUSED, "FC0603", reason, body.span, step.name)
