"""Properties of the expression parser: it takes any text, and it reads back what is printed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.language.expressions import parse
from forwardc.compile.language.parser import WORDS
from forwardc.compile.language.report import Report
from forwardc.core.atoms import ATOMS
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.terms.terms import Atom, Call, If, Lit, Ref, Seq, Term, Text

OPERATORS = {
    "or": "or",
    "and": "and",
    "in": "in",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}

words = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(
    lambda name: name not in WORDS
)
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.decimals(-1000, 1000, places=2),
    st.text(max_size=8),
).map(Lit)
refs = st.one_of(
    words.map(lambda name: Ref(f"let.{name}")),
    words.map(lambda name: Ref(f"params.{name}")),
    st.sampled_from(sorted(ATOMS)).map(Atom),
)
marked = refs.map(lambda ref: If(ref.name, ref))


def deeper(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    binary = st.tuples(st.sampled_from(sorted(OPERATORS)), inner, inner)
    return st.one_of(
        binary.map(lambda parts: Call(parts[0], parts[1:])),
        inner.map(lambda term: Call("not", (term,))),
        st.tuples(inner, inner).map(lambda parts: Call("get", parts)),
        inner.map(lambda term: Call("text", (term,))),
        st.tuples(inner, inner, inner).map(lambda args: Call("slice", args)),
        st.tuples(inner, inner, inner, inner).map(
            lambda found: Call(
                "jwe", found[:1], (("key", found[1]), ("alg", found[2]), ("enc", found[3]))
            )
        ),
        st.lists(inner, max_size=3).map(lambda items: Seq(tuple(items))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Text(tuple(parts))),
    )


terms: st.SearchStrategy[Term] = st.recursive(literals | refs | marked, deeper, max_leaves=12)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def printed(term: Term) -> str:
    match term:
        case Lit(value=str() as value):
            return quoted(value)
        case Lit(value=None):
            return "null"
        case Lit(value=bool() as value):
            return str(value).lower()
        case Lit(value=value):
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case Ref(name=name) | Atom(name=name):
            return name.removeprefix("let.")
        case If(then=then):
            return printed(then) + "?"
        case Seq(items=items):
            return f"[{', '.join(map(printed, items))}]"
        case Text(parts=parts):
            return f"({' + '.join(map(printed, parts))})"
        case Call("not", (arg,)):
            return f"(not {printed(arg)})"
        case Call("get", (of, key)):
            return f"({printed(of)})[{printed(key)}]"
        case Call(function, (left, right)) if function in OPERATORS:
            return f"({printed(left)} {OPERATORS[function]} {printed(right)})"
        case Call(function, args, named):
            given = [*map(printed, args), *(f"{name}={printed(value)}" for name, value in named)]
            return f"{function}({', '.join(given)})"
        case _:
            raise TypeError(type(term))


def place(start: int, end: int) -> Span:
    assert 0 <= start <= end
    return Span("test", Position(1, start + 1), Position(1, end + 1))


@pytest.mark.fuzz
@given(terms)
def test_what_is_printed_is_read_back(term: Term) -> None:
    sink = Sink()
    assert parse("${" + printed(term) + "}", place, Report(sink)) == term
    assert not sink.has_errors


pieces = st.sampled_from(
    [
        *"${}()[]'\"\\,.?=<>!+- \n",
        "${",
        "$${",
        "params.a",
        "card.cvc?",
        "text(",
        "not ",
        " in ",
        "1",
    ]
)


@pytest.mark.fuzz
@given(st.text(max_size=60) | st.lists(pieces, max_size=30).map("".join))
def test_any_text_is_read_or_explained(text: str) -> None:
    sink = Sink()
    found = parse(text, place, Report(sink))
    assert (found is None) == sink.has_errors
    assert {problem.code for problem in sink.sorted()} <= {
        "FC0115",
        "FC0301",
        "FC0302",
        "FC0304",
        "FC0305",
    }


@pytest.mark.fuzz
@given(st.text(max_size=60))
def test_text_without_an_opening_is_itself(text: str) -> None:
    if "${" not in text:
        assert parse(text, place, Report(Sink())) == Lit(text)
