"""What Checkout.com asks of a step beyond its table: where secrets are held, headers, algorithms.

Checkout.com keeps the request text for 14 days (facts: retention), so a secret that our runtime
holds may stand only in a header that is encrypted to Checkout.com's key; `stored` decides for each
secret whether the vault or the runtime holds it.
"""

from collections.abc import Iterable, Iterator, Set

from forwardc.compile.ir.analysis import Stage, all_refs, has_atom, refs_in, stage_of, tainted
from forwardc.compile.ir.program import Program, ProgramOperation, ProgramPair, ProgramStep
from forwardc.compile.vaults.checkout.head import INSTRUMENTS
from forwardc.compile.vaults.common_findings import (
    is_hashed,
    kept_hash,
    readable_reason,
    references,
)
from forwardc.compile.vaults.contract import Context
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Finding, Verdict
from forwardc.compile.vaults.instrument import fitting_sources
from forwardc.core.dataclass import dataclass
from forwardc.core.terms.escaping import UNRESERVED, NotExpressibleError
from forwardc.core.terms.evaluator import literal_text
from forwardc.core.terms.terms import HAS_CALL, Call, Encoding, Lit, Ref, Term, walk

_COMPUTABLE = frozenset({"jwe", "json", "text"})
_AS_THEY_ARE = frozenset({"text", "upper", "lower"})


@dataclass(frozen=True, slots=True)
class _Use:
    ref: Ref
    computable: bool
    place: Term
    in_header: bool
    in_body: bool = False
    around: tuple[str, ...] = ()
    """The functions around it, as `references` names them."""


def stored(program: Program, operation: ProgramOperation) -> frozenset[str]:
    """The secrets kept at the vault: those whose every use the vault can compute.

    One that shares a header with what must be encrypted is held by the runtime too.
    """
    masked = tainted(program, operation)
    uses = [use for step in operation.steps if not step.direct for use in _uses(step, "secrets")]
    names = {use.ref.name for use in uses}
    runtime = {use.ref.name for use in uses if not use.computable}
    runtime = {name for name in names if _is_held(program, name, name in runtime)}
    headers: dict[int, list[_Use]] = {}
    beside: dict[str, list[list[_Use]]] = {}
    for use in uses:
        if use.in_header:
            header = headers.setdefault(id(use.place), [])
            header.append(use)
            beside.setdefault(use.ref.name, []).append(header)
    at_vault = names - runtime
    todo = [
        header
        for header in headers.values()
        if _needs_encryption(header[0].place, at_vault, masked)
    ]
    while todo:
        for name in [use.ref.name for use in todo.pop()]:
            if name not in runtime and _is_held(program, name, True):
                runtime.add(name)
                todo += beside[name]
    return frozenset(names - runtime)


def _is_held(program: Program, name: str, chosen: bool) -> bool:
    """Whether the runtime holds a secret: by the author's choice, else by ours."""
    held = program.secrets[name.removeprefix("secrets.")].held
    return chosen if held is None else held == "runtime"


def _needs_encryption(term: Term, stored: Set[str], masked: Set[str]) -> bool:
    """Whether a header holds a runtime-held secret or a sensitive output."""
    return any(
        (ref.root == "secrets" and ref.name not in stored)
        or (ref.root == "steps" and ref.name in masked)
        for ref in all_refs(term)
    )


def is_encrypted(pair: ProgramPair, stored: Set[str], masked: Set[str]) -> bool:
    """Whether a header travels encrypted to the vault's key."""
    return _needs_encryption(pair.value, stored, masked)


def _leaks(context: Context, facts: Facts) -> Iterator[Finding]:
    """Secrets and sensitive outputs at places where Checkout.com would keep them in clear."""
    masked = tainted(context.program, context.operation)
    for step in context.vault_steps:
        for use in _uses(step, "secrets"):
            yield from _secret_findings(context, facts, step, use)
        for use in _uses(step, "steps"):
            if use.ref.name in masked and use.place in _query(step):
                reason = "a sensitive output may stand in a header or a body, and in no query"
                yield _refused("FC0605", reason, step, use)
        for pair in step.request.headers:
            if is_encrypted(pair, context.stored, masked) and _has_vault_value(pair.value, context):
                reason = "a header mixes what must be encrypted with a vault value"
                yield Finding(Verdict.REFUSED, "FC0615", reason, pair.value.span, step.name)


def readable(context: Context, step: ProgramStep) -> Iterator[Term]:
    """The parts of a step that the vault keeps as they are: not what is encrypted to its key."""
    masked = tainted(context.program, context.operation)
    request = step.request
    yield request.url
    yield from _query(step)
    yield from (p.value for p in request.headers if not is_encrypted(p, context.stored, masked))
    if request.body:
        yield request.body.tree


def _query(step: ProgramStep) -> list[Term]:
    return [pair.value for pair in step.request.query]


def _has_vault_value(term: Term, context: Context) -> bool:
    return has_atom(term) or any(ref.name in context.stored for ref in all_refs(term))


