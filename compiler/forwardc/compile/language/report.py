"""Reports mistakes found in one node: the node's pointer is filled in, repetitions are left out.

Whoever finds a mistake gives its code, words and place; what an alias repeats has the same place.
"""

from dataclasses import field
from typing import Protocol

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.recognizer.scan import mask


class Pointed(Protocol):
    """What stands somewhere in a file: a node, or what was read from one."""

    @property
    def pointer(self) -> str:
        """Its JSON Pointer."""


@dataclass(frozen=True, slots=True)
class Report:
    """Where mistakes go. What an alias repeats, at the same place of the file, is reported once."""

    sink: Sink
    place: "str | Pointed" = ""
    """A pointer, or what knows its own: it is asked for it only when there is a mistake."""
    _reported: set[tuple[str, str, Span | None]] = field(default_factory=set, repr=False)

    @property
    def pointer(self) -> str:
        """The JSON Pointer of what is reported on."""
        return self.place if isinstance(self.place, str) else self.place.pointer

    def at(self, place: "str | Pointed") -> "Report":
        """The same report for another node, or for what stands at a pointer."""
        return Report(self.sink, place, self._reported)

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
