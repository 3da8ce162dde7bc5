"""Tells a sandbox what the project has compiled: as plain data, read out of plans and the lock.

The plan says where the request to a destination stands in a vault's call; what is handed over is
what a vault's reviewers get to see of it, as texts, lists and numbers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from datetime import date
from hashlib import sha256
from typing import Any, Final, TypeAlias, assert_never
from urllib.parse import urlsplit

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.json_pointer import pointer_token
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import (
    HAS_CALL,
    LINES,
    Amount,
    Atom,
    Call,
    Encoded,
    If,
    Limit,
    Lit,
    Map,
    Raw,
    Ref,
    Seq,
    Source,
    Term,
    Text,
    unwrapped,
    walk,
)
from forwardc.core.terms.values import Secret
from forwardc.plan.answers import DestinationRequestPlaces
from forwardc.plan.approvals import ApprovalState, states
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan, PlanStep
from forwardc.plan.parts import ReviewField
from forwardc.plan.sealed_headers import NotSealableError, sealed_headers, value_of
from forwardc.plan.secret_names import secret_id
from forwardc.runtime.secret_providers.made_up import made_up_private
from forwardc.runtime.secret_providers.plan_secrets import resolve_secrets, sandbox_resolver

_KINDS: Final = {
    "card.number": "number",
    "card.expiry.MM": "expiry_month",
    "card.expiry.M": "expiry_month",
    "card.expiry.YYYY": "expiry_year",
    "card.cvc": "cvc",
    "card.holder_name": "name",
    "card.expiry": "expiry",
    "signature": "signature",
    "network_token.number": "token_number",
    "network_token.expiry.MM": "token_month",
    "network_token.expiry.YYYY": "token_year",
    "network_token.expiry": "token_expiry",
    "network_token.cryptogram": "token_cryptogram",
    "network_token.eci": "token_eci",
}
# Filled in a form of their own, which stands after the kind.
_FORMED: Final = frozenset({"card.expiry", "network_token.expiry"})
_IN_HEADER: Final = "header "
_NOTHING: Final = Lit("")
_STORED: Final = re.compile(r"secret_([A-Za-z0-9_]+)")

# Host, owner, and place: an owner's values of two environments are not mixed.
_Whose: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The request to a destination inside a step: terms by the names of headers and of the query.

    `others` are what a signature and functions of the vault take.
    """

    url: Term
    headers: Mapping[str, Term] = field(default_factory=dict)
    query: Mapping[str, Term] = field(default_factory=dict)
    body: Term = _NOTHING
    signature: Term = _NOTHING
    others: tuple[Term, ...] = ()


def project_data(plans: Iterable[Plan], lock: Lock, today: date) -> dict[str, Any]:
    """What these plans name, what their destinations' credentials are, and what is approved."""
    requests: list[dict[str, Any]] = []
    holders: dict[_Whose, dict[str, Any]] = {}
    for plan in plans:
        made_up = _made_up(plan)
        for name, operation in plan.operations.items():
            accepted = states(plan, name, lock, today).psp in (None, ApprovalState.APPROVED)
            for step in operation.steps:
                parts = _parts(plan.gets, step)
                requests.append(_request(plan, step, parts, accepted, made_up))
                _hold(plan, parts, made_up, holders)
    holder_data = [
        {"host": host, "owner": owner, "secrets": secrets}
        for (host, owner, _), secrets in holders.items()
    ]
    return {"requests": requests, "holders": holder_data}


def _made_up(plan: Plan) -> dict[str, str]:
    """The sandbox's values of a plan's secrets as its requests use them, by name."""
    values = resolve_secrets(plan, plan.secrets, sandbox_resolver(plan), Sink(), any_shape=True)
    return {name: value.reveal() for name, value in values.items()}


def _request(
    plan: Plan, step: PlanStep, parts: _Parts, accepted: bool, made_up: Mapping[str, str]
) -> dict[str, Any]:
    through = plan.vault if step.deliver == "vault" else "direct"
    fields = None
    if step.review is not None:
        fields = {
            review_field.at: _kind(review_field)
            for review_field in step.review.fields
            if review_field.atom in _KINDS and not review_field.at.startswith(_IN_HEADER)
        }
    return {
        "vault": through,
        "live": plan.environment_class == "production",
        "approved": accepted,
        "method": step.destination.method,
        "url": _pattern(parts.url),
        "query": sorted(parts.query),
        "headers": sorted(step.review.headers if step.review else parts.headers),
        "fields": fields,
        "constants": dict(_constants(parts.body, "")),
        "keys": dict(_submitted(parts, made_up)) if step.review else {},
        **_arranged(step),
        **_signing(parts, made_up),
    }


