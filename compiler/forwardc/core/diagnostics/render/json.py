"""Diagnostics as a JSON array, for programs. Reads no source."""

import json
from collections.abc import Sequence

from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.span import Position, Span


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """Show cleaned diagnostics; lines and columns count from 1, `end` is excluded."""
    found = [_object(diagnostic) for diagnostic in diagnostics]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _object(found: Diagnostic) -> dict[str, object]:
    known = CODES.get(found.code)
    return {
        "code": found.code,
        "name": known.slug if known else None,
        "severity": found.severity.value,
        "message": found.message,
        **_place(found.span),
        "pointer": found.pointer,
        "hint": found.hint,
        "related": [{**_place(other.span), "message": other.message} for other in found.related],
    }


def _place(span: Span | None) -> dict[str, object]:
    if span is None:
        return {"path": None, "start": None, "end": None}
    return {"path": span.path, "start": _position(span.start), "end": _position(span.end)}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}
