"""One line for each diagnostic, for editors, logs and grep. Reads no source."""

from collections.abc import Sequence

from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.render.colors import BOLD, BY_SEVERITY, paint


def render(diagnostics: Sequence[Diagnostic], color: bool) -> str:
    """Show cleaned diagnostics as `path:line:column: severity code message; hint`."""
    return "".join(f"{_line(found, color)}\n" for found in diagnostics)


def headline(found: Diagnostic, color: bool) -> str:
    """Say where, how bad, which code and what."""
    kind = paint(f"{found.severity} {found.code}", BY_SEVERITY[found.severity], color)
    return f"{paint(place(found), BOLD, color)}{kind} {found.message}"


def place(found: Diagnostic) -> str:
    """Return `path:line:column: `, or nothing for a diagnostic without a place."""
    if found.span is None:
        return ""
    start = found.span.start
    return f"{found.span.path}:{start.line}:{start.column}: "


def _line(found: Diagnostic, color: bool) -> str:
    hint = f"; {found.hint}" if found.hint else ""
    return headline(found, color) + hint
