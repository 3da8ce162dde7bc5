"""Emits plans for Stripe: a forwarding request whose body has blanks of the right JSON type.

Stripe has no placeholders: which paths are card fields is fixed in a config that only it sees.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from forwardc.compile.ir.analysis import has_atom
from forwardc.compile.ir.program import Program, Step
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.losses import by_step, known_losses
from forwardc.compile.vaults.model import Context, Emitted, Finding, Json
from forwardc.compile.vaults.sizes import unsendable
from forwardc.compile.vaults.steps import (
    content_type,
    direct_step,
    encoded_body,
    header,
    named_values,
    tail,
    uses_cvc,
)
from forwardc.compile.vaults.stripe.arranged import (
    agreed_method,
    filled_atoms,
    signatures,
    signed_headers,
    stated,
)
from forwardc.compile.vaults.stripe.fields import echoed, review_fields
from forwardc.compile.vaults.stripe.requirements import needs_onboarding
from forwardc.core.atoms import ATOMS, Instrument
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.rewrite import rewrite
from forwardc.core.terms.terms import (
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
    children,
)


def head(program: Program, account: Mapping[str, str], facts: Facts) -> Json:
    """The parts of a plan that all operations share."""
    kinds, atoms = facts.section("source_kinds"), filled_atoms(facts.unrecorded())
    return {
        "hosts": {
            "vault": [facts.host("api", program.environment_class)],
            "destination": [program.host],
        },
        "credentials": {"api_key": facts.value("authentication", "secret_key")},
        "sources": {
            kind: {
                "pattern": fact["value"]["pattern"],
                "single_use": fact["value"]["single_use"],
                "inputs": {},
                "has": {atom: entry[kind] for atom, entry in atoms.items()},
                "bind": {"$": "source.id"},
            }
            for kind, fact in kinds.items()
        },
        "gets": {"body": "/request[body]", "headers": "/request[headers]"},
        "log": facts.single("log"),
        **_card(program, account, facts),
    }


def _card(program: Program, account: Mapping[str, str], facts: Facts) -> Json:
    """How to ask about the card of a payment method, where the merchant lets that be asked."""
    if account.get("card_details") != "ask":
        return {}
    host, path = facts.host("api", program.environment_class), facts.value("paths", "card")
    return {
        "card": {
            "http": {
                "method": "GET",
                "url": Encoded(
                    Encoding.URL, Text((Lit(f"https://{host}{path}"), Ref("source.id")))
                ),
                "query": [],
                "headers": [_authorization(), ["Stripe-Version", _version(account, facts)]],
            },
            "kinds": list(facts.section("source_kinds")),
            "tells": {name: fact["value"] for name, fact in facts.section("tells").items()},
        }
    }


def _authorization() -> list[object]:
    return ["Authorization", header(Text((Lit("Bearer "), Ref("vault.api_key"))))]


def _version(account: Mapping[str, str], facts: Facts) -> str:
    return account.get("api_version") or str(facts.single("api_version")["default"])


def emit(context: Context, facts: Facts) -> Emitted:
    """The steps of one operation."""
    findings: list[Finding] = []
    steps = []
    for step in context.operation.steps:
        if step.direct:
            steps.append(direct_step(step))
            continue
        read = facts.at(step.name)
        body = _call_body(step, read)
        findings += [
            replace(found, span=step.request.span, step=step.name) for found in unsendable(body)
        ]
        steps.append(_vault_step(context, step, body, read))
    onboarding = any(needs_onboarding(s.request, context, facts) for s in context.vault_steps)
    extra: Json = {"production": {"needs_onboarding": True}} if onboarding else {}
    extra |= by_step(context.vault_steps, lambda step: _losses(step, facts.at(step.name)))
    return Emitted(tuple(steps), tuple(findings), extra | {"inputs": _billing_inputs(context)})


def _vault_step(context: Context, step: Step, body: Term, facts: Facts) -> Json:
    version = _version(context.account, facts)
    host = facts.host("api", context.environment_class)
    return {
        "name": step.name,
        "deliver": "vault",
        "http": {
            "method": "POST",
            "url": f"https://{host}{facts.value('paths', 'forward')}",
            "query": [],
            "headers": [
                _authorization(),
                ["Content-Type", "application/x-www-form-urlencoded"],
                ["Stripe-Version", version],
                ["Idempotency-Key", header(Ref("vault.idempotency_key"))],
            ],
            "body": Encoded(Encoding.FORM, body),
        },
        "review": _review(step, facts),
        "read": {
            "status": "/response_details/status",
            "headers": {"at": "/response_details/headers", "form": "pairs"},
            "body": "/response_details/body",
            "request_id": "/id",
            "mode": facts.single("mode"),
            **agreed_method(step),
            "failures": [
                _failure(fact["value"], spent=uses_cvc(step))
                for fact in facts.section("failures").values()
            ],
        },
        **tail(step, read_ms=facts.limit("read_timeout", "milliseconds")),
        **_echo(step, facts),
        "vault_key_hours": facts.limit("idempotency_kept", "hours"),
        "reconcile": {"list": _kept_requests(host, version, facts)},
        "vault_reference": {"metadata[forwardc_run]": "run.id"},
    }


def _kept_requests(host: str, version: str, facts: Facts) -> Json:
    """How to search the requests that the vault keeps."""
    bounds = (("created%5Bgte%5D", "vault.created_from"), ("created%5Blte%5D", "vault.created_to"))
    pages = If("vault.after", Encoded(Encoding.QUERY, Ref("vault.after")))
    return {
        "http": {
            "method": "GET",
            "url": f"https://{host}{facts.value('paths', 'forward')}",
            "query": [
                *([name, Encoded(Encoding.QUERY, Ref(value))] for name, value in bounds),
                ["limit", str(facts.limit("page", "requests"))],
                ["starting_after", pages],
            ],
            "headers": [
                ["Authorization", header(Text((Lit("Bearer "), Ref("vault.api_key"))))],
                ["Stripe-Version", version],
            ],
        },
        **facts.value("reconcile", "list"),
        "days": facts.counted("retention", "request", "days"),
    }


def _review(step: Step, facts: Facts) -> Json:
    """What the vault's reviewers accept: the parts that the facts list as its review surface."""
    request = step.request
    parts: Json = {
        "url": Lit(str(evaluate(_url(step), Scope({}))), span=request.span),
        "method": request.method,
        "fields": review_fields(step, facts),
        "headers": [Lit(pair.name, span=pair.span) for pair in content_type(request)],
        # The vault computes no functions, so that it encrypts with none.
        "keys": [],
    }
    surface = {name: parts[name] for name in facts.single("review_surface")}
    return surface | ({"arrangements": stated(step)} if step.agreed else {})


