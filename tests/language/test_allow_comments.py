"""Comments `# forwardc: allow`: which line each is for, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.language import yaml_reader
from forwardc.compile.language.allow_comments import read_allow_comments
from forwardc.compile.language.layout.formatting import formatted
from forwardc.core.diagnostics.sink import Sink

ALLOW = "# forwardc: allow FC0326 because"


def read(text: str) -> tuple[list[tuple[str, str, list[int]]], list[str]]:
    """Code, reason and lines of each comment, and the codes of the mistakes."""
    sink = Sink()
    node = yaml_reader.read("a.yaml", text.encode(), sink)
    assert node is not None
    allows = read_allow_comments(node, sink)
    shown = [
        (allow.code, allow.reason, [line.start.line for line in allow.lines]) for allow in allows
    ]
    return shown, [finding.code for finding in sink.sorted()]


PLACES = {
    "behind a value": ("a: 1 ALLOW\nb: 2\n", [1, 2]),
    "behind a key": ("a: ALLOW\n  b: 2\n", [1, 2]),
    "behind a sign of a list": ("- ALLOW\n  a\n", [1, 2]),
    "behind the last line": ("a: 1 ALLOW\n", [1]),
    "behind the last line without a break": ("a: 1 ALLOW", [1]),
    "alone": ("ALLOW\na: 1\n", [2]),
    "alone and indented": ("a:\n    ALLOW\n  b: 2\n", [3]),
    "above other comments": ("ALLOW\n# another\n# and another\na: 1\n", [4]),
    "above a blank line": ("ALLOW\n\na: 1\n", []),
    "at the end": ("a: 1\nALLOW\n", []),
    "at the end, without a break": ("a: 1\nALLOW", []),
    "between the lines of Windows": ("a: 1\r\nALLOW\r\nb: 2\r\n", [3]),
    "in braces": ("a: {b: 1, ALLOW\n  c: 2}\n", [1, 2]),
    "behind the sign of a block": ("a: |  ALLOW\n  text\n", [1, 2]),
    "below a block, further left": ("a:\n  b: |\n    text\n  ALLOW\n  c: 2\n", [5]),
    "behind a quote": ('a: "text" ALLOW\nb: 2\n', [1, 2]),
    "in a comment": ("# a comment ALLOW\na: 1\n", [2]),
    "after a byte order mark": ("\ufeffALLOW\na: 1\n", [2]),
}


@pytest.mark.parametrize("name", PLACES)
def test_which_lines_it_is_for(name: str) -> None:
    text, lines = PLACES[name]
    assert read(text.replace("ALLOW", ALLOW)) == ([("FC0326", "because", lines)], [])


def aims(text: str) -> list[tuple[str, list[str]]]:
    """Each reason, and the first word of each line that it is for."""
    lines = text.split("\n")
    return [
        (reason, [lines[number - 1].split()[0] for number in numbers])
        for _, reason, numbers in read(text)[0]
    ]


@pytest.mark.parametrize("name", PLACES)
def test_it_is_for_the_same_when_the_file_was_laid_out(name: str) -> None:
    text = PLACES[name][0].replace("ALLOW", ALLOW).removeprefix("\ufeff")
    laid_out = formatted("a.yaml", text.encode(), Sink())
    assert laid_out is not None
    assert aims(laid_out.after.decode()) == aims(text)


TEXTS = {
    "in double quotes": 'a: "text ALLOW"\n',
    "in single quotes": "a: 'ALLOW'\n",
    "in quotes over lines": 'a: "text\n  ALLOW\n  more"\n',
    "in a literal block": "a: |\n  ALLOW\n  more ALLOW\nb: 2\n",
    "in a folded block": "a: >-\n  ALLOW\n\n  more ALLOW\nb: 2\n",
    "in a block that says its indentation": "a: |1\n  ALLOW\nb: 2\n",
    "in a block at the end": "a: |\n  text\n  ALLOW",
    "in a key": '"a ALLOW": 1\n',
    "without a space before it": "a: text#forwardc:allow\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_text_is_no_comment(name: str) -> None:
    assert read(TEXTS[name].replace("ALLOW", ALLOW)) == ([], [])


FORMS = {
    "#forwardc:allow FC0326 because": [("FC0326", "because")],
    "## forwardc : allow: FC0326: because": [("FC0326", "because")],
    "# forwardc: allow FC0326 - because": [("FC0326", "because")],
    "# forwardc: allow FC0326 (a ticket, (12)) #13": [("FC0326", "(a ticket, (12)) #13")],
    "# forwardc: allow FC0326,FC0343 ,FC0308 because": [
        ("FC0326", "because"),
        ("FC0343", "because"),
        ("FC0308", "because"),
    ],
    "# forwardc: allow FC0326, because": [("FC0326", "because")],
    "# forwardc: allow FC0326 one # forwardc: allow FC0343 another": [
        ("FC0326", "one"),
        ("FC0343", "another"),
    ],
}


@pytest.mark.parametrize("comment", FORMS)
def test_how_it_may_be_written(comment: str) -> None:
    allows, codes = read(f"a: 1 {comment}\n")
    assert [(code, reason) for code, reason, _ in allows] == FORMS[comment]
    assert codes == []


MISTAKES = {
    "allow": "FC0119",
    "allow because": "FC0119",
    "allow FC0326": "FC0119",
    "allow FC0326,": "FC0119",
    "allow FC0326 ...": "FC0119",
    "allow FC0326 FC0343 because": "FC0119",
    "allow FC0326 FC0343": "FC0119",
    "Allow FC0326 because": "FC0119",
    "allows FC0326 because": "FC0119",
    "disable FC0326 because": "FC0119",
    "FC0326 because": "FC0119",
    "allow FC1234 because": "FC0120",
    "allow FC032 because": "FC0120",
    "allow FX0326 because": "FC0120",
    "allow unused-param because": "FC0120",
    "allow FC0101 because": "FC0121",
    "allow FC0520 because": "FC0121",
    "allow FC0408 because": "FC0121",
    "allow FC0514 because": "FC0121",
    "allow FC0625 because": "FC0121",
    "allow FC0701 because": "FC0121",
    "allow FC9901 because": "FC0121",
    "allow FC0326, FC0326 because": "FC0123",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_told_and_allows_nothing(words: str) -> None:
    allows, codes = read(f"a: 1 # forwardc: {words}\n")
    assert codes == [MISTAKES[words]]
    assert len(allows) == (1 if codes == ["FC0123"] else 0)


@pytest.mark.parametrize(
    "words",
    ["1", "the language", "all of it", "see the page", "off by default", "", "a low limit"],
)
def test_what_is_for_people_is_left_alone(words: str) -> None:
    assert read(f"a: 1 # forwardc: {words}\n") == ([], [])


WORDS = st.sampled_from(("allow", "FC0326", "FC0343", ",", " ", "#", "forwardc", ":", "x"))


@given(st.lists(WORDS))
def test_whatever_stands_there_is_read(words: list[str]) -> None:
    allows, _ = read(f"a: 1 # forwardc: {''.join(words)}\nb: 2\n")
    assert all(any(map(str.isalnum, reason)) for _, reason, _ in allows)
    assert len({(code, tuple(lines)) for code, _, lines in allows}) == len(allows)
