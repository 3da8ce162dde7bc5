"""What Checkout.com asks of a step beyond its table: headers, algorithms, tokens that still work.

Knows what is refused or lost; how a step is sent is the emitter's.
"""

from collections.abc import Iterable, Iterator

from forwardc.compile.ir.analysis import refs_in, stage_of
from forwardc.compile.ir.program import Step
from forwardc.compile.ir.stages import Stage
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.model import Context, Finding, Verdict
from forwardc.core.terms.escaping import UNRESERVED
from forwardc.core.terms.terms import Call, Lit, Term, walk


def findings(context: Context, facts: Facts) -> Iterator[Finding]:
    """Every refusal and loss of an operation's vault steps."""
    for step in context.vault_steps:
        yield from _signature_header(context, step, facts)
        yield from _query_names(step)
        yield from _encryptions(context, step, facts)
    if len(context.vault_steps) > 1:
        second, kinds = context.vault_steps[1], ", ".join(lasting_sources(facts))
        reason = f"a token works once and is gone for this step: only {kinds} can be the source"
        yield Finding(Verdict.DEGRADED, "FC0621", reason, second.span, second.name)
        yield from _input_tokens(context, facts)


def lasting_sources(facts: Facts) -> list[str]:
    """The kinds of source that work for more than one call."""
    kinds = facts.section("source_kinds")
    return [kind for kind, fact in kinds.items() if not fact["value"]["single_use"]]


def _signature_header(context: Context, step: Step, facts: Facts) -> Iterator[Finding]:
    """A header that is signed must be given by the author, where the vault can read it."""
    sign = step.request.sign
    fact = facts.section("signature_headers").get(sign.scheme) if sign else None
    if sign is None or fact is None:
        return
    name = str(fact["value"])
    pairs = [pair for pair in step.request.headers if pair.name.lower() == name.lower()]
    refs = [ref for pair in pairs for ref in refs_in(pair.value, "secrets")]
    if not pairs:
        reason = f"the {sign.scheme} signature needs the header {name}"
        yield Finding(Verdict.REFUSED, "FC0607", reason, sign.span, step.name)
    elif any(ref.name not in context.stored for ref in refs):
        reason = f"the {sign.scheme} signature may not see {name} when it is encrypted"
        yield Finding(Verdict.REFUSED, "FC0607", reason, pairs[0].span, step.name)


def _query_names(step: Step) -> Iterator[Finding]:
    """How the vault encodes a query is not documented, so a name needs no encoding."""
    for pair in step.request.query:
        if not UNRESERVED.issuperset(pair.name):
            reason = "a query name takes only letters, digits, '-', '.', '_' and '~' here"
            yield Finding(Verdict.REFUSED, "FC0620", reason, pair.span, step.name)


def _encryptions(context: Context, step: Step, facts: Facts) -> Iterator[Finding]:
    """Calls of `jwe` inside the vault: its algorithms, and no variable that needs another."""
    for call in _jwe_calls(step.request.nodes):
        if stage_of(call, context.stored) is not Stage.VAULT:
            continue
        for reason in _objections(call, facts):
            yield Finding(Verdict.REFUSED, "FC0601", reason, call.span, step.name)


def _jwe_calls(nodes: Iterable[Term]) -> list[Call]:
    return [node for node in nodes if isinstance(node, Call) and node.function == "jwe"]


def _objections(call: Call, facts: Facts) -> Iterator[str]:
    known, named = facts.section("functions")["jwe"], dict(call.named)
    for name, fact in (("alg", "algorithms"), ("enc", "encryptions")):
        value = named.get(name)
        if not (isinstance(value, Lit) and value.value in known[fact]):
            yield f"`jwe` takes one of these as {name}: {', '.join(known[fact])}"
    if len(_jwe_calls(walk(call))) > 1:
        yield "`jwe` inside `jwe`: the vault does not say that a variable may need another"


def _input_tokens(context: Context, facts: Facts) -> Iterator[Finding]:
    """Atoms that come with a token of their own: the first call uses it up."""
    atoms = facts.section("atoms")
    for step in context.vault_steps:
        for atom in step.request.atoms:
            if str(atoms[atom.name]["src_"]).endswith("_token"):
                reason = f"`{atom.name}` comes with a token that works once, not for each step"
                yield Finding(Verdict.REFUSED, "FC0621", reason, atom.span, step.name)
