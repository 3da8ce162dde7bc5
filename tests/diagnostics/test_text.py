"""The forms that people read: text and concise."""

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.render.text import summary
from forwardc.core.diagnostics.span import Position, Span


def one(text: str, start: tuple[int, int], end: tuple[int, int]) -> list[str]:
    """Show one mistake in a file, and return the lines."""
    span = Span("a.yaml", Position(*start), Position(*end))
    found = Diagnostic("FC0302", "no such name", span)
    return render([found], DiagnosticFormat.TEXT, ExcerptLines(texts={"a.yaml": text})).splitlines()


def test_six_mistakes_in_two_files(
    six: list[Diagnostic], sources: ExcerptLines, snapshot: SnapshotAssertion
) -> None:
    shown = render(six, DiagnosticFormat.TEXT, sources)
    assert shown.count("\n") <= 40
    assert shown == snapshot


def test_concise_takes_one_line_for_each(
    six: list[Diagnostic], sources: ExcerptLines, snapshot: SnapshotAssertion
) -> None:
    shown = render(six, DiagnosticFormat.CONCISE, sources)
    assert shown.count("\n") == 6
    assert shown == snapshot


@pytest.mark.parametrize("form", [DiagnosticFormat.TEXT, DiagnosticFormat.CONCISE])
def test_colors_add_nothing_but_escape_sequences(
    form: DiagnosticFormat, six: list[Diagnostic], sources: ExcerptLines
) -> None:
    colored = render(six, form, sources, color=True)
    assert "\x1b[1;31merror" in colored
    assert "\x1b[1;33mwarning" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(six, form, sources)


@pytest.mark.parametrize(
    "form", [DiagnosticFormat.TEXT, DiagnosticFormat.CONCISE, DiagnosticFormat.GITHUB]
)
def test_nothing_found_shows_nothing(form: DiagnosticFormat) -> None:
    assert render([], form, ExcerptLines()) == ""


def test_order_of_reporting_does_not_matter(six: list[Diagnostic], sources: ExcerptLines) -> None:
    for form in DiagnosticFormat:
        assert render(six, form, sources) == render(six[::-1], form, sources)


def test_the_caret_stands_under_wide_characters_and_tabs() -> None:
    assert one("\tkey: 値 ${x}\n", (1, 9), (1, 13))[1:3] == [
        " 1 |     key: 値 ${x}",
        "   |             ^^^^",
    ]


def test_combining_marks_take_no_column() -> None:
    assert one("e\u0301: bad", (1, 5), (1, 8))[2] == "   |    ^^^"


def test_an_empty_span_gets_one_caret_and_a_long_one_ends_with_its_line() -> None:
    assert one("abc", (1, 2), (1, 2))[2] == "   |  ^"
    assert one("abc\ndef", (1, 2), (2, 2))[2] == "   |  ^^"


@pytest.mark.parametrize("column", [1, 60, 5_000, 99_990])
def test_a_very_long_line_is_cut_around_the_mistake(column: int) -> None:
    text = "x" * (column - 1) + "BAD" + "x" * (100_000 - column)
    shown = one(text, (1, column), (1, column + 3))
    assert max(map(len, shown)) <= 120
    under = shown[2].index("^")
    assert shown[2].count("^") == 3
    assert shown[1][under : under + 3] == "BAD"


def test_a_mistake_longer_than_the_screen_is_underlined_as_far_as_it_is_shown() -> None:
    shown = one("x" * 1000, (1, 11), (1, 900))
    assert max(map(len, shown)) <= 120
    assert len(shown[1]) >= len(shown[2]) > 100


def test_windows_line_ends_and_a_byte_order_mark_move_no_caret(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfone: 1\r\ntwo: bad\r\n")
    for line, expected in ((1, " 1 | one: 1"), (2, " 2 | two: bad")):
        span = Span("a.yaml", Position(line, 1), Position(line, 4))
        shown = render(
            [Diagnostic("FC0201", "m", span)], DiagnosticFormat.TEXT, ExcerptLines(tmp_path)
        )
        assert shown.split("\n")[1:3] == [expected, "   | ^^^"]


@pytest.mark.parametrize("path", ["missing.yaml", ".", "a\0b", "x" * 5000])
def test_a_file_that_cannot_be_read_loses_only_its_excerpt(path: str, tmp_path: Path) -> None:
    span = Span(path, Position(1, 1), Position(1, 2))
    shown = render(
        [Diagnostic("FC0101", "cannot be read", span)],
        DiagnosticFormat.TEXT,
        ExcerptLines(tmp_path),
    )
    assert shown.endswith("error FC0101 cannot be read\n\n1 error in 1 file\n")


def test_a_line_beyond_the_end_of_the_file_has_no_excerpt() -> None:
    assert one("a", (9, 1), (9, 2)) == [
        "a.yaml:9:1: error FC0302 no such name",
        "",
        "1 error in 1 file",
    ]


def test_control_characters_cannot_drive_the_terminal() -> None:
    text = "a: \x1b[2J\u202e\x07 b"
    found = Diagnostic(
        "FC0104", f"bad {text}\nnext", Span("a.yaml", Position(1, 4), Position(1, 5))
    )
    for form in (DiagnosticFormat.TEXT, DiagnosticFormat.CONCISE):
        shown = render([found], form, ExcerptLines(texts={"a.yaml": text}))
        assert not set(shown) & {"\x1b", "\u202e", "\x07"}


def test_the_summary_counts_by_severity_and_file(six: list[Diagnostic]) -> None:
    assert summary(six) == "5 errors, 1 warning in 2 files"
    assert summary([Diagnostic("FC0803", "m", severity=Severity.NOTE)]) == "1 note"
    assert summary([]) == ""