def _losses(step: Step, facts: Facts) -> Json:
    """What may be missing: the vault's echo tells of its own values, the caller of the address."""
    billing = [atom.name for atom in step.request.atoms if _is_billing(atom.name)]
    given = dict.fromkeys(billing)
    return known_losses(step.request, _presence(step, facts), given=given, echoed=echoed(step))


def _echo(step: Step, facts: Facts) -> Json:
    """Where the vault repeats the body, where that tells something."""
    known = [how for found in _losses(step, facts).values() for how in found.values()]
    if all(how["by"] != "echo" for how in known):
        return {}
    kinds, places = _presence(step, facts).values(), echoed(step)
    always = {atom for has in kinds for atom, how in has.items() if how == "always"}
    xml = step.request.body is not None and step.request.body.encoding is Encoding.XML
    return {
        "echo": {
            **facts.single("echo"),
            **({"syntax": "xml"} if xml else {}),
            "filled": [place for atom in places if atom in always for place in places[atom]],
        }
    }


def _presence(step: Step, facts: Facts) -> dict[str, dict[str, str]]:
    """The presence of the atoms that a step uses, by kind of source."""
    known, used = filled_atoms(facts), {atom.name for atom in step.request.atoms}
    return {
        kind: {atom: known[atom][kind] for atom in known if atom in used}
        for kind in facts.section("source_kinds")
    }


