"""What Checkout.com asks of a step beyond its table: headers, algorithms, tokens that still work.

Knows what is refused or lost; how a step is sent is the emitter's.
"""

from collections.abc import Iterator

from forwardc.plan.analysis import atoms_in, stage_of
from forwardc.plan.escape import UNRESERVED
from forwardc.plan.program import Step, terms_of
from forwardc.plan.stages import Stage
from forwardc.plan.terms import Atom, Call, Lit, walk
from forwardc.vaults.facts import Facts
from forwardc.vaults.model import Context, Finding, Verdict


def findings(context: Context, facts: Facts) -> Iterator[Finding]:
    """Every refusal and loss of an operation's vault steps."""
    for step in context.vault_steps:
        yield from _signature_header(step, facts)
        yield from _query_names(step)
        yield from _algorithms(context, step, facts)
    if len(context.vault_steps) > 1:
        second, kinds = context.vault_steps[1], ", ".join(lasting_sources(facts))
        reason = f"a token works once and is gone for this step: only {kinds} can be the source"
        yield Finding(Verdict.DEGRADED, "FC0621", reason, second.span, second.name)
        yield from _input_tokens(context, facts)


def lasting_sources(facts: Facts) -> list[str]:
    """The kinds of source that work for more than one call."""
    kinds = facts.section("source_kinds")
    return [kind for kind, fact in kinds.items() if not fact["value"]["single_use"]]


def _signature_header(step: Step, facts: Facts) -> Iterator[Finding]:
    """A header that is signed must be given by the author: dlocal's X-Login."""
    sign = step.request.sign
    fact = facts.section("signature_headers").get(sign.scheme) if sign else None
    names = {pair.name.lower() for pair in step.request.headers}
    if sign and fact and str(fact["value"]).lower() not in names:
        reason = f"the {sign.scheme} signature needs the header {fact['value']}"
        yield Finding(Verdict.REFUSED, "FC0607", reason, sign.span, step.name)


def _query_names(step: Step) -> Iterator[Finding]:
    """How the vault encodes a query is not documented, so a name needs no encoding."""
    for pair in step.request.query:
        if not UNRESERVED.issuperset(pair.name):
            reason = "a query name takes only letters, digits, '-', '.', '_' and '~' here"
            yield Finding(Verdict.REFUSED, "FC0620", reason, pair.span, step.name)


def _algorithms(context: Context, step: Step, facts: Facts) -> Iterator[Finding]:
    known = facts.section("functions")["jwe"]
    calls = (n for term in terms_of(step.request) for n in walk(term) if isinstance(n, Call))
    for call in calls:
        if call.function == "jwe" and stage_of(call, context.stored) is Stage.VAULT:
            named = dict(call.named)
            for name, fact in (("alg", "algorithms"), ("enc", "encryptions")):
                value = named.get(name)
                if not (isinstance(value, Lit) and value.value in known[fact]):
                    reason = f"`jwe` takes one of these as {name}: {', '.join(known[fact])}"
                    yield Finding(Verdict.REFUSED, "FC0601", reason, call.span, step.name)


def _input_tokens(context: Context, facts: Facts) -> Iterator[Finding]:
    """Atoms that come with a token of their own: the first call uses it up."""
    atoms = facts.section("atoms")
    for step in context.vault_steps:
        for atom in _atoms(step):
            if str(atoms[atom.name]["src_"]).endswith("_token"):
                reason = f"`{atom.name}` comes with a token that works once, not for each step"
                yield Finding(Verdict.REFUSED, "FC0621", reason, atom.span, step.name)


def _atoms(step: Step) -> list[Atom]:
    return [atom for term in terms_of(step.request) for atom in atoms_in(term)]
