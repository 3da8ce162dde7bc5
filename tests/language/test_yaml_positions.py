"""Spans and pointers are exact: what stands at a span is what the node was read from."""

import string

import yaml
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.language.nodes import (
    Node,
    YamlMap,
    YamlScalar,
    YamlSeq,
    at,
    text_span,
    to_data,
    walk,
)
from forwardc.compile.language.yaml_reader import read
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span


def tree_of(text: str) -> Node:
    sink = Sink()
    tree = read("a.yaml", text.encode(), sink)
    assert sink.sorted() == []
    assert tree is not None
    return tree


def cut(text: str, span: Span) -> str:
    """The part of a text at a span, found by lines and columns alone."""
    lines = text.split("\n")[span.start.line - 1 : span.end.line]
    lines[-1] = lines[-1][: span.end.column - 1]
    lines[0] = lines[0][span.start.column - 1 :]
    return "\n".join(lines)


def scalar(text: str, pointer: str) -> YamlScalar:
    node = at(tree_of(text), pointer)
    assert isinstance(node, YamlScalar)
    return node


WORDS = st.text(alphabet=string.ascii_letters, min_size=3, max_size=6).map(lambda word: f"w{word}")
TEXTS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Zl", "Zp")),
    max_size=12,
).map(lambda text: text.replace("$", ""))
VALUES = st.recursive(
    st.one_of(WORDS, TEXTS, st.integers(-(10**9), 10**9), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=20,
)


@given(st.dictionaries(WORDS, VALUES, min_size=1), st.booleans(), st.sampled_from([None, "'", '"']))
def test_every_scalar_span_holds_its_source_text(
    data: dict[str, object], flow: bool, style: str | None
) -> None:
    text = yaml.safe_dump(
        data,
        default_flow_style=flow,
        default_style=style,
        allow_unicode=True,
        sort_keys=False,
        width=30,
    )
    # Written with tags where a style is forced on what is no text: those are refused elsewhere.
    text = text.replace("!!int ", "").replace("!!bool ", "").replace("!!null ", "")
    tree = tree_of(text)
    for node in walk(tree):
        assert at(tree, node.pointer) is node
        piece = cut(text, node.span)
        assert piece == node.text
        if isinstance(node, YamlScalar) and isinstance(node.value, str):
            assert yaml.load(piece, Loader=yaml.BaseLoader) == node.value  # noqa: S506 - text only
        if isinstance(node, YamlMap):
            for entry in node.entries:
                assert cut(text, entry.key_span).strip("'\"") == entry.key
    if style is None:
        assert to_data(tree) == data


def test_blocks_end_with_their_last_child() -> None:
    text = "a:\n  b: 1\n  c: [2]  # comment\n\n# more\nd: 3\n"
    tree = tree_of(text)
    assert isinstance(tree, YamlMap)
    block = tree.get("a")
    assert block is not None
    assert cut(text, block.span) == "b: 1\n  c: [2]"


def test_an_anchor_is_not_part_of_the_node() -> None:
    text = 'a: &x  "b"\nc: &y\n  d: 1\ne: *x\n'
    tree = tree_of(text)
    first, copied = at(tree, "/a"), at(tree, "/e")
    assert first is not None
    assert copied is not None
    assert cut(text, first.span) == '"b"'
    assert (copied.span, copied.pointer) == (first.span, "/e")


def test_pointers_escape_their_tokens() -> None:
    tree = tree_of("a/b:\n  c~d: [x, z]\n")
    node = at(tree, "/a~1b/c~0d/1")
    assert isinstance(node, YamlScalar)
    assert node.value == "z"
    assert node.pointer == "/a~1b/c~0d/1"
    assert at(tree, "/a~1b/c~0d/2") is None
    assert at(tree, "/a~1b/none/1") is None


def test_numbers_keep_their_source_text() -> None:
    for written in ("1.50", "0x1F", "1e3", "+7"):
        assert scalar(f"a: {written}", "/a").text == written


def test_a_scalar_does_not_show_its_value() -> None:
    assert "4242" not in repr(scalar("a: 4242424242424242", "/a"))
    assert isinstance(tree_of("[1]"), YamlSeq)


def slice_of(text: str, wanted: str) -> str:
    """What stands in the file where `wanted` stands in the value of the key a."""
    node = scalar(text, "/a")
    start = str(node.value).index(wanted)
    return cut(text, text_span(node, start, start + len(wanted)))


def test_a_slice_of_a_value_is_found_in_the_file() -> None:
    assert slice_of("a: x ${card.number} y", "card.number") == "card.number"
    assert slice_of('a: "\\t\\u00e9\\x41 ${x}"', "${x}") == "${x}"
    assert slice_of('a: "\\t\\u00e9"', "é") == "\\u00e9"
    assert slice_of("a: 'it''s ${x}'", "${x}") == "${x}"
    assert slice_of("a: 'it''s'", "'") == "''"
    assert slice_of("a: |\n  one\n\n    two ${x}\n  three\n", "${x}") == "${x}"
    assert slice_of("a: |\n  one ${x}\n  two ${x} three\n", "two ${x}") == "two ${x}"
    assert slice_of("a: >-\n  one\n  two ${x}\n", "${x}") == "${x}"
    assert slice_of("a: one\n  two ${x}\n", "${x}") == "${x}"


def test_a_slice_that_cannot_be_placed_is_the_whole_scalar() -> None:
    text = "a: one ${x}\n  two ${x}\n"
    assert slice_of(text, "${x}") == "one ${x}\n  two ${x}"
