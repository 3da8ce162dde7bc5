"""The YAML tree: scalars, maps and sequences, each with its exact place in the file.

A node holds offsets into its file and the trail of keys from the root; spans and JSON Pointers
are computed from them when somebody asks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias, assert_never

from forwardc.compile.language.input_file import InputFile
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span
from forwardc.core.json_pointer import pointer_parts, pointer_token

# What stands for one character of the value, in the source of a scalar of each style.
_PLAIN = re.compile(r".")
_SINGLE_QUOTED = re.compile(r"''|.")
_DOUBLE_QUOTED = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.")

Value: TypeAlias = str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """The way from the root to a node: a linked list, so that deep trees stay small in memory."""

    parent: "Trail | None" = None
    token: str | int = ""

    @property
    def tokens(self) -> tuple[str | int, ...]:
        """Keys and indices from the root to the node; empty for the root itself."""
        tokens: list[str | int] = []
        step = self
        while step.parent is not None:
            tokens.append(step.token)
            step = step.parent
        return tuple(tokens[::-1])

    @property
    def pointer(self) -> str:
        """The JSON Pointer (RFC 6901) of the node."""
        return "".join([f"/{pointer_token(token)}" for token in self.tokens])


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """What all nodes have: the file, the offsets of their text in it, and their trail."""

    source: InputFile = field(repr=False)
    start: int
    end: int
    trail: Trail = field(repr=False)

    @property
    def span(self) -> Span:
        """Where the node stands; for a node that came by an alias, where its anchor stands."""
        return self.source.span(self.start, self.end)

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the node in the expanded document."""
        return self.trail.pointer

    @property
    def text(self) -> str:
        """The node's source text, with quotes and escapes as written."""
        return self.source.text[self.start : self.end]


@dataclass(frozen=True, slots=True, eq=False)
class YamlScalar(_Placed):
    """A scalar. Its value is left out of `repr`, for it may be secret.

    `style` is "" for a plain scalar, else the character that opens it: ' " | or >.
    `faulty` says that the reader has reported this scalar, so that nobody does so again.
    """

    value: Value = field(repr=False)
    style: str = ""
    faulty: bool = False

    @property
    def plain(self) -> bool:
        """Whether the scalar stands without quotes and is no block scalar."""
        return not self.style


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key and its value in a map."""

    key_node: YamlScalar
    value: "Node"

    @property
    def key(self) -> str:
        """The key; the reader refuses keys that are no text."""
        return str(self.key_node.value)

    @property
    def key_span(self) -> Span:
        """Where the key stands, quotes included."""
        return self.key_node.span


@dataclass(frozen=True, slots=True, eq=False)
class YamlMap(_Placed):
    """A map with unique keys, in source order and with merges resolved."""

    by_key: Mapping[str, Entry]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Keys with their values, in order."""
        return tuple(self.by_key.values())

    def get(self, key: str) -> "Node | None":
        """The value of a key, or None."""
        entry = self.by_key.get(key)
        return entry.value if entry else None

    def entry(self, key: str) -> Entry | None:
        """The entry of a key, or None."""
        return self.by_key.get(key)


@dataclass(frozen=True, slots=True, eq=False)
class YamlSeq(_Placed):
    """A sequence."""

    items: tuple["Node", ...]


Node: TypeAlias = YamlScalar | YamlMap | YamlSeq


def child(node: Node, token: str | int) -> Node | None:
    """The child under a key or an index, or None."""
    match node:
        case YamlMap():
            return node.get(str(token))
        case YamlSeq(items=items):
            is_there = str(token).isdecimal() and int(token) < len(items)
            return items[int(token)] if is_there else None
        case YamlScalar():
            return None
        case _:
            assert_never(node)


