"""Decides where each secret is held at Checkout.com, and refuses places that would leak one.

Checkout.com keeps the request text for 14 days (facts: retention), so a secret that our runtime
holds may stand only in a header that is encrypted to Checkout.com's key.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from forwardc.plan.analysis import has_atom
from forwardc.plan.program import Operation, Pair, Program, Step
from forwardc.plan.terms import Call, Ref, Term, children
from forwardc.vaults.model import Context, Finding, Verdict

_COMPUTABLE = frozenset({"jwe", "json", "text"})


@dataclass(frozen=True, slots=True)
class _Use:
    ref: Ref
    computable: bool
    in_header: bool
    with_atom: bool


def stored(program: Program, operation: Operation) -> frozenset[str]:
    """The secrets kept at the vault: those whose every use the vault can compute."""
    computable: dict[str, bool] = {}
    for step in operation.steps:
        for use in () if step.direct else _secret_uses(step):
            name = use.ref.name
            computable[name] = computable.get(name, True) and use.computable
    return frozenset(name for name, can in computable.items() if _is_stored(program, name, can))


def _is_stored(program: Program, name: str, computable: bool) -> bool:
    held = program.secrets[name.removeprefix("secrets.")].held
    return computable if held is None else held == "vault"


def findings(context: Context, tainted: frozenset[str]) -> Iterator[Finding]:
    """Secrets and sensitive outputs at places where Checkout.com would keep them in clear."""
    for step in context.vault_steps:
        for use in _secret_uses(step):
            yield from _secret_findings(context, step, use)
        for use in _uses(step, "steps"):
            if use.ref.name in tainted and (not use.in_header or use.with_atom):
                yield _refused("FC0605", "a sensitive output may stand only in a header", step, use)


def _secret_findings(context: Context, step: Step, use: _Use) -> Iterator[Finding]:
    if use.ref.name in context.stored:
        if not use.computable:
            yield _refused(
                "FC0605", "the vault cannot compute this from a stored secret", step, use
            )
    elif not use.in_header:
        yield _refused(
            "FC0605",
            "a secret held by the runtime may stand only in a header, where it is encrypted",
            step,
            use,
        )
    elif use.with_atom:
        yield _refused(
            "FC0615", "a header mixes a secret held by the runtime with a vault value", step, use
        )


def _refused(code: str, reason: str, step: Step, use: _Use) -> Finding:
    return Finding(Verdict.REFUSED, code, reason, use.ref.span, step.name)


def is_encrypted(pair: Pair, context: Context, tainted: frozenset[str]) -> bool:
    """Whether a header holds a runtime-held secret or a sensitive output."""
    found = _refs(pair.value, True)
    return any(
        (ref.root == "secrets" and ref.name not in context.stored)
        or (ref.root == "steps" and ref.name in tainted)
        for ref, _ in found
    )


def _secret_uses(step: Step) -> Iterator[_Use]:
    return _uses(step, "secrets")


def _uses(step: Step, root: str) -> Iterator[_Use]:
    request = step.request
    body = (request.body.tree,) if request.body else ()
    sign = (request.sign.secret,) if request.sign else ()
    places = [(pair.value, True) for pair in request.headers]
    places += [(term, False) for term in (*(p.value for p in request.query), *body, *sign)]
    for term, in_header in places:
        for ref, computable in _refs(term, True):
            if ref.root == root:
                yield _Use(ref, computable, in_header, in_header and has_atom(term))


def _refs(term: Term, computable: bool) -> Iterator[tuple[Ref, bool]]:
    """References with whether the vault can compute every function around them."""
    if isinstance(term, Ref):
        yield term, computable
    if isinstance(term, Call):
        computable = computable and term.function in _COMPUTABLE
    for child in children(term):
        yield from _refs(child, computable)
