"""Emits plans for Stripe: a forwarding request whose body has blanks of the right JSON type.

Stripe has no placeholders: which paths are card fields is fixed in a config that only it sees.
"""

from collections.abc import Mapping
from functools import cache

from forwardc.compile.ir.analysis import has_atom, instrument_uses
from forwardc.compile.ir.optional import named_values
from forwardc.compile.ir.program import Program, ProgramStep
from forwardc.compile.vaults.contract import EmissionContext
from forwardc.compile.vaults.emission import (
    Emission,
    EmittedCall,
    EmittedCardLookup,
    EmittedCredential,
    EmittedEcho,
    EmittedFailure,
    EmittedHead,
    EmittedInstrument,
    EmittedParts,
    EmittedReader,
    EmittedRetention,
    EmittedReview,
    EmittedSource,
    EmittedStep,
    Losses,
    Presence,
)
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.instrument import instrument_of
from forwardc.compile.vaults.steps import (
    LossSources,
    content_type,
    direct_step,
    emitted_step,
    encoded_body,
    header,
    known_losses,
    losses_by_step,
    uses_cvc,
)
from forwardc.compile.vaults.stripe.review_surface import (
    agreed_method,
    echoed,
    filled_atoms,
    review_fields,
    signatures,
    signed_headers,
    stated,
)
from forwardc.compile.vaults.supplied import (
    as_input,
    atoms_with_mark,
    supplied_atoms,
    supplied_inputs,
)
from forwardc.core.dataclass import replace
from forwardc.core.terms.terms import (
    HAS_ATOM,
    HAS_CALL,
    HAS_IF,
    Atom,
    Call,
    Encoded,
    Encoding,
    If,
    Limit,
    Lit,
    Map,
    Ref,
    Seq,
    Term,
    Text,
    rewrite,
)
from forwardc.plan.environment import EnvironmentClass

_HOST, _VERSION = Ref("host.api"), Ref("account.api_version")


def values(
    environment_class: EnvironmentClass, account: Mapping[str, str], facts: Facts
) -> dict[str, Lit]:
    """What stands in the holes of a step in one environment and account."""
    return {
        _HOST.name: Lit(facts.host("api", environment_class)),
        _VERSION.name: Lit(_api_version(account, facts)),
    }


def head(program: Program, account: Mapping[str, str], facts: Facts) -> EmittedHead:
    """The parts of a plan that all operations share."""
    host, atoms = (
        facts.host("api", program.environment_class),
        filled_atoms(facts.unrecorded()),
    )
    return EmittedHead(
        vault_hosts=(host,),
        destination_host=program.host,
        credentials={"api_key": EmittedCredential(facts.value("authentication", "secret_key"))},
        sources={
            kind: EmittedSource(
                pattern=fact["value"]["pattern"],
                single_use=fact["value"]["single_use"],
                inputs={},
                has={atom: _presence_of(entry[kind]) for atom, entry in atoms.items()},
                bind=Ref("source.id"),
            )
            for kind, fact in facts.section("source_kinds").items()
        },
        parts=EmittedParts(body="/request[body]", headers="/request[headers]"),
        log=facts.single("log"),
        card=_card(host, account, facts),
    )


def _card(host: str, account: Mapping[str, str], facts: Facts) -> EmittedCardLookup | None:
    """How to ask about the card of a payment method, where the merchant lets that be asked."""
    if account.get("card_details") != "ask":
        return None
    address = Text((Lit(f"https://{host}{facts.value('paths', 'card')}"), Ref("source.id")))
    version = Lit(_api_version(account, facts))
    return EmittedCardLookup(
        call=EmittedCall(
            method="GET",
            url=Encoded(Encoding.URL, address),
            headers=(("Authorization", _bearer()), ("Stripe-Version", version)),
        ),
        kinds=tuple(facts.section("source_kinds")),
        tells={name: fact["value"] for name, fact in facts.section("tells").items()},
    )


def _bearer() -> Term:
    return header(Text((Lit("Bearer "), Ref("vault.api_key"))))


def _api_version(account: Mapping[str, str], facts: Facts) -> str:
    return account.get("api_version") or str(facts.single("api_version")["default"])


def emit(context: EmissionContext, facts: Facts) -> Emission:
    """The steps of one operation."""
    losses = losses_by_step(context.vault_steps, lambda step: _losses(step, facts.at(step.name)))
    steps = tuple(
        direct_step(step)
        if step.direct
        else _vault_step(step, losses.get(step.name, {}), facts.at(step.name))
        for step in context.operation.steps
    )
    return Emission(
        steps,
        losses=losses,
        inputs=supplied_inputs(context, supplied_atoms(facts)),
        instrument=_instrument(context, facts),
    )


