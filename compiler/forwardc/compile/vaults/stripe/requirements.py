"""What Stripe asks of a step beyond its table: the URL, the places of secrets, blanks that exist.

It forwards without onboarding to URLs that its published patterns match as a whole. In them `[x]`
is the account's own part and `*` any one segment of a path; in a host the own part is a label, in a
path a segment. Where a destination's own documents say more of its hosts than the pattern does, the
facts have that, and it decides: no pattern takes any host.
"""

import re
from collections.abc import Iterator
from functools import cache

from forwardc.compile.ir.analysis import atoms_in, refs_in
from forwardc.compile.ir.program import ProgramBody, ProgramRequest, ProgramStep
from forwardc.compile.vaults.client_certificate import CODE
from forwardc.compile.vaults.common_findings import (
    is_hashed,
    kept_hash,
    readable_reason,
    references,
)
from forwardc.compile.vaults.contract import Context
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Finding, Verdict
from forwardc.compile.vaults.steps import CONTENT_TYPES
from forwardc.compile.vaults.supplied import supplied_atoms
from forwardc.core.terms.terms import HAS_ATOM, Atom, Call, Lit, Ref, Term, Text

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SEGMENT = "[A-Za-z0-9_-]+"
_ANY_SEGMENT = "[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_WHOLE = re.compile(r"\[[^\]]*\]")
# Matches nothing: where a pattern leaves the whole host open, the facts say which hosts those are.
_NO_HOST = "(?!)"


def findings(context: Context, facts: Facts) -> Iterator[Finding]:
    """Every refusal and loss of an operation's vault steps."""
    for step in context.vault_steps:
        if needs_onboarding(step.request, context, facts):
            reason = "this URL is not on the vault's list: it needs onboarding by the vault"
            yield Finding(Verdict.DEGRADED, "FC0610", reason, step.request.span, step.name)
        yield from _secret_places(context, step, facts)
        yield from _content_type(step)
        yield from _header_names(step, facts)
        yield from _nothing_to_fill(step, facts)
        yield from _own_vault(context, step, facts)
        if step.request.body:
            yield from _integer_only(step.request.body, step, facts)
    yield from _late_cvc(context, facts)
    yield from _never_chosen(context)


def _never_chosen(context: Context) -> Iterator[Finding]:
    """A fallback from a wallet's token: whether a payment method is of a wallet nobody is asked."""
    operation = context.operation
    if operation.fallback is None:
        return
    for step in context.vault_steps:
        if any(agreed.arrangement.wallets for agreed in step.agreed):
            reason = (
                "nobody tells before sending whether it is of a wallet: no `fallback` is chosen"
            )
            yield Finding(Verdict.REFUSED, "FC0608", reason, operation.span, step.name)


def needs_onboarding(request: ProgramRequest, context: Context, facts: Facts) -> bool:
    """Whether the fixed URL of a request, its query included, is not on Stripe's list.

    The list has live addresses only, so that an address for tests is not held against it.
    """
    url, listed = address(request, facts)
    return context.reaches_live and url != "" and not listed


def address(request: ProgramRequest, facts: Facts) -> tuple[str, bool]:
    """The fixed URL of a request without its query, and whether Stripe's list has it with that."""
    url = constant_url(request.url)
    if url is None:
        return "", False
    return url, is_listed(url, facts) and not request.query


def _secret_places(context: Context, step: ProgramStep, facts: Facts) -> Iterator[Finding]:
    request = step.request
    for term in (request.url, *(pair.value for pair in request.query)):
        for ref in refs_in(term, "secrets"):
            yield _refused("FC0605", "no secret in a URL", ref, step)
    for ref, around in references(request.body.tree) if request.body else ():
        if ref.root != "secrets":
            continue
        if is_hashed(ref, around, context.program):
            yield kept_hash(ref, facts.counted("retention", "request", "days"), step)
        else:
            usual = "the vault takes the destination's credentials in headers only"
            yield _refused("FC0605", readable_reason(usual, around), ref, step)


def _content_type(step: ProgramStep) -> Iterator[Finding]:
    """Stripe writes this header itself, after the kind of body (facts: docs)."""
    body = step.request.body
    for pair in step.request.headers:
        if body and pair.name.lower() == "content-type":
            usual = CONTENT_TYPES[body.encoding]
            if not (isinstance(pair.value, Lit) and str(pair.value.value).lower() == usual):
                reason = f"the vault writes Content-Type itself: {usual}"
                yield Finding(Verdict.DEGRADED, "FC0603", reason, pair.span, step.name)


def _header_names(step: ProgramStep, facts: Facts) -> Iterator[Finding]:
    maximum = facts.limit("header_name")
    for pair in step.request.headers:
        if len(pair.name) > maximum:
            reason = f"the name of a header is longer than {maximum} characters"
            yield Finding(Verdict.REFUSED, "FC0606", reason, pair.span, step.name)


