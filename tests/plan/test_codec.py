"""Terms as JSON and back: nothing is lost, and what is unknown is refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.terms.codec import InvalidPlanError, from_json, to_json
from forwardc.core.terms.terms import (
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
)

NAMES = st.sampled_from(["params.a", "inputs.cvv_token", "steps.s.o", "run.id"])
KEYS = st.text(max_size=5) | st.sampled_from(["$", "$map", "$json", "$if", "then", "of"])
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False)
LEAVES: st.SearchStrategy[Term] = st.one_of(
    st.builds(Lit, st.none() | st.booleans() | st.integers() | st.text() | NUMBERS),
    st.builds(Ref, NAMES),
    st.builds(Raw, st.text(), st.booleans()),
    st.just(Source()),
)


def _branches(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    several = st.lists(inner, max_size=3).map(tuple)
    # A dict makes the names unique; hypothesis's own filter describes itself at great length.
    named = st.lists(st.tuples(KEYS, inner), max_size=3).map(
        lambda pairs: tuple(dict(pairs).items())
    )
    doctype = st.none() | st.tuples(st.text(min_size=1), st.text(min_size=1))
    return st.one_of(
        st.builds(Call, st.sampled_from(["json", "base64", "get"]), several, named),
        st.builds(Text, several),
        st.builds(Map, named),
        st.builds(Seq, several),
        st.builds(If, NAMES, inner),
        st.builds(Encoded, st.sampled_from(Encoding), inner, st.booleans(), doctype),
        st.builds(Limit, st.integers(0, 20_000), st.text(), inner),
    )


TERMS = st.recursive(LEAVES, _branches, max_leaves=12)


@pytest.mark.fuzz
@given(TERMS)
def test_every_term_comes_back_through_a_file(term: Term) -> None:
    assert from_json(json.loads(json.dumps(to_json(term)))) == term


@pytest.mark.parametrize(
    ("term", "data"),
    [
        (Ref("params.amount"), {"$": "params.amount"}),
        (Lit(Decimal("1.50")), {"$number": "1.50"}),
        (Raw("{{card_number}}"), {"$raw": "{{card_number}}"}),
        (Map((("$a", Lit(1)),)), {"$map": [["$a", 1]]}),
        (If("card.cvc", Lit("x")), {"$if": "card.cvc", "then": "x"}),
        (Encoded(Encoding.JSON, Map(()), True), {"$json": {}, "templated": True}),
        (Source(), {"$source": True}),
    ],
)
def test_the_form_of_holes(term: Term, data: Any) -> None:
    assert to_json(term) == data


@pytest.mark.parametrize(
    "data",
    [
        {"$eval": "1"},
        {"$call": "json"},
        {"$if": "x"},
        {"$limit": 1},
        {"$map": [1]},
        {"$text": 1},
        {"$": {}},
        {"$": 1},
        {"$call": "text", "args": [], "named": []},
        {"$number": "hush"},
        1.5,
        b"hush",
        [{"$hush": 1}],
    ],
)
def test_unknown_holes_are_refused(data: Any) -> None:
    with pytest.raises(InvalidPlanError):
        from_json(data)


def test_card_data_never_enters_a_plan() -> None:
    with pytest.raises(InvalidPlanError):
        to_json(Map((("number", Atom("card.number")),)))


@pytest.mark.parametrize("function", ["pick", "eval"])
def test_a_function_that_no_run_computes_is_in_no_plan(function: str) -> None:
    with pytest.raises(InvalidPlanError):
        from_json({"$call": function, "args": ["eu"], "named": {"eu": "1", "us": "2"}})
