"""ANSI colours for terminals. Knows nothing of diagnostics but their severities."""

from forwardc.core.diagnostics.diagnostic import Severity

BOLD = "1"
BLUE = "1;34"
BY_SEVERITY = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}


def paint(text: str, style: str, color: bool) -> str:
    """Wrap a text in a colour, or return it as it is."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and text else text