def _signing(parts: _Parts, made_up: Mapping[str, str]) -> dict[str, Any]:
    """The signature that is computed outside of the vault: scheme, options, made-up secret."""
    nodes = (
        node for term in (*parts.headers.values(), parts.body) for node in walk(term, HAS_CALL)
    )
    for node in nodes:
        if not isinstance(node, Call) or node.function != "request_signature":
            continue
        named, options = dict(node.named), dict(_entries(node.args[0])).get("options")
        key = named["key"]
        name = key.name.removeprefix("secrets.") if isinstance(key, Ref) else ""
        if options is not None and name in made_up:
            said = {"scheme": _text(named["scheme"]), "options": dict(_options(options))}
            return {"signing": {**said, "secret": made_up[name]}}
    return {}


def _options(options: Term) -> Iterator[tuple[str, Any]]:
    """What is said of a scheme, but for values of a run."""
    for name, term in _entries(options):
        if isinstance(term, Lit):
            yield name, term.value
        elif isinstance(term, Seq):
            yield name, [item.value for item in term.items if isinstance(item, Lit)]


def _kind(review_field: ReviewField) -> str:
    form = f":{review_field.format}" if review_field.atom in _FORMED else ""
    return (
        _KINDS[review_field.atom] + form + (":number" if review_field.json_type == "number" else "")
    )


def _arranged(step: PlanStep) -> dict[str, Any]:
    """What the vault must agree to, and whether it is recorded that it did."""
    if step.review is None or not step.review.arrangements:
        return {}
    arrangements = step.review.arrangements
    return {
        "arranged": {arrangement.id: not arrangement.as_if_agreed for arrangement in arrangements},
        "signed": [
            review_field.at.removeprefix(_IN_HEADER)
            for review_field in step.review.fields
            if review_field.at.startswith(_IN_HEADER)
        ],
        "wallets": [name for arrangement in arrangements for name in arrangement.wallets],
    }


def _parts(places: DestinationRequestPlaces | None, step: PlanStep) -> _Parts:
    """The request inside a step: the plan says where its parts stand in the vault's call."""
    if step.deliver == "direct" or places is None:
        http = step.http
        sign = step.sign.secret if step.sign else _NOTHING
        return _Parts(http.url, dict(http.headers), dict(http.query), http.body or _NOTHING, sign)
    call = unwrapped(step.http.body or _NOTHING)

    def part(place: str | None) -> Term:
        return _NOTHING if place is None else _at(call, *_tokens(place))

    encrypted = unwrapped(part(places.encrypted))
    hidden = getattr(encrypted, "args", (_NOTHING,))[0]
    return _Parts(
        step.destination.url if step.review is None else Lit(step.review.url),
        {**dict(_members(part(places.headers))), **dict(_entries(hidden))},
        dict(_members(part(places.query))),
        part(places.body),
        _rest(call, places),
        (part(places.variables),),
    )


def _tokens(place: str) -> tuple[str, ...]:
    """The fields on the way to a place: `/request[body]`, `/destination_request/body`."""
    return tuple(re.findall(r"[^/\[\]]+", place))


def _rest(call: Term, places: DestinationRequestPlaces) -> Term:
    """What stands beside the body and is none of the request's parts: what a vault signs with."""
    *around, _ = _tokens(places.body)
    parts = (places.body, places.headers, places.encrypted, places.query, places.variables)
    named = {_tokens(place)[len(around)] for place in parts if place is not None}
    beside = _entries(_at(call, *around))
    return Seq(tuple(value for name, value in beside if name not in named))


def _members(term: Term) -> Iterator[tuple[str, Term]]:
    """The members of an object, or the pairs of `[{name, value}]`."""
    yield from _named(term)
    yield from _entries(term)


def _entries(term: Term) -> tuple[tuple[str, Term], ...]:
    plain = unwrapped(term)
    return plain.entries if isinstance(plain, Map) else ()


def _at(term: Term, *path: str) -> Term:
    for name in path:
        term = dict(_entries(term)).get(name, _NOTHING)
    return term


