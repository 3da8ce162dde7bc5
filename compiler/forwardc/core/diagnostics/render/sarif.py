"""Diagnostics as SARIF 2.1.0 (OASIS), for code scanning. Reads pages, never a source."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from forwardc.core.diagnostics.codes import CODES, Code, page
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.span import Span
from forwardc.core.recognizer.scan import mask

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(diagnostics: Sequence[Diagnostic], root: Path) -> str:
    """Show cleaned diagnostics as one run; files under `root` get relative URIs."""
    codes = sorted({found.code for found in diagnostics})
    results = [_result(found, codes.index(found.code), root) for found in diagnostics]
    driver = {"name": "forwardc", "rules": [_rule(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(number: str) -> dict[str, object]:
    known = CODES.get(number)
    if known is None:
        return {"id": number}
    return {
        "id": known.number,
        "name": _pascal(known.slug),
        "shortDescription": {"text": known.title},
        "help": {"text": _help(known), "markdown": _help(known)},
        "properties": {"tags": [known.area]},
    }


def _help(known: Code) -> str:
    # Bad examples show keys and cards: fakes, but no output of ours may hold their shape.
    return mask(page(known.number))


def _pascal(slug: str) -> str:
    return "".join(word.capitalize() for word in slug.split("-"))


def _result(found: Diagnostic, rule: int, root: Path) -> dict[str, object]:
    text = f"{found.message}\n{found.hint}" if found.hint else found.message
    return {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": text},
        "locations": _locations(found, root),
        **_related(found.related, root),
    }


def _locations(found: Diagnostic, root: Path) -> list[dict[str, object]]:
    location: dict[str, object] = {}
    if found.span is not None:
        location["physicalLocation"] = _physical(found.span, root)
    if found.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": found.pointer}]
    return [location] if location else []


def _related(related: Iterable[Related], root: Path) -> dict[str, object]:
    places = [
        {
            "id": number,
            "physicalLocation": _physical(other.span, root),
            "message": {"text": other.message},
        }
        for number, other in enumerate(related)
    ]
    return {"relatedLocations": places} if places else {}


def _physical(span: Span, root: Path) -> dict[str, object]:
    region = {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }
    return {"artifactLocation": {"uri": _uri(span.path, root)}, "region": region}


def _uri(path: str, root: Path) -> str:
    """Return a URI relative to `root` where that is possible, else an absolute one."""
    plain = PurePosixPath(path.replace("\\", "/"))
    base = PurePosixPath(root.absolute().as_posix())
    if plain.is_absolute() and plain.is_relative_to(base):
        plain = plain.relative_to(base)
    if plain.is_absolute():
        return "file://" + quote(str(plain))
    return quote(str(plain))
