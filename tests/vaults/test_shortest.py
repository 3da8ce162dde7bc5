"""The shortest text of a term is what the evaluator writes when the values of a run are nothing."""

from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.vaults.shortest import shortest
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.terms import (
    Amount,
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
    Term,
    Text,
    rewrite,
    walk,
)

MARK = Raw("\ue000", number=True)
LEAVES: st.SearchStrategy[Term] = st.one_of(
    st.sampled_from(["", "a", "{{x}}", "{", " x", "\x00", "\ud800", 'q"']).map(Lit),
    st.sampled_from([True, None, 7]).map(Lit),
    st.sampled_from([Ref("params.a"), Ref("secrets.k"), Raw("{{card}}")]),
)


def around(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    several = st.lists(inner, max_size=3).map(tuple)
    keys = st.sampled_from(["a", "b", ".c", "."])
    return st.one_of(
        several.map(Text),
        several.map(Seq),
        st.dictionaries(keys, inner, max_size=3).map(lambda entries: Map(tuple(entries.items()))),
        st.builds(If, st.just("params.b"), inner),
        st.builds(Encoded, st.sampled_from(Encoding), inner, st.booleans()),
        st.builds(Amount, st.none() | inner, st.just(Ref("params.currency"))),
        st.builds(
            lambda name, arg: Call(name, (arg,)),
            st.sampled_from(["lower", "json", "text", "base64", "int"]),
            inner,
        ),
    )


TERMS = st.recursive(LEAVES, around, max_leaves=10)


def without_run(node: Term) -> Term:
    """What shortness means, told slowly: a mark for each value of a run, then the evaluator."""
    if isinstance(node, Limit):
        return node.term
    is_call = isinstance(node, Call) and node.function not in ("json", "text")
    if isinstance(node, Ref | Amount) or (is_call and MARK in walk(node)):
        return MARK
    return node


def least(term: Term) -> int:
    value = evaluate(rewrite(term, without_run), Scope({}))
    return len(value) - value.count("\ue000") if isinstance(value, str) else 0


def outcome(measure: object, term: Term) -> object:
    try:
        return measure(term)  # type: ignore[operator]
    except (NotExpressibleError, ComputationError, TypeError) as problem:
        return type(problem), str(problem)


@given(TERMS, st.sampled_from(Encoding), st.booleans())
def test_it_is_the_evaluators_text_without_the_values_of_a_run(
    term: Term, encoding: Encoding, templated: bool
) -> None:
    text = Encoded(encoding, term, templated)
    assert outcome(shortest, text) == outcome(least, text)
    assert outcome(shortest, Limit(3, "a", text)) == outcome(least, Limit(3, "a", text))


def test_the_one_that_is_followed() -> None:
    entries = (
        ("name", Ref("params.name")),
        ("kind", Lit("card")),
        ("note", If("params.note", Ref("params.note"))),
    )
    assert shortest(Encoded(Encoding.JSON, Map(entries))) == len('{"name":,"kind":"card"}') == 23
