"""Reports mistakes found in one node: the node's pointer is filled in, repetitions are left out.

Whoever finds a mistake gives its code, words and place; what an alias repeats has the same place.
"""

from dataclasses import dataclass, field

from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.recognizer.scan import mask


@dataclass(frozen=True, slots=True)
class Report:
    """Where mistakes go. What an alias repeats, at the same place of the file, is reported once."""

    sink: Sink
    pointer: str = ""
    _reported: set[tuple[str, str, Span | None]] = field(default_factory=set, repr=False)

    def at(self, pointer: str) -> "Report":
        """The same report for another node."""
        return Report(self.sink, pointer, self._reported)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report one mistake. The message is masked: a name may be a secret typed by mistake."""
        self._add(Diagnostic(code, mask(message), span, self.pointer, hint, related=related))

    def warning(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Report what is no mistake, and most likely not meant."""
        severity = Severity.WARNING
        self._add(Diagnostic(code, mask(message), span, self.pointer, hint, severity))

    def _add(self, diagnostic: Diagnostic) -> None:
        key = (diagnostic.code, diagnostic.message, diagnostic.span)
        if key not in self._reported:
            self._reported.add(key)
            self.sink.add(diagnostic)
