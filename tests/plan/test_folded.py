"""A folded term is written exactly as the evaluator writes it: the text, the mask, the refusal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwardc.core.terms.codec import from_json
from forwardc.core.terms.compiled_writer import compiled_writer
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import ComputationError, Scope, TextTooLongError, evaluate
from forwardc.core.terms.money import MONEY
from forwardc.core.terms.specialize import conditions, specialized
from forwardc.core.terms.terms import (
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
    walk,
)
from forwardc.core.terms.values import ABSENT, Secret
from forwardc.plan.model import DisplayedRequest, Plan, load_plan
from forwardc.plan.parts import PlanRequest

ROOT = Path(__file__).resolve().parent.parent.parent
PLANS = sorted((ROOT / "build").glob("*/*/*.plan.json"))
NASTY = [
    "",
    ".",
    "..",
    "a b",
    "{{card_number}}",
    "{",
    "%}",
    '"\\',
    "é",
    "\ud800",
    "\n",
    " x",
    "</a>",
]
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=4))
PLAIN = st.one_of(
    TEXTS, st.integers(-9, 9), st.booleans(), st.none(), st.sampled_from([Decimal("1.0")])
)
DATA = st.one_of(
    PLAIN, st.lists(PLAIN, max_size=2), st.dictionaries(st.sampled_from("a{"), PLAIN, max_size=2)
)
VALUES = st.one_of(DATA, PLAIN.map(Secret))
REFS = ("params.a", "params.b", "secrets.c")
FRAGMENTS = [Raw("{{card}}"), Raw("{{m}}", number=True), Raw("{"), Raw("{% raw %}{#")]
LEAVES = st.one_of(
    PLAIN.map(Lit),
    st.sampled_from(REFS).map(Ref),
    st.sampled_from(FRAGMENTS),
    st.just(Source()),
)
KEYS = st.sampled_from(["a", "b{{", ".c", ".", 'q"'])


def around(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    several = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        several.map(Text),
        several.map(Seq),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(lambda pairs: Map(tuple(pairs))),
        st.builds(If, st.sampled_from(["params.a", "card.cvc", "card.name"]), inner),
        st.builds(Encoded, st.sampled_from(Encoding), inner, st.booleans()),
        st.builds(Limit, st.integers(0, 12), st.just("limit"), inner),
        st.builds(
            lambda name, arg: Call(name, (arg,)),
            st.sampled_from(["lower", "json", "text", "base64", "int"]),
            inner,
        ),
    )


TERMS = st.recursive(LEAVES, around, max_leaves=12)
ENCODED = st.builds(Encoded, st.sampled_from(Encoding), TERMS, st.booleans())


def outcome(write: Any) -> tuple[Any, ...]:
    """A value with its types, or how it is refused."""
    try:
        return ("value", repr(write()))
    except (NotExpressibleError, ComputationError, TextTooLongError, TypeError) as problem:
        return (type(problem), str(problem))


def agree(term: Term, scope: Scope) -> None:
    for reveal in (True, False):
        seen = replace(scope, reveal=reveal)
        inner = specialized(term, seen)
        write = partial(compiled_writer(inner), seen) if inner is not None else lambda: ABSENT
        assert outcome(write) == outcome(partial(evaluate, term, seen))


@pytest.mark.fuzz
@settings(max_examples=max(800, settings.default.max_examples))
@given(
    term=st.one_of(ENCODED, TERMS),
    values=st.tuples(VALUES, VALUES, VALUES),
    present=st.frozensets(st.sampled_from(["card.cvc", "card.name"])),
    source=LEAVES.filter(lambda term: not isinstance(term, Source)),
)
def test_any_term(
    term: Term, values: tuple[Any, ...], present: frozenset[str], source: Term
) -> None:
    agree(term, Scope(dict(zip(REFS, values, strict=True)), present, source))


def terms_of(plan: Plan) -> Iterator[tuple[Term, Term | None]]:
    """Every term of every request, with every source block that it can be written with."""
    blocks = [None, *(kind.bind for kind in plan.sources.values())]
    for operation in plan.operations.values():
        requests: list[PlanRequest | DisplayedRequest] = [step.http for step in operation.steps]
        requests += [step.destination for step in operation.steps]
        requests += [operation.fallback.ask.http] if operation.fallback else []
        for request in requests:
            terms = [request.url]
            if isinstance(request, PlanRequest):
                terms += [term for _, term in (*request.query, *request.headers)]
                terms += [request.body] if request.body is not None else []
            for term in terms:
                fills = any(isinstance(node, Source) for node in walk(term))
                yield from ((term, block) for block in (blocks[1:] if fills else blocks[:1]))


@st.composite
def scopes(draw: st.DrawFn, term: Term, block: Term | None) -> Scope:
    """Any values in any of the term's places, with anything present."""
    whole = [term, *([block] if block is not None else [])]
    names = sorted({name for one in whole for name in conditions(one)})
    refs = sorted({node.name for one in whole for node in walk(one) if isinstance(node, Ref)})
    present = frozenset(name for name in names if draw(st.booleans()))
    return Scope({name: draw(VALUES) for name in refs}, present, block)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_term_of_every_plan(path: Path) -> None:
    for term, block in terms_of(load_plan(path.read_bytes())):
        given(st.just(term), scopes(term, block))(agree)()