def _secret_findings(
    context: Context, facts: Facts, step: ProgramStep, use: _Use
) -> Iterator[Finding]:
    if use.ref.name in context.stored:
        if not use.computable:
            yield _refused(
                "FC0605", "the vault cannot compute this from a stored secret", step, use
            )
    elif use.in_body and is_hashed(use.ref, use.around, context.program):
        days = facts.counted("retention", "request_text", "days")
        yield kept_hash(use.ref, int(days), step)
    elif not use.in_header:
        usual = "a secret held by the runtime may stand only in a header, where it is encrypted"
        reason = readable_reason(usual, use.around) if use.in_body else usual
        yield _refused("FC0605", reason, step, use)


def _refused(code: str, reason: str, step: ProgramStep, use: _Use) -> Finding:
    return Finding(Verdict.REFUSED, code, reason, use.ref.span, step.name)


def _uses(step: ProgramStep, root: str) -> Iterator[_Use]:
    request = step.request
    body = (request.body.tree,) if request.body else ()
    # What is computed outside stands among the headers or in the body already.
    sign = (request.sign.secret,) if request.sign and not request.sign.is_term else ()
    places = [(pair.value, True, False) for pair in request.headers]
    places += [(term, False, False) for term in (*(p.value for p in request.query), *sign)]
    places += [(term, False, True) for term in body]
    for term, in_header, in_body in places:
        for ref, around in references(term):
            if ref.root == root:
                computable = _COMPUTABLE.issuperset(around)
                yield _Use(ref, computable, term, in_header, in_body, around)


def findings(context: Context, facts: Facts) -> Iterator[Finding]:
    """Every refusal and loss of an operation's vault steps."""
    yield from _leaks(context, facts)
    for step in context.vault_steps:
        yield from _signature_header(context, step, facts)
        yield from _query_names(step)
        yield from _separators(context, step)
        yield from _encryptions(context, step, facts)
    others = [kind for kind in facts.section("source_kinds") if kind not in INSTRUMENTS]
    yield from fitting_sources(context, INSTRUMENTS, others)
    if len(context.vault_steps) > 1:
        second, kinds = context.vault_steps[1], ", ".join(lasting_sources(facts))
        reason = f"a token works once and is gone for this step: only {kinds} can be the source"
        yield Finding(Verdict.DEGRADED, "FC0621", reason, second.span, second.name)
        yield from _input_tokens(context, facts)


def lasting_sources(facts: Facts) -> list[str]:
    """The kinds of source that work for more than one call."""
    kinds = facts.section("source_kinds")
    return [kind for kind, fact in kinds.items() if not fact["value"]["single_use"]]


def _signature_header(context: Context, step: ProgramStep, facts: Facts) -> Iterator[Finding]:
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


def _query_names(step: ProgramStep) -> Iterator[Finding]:
    """How the vault encodes a query is not documented, so a name needs no encoding."""
    for pair in step.request.query:
        if not UNRESERVED.issuperset(pair.name):
            reason = "a query name takes only letters, digits, '-', '.', '_' and '~' here"
            yield Finding(Verdict.REFUSED, "FC0620", reason, pair.span, step.name)


def _separators(context: Context, step: ProgramStep) -> Iterator[Finding]:
    """A separator of `join` that no run could send, but where the header is encrypted."""
    masked = tainted(context.program, context.operation)
    headers = (p for p in step.request.headers if not is_encrypted(p, context.stored, masked))
    for code, encoding, pairs in (
        ("FC0620", Encoding.QUERY, step.request.query),
        ("FC0622", Encoding.HEADER, headers),
    ):
        for call in (call for pair in pairs for call in _joins(pair.value)):
            try:
                literal_text(encoding, str(getattr(call.args[1], "value", "")), templated=True)
            except NotExpressibleError as problem:
                reason = f"between the items of `join`, {problem}"
                yield Finding(Verdict.REFUSED, code, reason, call.span, step.name)


def _joins(term: Term) -> Iterator[Call]:
    """Calls of `join` whose text stands there as it is: no base64, no hash of it."""
    if isinstance(term, Call):
        if term.function == "join":
            yield term
        if term.function not in _AS_THEY_ARE:
            return
    if term.holds & HAS_CALL:
        for child in term.inside:
            yield from _joins(child)


def _encryptions(context: Context, step: ProgramStep, facts: Facts) -> Iterator[Finding]:
    """Calls of `jwe` inside the vault: its algorithms, and no variable that needs another."""
    for call in _jwe_calls(step.request.holding(HAS_CALL)):
        if stage_of(call, context.stored) is not Stage.VAULT:
            continue
        for reason in _objections(call, facts):
            yield Finding(Verdict.REFUSED, "FC0601", reason, call.span, step.name)


def _jwe_calls(nodes: Iterable[Term]) -> list[Call]:
    return [node for node in nodes if isinstance(node, Call) and node.function == "jwe"]


def _objections(call: Call, facts: Facts) -> Iterator[str]:
    algorithms, named = facts.section("functions")["jwe"], dict(call.named)
    for name, fact in (("alg", "algorithms"), ("enc", "encryptions")):
        value = named.get(name)
        if not (isinstance(value, Lit) and value.value in algorithms[fact]):
            yield f"`jwe` takes one of these as {name}: {', '.join(algorithms[fact])}"
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
