"""A sample of what a destination receives, with a masked test card, and the answer it documents.

Made from the author's examples only: no run, no clock, no value of a secret.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, assert_never
from urllib.parse import quote

from forwardc.compile.ir.program import Program, ProgramBody, ProgramStep, terms_of
from forwardc.compile.language.destination import Destination, ParamType
from forwardc.compile.language.nodes import Node, YamlMap, YamlScalar, YamlSeq
from forwardc.compile.vaults.encode import Json
from forwardc.compile.vaults.steps import content_type
from forwardc.core.identity_cache import IdentityCache
from forwardc.core.instrument import INSTRUMENT
from forwardc.core.instrument import ROOT as INSTRUMENT_ROOT
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.money import MONEY
from forwardc.core.terms.terms import (
    HAS_AMOUNT,
    HAS_ATOM,
    HAS_CALL,
    HAS_IF,
    HAS_REF,
    Amount,
    Atom,
    Call,
    Encoded,
    Encoding,
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
    map_children,
    rewrite,
    root_bit,
    walk,
)

# The shape in which Stripe prints a forwarded test card (API reference, January 2026).
_NUMBER, _HIDDEN = "424242******4242", "***"
# Where an example does not fit its place, as a name with a line feed in a header.
_NONE = "<no example>"
_ATOMS = {
    "card.number": _NUMBER,
    "card.cvc": _HIDDEN,
    "card.pin_first_two": _HIDDEN,
    "card.holder_name": "Jane Doe",
    "billing.line1": "1 Main Street",
    "billing.line2": "Flat 2",
    "billing.city": "Springfield",
    "billing.state": "IL",
    "billing.postal_code": "62701",
    "billing.country": "US",
    "billing.first_name": "Jane",
    "billing.last_name": "Doe",
    "network_token.number": _NUMBER,
    "network_token.cryptogram": _HIDDEN,
    "network_token.eci": "05",
    "network_token.type": "vts",
}
_EXPIRY = {"M": "3", "MM": "03", "YY": "30", "YYYY": "2030"}
_PARAMS: Mapping[ParamType, Any] = {
    ParamType.INTEGER: 1,
    ParamType.NUMBER: 1,
    ParamType.BOOLEAN: True,
    ParamType.AMOUNT: 1000,
    ParamType.CURRENCY: "EUR",
    ParamType.COUNTRY: "DE",
    ParamType.URI: "https://shop.example/",
    ParamType.JSON: {},
}
_RUN = {
    "run.id": "00000000-0000-4000-8000-000000000001",
    "run.idempotency_key": "00000000-0000-4000-8000-000000000002",
    "run.now": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
}
_SECRETS: Final = root_bit("secrets")
_HIDDEN_VALUES: Final = HAS_ATOM | _SECRETS
# Applied to a card value or a secret they keep it readable; any other function hides it.
_READABLE = frozenset({"int", "json", "text"})


_SAMPLES: Final = IdentityCache[Json]()


def sample_request(step: ProgramStep, program: Program, destination: Destination) -> Json:
    """Method, URL, headers as name and value, and body as JSON data or text; None without one.

    Made once for each request, and nobody's to change.
    """
    return _SAMPLES.get(step.request, None, lambda: _sample(step, program, destination))


def _sample(step: ProgramStep, program: Program, destination: Destination) -> Json:
    terms = [_shown(term) for term in terms_of(step.request)]
    scope = _scope(terms, program, destination)
    pairs = content_type(step.request)
    return {
        "method": step.request.method,
        "url": _url(step, scope),
        "headers": [{"name": pair.name, "value": _line(pair.value, scope)} for pair in pairs],
        "body": _body(step.request.body, scope) if step.request.body else None,
    }


def sample_url(step: ProgramStep, program: Program, destination: Destination) -> str:
    """The URL alone, with its query."""
    values = (pair.value for pair in step.request.query)
    terms = [_shown(term) for term in (step.request.url, *values)]
    return _url(step, _scope(terms, program, destination))


def header_sample(value: Term, program: Program, destination: Destination) -> str:
    """One header's value: literals as they are, secrets as `<name>`."""
    return _line(value, _scope([_shown(value)], program, destination))


def sample_inside(data: Term, program: Program, destination: Destination) -> Any:
    """What is encrypted, with a masked test card: JSON data, or text; None where it has no form."""
    is_json = isinstance(data, Map | Seq)
    scope = _scope([_shown(data)], program, destination)
    return _body(ProgramBody(Encoding.JSON if is_json else Encoding.PLAIN, data), scope)