def at(node: Node, pointer: str) -> Node | None:
    """The node at a JSON Pointer below `node`, or None."""
    below: Node | None = node
    for token in pointer_parts(pointer):
        below = child(below, token) if below is not None else None
    return below


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in source order."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        match current:
            case YamlMap(by_key=by_key):
                todo.extend([entry.value for entry in reversed(list(by_key.values()))])
            case YamlSeq(items=items):
                todo.extend(reversed(items))
            case YamlScalar():
                pass


def to_data(node: Node) -> object:
    """Plain dicts, lists and scalars; a decimal becomes a float, good for a schema check only."""
    match node:
        case YamlMap(entries=entries):
            return {entry.key: to_data(entry.value) for entry in entries}
        case YamlSeq(items=items):
            return [to_data(item) for item in items]
        case YamlScalar(value=Decimal() as value):
            return float(value)
        case YamlScalar(value=value):
            return value


def exact(node: Node) -> object:
    """Plain dicts, lists and scalars; a decimal stays one, with all its digits."""
    match node:
        case YamlMap(entries=entries):
            return {entry.key: exact(entry.value) for entry in entries}
        case YamlSeq(items=items):
            return [exact(item) for item in items]
        case YamlScalar(value=value):
            return value


def text_span(scalar: YamlScalar, start: int, end: int) -> Span:
    """The file span of `value[start:end]` of a text scalar; of the whole scalar if not known.

    Exact for plain and quoted scalars of one line and for literal blocks; for folded text where
    the slice occurs only once.
    """
    offsets = _value_offsets(scalar)
    if offsets is not None and end < len(offsets):
        return scalar.source.span(offsets[start], offsets[end])
    piece = str(scalar.value)[start:end]
    if piece and scalar.text.count(piece) == 1:
        offset = scalar.start + scalar.text.index(piece)
        return scalar.source.span(offset, offset + len(piece))
    return scalar.span


@lru_cache(maxsize=16)
def _value_offsets(scalar: YamlScalar) -> Sequence[int] | None:
    """The file offset of each character of the value and of its end, or None if folded."""
    text = scalar.text
    if scalar.style == "|":
        return _literal_offsets(scalar)
    if "\n" in text:
        return None
    match scalar.style:
        case "'":
            pattern, inner = _SINGLE_QUOTED, text[1:-1]
        case '"':
            pattern, inner = _DOUBLE_QUOTED, text[1:-1]
        case _:
            pattern, inner = _PLAIN, text
    base = scalar.start + (1 if scalar.style else 0)
    if inner == scalar.value:
        return range(base, base + len(inner) + 1)
    offsets = [base + character.start() for character in pattern.finditer(inner)]
    return [*offsets, base + len(inner)] if len(offsets) == len(str(scalar.value)) else None


def _literal_offsets(scalar: YamlScalar) -> list[int] | None:
    """Each line of the value is a line of the file behind the header, less the indentation."""
    offsets: list[int] = []
    source_lines = scalar.text.split("\n")
    value_lines = str(scalar.value).rstrip("\n").split("\n")
    position = scalar.start + len(source_lines[0]) + 1
    for line, value in zip(source_lines[1:], value_lines, strict=False):
        content = line.rstrip("\r")
        if not content.endswith(value):
            return None
        begin = position + len(content) - len(value)
        offsets.extend(range(begin, begin + len(value) + 1))
        position += len(line) + 1
    return offsets


# Pointers


def pointer_of(root: Node, span: Span | None) -> str:
    """The pointer of the innermost node that holds a span; empty without one."""
    if span is None:
        return ""
    pointer, todo = "", [root]
    while todo:
        node = todo.pop()
        if _holds(node.span, span):
            pointer = node.pointer
            todo = _inside(node)
    return pointer


def _holds(outer: Span, inner: Span) -> bool:
    return outer.path == inner.path and outer.start <= inner.start and inner.end <= outer.end


def _inside(node: Node) -> list[Node]:
    match node:
        case YamlMap(entries=entries):
            return [entry.value for entry in entries]
        case YamlSeq(items=items):
            return list(items)
        case YamlScalar():
            return []
        case _:
            assert_never(node)
