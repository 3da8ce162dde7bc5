"""Diagnostics for people: the place, the source line, what is wrong in it, and a hint.

Lines come masked from `ExcerptLines`. Below each stands a marker that is as wide as what it marks,
in terminal cells; a summary counts what was reported.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.concise import BLUE, BOLD, BY_SEVERITY, headline, paint
from forwardc.core.diagnostics.render.printable import printable, without_commands
from forwardc.core.diagnostics.span import Span

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


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the count of each severity and of the files, or nothing when nothing was found."""
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    parts = [_plural(counts[severity], severity.value) for severity in Severity if counts[severity]]
    files = len({diagnostic.span.path for diagnostic in diagnostics if diagnostic.span is not None})
    return ", ".join(parts) + (f" in {_plural(files, 'file')}" if files else "")


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


_WIDTH = 120
"""Characters of a message before it is wrapped: wider lines wrap in most terminals anyway."""


def render(diagnostics: Sequence[Diagnostic], sources: ExcerptLines, color: bool) -> str:
    """Show cleaned diagnostics as blocks with a blank line between them, and count them."""
    if not diagnostics:
        return ""
    blocks = ["\n".join(_block(diagnostic, sources, color)) for diagnostic in diagnostics]
    return "\n\n".join([*blocks, paint(summary(diagnostics), BOLD, color)]) + "\n"


def _block(diagnostic: Diagnostic, sources: ExcerptLines, color: bool) -> Iterator[str]:
    yield headline(diagnostic, color)
    gutter = len(str(diagnostic.span.start.line)) + 2 if diagnostic.span else 2
    if diagnostic.span is not None:
        yield from _source(diagnostic.span, sources, color, BY_SEVERITY[diagnostic.severity])
    margin = " " * gutter + paint("=", BLUE, color)
    if diagnostic.hint:
        yield f"{margin} {paint('hint:', BOLD, color)} {diagnostic.hint}"
    for other in diagnostic.related:
        start = other.span.start
        yield f"{margin} {other.span.path}:{start.line}:{start.column}: {other.message}"


def _source(span: Span, sources: ExcerptLines, color: bool, style: str) -> Iterator[str]:
    line = sources.line(span.path, span.start.line)
    if line is None or not line.strip():
        return
    end = span.end.column - 1 if span.end.line == span.start.line else None
    number = str(span.start.line)
    shown = excerpt(line, span.start.column - 1, end, max(20, _WIDTH - len(number) - 4))
    bar = paint("|", BLUE, color)
    carets = paint("^" * shown.under, style, color)
    yield f" {paint(number, BLUE, color)} {bar} {without_commands(shown.line).rstrip()}"
    yield f" {' ' * len(number)} {bar} {' ' * shown.before}{carets}"