def _named(term: Term) -> Iterator[tuple[str, Term]]:
    """The pairs of `[{name, value}]`."""
    plain = unwrapped(term)
    for item in plain.items if isinstance(plain, Seq) else ():
        entries = dict(_entries(item))
        name = entries.get("name")
        if isinstance(name, Lit):
            yield str(name.value), entries["value"]


def _pattern(url: Term) -> list[str | None]:
    """A URL with None for each value of a run, texts beside each other joined."""
    texts: list[str | None] = []
    for part in _flat(url):
        text = None if any(isinstance(node, Ref) for node in walk(part)) else _text(part)
        if text is None or not texts or texts[-1] is None:
            texts.append(text)
        else:
            texts[-1] += text
    return texts


def _flat(term: Term) -> Iterator[Term]:
    """What is written one after the other, each as it is encoded."""
    match term:
        case Text(parts=parts):
            for part in parts:
                yield from _flat(part)
        case Encoded(encoding=encoding, tree=Text(parts=parts)) if encoding in LINES:
            # The author's own text stays as it was written.
            yield from (
                part if isinstance(part, Lit) else Encoded(encoding, part) for part in parts
            )
        case Limit(term=inner):
            yield from _flat(inner)
        case (
            Lit()
            | Ref()
            | Atom()
            | Raw()
            | Call()
            | Map()
            | Seq()
            | If()
            | Encoded()
            | Source()
            | Amount()
        ):
            yield term
        case _:
            assert_never(term)


def _text(term: Term) -> str:
    return str(evaluate(term, Scope({})))


def _constants(term: Term, at: str) -> Iterator[tuple[str, str | int | bool]]:
    """The body's own values by JSON pointer, whatever syntax it is written in."""
    plain = unwrapped(term)
    match plain:
        case Lit(value=value):
            if at and isinstance(value, str | int):
                yield at, value
        case Map(entries=entries):
            for name, member in entries:
                yield from _constants(member, f"{at}/{pointer_token(name)}")
        case Seq(items=items):
            for index, item in enumerate(items):
                yield from _constants(item, f"{at}/{index}")
        case (
            Ref()
            | Atom()
            | Raw()
            | Call()
            | Text()
            | If()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            return
        case _:
            assert_never(plain)


def _secrets_in(term: Term) -> set[str]:
    """The secrets that a term names, also those that a vault puts in."""
    names: set[str] = set()
    for node in walk(term):
        if isinstance(node, Ref) and node.root == "secrets":
            names.add(node.name.removeprefix("secrets."))
        elif isinstance(node, Raw):
            names.update(_STORED.findall(node.text))
    return names


def _places(parts: _Parts) -> Iterator[tuple[str, str]]:
    """Each secret of a request with the place that it has there."""
    terms = [
        *((f"header {name.lower()}", term) for name, term in parts.headers.items()),
        *((f"query {name}", term) for name, term in parts.query.items()),
        ("signature", parts.signature),
        *(("body", term) for term in (parts.body, *parts.others)),
    ]
    for place, term in terms:
        for name in sorted(_secrets_in(term)):
            yield name, place


def _hold(
    plan: Plan,
    parts: _Parts,
    made_up: Mapping[str, str],
    holders: dict[_Whose, dict[str, Any]],
) -> None:
    """Add the credentials of one request to those of its host, each below its owner."""
    host = urlsplit(str(_pattern(parts.url)[0] or "")).hostname or ""
    for name, place in _places(parts):
        if name in made_up:
            whose = (host.lower(), secret_id(plan, name).owner, plan.place)
            secrets = holders.setdefault(whose, {})
            credential = secrets.setdefault(name, _credential(plan, name, made_up[name]))
            if place not in credential["places"]:
                credential["places"].append(place)


def _credential(plan: Plan, name: str, text: str) -> dict[str, Any]:
    """A made-up value, with the private key where it is a public one."""
    private = made_up_private(secret_id(plan, name), plan.secrets[name])
    return {"text": text, "places": [], **({"private": private} if private else {})}


def _submitted(parts: _Parts, made_up: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The digest of each header with keys, as `forwardc submit` would seal it: without a scheme.

    One that is another in each run has none, so that nothing is compared.
    """
    secrets = {name: Secret(value) for name, value in made_up.items()}
    places = [("", header, term) for header, term in parts.headers.items()]
    for sealed in sealed_headers(places):
        if secrets.keys() >= {*sealed.secrets}:
            with suppress(NotSealableError):
                value = str(value_of(sealed, secrets).reveal())
                yield sealed.header, [sha256(value.encode()).hexdigest()]