def _instrument(context: EmissionContext, facts: Facts) -> EmittedInstrument | None:
    """What is asked of the payment method before anything is sent."""
    if not instrument_uses(context.operation):
        return None
    path = Lit(str(facts.value("paths", "card")))
    address = Text((Lit("https://"), _HOST, path, Ref("source.id")))
    call = EmittedCall(
        method="GET",
        url=Encoded(Encoding.URL, address),
        headers=(("Authorization", _bearer()), ("Stripe-Version", _VERSION)),
    )
    return instrument_of(context.operation, facts, call, facts.section("source_kinds"))


def _vault_step(step: ProgramStep, losses: Losses, facts: Facts) -> EmittedStep:
    """The call for one step, and what tells of its losses."""
    address = Text((Lit("https://"), _HOST, Lit(str(facts.value("paths", "forward")))))
    call = EmittedCall(
        method="POST",
        url=address,
        headers=(
            ("Authorization", _bearer()),
            ("Content-Type", Lit("application/x-www-form-urlencoded")),
            ("Stripe-Version", _VERSION),
            ("Idempotency-Key", header(Ref("vault.idempotency_key"))),
        ),
        body=Encoded(Encoding.FORM, _call_body(step, facts)),
    )
    return replace(
        emitted_step(step, call, read_ms=facts.limit("read_timeout", "milliseconds")),
        review=_review(step, facts),
        reader=EmittedReader(
            status="/response_details/status",
            headers="/response_details/headers",
            headers_form="pairs",
            body="/response_details/body",
            request_id="/id",
            mode=facts.single("mode"),
            agreed_method=agreed_method(step),
            failures=tuple(
                _failure(fact["value"], spent=uses_cvc(step))
                for fact in facts.section("failures").values()
            ),
        ),
        echo=_echo(step, losses, facts),
        vault_key_hours=facts.limit("idempotency_kept", "hours"),
        retention=_kept_requests(address, facts),
        vault_reference={"metadata[forwardc_run]": "run.id"},
    )


def _kept_requests(address: Term, facts: Facts) -> EmittedRetention:
    """How to search the requests that the vault keeps."""
    bounds = (("created%5Bgte%5D", "vault.created_from"), ("created%5Blte%5D", "vault.created_to"))
    pages = If("vault.after", Encoded(Encoding.QUERY, Ref("vault.after")))
    return EmittedRetention(
        call=EmittedCall(
            method="GET",
            url=address,
            query=(
                *((name, Encoded(Encoding.QUERY, Ref(value))) for name, value in bounds),
                ("limit", Lit(str(facts.limit("page", "requests")))),
                ("starting_after", pages),
            ),
            headers=(("Authorization", _bearer()), ("Stripe-Version", _VERSION)),
        ),
        days=facts.counted("retention", "request", "days"),
        pages=facts.value("reconcile", "list"),
    )


def _review(step: ProgramStep, facts: Facts) -> EmittedReview:
    """What the vault's reviewers accept: the parts that the facts list as its review surface.

    The vault computes no functions, so that it encrypts with no key.
    """
    request = step.request
    return EmittedReview(
        surface=tuple(facts.single("review_surface")),
        url=replace(_url(step), span=request.span),
        method=request.method,
        fields=review_fields(step, facts),
        headers=tuple(Lit(pair.name, span=pair.span) for pair in content_type(request)),
        arrangements=stated(step),
    )


def _losses(step: ProgramStep, facts: Facts) -> Losses:
    """What may be missing: the vault's echo tells of its own values, the caller of the address."""
    supplied = supplied_atoms(facts)
    given = (atom.name for atom in step.request.atoms if atom.name in supplied)
    sources = LossSources(supplied=tuple(dict.fromkeys(given)), echoed=echoed(step))
    return known_losses(step.request, _presence(step, facts), sources)


def _echo(step: ProgramStep, losses: Losses, facts: Facts) -> EmittedEcho | None:
    """Where the vault repeats the body, where that tells something."""
    if all(loss.by != "echo" for atoms in losses.values() for loss in atoms.values()):
        return None
    kinds, places = _presence(step, facts).values(), echoed(step)
    always = {atom for has in kinds for atom, presence in has.items() if presence.when == "always"}
    xml = step.request.body is not None and step.request.body.encoding is Encoding.XML
    return EmittedEcho(
        at=facts.single("echo"),
        syntax="xml" if xml else None,
        filled=tuple(place for atom in places if atom in always for place in places[atom]),
    )


