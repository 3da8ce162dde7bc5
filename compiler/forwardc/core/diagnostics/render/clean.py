"""Makes a diagnostic fit to be shown: each text on one line, printable and masked."""

from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related
from forwardc.core.diagnostics.render.printable import on_one_line, printable
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.recognizer.scan import mask


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
    """Mask a text and put it on one line."""
    return on_one_line(mask(text))


def _span(span: Span | None) -> Span | None:
    return None if span is None else _clamped(span)


def _clamped(span: Span) -> Span:
    start = Position(max(span.start.line, 1), max(span.start.column, 1))
    end = Position(max(span.end.line, 1), max(span.end.column, 1))
    return Span(one_line(span.path), start, max(start, end))
