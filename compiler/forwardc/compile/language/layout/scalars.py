"""Scalars of more than one line, moved to another column: their values stay."""

import re
from typing import Final

from forwardc.core.dataclass import dataclass

INDENT: Final = 2
"""Spaces of a level. A digit from 1 to 9 can say it, which a block scalar may need."""

_HEADER = re.compile(r"(?P<style>[|>])(?P<signs>[-+1-9]*)[ \t]*(?P<comment>#.*)?")


@dataclass(frozen=True, slots=True)
class BlockScalar:
    """`|` or `>` with its lines, which are without their indentation."""

    header: str
    comment: str
    """Behind the header; may be empty."""
    comment_at: int
    """Offset of the comment from the start of the scalar."""
    lines: tuple[str, ...]
    length: int
    """Characters of the file up to the end of the last line, its line feed excluded."""
    keeps: bool
    """Whether the empty lines at its end are part of the value."""
    counts_end: bool
    """Whether the line feed behind its last line is part of the value."""


def block_scalar(text: str, column: int) -> BlockScalar:
    """Read one. `text` begins at its sign; `column` is that of the collection around it."""
    header, *lines = text.split("\n")
    match = _HEADER.match(header)
    if match is None:
        raise ValueError("a block scalar begins with its sign")
    signs = match["signs"]
    digit = next((int(sign) for sign in signs if sign.isdigit()), None)
    indent = _indent(lines) if digit is None else max(column, 0) + digit
    keeps = "+" in signs
    if lines and (keeps or not lines[-1]) and not lines[-1]:
        # What stands behind the last line feed is the next line.
        lines.pop()
    while not keeps and lines and _is_blank(lines[-1], indent):
        lines.pop()
    length = len(header) + sum(len(line) + 1 for line in lines)
    contents = ("" if _is_blank(line, indent) else line[indent:] for line in lines)
    return BlockScalar(
        match["style"] + signs.replace(str(digit), str(INDENT)),
        (match["comment"] or "").rstrip(),
        match.start("comment"),
        tuple(contents),
        length if lines else len(header.rstrip()),
        keeps,
        bool(lines) and "-" not in signs,
    )


def _indent(lines: list[str]) -> int:
    """The spaces before the first line that holds something; more than any where none does."""
    for line in lines:
        if line.strip(" "):
            return len(line) - len(line.lstrip(" "))
    return max(map(len, lines), default=0)


def _is_blank(line: str, indent: int) -> bool:
    return not line[:indent].strip(" ") and len(line) <= indent


def folded_lines(text: str) -> list[str]:
    """The lines of a plain or quoted scalar; spaces before each but the first mean nothing."""
    first, *others = text.split("\n")
    return [first, *(line.lstrip(" \t") for line in others)]