def _failure(fact: Mapping[str, object], *, spent: bool) -> Json:
    """A failure; whether it uses up the CVC matters only where one is sent."""
    failure: Json = {"status": fact["status"], "sent": fact["sent"]}
    if spent and fact.get("consumes_cvc"):
        failure["consumes_cvc"] = True
    if "retry" in fact:
        failure["retry"] = fact["retry"]
    if fact["codes"]:
        failure["code"] = {"at": "/error/code", "in": fact["codes"]}
    return failure


def _call_body(step: Step, facts: Facts) -> Term:
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
        text = encoded_body(request.body, _blanks(request.body.tree), templated=False)
        inner.append(("body", Limit(facts.limit("body"), "request.body", text)))
    entries: list[tuple[str, Term]] = [
        ("payment_method", Ref("source.id")),
        ("url", Limit(facts.limit("url"), "url", _url(step))),
        ("replacements", _replacements(step, facts)),
        ("request", Map(tuple(inner))),
        ("metadata", Map((("forwardc_run", Ref("run.id")),))),
    ]
    return Map(tuple(entries))


def _url(step: Step) -> Term:
    """The URL with its literal query: the vault has no query list."""
    parts: list[Term] = [Encoded(Encoding.URL, step.request.url)]
    for index, pair in enumerate(step.request.query):
        parts.append(Lit(f"{'&' if index else '?'}{pair.name}="))
        parts.append(Encoded(Encoding.QUERY, pair.value))
    return Text(tuple(parts)) if len(parts) > 1 else parts[0]


def _header_list(headers: tuple[tuple[str, Term], ...], facts: Facts) -> Seq:
    maximum = facts.limit("header_value")
    return named_values((name, Limit(maximum, f"header {name}", value)) for name, value in headers)


def _blanks(tree: Term) -> Term:
    """Card values become blanks of the JSON type that the destination expects."""

    def integers(node: Term) -> Term:
        is_integer = isinstance(node, Call) and node.function == "int" and has_atom(node)
        return Lit(0, span=node.span) if is_integer else node

    def blank(node: Term) -> Term:
        match node:
            case Atom(name=name) if _is_billing(name):
                return Ref(f"inputs.{name}", span=node.span)
            case Atom():
                return Lit("", span=node.span)
            case If(present=present, then=then) if _is_billing(present):
                return If(f"inputs.{present}", then, span=node.span)
            case _:
                return node

    return rewrite(rewrite(tree, integers), blank)


def _is_billing(name: str) -> bool:
    return name in ATOMS and ATOMS[name].instrument is Instrument.BILLING


def _replacements(step: Step, facts: Facts) -> Seq:
    """What the vault fills; left out with an optional value that is left out everywhere."""
    known, used = filled_atoms(facts), {atom.name for atom in step.request.atoms}
    names = {atom: str(known[atom]["value"]) for atom in known if atom in used}
    asked: dict[str, tuple[str, bool]] = {}
    for atom, optional in _atoms_with_mark(
        step.request.body.tree if step.request.body else Lit("")
    ):
        if atom in names:
            replacement = names[atom]
            always = replacement in asked and not asked[replacement][1]
            asked[replacement] = (atom, optional and not always)
    filled = tuple(
        If(asked[name][0], Lit(name)) if asked[name][1] else Lit(name)
        for name in dict.fromkeys(names.values())
        if name in asked
    )
    signed = dict.fromkeys(one.replacement for one in signatures(step))
    return Seq((*filled, *(Lit(name) for name in signed)))


def _atoms_with_mark(term: Term, optional: bool = False) -> Iterator[tuple[str, bool]]:
    if isinstance(term, Atom):
        yield term.name, optional
    for child in children(term):
        yield from _atoms_with_mark(child, optional or isinstance(term, If))


def _billing_inputs(context: Context) -> Json:
    """The vault has no billing address: each part becomes an input of the same name."""
    inputs: Json = {}
    for step in context.vault_steps:
        if step.request.body:
            for atom, optional in _atoms_with_mark(step.request.body.tree):
                if _is_billing(atom):
                    was_optional = inputs.get(atom, {}).get("optional", True)
                    inputs[atom] = {
                        "type": "text",
                        "sensitive": True,
                        "optional": optional and was_optional,
                    }
    return inputs