def _nothing_to_fill(step: ProgramStep, facts: Facts) -> Iterator[Finding]:
    """`replacements` is required, and a form has no way to write an empty list (facts: API26)."""
    signed = any(agreed.arrangement.signature for agreed in step.agreed)
    supplied = supplied_atoms(facts)
    if not signed and all(atom.name in supplied for atom in step.request.atoms):
        reason = "the vault takes no request in which it fills nothing: send it `deliver: direct`"
        yield Finding(Verdict.REFUSED, "FC0608", reason, step.request.span, step.name)


def _own_vault(context: Context, step: ProgramStep, facts: Facts) -> Iterator[Finding]:
    """A merchant's own token vault may not ask Stripe for a certificate."""
    certificate = step.client_certificate
    if certificate is not None and context.program.own_vault:
        reason = str(facts.single("own_vault_certificate"))
        yield Finding(Verdict.REFUSED, CODE, reason, certificate.span, step.name)


def _integer_only(body: ProgramBody, step: ProgramStep, facts: Facts) -> Iterator[Finding]:
    """A month without its zero exists as a number only: a blank text would be filled `03`."""
    atoms = facts.section("atoms")
    for atom in _as_text(body.tree):
        if atom.name in atoms and atoms[atom.name].get("integer_only"):
            reason = "a month as text has two digits here: bespoke format, ask the vault"
            yield _refused("FC0604", reason, atom, step)


def _as_text(term: Term, in_int: bool = False) -> Iterator[Atom]:
    if not term.holds & HAS_ATOM:
        return
    if isinstance(term, Atom) and not in_int:
        yield term
    is_int = isinstance(term, Call) and term.function == "int"
    for child in term.inside:
        yield from _as_text(child, is_int)


def _late_cvc(context: Context, facts: Facts) -> Iterator[Finding]:
    """A CVC is gone after the first API request, whether it was used there or not."""
    for step in context.vault_steps[facts.limit("cvc_requests", "requests") :]:
        for atom in _cvcs(step):
            reason = "a CVC works for the first request only: it is gone for this step"
            yield _refused("FC0621", reason, atom, step)


def _cvcs(step: ProgramStep) -> Iterator[Atom]:
    if step.request.body:
        yield from (a for a in atoms_in(step.request.body.tree) if a.name == "card.cvc")


def _refused(code: str, reason: str, place: Ref | Atom, step: ProgramStep) -> Finding:
    return Finding(Verdict.REFUSED, code, reason, place.span, step.name)


def constant_url(term: Term) -> str | None:
    """The URL's text, or None where a run would fill a part."""
    parts = term.parts if isinstance(term, Text) else (term,)
    if not all(isinstance(part, Lit) for part in parts):
        return None
    return "".join(str(part.value) for part in parts if isinstance(part, Lit))


def is_listed(url: str, facts: Facts) -> bool:
    """Whether host and path match one of the published patterns as a whole."""
    host, path = _host_and_path(url)
    return any(
        _path(pattern).fullmatch(path) and _host(pattern, name, facts).fullmatch(host)
        for name, fact in facts.section("destinations").items()
        for pattern in fact["value"]
    )


def _host_and_path(url: str) -> tuple[str, str]:
    """Both as they are compared: the port of https is none, and no path is `/`."""
    host, _, path = url.removeprefix("https://").partition("/")
    return host.removesuffix(":443"), path


# The patterns are those of the facts: a few dozen, each asked for at every URL.


@cache
def _path(pattern: str) -> re.Pattern[str]:
    return re.compile(_expression(pattern.partition("/")[2], _SEGMENT))


def _host(pattern: str, destination: str, facts: Facts) -> re.Pattern[str]:
    """The hosts of a pattern; with facts of the destination's own hosts, those alone."""
    own_hosts = facts.section("destination_hosts").get(destination)
    host = pattern.partition("/")[0]
    return _host_pattern(host, None if own_hosts is None else str(own_hosts["value"]))


@cache
def _host_pattern(host: str, own_hosts: str | None) -> re.Pattern[str]:
    if own_hosts is not None:
        return re.compile(own_hosts)
    return re.compile(_NO_HOST if _WHOLE.fullmatch(host) else _expression(host, _LABEL))


def _expression(text: str, own: str) -> str:
    pieces = re.split(r"(\[[^\]]*\]|\*)", text)
    return "".join(_piece(piece, own) for piece in pieces)


def _piece(piece: str, own: str) -> str:
    if piece.startswith("["):
        return own
    return _ANY_SEGMENT if piece == "*" else re.escape(piece)
