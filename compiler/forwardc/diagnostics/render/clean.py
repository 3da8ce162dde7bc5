"""Makes a diagnostic safe to show: masked, printable, with a span that every form can express.

Knows no output form.
"""

import re
from dataclasses import replace

from forwardc.diagnostics.diagnostic import Diagnostic, Related
from forwardc.diagnostics.scan import mask
from forwardc.diagnostics.span import Position, Span

# Control characters can drive a terminal, bidirectional ones reorder what a reviewer sees, and a
# lone surrogate cannot be written as UTF-8.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]*[\n\r\x85\u2028\u2029][\s\x85\u2028\u2029]*")


def clean(diagnostic: Diagnostic) -> Diagnostic:
    """Return the diagnostic as it may be shown; every text is one line."""
    return replace(
        diagnostic,
        code=one_line(diagnostic.code),
        message=one_line(diagnostic.message),
        span=_span(diagnostic.span),
        pointer=printable(mask(diagnostic.pointer)),
        hint=None if diagnostic.hint is None else one_line(diagnostic.hint),
        related=tuple(
            Related(_clamped(other.span), one_line(other.message)) for other in diagnostic.related
        ),
    )


def one_line(text: str) -> str:
    """Mask a text and join its lines by single spaces."""
    return printable(" ".join(part for part in _BREAKS.split(mask(text)) if part))


def printable(text: str) -> str:
    """Replace what a terminal or a file cannot show, character by character."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _span(span: Span | None) -> Span | None:
    return None if span is None else _clamped(span)


def _clamped(span: Span) -> Span:
    start = Position(max(span.start.line, 1), max(span.start.column, 1))
    end = Position(max(span.end.line, 1), max(span.end.column, 1))
    return Span(one_line(span.path), start, max(start, end))
