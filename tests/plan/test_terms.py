"""The chapter of terms: its table is that of the union and the codec, its trace is what happens."""

import re
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.terms import terms
from forwardc.core.terms.codec import to_json
from forwardc.core.terms.compiled_writer import compiled_writer
from forwardc.core.terms.evaluator import Scope
from forwardc.core.terms.terms import (
    ANYTHING,
    HAS_AMOUNT,
    HAS_ATOM,
    HAS_CALL,
    HAS_ENCODED,
    HAS_IF,
    HAS_LIMIT,
    HAS_RAW,
    HAS_REF,
    HAS_SOURCE,
    HAS_TEXT,
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
    rewrite,
    root_bit,
    walk,
)
from forwardc.core.terms.values import Secret

TABLE = {
    cells[0]: cells[2]
    for line in re.findall(r"(?m)^\| ([A-Z]\w+ \|.*) \|$", terms.__doc__ or "")
    if (cells := [cell.strip() for cell in line.split("|")])
}
VALUE = Ref("params.a")
SAMPLES: tuple[Term, ...] = (
    Lit(Decimal(1)),
    VALUE,
    Raw("{{card_number}}"),
    Call("lower", (VALUE,)),
    Text((VALUE,)),
    Map((("$a", VALUE),)),
    Seq((VALUE,)),
    If("params.a", VALUE),
    Encoded(Encoding.JSON, VALUE),
    Limit(3, "a", VALUE),
    Source(),
    Amount(VALUE, Lit("EUR")),
)


def test_the_table_has_every_kind_in_the_order_of_the_union() -> None:
    assert list(TABLE) == [kind.__name__ for kind in get_args(Term)]


def test_the_table_says_how_a_plan_holds_a_kind() -> None:
    assert {type(sample) for sample in SAMPLES} == {*get_args(Term)} - {Atom}
    for sample in SAMPLES:
        data = to_json(sample)
        keys = re.findall(r"`(\$\w*)`", TABLE[type(sample).__name__])
        assert keys == ([next(iter(data))] if isinstance(data, dict) else []), sample
    assert TABLE["Atom"] == "never"


def test_the_header_that_is_followed_is_written_so() -> None:
    header = Encoded(Encoding.HEADER, Text((Lit("Bearer "), Ref("secrets.key"))))
    assert str({"$text": ["Bearer ", {"$": "secrets.key"}]}) in str(to_json(header))
    write = compiled_writer(header)
    values = {"secrets.key": Secret("k1")}
    assert write(Scope(values, reveal=True)) == "Bearer k1"
    assert write(Scope(values)) == "Bearer ***"


OWN_BITS = {
    Lit: 0,
    Map: 0,
    Seq: 0,
    Atom: HAS_ATOM,
    Raw: HAS_RAW,
    Source: HAS_SOURCE,
    Call: HAS_CALL,
    Text: HAS_TEXT,
    If: HAS_IF,
    Amount: HAS_AMOUNT,
    Encoded: HAS_ENCODED,
    Limit: HAS_LIMIT,
}
NAMES = ("params.a", "settings.a", "secrets.a", "host.a", "made.up")
LEAVES: st.SearchStrategy[Term] = st.one_of(
    st.just(Lit("a")),
    st.just(Atom("card.number")),
    st.just(Raw("{{a}}")),
    st.just(Source()),
    st.sampled_from(NAMES).map(Ref),
)


def around(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    several = st.lists(inner, max_size=3).map(tuple)
    named = several.map(lambda terms: tuple((f"key{i}", term) for i, term in enumerate(terms)))
    return st.one_of(
        several.map(Text),
        several.map(Seq),
        named.map(Map),
        st.builds(Call, st.just("concat"), several, named),
        st.builds(If, st.just("params.a"), inner),
        st.builds(Encoded, st.just(Encoding.JSON), inner),
        st.builds(Limit, st.just(3), st.just("a"), inner),
        st.builds(Amount, st.none() | inner, inner),
    )


TERMS = st.recursive(LEAVES, around, max_leaves=20)
BITS = st.sampled_from([HAS_ATOM, HAS_REF, HAS_TEXT | HAS_IF, root_bit("settings"), ANYTHING])


def own_bits(term: Term) -> int:
    return HAS_REF | root_bit(term.root) if isinstance(term, Ref) else OWN_BITS[type(term)]


@given(TERMS, BITS)
def test_what_a_term_holds_is_what_a_walk_finds(term: Term, bits: int) -> None:
    nodes = walk(term)
    assert term.holds == reduce(or_, map(own_bits, nodes), 0)
    assert list(map(id, walk(term, bits))) == [id(node) for node in nodes if node.holds & bits]


@given(TERMS)
def test_what_holds_nothing_of_a_change_stays_the_same_object(term: Term) -> None:
    changed = rewrite(term, lambda node: Lit("b") if isinstance(node, Atom) else node, HAS_ATOM)
    assert not changed.holds & HAS_ATOM
    assert (changed is term) == (not term.holds & HAS_ATOM)


def test_roots_have_bits_of_their_own() -> None:
    names = ("settings", "let", "params", "inputs", "secrets", "steps", "run", "response")
    names += ("source", "vault", "environment", "account", "host", "made-up")
    kinds = [HAS_REF, *filter(None, OWN_BITS.values())]
    assert len({*kinds, *map(root_bit, names)}) == len(kinds) + len(names)
