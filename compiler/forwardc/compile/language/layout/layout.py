"""The layout of `forwardc fmt`: what stands between the tokens of a file is written anew.

No character of a token changes, and no token changes its place: so values, quotes, anchors and the
order of keys are the author's. Two things are inside tokens and still space: the indentation of the
lines of a scalar, and the digit of a block scalar, which counts it.

A `_Block` is an open map or list with the column that it had and the one it gets; `{` and `[` are
`_Flow`. A comment keeps its place between the tokens. It is indented as what follows, but for one
that stood deeper where a block ends: that one belongs to the block.

Traced, `a:` with two spaces before its child, which has four:

    token        gap before it        written
    a            -                     `a` in column 0, since a root begins there
    :            ""                    `:`
    (map)        -                     a block that begins at column 4 waits for its first key
    b            line feed, 4 spaces   on a line of its own: the block gets column 2
"""

from dataclasses import field

from forwardc.compile.language.layout.lines import Lines, comment_text
from forwardc.compile.language.layout.scalars import INDENT, block_scalar, folded_lines
from forwardc.compile.language.layout.tokens import Sign, YamlToken, tokens
from forwardc.core.dataclass import dataclass


def laid_out(text: str) -> str:
    """The text in its layout. It is YAML that the reader takes; its lines end as they like."""
    return _Layout(text.replace("\r\n", "\n")).written()


@dataclass(slots=True)
class _Block:
    """An open map or list of lines: its column in the file, and the one it gets. Both from 0."""

    source: int
    column: int
    is_sequence: bool = False
    is_implicit: bool = False
    """A list whose dashes stand under the key: the parser says neither its begin nor its end."""


@dataclass(frozen=True, slots=True)
class _Flow:
    """An open bracket: the column of lines inside, and of one that closes it."""

    inside: int
    closing: int


@dataclass(slots=True)
class _Gap:
    """What stands between two tokens: a comment behind the first, and lines of their own."""

    behind: str = ""
    behind_at: int = 0
    lines: list[str] = field(default_factory=list)
    has_break: bool = False


