"""Diagnostics for people: the place, the source line, what is wrong in it, and a hint.

Does not read files itself: lines come masked from `Sources`.
"""

from collections.abc import Iterator, Sequence

from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.excerpt_lines import Sources
from forwardc.core.diagnostics.render.clean import without_commands
from forwardc.core.diagnostics.render.colors import BLUE, BOLD, BY_SEVERITY, paint
from forwardc.core.diagnostics.render.concise import headline
from forwardc.core.diagnostics.render.excerpt import excerpt
from forwardc.core.diagnostics.render.summary import summary
from forwardc.core.diagnostics.span import Span

_WIDTH = 120


def render(diagnostics: Sequence[Diagnostic], sources: Sources, color: bool) -> str:
    """Show cleaned diagnostics as blocks with a blank line between them, and count them."""
    if not diagnostics:
        return ""
    blocks = ["\n".join(_block(found, sources, color)) for found in diagnostics]
    return "\n\n".join([*blocks, paint(summary(diagnostics), BOLD, color)]) + "\n"


def _block(found: Diagnostic, sources: Sources, color: bool) -> Iterator[str]:
    yield headline(found, color)
    gutter = len(str(found.span.start.line)) + 2 if found.span else 2
    if found.span is not None:
        yield from _source(found.span, sources, color, BY_SEVERITY[found.severity])
    margin = " " * gutter + paint("=", BLUE, color)
    if found.hint:
        yield f"{margin} {paint('hint:', BOLD, color)} {found.hint}"
    for other in found.related:
        start = other.span.start
        yield f"{margin} {other.span.path}:{start.line}:{start.column}: {other.message}"


def _source(span: Span, sources: Sources, color: bool, style: str) -> Iterator[str]:
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
