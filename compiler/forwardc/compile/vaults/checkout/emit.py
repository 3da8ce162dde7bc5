"""Emits plans for Checkout.com: one `POST /forward` for each vault step.

Knows where everything stands in the call; how a value is written is `lower.py`'s.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from forwardc.compile.ir.analysis import tainted, uses_network_token
from forwardc.compile.ir.program import Pair, Program, Request, Sign, Step
from forwardc.compile.vaults.checkout.lower import Lowering
from forwardc.compile.vaults.checkout.requirements import lasting_sources
from forwardc.compile.vaults.checkout.secrets import is_encrypted
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.losses import by_step, known_losses
from forwardc.compile.vaults.model import Context, Emitted, Finding, Json, Verdict
from forwardc.compile.vaults.sizes import unsendable
from forwardc.compile.vaults.steps import content_type, direct_step, header, named_values, tail
from forwardc.core.terms.terms import (
    Call,
    Encoded,
    Encoding,
    If,
    Limit,
    Lit,
    Map,
    Ref,
    Source,
    Term,
    Text,
)
from forwardc.plan.environment import EnvironmentClass

_INSTRUMENTS = ("src_",)
_READ = {
    "status": "/destination_response/status",
    "headers": {"at": "/destination_response/headers", "form": "arrays"},
    "body": "/destination_response/body",
    "request_id": "/request_id",
    "failures": [],
}

_FORWARDED = "/destination_request"
_GETS = {
    "body": f"{_FORWARDED}/body",
    "headers": f"{_FORWARDED}/headers/raw",
    "encrypted": f"{_FORWARDED}/headers/encrypted",
    "query": f"{_FORWARDED}/query",
    "variables": f"{_FORWARDED}/variables",
}


def head(program: Program, account: Mapping[str, str], facts: Facts) -> Json:
    """The parts of a plan that all operations share."""
    host = facts.host("forward", program.environment_class)
    api = _own_host("api", program.environment_class, account, facts)
    access = _own_host("access", program.environment_class, account, facts)
    uses_network_tokens = any(uses_network_token(op) for op in program.operations)
    asks = uses_network_tokens or account.get("card_details") == "ask"
    vault_hosts = [host, api, access] if asks else [host, access]
    return {
        "hosts": {
            "vault": vault_hosts,
            "destination": [program.host],
        },
        "credentials": {"api_key": _api_key(access, facts)},
        "keys": {"jwks": f"https://{host}{facts.value('paths', 'jwks')}"},
        "secret_store": {
            "url": f"https://{host}{facts.value('paths', 'secrets')}",
            "max_value_bytes": facts.limit("secret_value", "bytes"),
            "scopes": [facts.value("scopes", "secrets")],
        },
        "sources": {
            kind: _source_kind(kind, fact["value"], facts)
            for kind, fact in facts.section("source_kinds").items()
        },
        "gets": {**_GETS, "fills": _fills(program, facts)},
        **_card(account, api, facts),
    }


def _fills(program: Program, facts: Facts) -> dict[str, str]:
    """What stands for what in a template."""
    atoms = {f"{{{{{fact['value']}}}}}": name for name, fact in facts.section("atoms").items()}
    return atoms | {f"{{{{ secret_{name} }}}}": f"secrets.{name}" for name in program.secrets}


def _card(account: Mapping[str, str], host: str, facts: Facts) -> Json:
    """How to ask about the card of an instrument, where the merchant lets that be asked."""
    if account.get("card_details") != "ask":
        return {}
    return {
        "card": {
            "http": _instrument_request(host, facts),
            "kinds": list(_INSTRUMENTS),
            "scopes": [facts.value("scopes", "instruments")],
            "tells": {name: fact["value"] for name, fact in facts.section("tells").items()},
        }
    }


def _instrument_request(host: str, facts: Facts) -> Json:
    path = facts.value("paths", "instrument")
    return {
        "method": "GET",
        "url": Encoded(Encoding.URL, Text((Lit(f"https://{host}{path}"), Ref("source.id")))),
        "query": [],
        "headers": _api_headers(),
    }


def _own_host(
    name: str, environment_class: EnvironmentClass, account: Mapping[str, str], facts: Facts
) -> str:
    """A host that the vendor gives to each merchant, where the account names its prefix.

    Without one it is the shared host, which the vendor keeps as a fallback for a while.
    """
    host = facts.host(name, environment_class)
    prefix = account.get("prefix")
    return (
        f"{prefix}.{host}" if prefix and name in facts.value("own_hosts", "with_prefix") else host
    )


def _api_key(host: str, facts: Facts) -> Json:
    """The secret key, or an OAuth client, with the scope that every run needs."""
    client = {
        "token_url": f"https://{host}{facts.value('paths', 'token')}",
        **facts.value("authentication", "oauth_client"),
        "scopes": [facts.value("scopes", "forward")],
    }
    return {**facts.value("authentication", "secret_key"), "or": {"oauth": client}}


def _source_kind(kind: str, fact: Mapping[str, object], facts: Facts) -> Json:
    takes = [str(name) for name in fact["takes"]]  # type: ignore[attr-defined]
    inputs = facts.section("inputs")
    id_field, type_name = ("id", "id") if kind == "src_" else ("token", "token")
    bind = Map(
        (
            ("type", Lit(type_name)),
            (id_field, Ref("source.id")),
            *((name, If(f"inputs.{name}", Ref(f"inputs.{name}"))) for name in takes),
        )
    )
    return {
        "pattern": fact["pattern"],
        "single_use": fact["single_use"],
        "inputs": {name: inputs[name]["value"] for name in takes},
        "has": {
            atom: _presence(str(entry[kind]))
            for atom, entry in facts.unrecorded().section("atoms").items()
        },
        "bind": bind,
    }


def _presence(fact: str) -> object:
    return fact if fact in ("always", "vault", "never") else {"input": fact}


def emit(context: Context, facts: Facts) -> Emitted:
    """The steps of one operation."""
    findings: list[Finding] = []
    steps = [
        direct_step(step)
        if step.direct
        else _vault_step(context, step, facts.at(step.name), findings)
        for step in context.operation.steps
    ]
    extra = by_step(context.vault_steps, lambda step: _losses(context, step, facts.at(step.name)))
    if fitting := _fitting(context, facts):
        extra["source_kinds"] = fitting
    if uses_network_token(context.operation) and context.operation.fallback:
        extra["fallback"] = _fallback(context, facts)
    return Emitted(tuple(steps), tuple(findings), extra)


def _fitting(context: Context, facts: Facts) -> list[str] | None:
    """The kinds of source that fit the operation; None where all do."""
    if uses_network_token(context.operation):
        return list(_INSTRUMENTS)
    return lasting_sources(facts) if len(context.vault_steps) > 1 else None


def _fallback(context: Context, facts: Facts) -> Json:
    """Ask for the instrument before sending: no body can be rewritten inside the vault."""
    host = _own_host("api", context.environment_class, context.account, facts)
    state = Call("get", (_response_member("network_token"), Lit("state")))
    return {
        "operation": context.operation.fallback,
        "ask": {
            "http": _instrument_request(host, facts),
            "when": Call("eq", (state, Lit(facts.value("network_tokens", "active_state")))),
            "scopes": [facts.value("scopes", "instruments")],
            "tells": {name: fact["value"] for name, fact in facts.section("tells").items()},
            **_holds(context, facts),
        },
    }


def _holds(context: Context, facts: Facts) -> Json:
    """Where the answer tells of what this operation or its fallback may miss."""
    both = (context.operation.name, context.operation.fallback)
    steps = (s for one in context.program.operations if one.name in both for s in one.steps)
    used = {atom.name for step in steps if not step.direct for atom in step.request.atoms}
    known = facts.section("holds")
    found = {name: known[name]["value"] for name in known if name in used}
    return {"holds": found} if found else {}


def _asked(context: Context, facts: Facts) -> dict[str, Collection[str]]:
    """The atoms that an answer about the instrument may tell before this operation runs.

    By kind of source: what begins with such a question takes no other one.
    """
    name = context.operation.name
    before = any(
        one.fallback == name or (one.name == name and one.fallback)
        for one in context.program.operations
    )
    return dict.fromkeys(_INSTRUMENTS, facts.section("holds")) if before else {}


def _losses(context: Context, step: Step, facts: Facts) -> Json:
    kinds = {
        kind: {
            atom.name: _presence(str(facts.section("atoms")[atom.name][kind]))
            for atom in step.request.atoms
        }
        for kind in _fitting(context, facts) or facts.section("source_kinds")
    }
    return known_losses(step.request, kinds, asked=_asked(context, facts))


def _response_member(name: str) -> Term:
    return Call("get", (Ref("response.json"), Lit(name)))


def _api_headers() -> list[list[object]]:
    authorization = header(Text((Lit("Bearer "), Ref("vault.api_key"))))
    return [["Authorization", authorization], ["Accept", "application/json"]]


def _vault_step(context: Context, step: Step, facts: Facts, findings: list[Finding]) -> Json:
    body = _call_body(context, step, facts)
    findings += [
        replace(found, span=step.request.span, step=step.name)
        for found in (*unsendable(body), *_too_many_headers(step, context, facts))
    ]
    host = facts.host("forward", context.environment_class)
    url = f"https://{host}{facts.value('paths', 'forward')}"
    headers = [*_api_headers(), ["Content-Type", "application/json"]]
    return {
        "name": step.name,
        "deliver": "vault",
        "http": {
            "method": "POST",
            "url": url,
            "query": [],
            "headers": headers,
            "body": Encoded(Encoding.JSON, body),
        },
        "read": _READ,
        **tail(step, read_ms=facts.limit("read_timeout", "milliseconds")),
        "reconcile": {"get": _kept_request(url, facts)},
        "vault_reference": {"reference": "run.reference"},
    }


def _kept_request(url: str, facts: Facts) -> Json:
    """How to ask for one request that the vault keeps: its id must be known."""
    address = Encoded(Encoding.URL, Text((Lit(f"{url}/"), Ref("vault.request_id"))))
    return {
        "http": {"method": "GET", "url": address, "query": [], "headers": _api_headers()},
        "days": facts.counted("retention", "request_text", "days"),
    }


def _call_body(context: Context, step: Step, facts: Facts) -> Term:
    entries: list[tuple[str, Term]] = [
        ("source", Source()),
        ("reference", _limit(facts, "reference", "reference", Ref("run.reference"))),
        ("processing_channel_id", Lit(context.account.get("processing_channel_id", ""))),
    ]
    if uses_network_token(context.operation):
        network_token = (
            ("enabled", Lit(True)),
            ("request_cryptogram", Lit(_asks_cryptogram(context, facts))),
        )
        entries.append(("network_token", Map(network_token)))
    entries.append(("destination_request", _destination_request(context, step, facts)))
    return Map(tuple(entries))


def _asks_cryptogram(context: Context, facts: Facts) -> bool:
    """Whether a cryptogram is asked for: it must be said, by who starts the payment."""
    return bool(facts.value("network_tokens", "cryptogram")[context.operation.initiator])


def _destination_request(context: Context, step: Step, facts: Facts) -> Term:
    request = step.request
    lowering = Lowering(facts, context.stored)
    encrypted, raw = _split_headers(request, context)
    body: Term = Lit("")
    if request.body:
        tree = lowering.value(request.body.tree)
        body = Encoded(request.body.encoding, tree, True, request.body.doctype)
    query = _query(request, lowering)
    headers = _headers(raw, encrypted, lowering, facts)
    signature = _signature(request.sign, lowering) if request.sign else ()
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


def _url(request: Request) -> Term:
    return Encoded(Encoding.URL, request.url)


def _limit(facts: Facts, limit: str, name: str, term: Term) -> Term:
    return Limit(facts.limit(limit), name, term)


def _split_headers(request: Request, context: Context) -> tuple[list[Pair], list[Pair]]:
    masked = tainted(context.program, context.operation)
    encrypted: list[Pair] = []
    raw: list[Pair] = []
    for pair in content_type(request):
        (encrypted if is_encrypted(pair, context, masked) else raw).append(pair)
    return encrypted, raw


def _headers(raw: list[Pair], encrypted: list[Pair], lowering: Lowering, facts: Facts) -> Term:
    plain = [(pair.name, header(lowering.value(pair.value), templated=True)) for pair in raw]
    entries: list[tuple[str, Term]] = [("raw", Map(tuple(plain)))]
    if encrypted:
        secret = Map(tuple((pair.name, header(pair.value)) for pair in encrypted))
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


def _query(request: Request, lowering: Lowering) -> Iterator[tuple[str, Term]]:
    if request.query:
        values = (
            (pair.name, Encoded(Encoding.QUERY, lowering.value(pair.value), templated=True))
            for pair in request.query
        )
        yield "query", named_values(values)


def _signature(sign: Sign, lowering: Lowering) -> tuple[tuple[str, Term], ...]:
    secret = Encoded(Encoding.HEADER, lowering.value(sign.secret), templated=True)
    if sign.scheme == "dlocal":
        parameters = Map((("secret_key", secret),))
        return (("signature", Map((("type", Lit("dlocal")), ("dlocal_parameters", parameters)))),)
    entries: list[tuple[str, Term]] = [("shared_secret", secret)]
    if sign.remove_path_prefix is not None:
        entries.append(("remove_resource_path_prefix", Lit(sign.remove_path_prefix)))
    visa = Map((("type", Lit("visa")), ("visa_parameters", Map(tuple(entries)))))
    return (("signature", visa),)


def _too_many_headers(step: Step, context: Context, facts: Facts) -> Iterator[Finding]:
    _, raw = _split_headers(step.request, context)
    maximum = facts.limit("raw_headers", "entries")
    if len(raw) > maximum:
        reason = f"headers.raw takes at most {maximum} entries"
        yield Finding(Verdict.REFUSED, "FC0606", reason)
