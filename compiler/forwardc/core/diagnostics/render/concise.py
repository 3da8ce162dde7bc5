"""One line for each diagnostic, for editors, logs and grep; and how a terminal colours it.

Place, severity, code and message stand in one order that programs split by colons.
"""

from collections.abc import Sequence

from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity

BOLD = "1"
BLUE = "1;34"
BY_SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


def paint(text: str, style: str, color: bool) -> str:
    """Wrap a text in a colour, or return it as it is."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and text else text


def render(diagnostics: Sequence[Diagnostic], color: bool) -> str:
    """Show cleaned diagnostics as `path:line:column: severity code message; hint`."""
    return "".join(f"{_line(diagnostic, color)}\n" for diagnostic in diagnostics)


def headline(diagnostic: Diagnostic, color: bool) -> str:
    """Say where, how bad, which code and what."""
    kind = paint(
        f"{diagnostic.severity} {diagnostic.code}", BY_SEVERITY[diagnostic.severity], color
    )
    return f"{paint(place(diagnostic), BOLD, color)}{kind} {diagnostic.message}"


def place(diagnostic: Diagnostic) -> str:
    """Return `path:line:column: `, or nothing for a diagnostic without a place."""
    if diagnostic.span is None:
        return ""
    start = diagnostic.span.start
    return f"{diagnostic.span.path}:{start.line}:{start.column}: "


def _line(diagnostic: Diagnostic, color: bool) -> str:
    hint = f"; {diagnostic.hint}" if diagnostic.hint else ""
    return headline(diagnostic, color) + hint
