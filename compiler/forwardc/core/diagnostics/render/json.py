"""Diagnostics as a JSON array, for programs: one object each, in order."""

import json
from collections.abc import Sequence

from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.levels import Suppression
from forwardc.core.diagnostics.span import Position, Span


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """Show cleaned diagnostics; lines and columns count from 1, `end` is excluded."""
    objects = [_object(diagnostic) for diagnostic in diagnostics]
    return json.dumps(objects, indent=2, ensure_ascii=False) + "\n"


def suppressed_objects(suppressed: Sequence[Suppression]) -> list[dict[str, object]]:
    """Cleaned findings that were suppressed: each as above, by what, and the reason."""
    return [
        {**_object(each.diagnostic), "by": each.by, "reason": each.reason or None}
        for each in suppressed
    ]


def _object(diagnostic: Diagnostic) -> dict[str, object]:
    code = CODES.get(diagnostic.code)
    return {
        "code": diagnostic.code,
        "name": code.slug if code else None,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "pointer": diagnostic.pointer,
        "hint": diagnostic.hint,
        "related": [
            {**_place(other.span), "message": other.message} for other in diagnostic.related
        ],
    }


def _place(span: Span | None) -> dict[str, object]:
    if span is None:
        return {"path": None, "start": None, "end": None}
    return {"path": span.path, "start": _position(span.start), "end": _position(span.end)}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}
