"""One mistake of the user, as a value.

A message holds names, pointers and types, never a value out of the user's file.
"""

from dataclasses import field
from enum import StrEnum

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span


class Severity(StrEnum):
    """How bad a finding is: errors fail a command, warnings and notes do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a diagnostic, such as the first of two equal keys."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding: code, what is wrong, where, and what to do about it."""

    code: str
    message: str
    span: Span | None = None
    pointer: str = ""
    hint: str | None = None
    severity: Severity = Severity.ERROR
    related: tuple[Related, ...] = field(default=())

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """By file, line, column, then code and message, so that output never depends on order."""
        if self.span is None:
            return ("", 0, 0, self.code, self.message)
        start = self.span.start
        return (self.span.path, start.line, start.column, self.code, self.message)