class _Layout:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines()
        self._blocks = [_Block(-INDENT, -INDENT)]
        self._closed: list[_Block] = []
        """Blocks that ended since the last token that can be seen, the innermost first."""
        self._opening: _Block | None = None
        self._flows: list[_Flow] = []
        self._before: YamlToken | None = None
        """The last token that can be seen."""
        self._end = 0
        """Where it ends, in the file."""
        self._line_indent = 0
        self._keeps_end = False
        """Whether empty lines at the end are a value's."""
        self._lacks_end = False
        """Whether the file ends in a block of text, whose value a line feed would be part of."""
        self._begins_entry = False

    def written(self) -> str:
        """Write all tokens."""
        for token in tokens(self._text):
            if token.is_visible or token.sign is Sign.END:
                self._write(token)
            else:
                self._structure(token)
        text = self._lines.text(keeps_end=self._keeps_end)
        return text[:-1] if self._lacks_end else text

    # Where blocks begin and end

    def _structure(self, token: YamlToken) -> None:
        if token.sign in (Sign.BLOCK_MAPPING, Sign.BLOCK_SEQUENCE):
            self._opening = _Block(token.column, 0, token.sign is Sign.BLOCK_SEQUENCE)
        elif token.sign is Sign.BLOCK_END:
            self._leave_implicit()
            self._closed.append(self._blocks.pop())
        elif token.sign is Sign.KEY:
            self._enter_entry()

    def _enter_entry(self) -> None:
        if not self._flows:
            if self._opening is None:
                self._leave_implicit()
            self._begins_entry = True

    def _leave_implicit(self) -> None:
        if self._blocks[-1].is_implicit:
            self._closed.append(self._blocks.pop())

    # Tokens

    def _write(self, token: YamlToken) -> None:
        gap = self._gap(token)
        if token.sign is Sign.KEY:
            self._enter_entry()
        if token.sign is Sign.BLOCK_ENTRY and not (
            self._opening or self._blocks[-1].is_sequence or self._flows
        ):
            self._opening = _Block(token.column, 0, is_sequence=True, is_implicit=True)
        if token.sign is Sign.END:
            self._write_lines(gap, 0, 0)
            return
        follows_sign = self._before and self._before.sign in (Sign.BLOCK_ENTRY, Sign.KEY)
        if gap.has_break or self._before is None:
            indent = self._indent(token)
            self._write_lines(gap, indent, token.column)
            self._lines.start(indent)
            self._line_indent = indent
        else:
            self._lines.add(self._space(token))
            if follows_sign and not self._flows:
                self._line_indent = self._lines.column
        if self._opening is not None:
            self._opening.column = self._lines.column
            self._blocks.append(self._opening)
            self._opening = None
        self._closed.clear()
        self._begins_entry = False
        self._write_token(token)
        self._before = token

    def _write_token(self, token: YamlToken) -> None:
        self._end, self._keeps_end = token.end, False
        text = self._text[token.start : token.end]
        if token.sign is Sign.FLOW_START:
            self._flows.append(_Flow(self._line_indent + INDENT, self._line_indent))
        elif token.sign is Sign.FLOW_END:
            self._flows.pop()
        if token.style in ("|", ">") and token.style:
            self._write_block_scalar(token)
        elif token.sign is Sign.SCALAR:
            first, *others = folded_lines(text)
            at_start = self._lines.column == self._line_indent
            self._lines.add(first)
            indent = self._line_indent + (0 if at_start else INDENT)
            for line in others:
                self._lines.raw(" " * indent + line if line else "")
        else:
            self._lines.add(text)

    def _write_block_scalar(self, token: YamlToken) -> None:
        around = self._blocks[-1]
        scalar = block_scalar(self._text[token.start : token.end], around.source)
        self._lines.add(scalar.header)
        if scalar.comment:
            column = token.column + scalar.comment_at
            self._lines.add_comment(comment_text(scalar.comment), column)
        for line in scalar.lines:
            self._lines.raw(" " * (around.column + INDENT) + line if line else "")
        self._end = token.start + scalar.length
        self._keeps_end = scalar.keeps
        self._lacks_end = scalar.counts_end and self._end == len(self._text)

    # Space

    def _indent(self, token: YamlToken) -> int:
        """The column of a token that begins a line."""
        around = self._blocks[-1].column
        if token.sign is Sign.DOCUMENT:
            return 0
        if self._flows:
            flow = self._flows[-1]
            return flow.closing if token.sign is Sign.FLOW_END else flow.inside
        if self._opening is not None:
            return around + INDENT
        is_entry = self._begins_entry or token.sign in (Sign.BLOCK_ENTRY, Sign.VALUE)
        return around if is_entry else around + INDENT

    def _space(self, token: YamlToken) -> str:
        """What stands between two tokens of a line."""
        before = self._before and self._before.sign
        if before is Sign.FLOW_START or token.sign in (Sign.FLOW_ENTRY, Sign.FLOW_END):
            return ""
        if token.sign is Sign.VALUE:
            # `*name:` would be a longer name.
            return " " if before is Sign.ALIAS else ""
        return " "

    def _gap(self, token: YamlToken) -> _Gap:
        first, *others = self._text[self._end : token.start].split("\n")
        if self._before is None:
            others, first = [first, *others], ""
        has_break = bool(others)
        if others and (token.sign is not Sign.END or not others[-1].strip()):
            # What stands before the token on its own line, or behind the last line feed.
            others.pop()
        behind = first.strip(" \t")
        if not behind:
            return _Gap("", 0, others, has_break)
        at = self._end + len(first) - len(first.lstrip(" \t"))
        return _Gap(behind, at - self._text.rfind("\n", 0, at) - 1, others, has_break)

    def _write_lines(self, gap: _Gap, indent: int, source: int) -> None:
        """The comments of a gap; what follows it gets the column `indent`, and had `source`."""
        if gap.behind:
            self._lines.add_comment(comment_text(gap.behind), gap.behind_at)
            self._keeps_end = False
        for line in gap.lines:
            comment = line.strip(" \t")
            if not comment:
                self._lines.blank()
                continue
            column = len(line) - len(line.lstrip(" \t"))
            self._lines.start(self._comment_indent(column, indent, source))
            self._lines.add(comment_text(comment))
            self._keeps_end = False

    def _comment_indent(self, column: int, indent: int, source: int) -> int:
        if self._flows:
            # Behind the last item, before the bracket.
            return max(indent, self._flows[-1].inside) if column > source else indent
        inside = [block for block in self._closed if source < block.source <= column]
        return max((block.column for block in inside), default=indent)
