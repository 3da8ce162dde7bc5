"""Counts diagnostics in one line, such as `6 errors, 1 warning in 2 files`."""

from collections import Counter
from collections.abc import Sequence

from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the count of each severity and of the files, or nothing when nothing was found."""
    counts = Counter(found.severity for found in diagnostics)
    parts = [_plural(counts[severity], severity.value) for severity in Severity if counts[severity]]
    files = len({found.span.path for found in diagnostics if found.span is not None})
    return ", ".join(parts) + (f" in {_plural(files, 'file')}" if files else "")


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
