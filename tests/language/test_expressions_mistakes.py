"""What is wrong with an expression's text: one diagnostic, at its exact place."""

import pytest

from forwardc.compile.language.expressions import parse
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span


def mistakes(text: str) -> list[Diagnostic]:
    sink = Sink()

    def place(start: int, end: int) -> Span:
        return Span("test", Position(1, start + 1), Position(1, end + 1))

    assert parse(text, place, Report(sink)) is None
    return sink.sorted()


def nested(depth: int) -> str:
    return "${" + "(" * depth + "params.a" + ")" * depth + "}"


@pytest.mark.parametrize(
    ("text", "code", "start", "end"),
    [
        ("${params.a", "FC0115", 1, 11),
        ("x ${'a}", "FC0115", 3, 8),
        ("${}", "FC0301", 1, 4),
        ("${  }", "FC0301", 1, 6),
        ("${a b}", "FC0301", 5, 6),
        ("${a +}", "FC0301", 6, 7),
        ("${(a}", "FC0301", 3, 4),
        ("${text(a}", "FC0301", 7, 8),
        ("${a[0}", "FC0301", 4, 5),
        ("${[a, b}", "FC0301", 3, 4),
        ("${a..b}", "FC0301", 4, 5),
        ("${a.}", "FC0301", 4, 5),
        ("${.a}", "FC0301", 3, 4),
        ("${a - 1}", "FC0301", 5, 6),
        ("${a && b}", "FC0301", 5, 6),
        ("${a = b}", "FC0301", 5, 6),
        ("${1 < 2 < 3}", "FC0301", 9, 10),
        ("${a not in [b]}", "FC0301", 5, 8),
        ("${'a\\q'}", "FC0301", 5, 7),
        ("${012}", "FC0301", 3, 6),
        ("${(a)?}", "FC0301", 6, 7),
        ("${a??}", "FC0301", 5, 6),
        ("${and}", "FC0301", 3, 6),
        ("${text(params.a).x}", "FC0301", 17, 18),
        ("${{a}", "FC0301", 3, 4),
        ("${let.a}", "FC0302", 3, 8),
        ("${lowr(params.a)}", "FC0304", 3, 7),
        ("${eq(1, 1)}", "FC0304", 3, 5),
        ("${params.a(1)}", "FC0304", 3, 11),
        ("${text()}", "FC0305", 3, 9),
        ("${text(a, b)}", "FC0305", 3, 13),
        ("${lower(a, encoding='x')}", "FC0305", 21, 24),
        ("${jwe(a, alg='x', enc='y')}", "FC0305", 3, 27),
        ("${jwe(a, key='x', key='y')}", "FC0305", 19, 22),
        ("${jwe(key='x', a)}", "FC0305", 16, 17),
    ],
)
def test_one_mistake_at_its_place(text: str, code: str, start: int, end: int) -> None:
    (found,) = mistakes(text)
    assert found.span is not None
    assert (found.code, found.span.start.column, found.span.end.column) == (code, start, end)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("${lowr(params.a)}", "did you mean lower?"),
        ("${jwe(a, keys='x', key='k', alg='x', enc='y')}", "did you mean key=?"),
        ("${a = b}", "compare with =="),
        ("${params.a", "close the expression, or write $${ for a literal ${"),
        ("${slice(a)}", "write slice(text, integer, integer)"),
    ],
)
def test_hints(text: str, hint: str) -> None:
    (found,) = mistakes(text)
    assert found.hint == hint


def test_mistakes_of_all_expressions_in_a_scalar_are_reported() -> None:
    assert [found.code for found in mistakes("${} and ${lowr('a')} and ${a b}")] == [
        "FC0301",
        "FC0304",
        "FC0301",
    ]


def test_nesting_is_bounded() -> None:
    sink = Sink()
    place = Span("test", Position(1, 1), Position(1, 1))
    assert parse(nested(32), lambda _start, _end: place, Report(sink)) is not None
    assert not sink.has_errors
    (found,) = mistakes(nested(33))
    assert found.code == "FC0301"
    assert "32" in found.message


@pytest.mark.parametrize(
    "text",
    [
        nested(100_000),
        "${" + "not " * 50_000 + "a}",
        "${" + "a[" * 50_000 + "0" + "]" * 50_000 + "}",
        "${a" + "[0]" * 50_000 + "}",
        "${" + " and ".join("a" * 20_000) + "}",
        "${" + "text(" * 50_000 + "}",
        "${" + "9" * 100_000 + "}",
        "${" * 100_000,
        "${'" + "\\'" * 100_000 + "}",
    ],
    ids=["group", "not", "key", "index", "and", "call", "digits", "open", "quote"],
)
def test_huge_expressions_are_refused_quickly(text: str) -> None:
    assert mistakes(text)[0].code in ("FC0301", "FC0115")


def test_a_secret_typed_as_a_name_is_not_repeated_in_the_message() -> None:
    key = "sk_live_" + "a1B2" * 6
    for text in ("${" + key + "(1)}", "${params.a " + key + "}"):
        (found,) = mistakes(text)
        assert key not in found.message
        assert "***" in found.message


def test_a_long_value_with_expressions_is_refused() -> None:
    (found,) = mistakes("x" * 70_000 + "${params.a}")
    assert found.code == "FC0301"
    assert found.span is not None
    assert found.span.start.column == 70_001
