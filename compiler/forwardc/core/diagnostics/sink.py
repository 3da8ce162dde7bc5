"""Collects diagnostics. A stage takes a sink and goes on after a mistake, so that all are seen."""

from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.levels import LevelledFindings, Suppression
from forwardc.core.diagnostics.span import Span


class Sink:
    """An append-only list of diagnostics, read back sorted and without repetitions."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._suppressed: dict[Suppression, None] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic; an equal one is kept once."""
        self._found[diagnostic] = None

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        pointer: str = "",
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Add an error."""
        self.add(Diagnostic(code, message, span, pointer, hint, Severity.ERROR, related))

    def warning(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        pointer: str = "",
        hint: str | None = None,
    ) -> None:
        """Add a warning."""
        self.add(Diagnostic(code, message, span, pointer, hint, Severity.WARNING))

    def add_levelled(self, levelled: LevelledFindings) -> None:
        """Keep findings at their levels, and apart from them those that were suppressed."""
        for diagnostic in levelled.findings:
            self.add(diagnostic)
        for suppression in levelled.suppressed:
            self._suppressed[suppression] = None

    def suppressed(self) -> list[Suppression]:
        """What a comment or a rule suppressed, in reading order. It fails nothing."""
        return sorted(self._suppressed, key=lambda suppression: suppression.sort_key)

    def sorted(self) -> list[Diagnostic]:
        """All diagnostics in reading order."""
        if not self._found:
            return []
        return sorted(self._found, key=lambda diagnostic: diagnostic.sort_key)

    @property
    def has_errors(self) -> bool:
        """Whether anything was found that fails the command."""
        if not self._found:
            return False
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self._found)