def _presence(step: ProgramStep, facts: Facts) -> dict[str, dict[str, Presence]]:
    """The presence of the atoms that a step uses, by kind of source."""
    atoms, used = filled_atoms(facts), {atom.name for atom in step.request.atoms}
    return {
        kind: {atom: _presence_of(atoms[atom][kind]) for atom in atoms if atom in used}
        for kind in facts.section("source_kinds")
    }


@cache
def _presence_of(fact: str) -> Presence:
    return Presence(fact)


def _failure(fact: Mapping[str, object], *, spent: bool) -> EmittedFailure:
    """A failure; whether it uses up the CVC matters only where one is sent."""
    retry = fact.get("retry")
    return EmittedFailure(
        status=tuple(fact["status"]),  # type: ignore[arg-type]
        sent=str(fact["sent"]),
        consumes_cvc=spent and bool(fact.get("consumes_cvc")),
        retry=None if retry is None else str(retry),
        codes=tuple(fact["codes"]),  # type: ignore[arg-type]
        code_at="/error/code",
    )


def _call_body(step: ProgramStep, facts: Facts) -> Term:
    request = step.request
    signed = signed_headers(step)
    headers = tuple(
        (pair.name, header(signed.get(pair.name.lower(), pair.value)))
        for pair in content_type(request)
        if pair.name.lower() != "content-type"
    )
    inner: list[tuple[str, Term]] = []
    if headers:
        inner.append(("headers", _header_list(headers, facts)))
    if request.body:
        text = encoded_body(
            request.body, _blanks(request.body.tree, supplied_atoms(facts)), templated=False
        )
        inner.append(("body", Limit(facts.limit("body"), "request.body", text)))
    entries: list[tuple[str, Term]] = [
        ("payment_method", Ref("source.id")),
        ("url", Limit(facts.limit("url"), "url", _url(step))),
        ("replacements", _replacements(step, facts)),
        ("request", Map(tuple(inner))),
        ("metadata", Map((("forwardc_run", Ref("run.id")),))),
    ]
    return Map(tuple(entries))


def _url(step: ProgramStep) -> Term:
    """The URL with its literal query: the vault has no query list."""
    parts: list[Term] = [Encoded(Encoding.URL, step.request.url)]
    for index, pair in enumerate(step.request.query):
        parts.append(Lit(f"{'&' if index else '?'}{pair.name}="))
        parts.append(Encoded(Encoding.QUERY, pair.value))
    return Text(tuple(parts)) if len(parts) > 1 else parts[0]


def _header_list(headers: tuple[tuple[str, Term], ...], facts: Facts) -> Seq:
    maximum = facts.limit("header_value")
    return named_values((name, Limit(maximum, f"header {name}", value)) for name, value in headers)


def _blanks(tree: Term, supplied: frozenset[str]) -> Term:
    """Card values become blanks of the JSON type that the destination expects."""

    def integers(node: Term) -> Term:
        is_integer = isinstance(node, Call) and node.function == "int" and has_atom(node)
        return Lit(0, span=node.span) if is_integer else node

    def blank(node: Term) -> Term:
        known = as_input(node, supplied)
        return Lit("", span=node.span) if isinstance(known, Atom) else known

    # `present(billing.city, 1)` has no atom in it, and stands for an input of the caller.
    return rewrite(rewrite(tree, integers, HAS_CALL), blank, HAS_ATOM | HAS_IF)


def _replacements(step: ProgramStep, facts: Facts) -> Seq:
    """What the vault fills; left out with an optional value that is left out everywhere."""
    atoms, used = filled_atoms(facts), {atom.name for atom in step.request.atoms}
    names = {atom: str(atoms[atom]["value"]) for atom in atoms if atom in used}
    asked: dict[str, tuple[str, bool]] = {}
    for atom, optional in atoms_with_mark(step.request.body.tree if step.request.body else Lit("")):
        if atom in names:
            replacement = names[atom]
            always = replacement in asked and not asked[replacement][1]
            asked[replacement] = (atom, optional and not always)
    filled = tuple(
        If(asked[name][0], Lit(name)) if asked[name][1] else Lit(name)
        for name in dict.fromkeys(names.values())
        if name in asked
    )
    signed = dict.fromkeys(signature.replacement for signature in signatures(step))
    return Seq((*filled, *(Lit(name) for name in signed)))