A, C = Ref("params.a"), Ref("secrets.c")
LOWER = Call("lower", (Lit(1),))


@pytest.mark.parametrize(
    "term",
    [
        Encoded(Encoding.XML, Map((("r", Map((("n", A), (".k", A)))),))),
        Encoded(Encoding.JSON, Map((("k", LOWER), ("k", A)))),
        Encoded(Encoding.FORM, Map((("k", A), ("l", Seq((A, Lit("x"))))))),
        Encoded(Encoding.HEADER, If("card.cvc", Lit("a b")), templated=True),
        Encoded(Encoding.HEADER, Text((Lit("a b"), A)), templated=True),
        Encoded(Encoding.URL, Text((Lit("https://x.example/"), Text((A, Lit("x")))))),
        Limit(3, "limit", Encoded(Encoding.PLAIN, Text((Lit("ab"), A)))),
    ],
)
@pytest.mark.parametrize("value", [None, "", "c", "{", 7, ["a"], {"a": "b"}, {}])
def test_values_that_change_what_is_around_them(term: Term, value: Any) -> None:
    agree(term, Scope({"params.a": value}, frozenset({"card.cvc"})))
    agree(term, Scope({"params.a": Secret(value)}))


def _counted(plan: Plan) -> dict[str, Any]:
    """What the amounts of a plan are made of."""
    money = {} if plan.money is None else {MONEY: plan.money}
    return {**money, "params.amount": 1000, "params.currency": "EUR"}


def test_plans_are_not_left_to_the_evaluator(monkeypatch: pytest.MonkeyPatch) -> None:
    def evaluated(term: Term, scope: Scope) -> Any:
        assert not isinstance(term, Encoded) or not scope.values, "only constants are, once"
        return evaluate(term, scope)

    monkeypatch.setattr("forwardc.core.terms.compiled_writer.evaluate", evaluated)
    for path in PLANS:
        plan = load_plan(path.read_bytes())
        for term, block in terms_of(plan):
            whole = [term, *([block] if block is not None else [])]
            refs = {node.name for one in whole for node in walk(one) if isinstance(node, Ref)}
            values = (
                dict.fromkeys(refs, "a")
                | _counted(plan)
                | {"run.now": datetime(2026, 11, 20, tzinfo=UTC)}
            )
            scope = Scope(values, source=block)
            inner = specialized(term, scope)
            assert inner is not None
            assert compiled_writer(inner)(scope) == evaluate(term, scope)


def test_the_audit_looks_at_folded_text_too(monkeypatch: pytest.MonkeyPatch) -> None:
    term = from_json({"$json": {"a": {"$": "params.a"}, "b": {"$raw": "{{x}}"}}, "templated": True})
    write = compiled_writer(term)
    monkeypatch.setattr("forwardc.core.terms.escaping.escape", lambda _, text, **_how: text)
    assert write(Scope({"params.a": "{ {"})) == '{"a":"{ {","b":"{{x}}"}'
    with pytest.raises(NotExpressibleError, match="open a template"):
        write(Scope({"params.a": "{{card_number}}"}))


def test_random_numbers_are_drawn_anew() -> None:
    key = {"kty": "oct", "k": "A" * 43}
    call = {
        "$call": "jwe",
        "args": ["text"],
        "named": {"key": {"$call": "json", "args": [key]}, "alg": "A256GCMKW", "enc": "A256GCM"},
    }
    term = from_json({"$json": {"a": call}})
    write = compiled_writer(term)
    assert write(Scope({})) != write(Scope({}))


def test_what_is_written_again_is_the_new_value() -> None:
    term = from_json(
        {"$json": {"a": {"$": "params.a"}, "b": {"$raw": "{{card}}"}}, "templated": True}
    )
    write = compiled_writer(term)
    assert write(Scope({"params.a": "{"})) == '{"a":"\\u007b","b":"{{card}}"}'
    assert write(Scope({"params.a": 1})) == '{"a":1,"b":"{{card}}"}'
