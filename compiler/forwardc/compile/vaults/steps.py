"""Plan JSON that is the same under every vault: direct steps, outcome rules, outputs.

Knows no vendor.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from forwardc.compile.ir.analysis import atoms_in
from forwardc.compile.ir.program import Body, OutcomeRule, Output, Pair, Request, Step, terms_of
from forwardc.compile.vaults.model import Json
from forwardc.core.terms.terms import Encoded, Encoding, If, Lit, Map, Ref, Seq, Term, children
from forwardc.core.terms.types import Type

CONTENT_TYPES = {
    Encoding.JSON: "application/json",
    Encoding.FORM: "application/x-www-form-urlencoded",
    Encoding.XML: "application/xml",
    Encoding.PLAIN: "text/plain; charset=utf-8",
}
CONNECT_MS = 10_000
MAX_ANSWER_BYTES = 1_048_576


def content_type(request: Request) -> tuple[Pair, ...]:
    """The request's headers, with the body's Content-Type where the author gave none."""
    named = any(pair.name.lower() == "content-type" for pair in request.headers)
    if named or request.body is None:
        return request.headers
    return (Pair("Content-Type", Lit(CONTENT_TYPES[request.body.encoding])), *request.headers)


def encoded_body(body: Body, tree: Term, *, templated: bool) -> Encoded:
    """A body as text in its own syntax."""
    return Encoded(body.encoding, tree, templated=templated, doctype=body.doctype)


def header(value: Term, *, templated: bool = False) -> Encoded:
    """A header value, checked and escaped as one."""
    return Encoded(Encoding.HEADER, value, templated=templated)


def if_present(value: Term, whole: Term) -> Term:
    """`whole`, absent when an optional part makes the scalar `value` absent."""
    for name in dict.fromkeys(_deciding(value)):
        whole = If(name, whole)
    return whole


def _deciding(term: Term) -> Iterator[str]:
    """The optional parts of a scalar. One inside a map or list drops only its own entry there."""
    if isinstance(term, Map | Seq):
        return
    if isinstance(term, If):
        yield term.present
    for child in children(term):
        yield from _deciding(child)


def named_values(values: Iterable[tuple[str, Term]]) -> Seq:
    """`[{name, value}]` of terms that are already encoded; an absent value drops its item."""
    return Seq(
        tuple(
            if_present(value, Map((("name", Lit(name)), ("value", value))))
            for name, value in values
        )
    )


def direct_step(step: Step) -> Json:
    """A step that the runtime sends to the destination itself."""
    request = step.request
    http: Json = {
        "method": request.method,
        "url": Encoded(Encoding.URL, request.url),
        "query": [[pair.name, Encoded(Encoding.QUERY, pair.value)] for pair in request.query],
        "headers": [[pair.name, header(pair.value)] for pair in content_type(request)],
    }
    if request.body:
        http["body"] = encoded_body(request.body, request.body.tree, templated=False)
    sign = {"sign": _sign(request)} if request.sign else {}
    return {
        "name": step.name,
        "deliver": "direct",
        **({"private": True} if step.private else {}),
        "http": http,
        **sign,
        "read": {"direct": True},
        **tail(step, read_ms=60_000),
    }


def _sign(request: Request) -> Json:
    if request.sign is None:
        return {}
    sign: Json = {"scheme": request.sign.scheme, "secret": request.sign.secret}
    if request.sign.remove_path_prefix is not None:
        sign["remove_path_prefix"] = request.sign.remove_path_prefix
    if request.sign.into is not None:
        sign["into"] = request.sign.into
    return sign


def destination(request: Request) -> Json:
    """What the destination is asked, for display and history."""
    return {"method": request.method, "url": Encoded(Encoding.URL, request.url)}


def tail(step: Step, *, read_ms: int) -> Json:
    """The end of every step: time-outs, outputs and outcome rules. Times in milliseconds."""
    return {
        "destination": destination(step.request),
        "timeouts": {"connect_ms": CONNECT_MS, "read_ms": read_ms},
        "max_answer_bytes": MAX_ANSWER_BYTES,
        "idempotent": step.idempotent,
        **({"uses_cvc": True} if uses_cvc(step) else {}),
        **({"namespaces": dict(step.namespaces)} if step.namespaces else {}),
        "outputs": {
            output.name: {
                "at": output.at,
                "sensitive": output.sensitive,
                "optional": output.optional,
                **_typed(output),
            }
            for output in step.outputs
        },
        "answer": step.answer,
        **({"reason": [{"at": at} for at in step.reason]} if step.reason else {}),
        **({"mode": dict(step.mode)} if step.mode else {}),
        "outcome": [_rule(number, rule) for number, rule in enumerate(step.outcome, 1)],
    }


def _typed(output: Output) -> Json:
    if output.currency is None:
        return {"type": str(output.type)} if output.type is not Type.TEXT else {}
    asked = {"asked": output.asked.name} if output.asked else {}
    return {"type": "amount", "currency": _named(output.currency), **asked}


def _named(currency: Term) -> str:
    """A reference by name, or a code: a code has no dot."""
    match currency:
        case Ref(name=name):
            return name
        case Lit(value=str() as code):
            return code
        case _:
            raise TypeError("the currency of an output is a param or a code")


def uses_cvc(step: Step) -> bool:
    """Whether the request holds the CVC, which serves one request only."""
    return any(
        atom.name == "card.cvc" for term in terms_of(step.request) for atom in atoms_in(term)
    )


def _rule(number: int, rule: OutcomeRule) -> dict[str, Any]:
    condition = {} if rule.when is None else {"when": rule.when}
    return {"rule": number, **condition, "is": str(rule.outcome)}
