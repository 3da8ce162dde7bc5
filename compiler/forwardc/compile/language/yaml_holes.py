"""Finds `${` without its `}`, and text where YAML itself breaks an expression apart.

Knows only where an expression ends, not what it says: the expression parser judges that.
"""

import re
from dataclasses import dataclass

from forwardc.compile.language.source import InputFile

CODE = "FC0115"

# Possessive where a run could be cut in many ways, so that a text without an end costs one pass.
# Never on a group: Python before 3.11.5 matches those wrongly (python/cpython#106052).
_HOLE = re.compile(r"""\$\{(?:[^'"}]++|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\}""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BrokenInterpolation:
    """An expression that YAML does not read as one scalar: offsets, message and hint."""

    start: int
    end: int
    message: str
    hint: str


def interpolation_end(text: str, start: int) -> int:
    """The offset behind the `}` that closes the `${` at `start`, or -1. Strings may hold `}`."""
    hole = _HOLE.match(text, start)
    return hole.end() if hole else -1


def unterminated(text: str) -> int | None:
    """The offset of the first `${` that is never closed; `$${` is a literal and opens nothing."""
    position = text.find("${")
    while position >= 0:
        if position and text[position - 1] == "$":
            position = text.find("${", position + 2)
            continue
        end = interpolation_end(text, position)
        if end < 0:
            return position
        position = text.find("${", end)
    return None


def explain_unterminated(source: InputFile, end: int, plain: bool) -> tuple[str, str]:
    """Message and hint for a scalar that ends at `end` inside an expression."""
    after = source.text[end : source.line_around(end)[1]].lstrip(" \t")
    if plain and after.startswith("#"):
        return (
            "the expression is cut off where YAML sees a comment: a space and #",
            "put quotes around the whole value",
        )
    return "${ without its closing }", "close the expression, or write $${ for a literal ${"


def broken_at(source: InputFile, offset: int) -> BrokenInterpolation | None:
    """The expression around the place where the YAML parser gave up, if there is one."""
    text = source.text
    line_start, line_end = source.line_around(min(offset, len(text)))
    start = text.rfind("${", line_start, min(offset + 2, line_end))
    if start < 0:
        return None
    length = interpolation_end(text[start:line_end], 0)
    end = start + length if length > 0 else line_end
    if not start < offset < end:
        return None
    if offset == start + 1:
        return BrokenInterpolation(
            start,
            end,
            "an expression inside { } or [ ] needs quotes",
            'write {month: "${x}"}, or one key on each line',
        )
    if text[line_start:start].endswith('"'):
        return BrokenInterpolation(
            start,
            end,
            "the quote inside the expression ends the YAML value",
            "use single quotes inside a value in double quotes",
        )
    return BrokenInterpolation(
        start, end, "YAML breaks this expression apart", "put quotes around the whole value"
    )
