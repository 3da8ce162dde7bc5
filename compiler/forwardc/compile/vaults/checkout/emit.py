"""Emits plans for Checkout.com: one `POST /forward` for each vault step.

Where everything stands in the call is said here, how a value is written in `lower.py`.
"""

from collections.abc import Collection, Iterator, Mapping

from forwardc.compile.ir.analysis import instrument_uses, uses_network_token
from forwardc.compile.ir.optional import named_values
from forwardc.compile.ir.program import ProgramPair, ProgramRequest, ProgramSignature, ProgramStep
from forwardc.compile.vaults.checkout.head import (
    API_HOST,
    CHANNEL,
    FORWARD_HOST,
    INSTRUMENTS,
    api_headers,
    instrument_call,
    presence_of,
)
from forwardc.compile.vaults.checkout.lower import TemplateLowering
from forwardc.compile.vaults.checkout.requirements import is_encrypted, lasting_sources
from forwardc.compile.vaults.contract import EmissionContext
from forwardc.compile.vaults.emission import (
    Emission,
    EmittedCall,
    EmittedFallback,
    EmittedInstrument,
    EmittedQuestion,
    EmittedReader,
    EmittedRetention,
    EmittedStep,
    Losses,
)
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Finding, Verdict
from forwardc.compile.vaults.instrument import instrument_of, needs_asking
from forwardc.compile.vaults.steps import (
    LossSources,
    content_type,
    direct_step,
    emitted_step,
    header,
    known_losses,
    losses_by_step,
)
from forwardc.compile.vaults.supplied import supplied_atoms, supplied_inputs
from forwardc.core.dataclass import replace
from forwardc.core.terms.terms import (
    HAS_ENCODED,
    LINES,
    Call,
    Encoded,
    Encoding,
    Limit,
    Lit,
    Map,
    Ref,
    Source,
    Term,
    Text,
    rewrite,
)

_READER = EmittedReader(
    status="/destination_response/status",
    headers="/destination_response/headers",
    headers_form="arrays",
    body="/destination_response/body",
    request_id="/request_id",
)


def emit(context: EmissionContext, facts: Facts) -> Emission:
    """The steps of one operation."""
    steps: list[EmittedStep] = []
    findings: list[Finding] = []
    tokens = uses_network_token(context.operation)
    kinds = _fitting(context, facts, tokens)
    asked = _asked(context, facts)
    for step in context.operation.steps:
        if step.direct:
            steps.append(direct_step(step))
            continue
        read = facts.at(step.name)
        steps.append(_vault_step(context, step, read, tokens))
        findings += _too_many_headers(step, context, read)
    losses = losses_by_step(
        context.vault_steps, lambda step: _losses(step, kinds, asked, facts.at(step.name))
    )
    asks = tokens and context.operation.fallback
    return Emission(
        steps=tuple(steps),
        findings=tuple(findings),
        losses=losses,
        source_kinds=kinds or None,
        inputs=supplied_inputs(context, supplied_atoms(facts)),
        fallback=_fallback(context, facts) if asks else None,
        instrument=_instrument(context, facts),
    )


def _fitting(context: EmissionContext, facts: Facts, tokens: bool) -> tuple[str, ...]:
    """The kinds of source that fit the operation; none where all do. `tokens`: of networks."""
    if tokens or needs_asking(context):
        return INSTRUMENTS
    return tuple(lasting_sources(facts)) if len(context.vault_steps) > 1 else ()


def _question(facts: Facts) -> EmittedCall:
    path = Lit(str(facts.value("paths", "instrument")))
    return instrument_call((Lit("https://"), API_HOST, path))


def _instrument(context: EmissionContext, facts: Facts) -> EmittedInstrument | None:
    """What is asked of the instrument before anything is sent."""
    if not instrument_uses(context.operation):
        return None
    scopes = (facts.value("scopes", "instruments"),)
    return instrument_of(context.operation, facts, _question(facts), INSTRUMENTS, scopes)


def _fallback(context: EmissionContext, facts: Facts) -> EmittedFallback:
    """Ask for the instrument before sending: no body can be rewritten inside the vault."""
    state = Call("get", (_response_member("network_token"), Lit("state")))
    return EmittedFallback(
        operation=str(context.operation.fallback),
        question=EmittedQuestion(
            call=_question(facts),
            when=Call("eq", (state, Lit(facts.value("network_tokens", "active_state")))),
            scopes=(facts.value("scopes", "instruments"),),
            tells={name: fact["value"] for name, fact in facts.section("tells").items()},
            holds=_holds(context, facts),
        ),
    )


