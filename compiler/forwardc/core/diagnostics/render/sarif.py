"""Diagnostics as SARIF 2.1.0 (OASIS), for code scanning. A rule is told by the page of its code."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from forwardc.core.diagnostics.codes import CODES, Code, page
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.levels import Suppression
from forwardc.core.diagnostics.span import Span
from forwardc.core.recognizer.scan import mask

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(
    diagnostics: Sequence[Diagnostic], root: Path, suppressed: Sequence[Suppression] = ()
) -> str:
    """Show cleaned diagnostics as one run; files under `root` get relative URIs."""
    every = [*diagnostics, *(each.diagnostic for each in suppressed)]
    codes = sorted({diagnostic.code for diagnostic in every})
    results = [
        _result(diagnostic, codes.index(diagnostic.code), root) for diagnostic in diagnostics
    ]
    results += [
        {**_result(each.diagnostic, codes.index(each.diagnostic.code), root), **_suppression(each)}
        for each in suppressed
    ]
    driver = {"name": "forwardc", "rules": [_rule(code) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(number: str) -> dict[str, object]:
    code = CODES.get(number)
    if code is None:
        return {"id": number}
    return {
        "id": code.number,
        "name": _pascal(code.slug),
        "shortDescription": {"text": code.title},
        "help": {"text": _help(code), "markdown": _help(code)},
        "properties": {"tags": [code.area]},
    }


def _help(code: Code) -> str:
    # Bad examples show keys and cards: fakes, but no output of ours may hold their shape.
    return mask(page(code.number))


def _pascal(slug: str) -> str:
    return "".join(word.capitalize() for word in slug.split("-"))


def _result(diagnostic: Diagnostic, rule: int, root: Path) -> dict[str, object]:
    text = f"{diagnostic.message}\n{diagnostic.hint}" if diagnostic.hint else diagnostic.message
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
        "locations": _locations(diagnostic, root),
        **_related(diagnostic.related, root),
    }


def _suppression(suppression: Suppression) -> dict[str, object]:
    """SARIF 2.1.0, section 3.35: a comment is in the source, a rule of the project is not."""
    kind = "inSource" if suppression.by == "comment" else "external"
    said = {"justification": suppression.reason} if suppression.reason else {}
    return {"suppressions": [{"kind": kind, "status": "accepted", **said}]}


def _locations(diagnostic: Diagnostic, root: Path) -> list[dict[str, object]]:
    location: dict[str, object] = {}
    if diagnostic.span is not None:
        location["physicalLocation"] = _physical(diagnostic.span, root)
    if diagnostic.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": diagnostic.pointer}]
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
