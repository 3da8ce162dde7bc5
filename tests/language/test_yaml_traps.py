"""Every YAML trap is refused with its own code, at its place."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.language import yaml_reader
from forwardc.compile.language.nodes import Node, to_data
from forwardc.compile.language.yaml_reader import MAX_BYTES, read
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink


def findings(text: str | bytes) -> tuple[Node | None, list[Diagnostic]]:
    sink = Sink()
    data = text if isinstance(text, bytes) else text.encode()
    return read("a.yaml", data, sink), sink.sorted()


def places(text: str | bytes) -> list[str]:
    """Line, column and code of each finding."""
    found = []
    for one in findings(text)[1]:
        assert one.span is not None
        assert one.span.path == "a.yaml"
        found.append(f"{one.span.start.line}:{one.span.start.column} {one.code}")
    return found


TRAPS = {
    "not UTF-8": (b"a: 1\nb: \xff\n", ["2:4 FC0102"]),
    "control character": ("a: 1\nb: \x01", ["2:4 FC0104"]),
    "lone carriage return": ("a: 1\rb: 2", ["1:5 FC0104"]),
    "text that reads from right to left": ("a: x\u202ey", ["1:5 FC0104"]),
    "unclosed bracket": ("a: [1,\nb: 2\n", ["3:1 FC0104"]),
    "unclosed quote": ('a: 1\nb: "x\nc: 2\n', ["2:4 FC0104"]),
    "colon in a plain value": ("a: b: c", ["1:5 FC0104"]),
    "unknown anchor": ("a: *b", ["1:4 FC0104"]),
    "duplicate key": ("a: 1\nb: 2\na: 3", ["3:1 FC0105"]),
    "duplicate key in quotes": ('a: 1\n"a": 3', ["2:1 FC0105"]),
    "tab": ("a:\n\tb: 1", ["2:1 FC0108"]),
    "tab behind a value": ("a:\n  b: 1\n\tc: 2", ["3:1 FC0108"]),
    "tab behind a dash": ("- \t- a", ["1:3 FC0108"]),
    "merge that the map hides": ("a: &a {x: 1}\nb: {<<: *a, x: 2}", ["2:13 FC0109"]),
    "merge that hides": ("a: &a {x: 1}\nb: {x: 2, <<: *a}", ["2:11 FC0109"]),
    "merges that hide each other": (
        "a: &a {x: 1}\nb: &b {x: 2}\nc: {<<: [*a, *b]}",
        ["3:5 FC0109"],
    ),
    "merge of a list": ("a: {<<: [1]}", ["1:5 FC0109"]),
    "no": ("a: 1\nb: NO", ["2:4 FC0110"]),
    "every switch": (
        "[y, Y, yes, Yes, YES, n, N, no, No, on, On, ON, off, Off, OFF]",
        [
            f"1:{column} FC0110"
            for column in (2, 5, 8, 13, 18, 23, 26, 29, 33, 37, 41, 45, 49, 54, 59)
        ],
    ),
    "switch as a key": ("on: 1", ["1:1 FC0110"]),
    "leading zero": ("a: 012", ["1:4 FC0111"]),
    "leading zero that is not octal": ("a: 089", ["1:4 FC0111"]),
    "base 60": ("a: 1:30", ["1:4 FC0112"]),
    "time of day": ("a: 12:30:45", ["1:4 FC0112"]),
    "infinity": ("a: [.inf, -.INF, .nan]", ["1:5 FC0113", "1:11 FC0113", "1:18 FC0113"]),
    "number beyond measure": ("a: 1e100", ["1:4 FC0113"]),
    "very long number": (f"a: {'9' * 100}", ["1:4 FC0113"]),
    "empty value": ("a:\nb: 1", ["1:1 FC0114"]),
    "empty item": ("a: [1]\nb:\n  -\n  - 1", ["3:4 FC0114"]),
    "empty value in a flow map": ("a: {b: }", ["1:5 FC0114"]),
    "empty file": ("", ["1:1 FC0114"]),
    "file of comments": ("# nothing\n", ["1:1 FC0114"]),
    "expression in a flow map": ("a: {month: ${x}}", ["1:12 FC0115"]),
    "expressions in a flow list": ("a: [${x}, ${f(y, 1)}]", ["1:5 FC0115", "1:11 FC0115"]),
    "expression cut by a comment": ('a: ${x + " #1"}', ["1:4 FC0115"]),
    "expression cut by a colon": ('a: ${x + "b: c"}', ["1:4 FC0115"]),
    "quotes inside quotes": ('a: "${x + "1"}"', ["1:5 FC0115"]),
    "expression without end": ("a: $${x\nb: x ${y", ["2:4 FC0115"]),
    "tag": ("a: !!str 1", ["1:4 FC0116"]),
    "second document": ("a: 1\n---\nb: 2", ["2:1 FC0116"]),
    "another YAML version": ("%YAML 1.1\n---\na: 1", ["1:1 FC0116"]),
    "alias inside its anchor": ("a: &a [1, *a]", ["1:11 FC0116"]),
    "list as a key": ("? [a]\n: 1", ["1:3 FC0116"]),
    "number as a key": ("1: a\ntrue: b", ["1:1 FC0116", "2:1 FC0116"]),
    "no-break spaces before a key": ("a:\n  b: 1\n\u00a0\u00a0c: 2\n", ["3:1 FC0117"]),
    "no-break space in the indentation": ("a:\n \u00a0b: 1", ["2:2 FC0117"]),
    "no-break space behind a colon": ("a: 1\nb:\u00a02", ["2:3 FC0117"]),
    "no-break space behind colon and space": ("a: 1\nb: \u202f2", ["2:4 FC0117"]),
    "ideographic space behind a dash": ("a:\n  -\u3000b", ["2:4 FC0117"]),
    "figure space behind dash and space": ("- \u2007012", ["1:3 FC0117"]),
    "zero-width space in a key": ("a: 1\nam\u200bount: 2", ["2:3 FC0117"]),
    "no-break space before a colon": ("a: 1\nb\u00a0: 2", ["2:2 FC0117"]),
    "no-break space behind a value": ("a: ${x}\u00a0\r\nb: 2", ["1:8 FC0117"]),
    "no-break space on an empty line": ("a: 1\n\u00a0\nb: 2", ["2:1 FC0117"]),
    "no-break space in a flow map": ("a: {b: 1,\u00a0c: 2}", ["1:10 FC0117"]),
    "no-break space before a flow map": ("a: 1\nb:\u00a0{c: 2}", ["2:3 FC0117"]),
    "no-break space below a block": ("a: |\n  x\n\u00a0\u00a0y\n", ["3:1 FC0117"]),
    "no-break space before a block": ("a: |\n\u00a0\u00a0y\n", ["2:1 FC0117"]),
    "no-break space before a comment": ("a: 1\u00a0# b", ["1:5 FC0117"]),
    "no-break space below a plain text": ("a: b\n  \u00a0c: 1", ["2:3 FC0117"]),
    "no-break space before an expression": ("a: \u00a0${x}", ["1:4 FC0117"]),
    "no-break space behind true": ("a: true\u00a0", ["1:8 FC0117"]),
    "no-break spaces behind what is no YAML": ("a: 'b\nc: d\n\u00a0\u00a0e: 1", ["1:4 FC0104"]),
    "no-break space behind an unknown sign": ("a: @b\n\u00a0c: 1", ["2:1 FC0117"]),
    "no-break spaces on many lines": ("a:\n\u00a0b: 1\n\u00a0c: 2", ["2:1 FC0117"]),
    "UTF-16": ("a: 1\n".encode("utf-16"), ["1:1 FC0102"]),
    "UTF-16 without its mark": ("a: 1\n".encode("utf-16-be"), ["1:1 FC0102"]),
    "second byte order mark": ("\ufeff\ufeffa: 1", ["1:1 FC0104"]),
    "template without quotes": ("a: {{card_number}}", ["1:5 FC0116"]),
}


@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_refused_at_its_place(
    name: str, loader: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_reader, "_LOADER", loader)
    text, expected = TRAPS[name]
    assert places(text) == expected


def test_all_traps_of_a_file_are_reported_at_once() -> None:
    text = "a: NO\nb: 012\nc: {d: ${x}, e: 1:30}\nf:\na: 1\n"
    assert places(text) == [
        "1:4 FC0110",
        "2:4 FC0111",
        "3:8 FC0115",
        "3:17 FC0112",
        "4:1 FC0114",
        "5:1 FC0105",
    ]


def test_what_stands_before_broken_yaml_is_reported_too() -> None:
    assert places("a: NO\nb: [1\nc: 2") == ["1:4 FC0110", "3:2 FC0104"]


def test_a_broken_expression_has_a_pointer_and_the_right_hint() -> None:
    _, [in_flow] = findings("a: {month: ${x}}")
    assert in_flow.pointer == "/a/month"
    assert in_flow.hint is not None
    assert '"${' in in_flow.hint
    _, [cut] = findings('a: ${x + " #1"}')
    assert "comment" in cut.message
    _, [quoted] = findings('a: "${x + "1"}"')
    assert quoted.hint is not None
    assert "single quotes" in quoted.hint


def test_the_first_of_two_equal_keys_is_named() -> None:
    _, [found] = findings("a: 1\nb: 2\na: 3")
    assert [related.span.start.line for related in found.related] == [1]
    assert found.pointer == "/a"


def test_a_value_is_in_no_message() -> None:
    for text in ("a: 0424242424242424", "a: 42:42", "a: !!x 4242424242424242", "a: ${4242"):
        for found in findings(text)[1]:
            assert "42" not in f"{found.message} {found.hint}"


def test_a_scalar_that_was_reported_is_marked() -> None:
    tree, _ = findings("a: NO")
    assert tree is not None
    assert tree.get("a").faulty  # type: ignore[union-attr]


HARMLESS = {
    "quotes": ('a: ["NO", \'012\', "1:30", ".inf", ""]', {"a": ["NO", "012", "1:30", ".inf", ""]}),
    "core schema": (
        "[1, -2, +3, 0, 0o17, 0x1F, 1.5, .5, 1e3, true, FALSE, null, ~]",
        [1, -2, 3, 0, 15, 31, 1.5, 0.5, 1000.0, True, False, None, None],
    ),
    "dates and addresses stay text": (
        "[2026-01-02, 198.51.100.47, 1_000, 0b1, a:b]",
        ["2026-01-02", "198.51.100.47", "1_000", "0b1", "a:b"],
    ),
    "merge": ("a: &a {x: 1}\nb: {<<: *a, z: 2}", {"a": {"x": 1}, "b": {"x": 1, "z": 2}}),
    "merge of two": (
        "a: &a {x: 1}\nb: &b {z: 2}\nc: {<<: [*a, *b]}",
        {"a": {"x": 1}, "b": {"z": 2}, "c": {"x": 1, "z": 2}},
    ),
    "alias": ("a: &a [1]\nb: *a", {"a": [1], "b": [1]}),
    "expressions": (
        'a: ${x["}"]}\nb: "${y} and $${z"\nc: {d: "${e}"}',
        {"a": '${x["}"]}', "b": "${y} and $${z", "c": {"d": "${e}"}},
    ),
    "byte order mark": ("\ufeffa: 1", {"a": 1}),
    "Windows line ends": ("a: 1\r\nb: |\r\n  x\r\n", {"a": 1, "b": "x\n"}),
    "tabs between tokens": ("a:\t1\nb: [\n\t2]", {"a": 1, "b": [2]}),
    "odd spaces that are data": (
        "# \u00a0\na: 10\u00a0000 #\u00a0\nb: '\u00a0c\u200b'\nd: \"e\n \u00a0f\"\n",
        {"a": "10\u00a0000", "b": "\u00a0c\u200b", "d": "e \u00a0f"},
    ),
    "odd spaces around a plain text": (
        "a: \u00a0b\u3000\nc: [\u2007d, {e: f\u00a0}]\ng: h\n  \u00a0i\nj: \u00a0\n",
        {
            "a": "\u00a0b\u3000",
            "c": ["\u2007d", {"e": "f\u00a0"}],
            "g": "h \u00a0i",
            "j": "\u00a0",
        },
    ),
    "odd spaces of a block": (
        "g: |\n  \u00a0h\u00a0\n  i\nj: >-\n   \u3000k\n",
        {"g": "\u00a0h\u00a0\ni\n", "j": "\u3000k"},
    ),
    "merge key in quotes": ('"<<": 1', {"<<": 1}),
    "escaped mask character": ('a: "\\ue000"', {"a": "\ue000"}),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_trap_is_read(name: str) -> None:
    text, expected = HARMLESS[name]
    tree, found = findings(text)
    assert found == []
    assert tree is not None
    assert to_data(tree) == expected


def bomb() -> str:
    levels = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9))
    return "\n".join(["a0: &a0 [x]", *levels])


HOSTILE = {
    "200,000 brackets": ("a: " + "[" * 200_000, "FC0106"),
    "a million dashes": ("- " * 500_000, "FC0106"),
    "a million braces": ("{" * 1_000_000, "FC0116"),
    "keys in keys": ("? " * 500_000, "FC0116"),
    "alias bomb": (bomb(), "FC0107"),
    "chain of aliases": (
        "a0: &a0 [x]\n" + "\n".join(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 500)),
        "FC0106",
    ),
    "too many values": ("[" + "1," * 400_000 + "]", "FC0107"),
    "mistakes without end": ("a: [" + "no," * 300_000 + "]", "FC0110"),
    "expressions without end": ("".join(f"k{i}: {{b: ${{x}}}}\n" for i in range(50_000)), "FC0115"),
    "open expressions": ("a: " + "${" * 500_000, "FC0115"),
    "too large": ("#" * (MAX_BYTES + 1), "FC0103"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_few_findings(name: str) -> None:
    text, code = HOSTILE[name]
    _, found = findings(text)
    assert found[0].code == code
    assert len(found) <= 600


def test_a_file_of_the_largest_size_is_read() -> None:
    text = "a: 1\n" + "#" * (MAX_BYTES - 6) + "\n"
    assert len(text) == MAX_BYTES
    tree, found = findings(text)
    assert found == []
    assert tree is not None


@given(st.text(alphabet="ab1:-?,[]{}#'\"|>&*!%@`~$ \n\t\r\u00a0\u3000\u200b\u2007.", max_size=40))
def test_whatever_stands_around_an_odd_space_it_is_named_or_data(text: str) -> None:
    for found in findings(text)[1]:
        if found.code == "FC0117":
            assert found.span is not None
            line = text.split("\n")[found.span.start.line - 1]
            assert line[found.span.start.column - 1] in "\u00a0\u3000\u200b\u2007"


# U+E000 is what takes the place of a broken expression.
ALLOWED = [*"\t\n\r", (" ", "~"), ("\xa0", "\u200d"), ("\u2010", "\u2027"), ("\u202f", "\u2065")]
ALLOWED += [("\u206a", "\ud7ff"), ("\ue001", "\ufefe"), ("\uff00", "\ufffd")]
ALLOWED += [("\U00010000", "\U0010ffff")]


def test_a_file_may_hold_printable_characters_and_no_other() -> None:
    ranges = [(ord(each[0]), ord(each[-1])) for each in ALLOWED]
    edges = {edge for low, high in ranges for edge in (low - 1, low, high, high + 1)}
    for code in sorted(edges | set(range(0x100))):
        if code < 0x110000 and not 0xD800 <= code < 0xE000 and chr(code) not in "\r\n":
            refused = "FC0104" in {finding.code for finding in findings(f"a: 1 # {chr(code)}x")[1]}
            assert refused is not any(low <= code <= high for low, high in ranges), hex(code)