def sample_answer(destination: Destination, operation: str, step: str) -> Any:
    """The answer that the author gives as a sample, with its places; None without one."""
    steps = destination.operations[operation].steps
    sample = next(authored.sample for authored in steps if authored.name == step)
    return None if sample is None else _data(sample)


def _url(step: ProgramStep, scope: Scope) -> str:
    url = _text(Encoding.URL, step.request.url, scope)
    pairs = [f"{pair.name}={_query(pair.value, scope)}" for pair in step.request.query]
    return f"{url}?{'&'.join(pairs)}" if pairs else url


def _query(value: Term, scope: Scope) -> str:
    """A query value; a secret's name stands in it as `<name>`, which is escaped in no sample."""
    text = _text(Encoding.QUERY, value, scope)
    names = {node.name for node in walk(value, _SECRETS) if isinstance(node, Ref)}
    for shown in (f"<{name.removeprefix('secrets.')}>" for name in names):
        text = text.replace(quote(shown), shown)
    return text


def _body(body: ProgramBody, scope: Scope) -> Any:
    tree = _computable(_shown(body.tree), scope)
    try:
        text = str(evaluate(Encoded(body.encoding, tree, doctype=body.doctype), scope))
    except NotExpressibleError:
        return None
    return json.loads(text) if body.encoding is Encoding.JSON else text


def _line(value: Term, scope: Scope) -> str:
    return _text(Encoding.PLAIN, value, scope)


def _text(encoding: Encoding, value: Term, scope: Scope) -> str:
    try:
        return str(evaluate(Encoded(encoding, _computable(_shown(value), scope)), scope))
    except NotExpressibleError:
        return _NONE


def _shown(term: Term) -> Term:
    """The term with card values as a masked test card, and what hides one as its function."""
    if not term.holds & _HIDDEN_VALUES:
        return term
    match term:
        case Atom(name=name):
            return Lit(_atom(name))
        case Call(function="int", args=(Atom(name=name),)):
            return Lit(int(_atom(name)))
        case Call(function=function) if function not in _READABLE and _is_hidden(term):
            return Lit(f"<{function}>")
        case (
            Lit()
            | Ref()
            | Raw()
            | Call()
            | Text()
            | Map()
            | Seq()
            | If()
            | Encoded()
            | Limit()
            | Source()
            | Amount()
        ):
            return map_children(term, _shown)
        case _:
            assert_never(term)


def _computable(term: Term, scope: Scope) -> Term:
    """The term without functions that take no example: `int` of a text that is no number."""

    def change(node: Term) -> Term:
        if isinstance(node, Call | Amount):
            try:
                evaluate(node, scope)
            except (ComputationError, NotExpressibleError):
                return Lit(f"<{node.function if isinstance(node, Call) else 'amount'}>")
        return node

    return rewrite(term, change, HAS_CALL | HAS_AMOUNT)


def _is_hidden(term: Term) -> bool:
    return bool(term.holds & _HIDDEN_VALUES)


def _atom(name: str) -> str:
    return _ATOMS[name] if name in _ATOMS else _EXPIRY[name.rpartition(".")[2]]


def _scope(terms: list[Term], program: Program, destination: Destination) -> Scope:
    """Values for every reference: the author's examples, else one of the type. All is present."""
    nodes = [node for term in terms for node in walk(term, HAS_REF | HAS_IF)]
    names = {node.name for node in nodes if isinstance(node, Ref)}
    values = {name: _value(name, program, destination) for name in sorted(names)}
    values[MONEY] = destination.money
    present = frozenset(node.present for node in nodes if isinstance(node, If))
    return Scope(values, present)


def _value(name: str, program: Program, destination: Destination) -> Any:
    root, _, short = name.partition(".")
    if name in _RUN:
        return _RUN[name]
    if root == INSTRUMENT_ROOT:
        return INSTRUMENT[short].example
    if root == "params" and short in destination.params:
        param = destination.params[short]
        if param.example is not None:
            return param.example.value
        if param.default is not None:
            return param.default.value
        return next(iter(param.bounds.values), _PARAMS.get(param.type, short))
    return f"<{short}>" if root == "secrets" and short in program.secrets else short


def _data(node: Node) -> Any:
    """A YAML tree as data whose scalars know their place; a decimal keeps its source text."""
    match node:
        case YamlMap(entries=entries):
            return {entry.key: _data(entry.value) for entry in entries}
        case YamlSeq(items=items):
            return [_data(item) for item in items]
        case YamlScalar(value=value):
            whole = value is None or isinstance(value, bool | int | str)
            return Lit(value if whole else str(value), span=node.span)
