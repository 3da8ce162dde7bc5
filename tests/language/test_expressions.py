"""What expressions mean: the terms they become, and where each part stands."""

from decimal import Decimal

import pytest

from forwardc.compile.language.expressions import parse
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.terms.terms import Atom, Call, If, Lit, Ref, Seq, Term, Text, walk


def place(start: int, end: int) -> Span:
    return Span("test", Position(1, start + 1), Position(1, end + 1))


def term(text: str) -> Term:
    sink = Sink()
    found = parse(text, place, Report(sink))
    assert sink.sorted() == []
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", Lit("plain text")),
        ("", Lit("")),
        ("costs $5 {not} a hole", Lit("costs $5 {not} a hole")),
        ("$${params.amount}", Lit("${params.amount}")),
        ("${params.amount}", Ref("params.amount")),
        ("${ params.amount }", Ref("params.amount")),
        ("${card.number}", Atom("card.number")),
        ("${card.expiry.YYYY}", Atom("card.expiry.YYYY")),
        ("${payment}", Ref("let.payment")),
        ("${params.email?}", If("params.email", Ref("params.email"))),
        ("${card.cvc?}", If("card.cvc", Atom("card.cvc"))),
        ("${'it''s'}", None),
        ("${'it\\'s'}", Lit("it's")),
        ('${"say \\"hi\\" \\\\ \\n\\t"}', Lit('say "hi" \\ \n\t')),
        ("${'a } b'}", Lit("a } b")),
        ("${42}", Lit(42)),
        ("${-7}", Lit(-7)),
        ("${1.50}", Lit(Decimal("1.50"))),
        ("${true}", Lit(True)),
        ("${false}", Lit(False)),
        ("${null}", Lit(None)),
    ],
)
def test_a_scalar_becomes_a_term(text: str, expected: Term | None) -> None:
    if expected is None:
        assert parse(text, place, Report(Sink())) is None
    else:
        assert term(text) == expected


def test_number_literals_keep_their_digits() -> None:
    found = term("${1.50}")
    assert isinstance(found, Lit)
    assert str(found.value) == "1.50"


def test_a_scalar_with_more_than_one_expression_is_text() -> None:
    assert term("Bearer ${secrets.key}") == Text((Lit("Bearer "), Ref("secrets.key")))
    assert term("${params.a}${params.b}") == Text((Ref("params.a"), Ref("params.b")))
    assert term("${params.a} ") == Text((Ref("params.a"), Lit(" ")))
    assert term("$${x} ${params.a}") == Text((Lit("${x} "), Ref("params.a")))


def test_plus_joins_into_one_text() -> None:
    found = term("${params.a + ':' + text(params.n)}")
    assert found == Text((Ref("params.a"), Lit(":"), Call("text", (Ref("params.n"),))))


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("${a or b and c}", "${a or (b and c)}"),
        ("${a and not b}", "${a and (not b)}"),
        ("${not a == b}", "${not (a == b)}"),
        ("${a == b + c}", "${a == (b + c)}"),
        ("${a in [b] and c}", "${(a in [b]) and c}"),
        ("${a or b or c}", "${(a or b) or c}"),
        ("${not not a}", "${not (not a)}"),
        ("${a['x'] == b[0]}", "${(a['x']) == (b[0])}"),
    ],
)
def test_precedence(text: str, grouped: str) -> None:
    assert term(text) == term(grouped)


@pytest.mark.parametrize(
    ("sign", "function"),
    [("==", "eq"), ("!=", "ne"), ("<", "lt"), ("<=", "le"), (">", "gt"), (">=", "ge")],
)
def test_comparisons_are_calls(sign: str, function: str) -> None:
    expected = Call(function, (Ref("response.status"), Lit(400)))
    assert term("${response.status " + sign + " 400}") == expected


def test_lists_indexes_and_header_names() -> None:
    assert term("${response.status in [200, 201]}") == Call(
        "in", (Ref("response.status"), Seq((Lit(200), Lit(201))))
    )
    inner = Call("get", (Ref("response.json"), Lit("a")))
    assert term("${response.json['a'][0]}") == Call("get", (inner, Lit(0)))
    assert term("${response.headers['Retry-After']}") == term("${response.headers['retry-after']}")
    assert term("${response.json['A']}") != term("${response.json['a']}")


def test_named_arguments_keep_their_order() -> None:
    found = term("${jwe(payload, key=secrets.k, enc='A256GCM', alg='A256GCMKW')}")
    assert isinstance(found, Call)
    assert found.args == (Ref("let.payload"),)
    assert [name for name, _ in found.named] == ["key", "enc", "alg"]


def test_every_part_knows_its_columns() -> None:
    found = term("id ${lower(params.name) + 'x'}")
    columns = {
        type(node).__name__ + str(getattr(node, "name", getattr(node, "value", ""))): (
            node.span.start.column,
            node.span.end.column,
        )
        for node in walk(found)
        if node.span is not None
    }
    assert columns["Ref" + "params.name"] == (12, 23)
    assert columns["Litx"] == (27, 30)
    assert columns["Litid "] == (1, 4)
    assert columns["Call"] == (6, 24)
    assert all(node.span is not None for node in walk(found))


def test_a_long_sum_is_one_level() -> None:
    found = term("${" + " + ".join(["params.a"] * 5_000) + "}")
    assert isinstance(found, Text)
    assert len(found.parts) == 5_000
