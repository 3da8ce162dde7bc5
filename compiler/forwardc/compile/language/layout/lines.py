"""Lines that are written from left to right, and the comments behind them.

Comments that stand under each other in the file do so in what is written; any other stands two
spaces behind its line.
"""

import re
from itertools import groupby
from typing import Final

from forwardc.core.dataclass import dataclass

BEFORE_COMMENT: Final = 2
"""Spaces between a line and the comment behind it."""

# `#!`, `#:` and rulers of `#` are signs of other programs and of authors.
_WITHOUT_SPACE = re.compile(r"\A#(?=[^\s#!:])")


def comment_text(written: str) -> str:
    """A comment with a space behind its `#`, and none at its end."""
    return _WITHOUT_SPACE.sub("# ", written.rstrip())


@dataclass(slots=True)
class _Line:
    pieces: list[str]
    """Joined once: a file may be one line of a MiB."""
    comment: str = ""
    source_column: int = 0
    """Where the comment stands in the file, from 0."""

    @property
    def text(self) -> str:
        """The line without its comment."""
        return "".join(self.pieces)


class Lines:
    """What is written so far; the last line may go on."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self.column = 0
        """Of what would be written next, from 0."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written yet."""
        return not self._lines

    def start(self, indent: int) -> None:
        """Begin a line at a column."""
        self._lines.append(_Line([" " * indent]))
        self.column = indent

    def add(self, text: str) -> None:
        """Go on with the line."""
        if not self._lines:
            self.start(0)
        self._lines[-1].pieces.append(text)
        self.column += len(text)

    def add_comment(self, text: str, source_column: int) -> None:
        """Put a comment behind the line."""
        self._lines[-1].comment, self._lines[-1].source_column = text, source_column

    def blank(self) -> None:
        """Write an empty line, unless there is one already, or nothing before it."""
        if self._lines and self._lines[-1].text:
            self._lines.append(_Line([]))

    def raw(self, text: str) -> None:
        """Write a line of a value as it is, also an empty one."""
        self._lines.append(_Line([text]))
        self.column = len(text)

    def text(self, *, keeps_end: bool) -> str:
        """All lines, each with its line feed. `keeps_end`: empty lines at the end are a value's."""
        while not keeps_end and self._lines and not self._lines[-1].text:
            self._lines.pop()
        lines: list[str] = []
        for column, group in groupby(self._lines, _aligned_at):
            together = list(group)
            width = max(len(line.text) for line in together)
            for line in together:
                if column is None:
                    lines.append(line.text)
                else:
                    behind = " " * BEFORE_COMMENT + line.comment
                    lines.append(line.text.ljust(width) + behind)
        return "".join(f"{line}\n" for line in lines)


def _aligned_at(line: _Line) -> int | None:
    return line.source_column if line.comment else None
