"""One file in its layout: read, laid out, and held against what it was.

What comes out says what went in: the same tree in the same order, each scalar in its style, each
comment at its place. Whatever would not is a mistake of ours, and nothing is written.
"""

from dataclasses import field

from forwardc.compile.language import yaml_reader
from forwardc.compile.language.layout.layout import laid_out
from forwardc.compile.language.layout.lines import comment_text
from forwardc.compile.language.layout.tokens import Comment, Sign, comments, tokens
from forwardc.compile.language.nodes import Node, YamlMap, YamlScalar, YamlSeq, walk
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.diagnostics.text_file import decoded


class LayoutError(ForwardcError):
    """A layout would change what a file says: a mistake of ours."""


@dataclass(frozen=True, slots=True)
class FormattedFile:
    """A file as it is, and as its layout would be."""

    path: str
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)

    @property
    def differs(self) -> bool:
        """Whether its layout is another one."""
        return self.before != self.after

    @property
    def first_difference(self) -> Span:
        """The first line that is laid out otherwise."""
        before, after = decoded(self.before).split("\n"), decoded(self.after).split("\n")
        pairs = enumerate(zip(before, after, strict=False))
        at = next((number for number, (old, new) in pairs if old != new), None)
        # Else one ends before the other, or a byte order mark is all.
        at = min(len(before), len(after)) - 1 if at is None and before != after else at or 0
        length = len(before[at].rstrip("\r"))
        return Span(self.path, Position(at + 1, 1), Position(at + 1, length + 1))


def formatted(path: str, data: bytes, sink: Sink) -> FormattedFile | None:
    """The file in its layout; None, with the reasons in the sink, where it cannot have one.

    Raises:
        LayoutError: The layout would not say the same.
    """
    findings = Sink()
    tree = yaml_reader.read(path, data, findings)
    for finding in findings.sorted():
        sink.add(finding)
    if tree is None or findings.has_errors:
        return None
    text = decoded(data)
    after = laid_out(text)
    if len(after.encode()) > yaml_reader.MAX_BYTES:
        # Of a file with an indentation of one, or a comment without a space on each line.
        message = f"laid out, the file would be larger than {yaml_reader.MAX_BYTES:,} bytes"
        sink.error("FC0103", message, Span(path, Position(1, 1), Position(1, 1)))
        return None
    _compare(path, tree, text, after)
    return FormattedFile(path, data, after.encode())


def _compare(path: str, tree: Node, text: str, after: str) -> None:
    again = yaml_reader.read(path, after.encode(), Sink())
    if again is None or _said(again) != _said(tree):
        raise LayoutError("the layout has another tree")
    if _names(after) != _names(text) or _told(after) != _told(text):
        raise LayoutError("the layout has another anchor or comment")


def _said(tree: Node) -> list[object]:
    """Every value with its place and style, in order."""
    return [(node.pointer, *_content(node)) for node in walk(tree)]


def _content(node: Node) -> tuple[object, ...]:
    match node:
        case YamlScalar(value=value, style=style):
            # 1, 1.0 and true are equal, and not the same.
            return type(value), str(value), style
        case YamlMap(by_key=by_key):
            return tuple((key, entry.key_node.style) for key, entry in by_key.items())
        case YamlSeq(items=items):
            return (len(items),)


def _names(text: str) -> list[str]:
    return [
        text[token.start : token.end]
        for token in tokens(text)
        if token.sign in (Sign.ALIAS, Sign.ANCHOR)
    ]


def _told(text: str) -> list[Comment]:
    lines = text.replace("\r\n", "\n")
    return [
        Comment(comment_text(comment.text), comment.behind, comment.same_line)
        for comment in comments(lines)
    ]
