"""Cuts the part of a source line that a terminal can show, and finds where to underline it.

Knows widths of characters, and nothing of diagnostics.
"""

import unicodedata
from dataclasses import dataclass

from forwardc.core.diagnostics.render.clean import printable

_TAB = "    "
_CUT = "..."


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line fit to show, the terminal columns before the underline, and those under it."""

    line: str
    before: int
    under: int


def excerpt(line: str, start: int, end: int | None, width: int) -> Excerpt:
    """Show the code points `start` to `end` (from 0; None is the end of the line) of a line.

    The line takes at most `width` terminal columns, and `width` is at least 20. A longer line is
    cut around the start of the underlined part.
    """
    start = min(start, len(line))
    stop = len(line) if end is None else min(max(end, start), len(line))
    # Nothing further away than `width` code points can be seen, however long the line is.
    first = max(0, start - width)
    cells = [_cell(char) for char in line[first : start + width]]
    start, stop = start - first, min(stop - first, len(cells))
    left, right = _window(cells, start, stop, width - 2 * len(_CUT))
    head = _CUT if left + first else ""
    tail = _CUT if right + first < len(line) else ""
    under = max(1, _width(cells[start : min(stop, right)]))
    shown = "".join(cells[left:right])
    return Excerpt(head + shown + tail, len(head) + _width(cells[left:start]), under)


def _window(cells: list[str], start: int, stop: int, width: int) -> tuple[int, int]:
    if _width(cells) <= width:
        return 0, len(cells)
    left, right = start, start
    # The underlined part first, then as much before it as after it.
    used, more = 0, True
    while more:
        more = False
        if right < len(cells) and used + _width([cells[right]]) <= width:
            used, right, more = used + _width([cells[right]]), right + 1, True
        if right >= stop and left > 0 and used + _width([cells[left - 1]]) <= width:
            used, left, more = used + _width([cells[left - 1]]), left - 1, True
    return left, right


def _cell(char: str) -> str:
    return _TAB if char == "\t" else printable(char)


def _width(cells: list[str]) -> int:
    return sum(_char_width(char) for cell in cells for char in cell)


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