def _holds(context: EmissionContext, facts: Facts) -> dict[str, object]:
    """Where the answer tells of what this operation or its fallback may miss."""
    both = (context.operation.name, context.operation.fallback)
    steps = (s for operation in context.siblings if operation.name in both for s in operation.steps)
    used = {atom.name for step in steps if not step.direct for atom in step.request.atoms}
    places = facts.section("holds")
    return {name: places[name]["value"] for name in places if name in used}


def _asked(context: EmissionContext, facts: Facts) -> dict[str, Collection[str]]:
    """The atoms that an answer about the instrument may tell before this operation runs.

    By kind of source: what begins with such a question takes no other one.
    """
    name = context.operation.name
    before = any(
        operation.fallback == name or (operation.name == name and operation.fallback)
        for operation in context.siblings
    )
    return dict.fromkeys(INSTRUMENTS, facts.section("holds")) if before else {}


def _losses(
    step: ProgramStep, kinds: tuple[str, ...], asked: Mapping[str, Collection[str]], facts: Facts
) -> Losses:
    """What a step may miss; `kinds` of source fit the operation, all where there are none."""
    supplied = supplied_atoms(facts)
    has = {
        kind: {
            atom.name: presence_of(str(facts.section("atoms")[atom.name][kind]))
            for atom in step.request.atoms
            if atom.name not in supplied
        }
        for kind in kinds or facts.section("source_kinds")
    }
    used = dict.fromkeys(atom.name for atom in step.request.atoms if atom.name in supplied)
    return known_losses(step.request, has, LossSources(supplied=tuple(used), asked=asked))


def _response_member(name: str) -> Term:
    return Call("get", (Ref("response.json"), Lit(name)))


def _vault_step(
    context: EmissionContext, step: ProgramStep, facts: Facts, tokens: bool
) -> EmittedStep:
    """The call for one step; `tokens` says that the operation asks for those of networks."""
    forward = (Lit("https://"), FORWARD_HOST, Lit(str(facts.value("paths", "forward"))))
    call = EmittedCall(
        method="POST",
        url=Text(forward),
        headers=(*api_headers(), ("Content-Type", Lit("application/json"))),
        body=Encoded(Encoding.JSON, _call_body(context, step, facts, tokens)),
    )
    return replace(
        emitted_step(step, call, read_ms=facts.limit("read_timeout", "milliseconds")),
        reader=_READER,
        retention=_kept_request(forward, facts),
        vault_reference={"reference": "run.reference"},
    )


def _kept_request(forward: tuple[Term, ...], facts: Facts) -> EmittedRetention:
    """How to ask for one request that the vault keeps: its id must be known."""
    address = Encoded(Encoding.URL, Text((*forward, Lit("/"), Ref("vault.request_id"))))
    return EmittedRetention(
        call=EmittedCall("GET", address, headers=api_headers()),
        days=facts.counted("retention", "request_text", "days"),
    )


def _call_body(context: EmissionContext, step: ProgramStep, facts: Facts, tokens: bool) -> Term:
    entries: list[tuple[str, Term]] = [
        ("source", Source()),
        ("reference", _limit(facts, "reference", "reference", Ref("run.reference"))),
        ("processing_channel_id", CHANNEL),
    ]
    if tokens:
        network_token = (
            ("enabled", Lit(True)),
            ("request_cryptogram", Lit(_asks_cryptogram(context, facts))),
        )
        entries.append(("network_token", Map(network_token)))
    entries.append(("destination_request", _destination_request(context, step, facts)))
    return Map(tuple(entries))


def _asks_cryptogram(context: EmissionContext, facts: Facts) -> bool:
    """Whether a cryptogram is asked for: it must be said, by who starts the payment."""
    return bool(facts.value("network_tokens", "cryptogram")[context.operation.initiator])


def _destination_request(context: EmissionContext, step: ProgramStep, facts: Facts) -> Term:
    request = step.request
    lowering = TemplateLowering(facts, context.stored, supplied_atoms(facts))
    encrypted, raw = _split_headers(request, context)
    body: Term = Lit("")
    if request.body:
        tree = lowering.value(request.body.tree)
        body = Encoded(request.body.encoding, tree, True, request.body.doctype)
    query = _query(request, lowering)
    headers = _headers(raw, encrypted, lowering, facts)
    sign = request.sign
    signature = () if sign is None or sign.is_term else _signature(sign, lowering)
    entries: list[tuple[str, Term]] = [
        ("url", _limit(facts, "url", "destination_request.url", _url(request))),
        ("method", Lit(request.method)),
        ("headers", headers),
        *query,
        ("body", _limit(facts, "body", "destination_request.body", body)),
        *signature,
    ]
    if lowering.variables:
        entries.append(("variables", named_values(lowering.variables)))
    return Map(tuple(entries))


def _url(request: ProgramRequest) -> Term:
    return Encoded(Encoding.URL, request.url)


def _limit(facts: Facts, limit: str, name: str, term: Term) -> Term:
    return Limit(facts.limit(limit), name, term)


def _split_headers(
    request: ProgramRequest, context: EmissionContext
) -> tuple[list[ProgramPair], list[ProgramPair]]:
    encrypted: list[ProgramPair] = []
    raw: list[ProgramPair] = []
    for pair in content_type(request):
        secret = is_encrypted(pair, context.stored, context.masked)
        (encrypted if secret else raw).append(pair)
    return encrypted, raw


def _headers(
    raw: list[ProgramPair], encrypted: list[ProgramPair], lowering: TemplateLowering, facts: Facts
) -> Term:
    plain = [(pair.name, header(lowering.value(pair.value), templated=True)) for pair in raw]
    entries: list[tuple[str, Term]] = [("raw", Map(tuple(plain)))]
    if encrypted:
        secret = Map(tuple((pair.name, header(_signed_here(pair.value))) for pair in encrypted))
        algorithm = facts.value("encrypted_headers", "algorithm")
        jwe = Call(
            "jwe",
            (secret,),
            (
                ("key", Ref("vault.jwk")),
                ("alg", Lit(algorithm["alg"])),
                ("enc", Lit(algorithm["enc"])),
            ),
        )
        entries.append(("encrypted", _limit(facts, "encrypted_headers", "headers.encrypted", jwe)))
    return Map(tuple(entries))


def _signed_here(value: Term) -> Term:
    """A header that signs the body: the vault gets that as a template, in which braces differ."""

    def as_sent(node: Term) -> Term:
        is_body = isinstance(node, Encoded) and node.encoding not in LINES
        return replace(node, templated=True) if is_body and isinstance(node, Encoded) else node

    is_signature = isinstance(value, Call) and value.function == "request_signature"
    return rewrite(value, as_sent, HAS_ENCODED) if is_signature else value


def _query(request: ProgramRequest, lowering: TemplateLowering) -> Iterator[tuple[str, Term]]:
    if request.query:
        values = (
            (pair.name, Encoded(Encoding.QUERY, lowering.value(pair.value), templated=True))
            for pair in request.query
        )
        yield "query", named_values(values)


def _signature(sign: ProgramSignature, lowering: TemplateLowering) -> tuple[tuple[str, Term], ...]:
    secret = Encoded(Encoding.HEADER, lowering.value(sign.secret), templated=True)
    if sign.scheme == "dlocal":
        parameters = Map((("secret_key", secret),))
        return (("signature", Map((("type", Lit("dlocal")), ("dlocal_parameters", parameters)))),)
    entries: list[tuple[str, Term]] = [("shared_secret", secret)]
    if sign.remove_path_prefix is not None:
        entries.append(("remove_resource_path_prefix", Lit(sign.remove_path_prefix)))
    visa = Map((("type", Lit("visa")), ("visa_parameters", Map(tuple(entries)))))
    return (("signature", visa),)


def _too_many_headers(
    step: ProgramStep, context: EmissionContext, facts: Facts
) -> Iterator[Finding]:
    _, raw = _split_headers(step.request, context)
    maximum = facts.limit("raw_headers", "entries")
    if len(raw) > maximum:
        reason = f"headers.raw takes at most {maximum} entries"
        yield Finding(Verdict.REFUSED, "FC0606", reason, step.request.span, step.name)
