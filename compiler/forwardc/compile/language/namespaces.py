"""Reads the XML namespaces of a step's answers: what the prefixes in its rules and pointers mean.

Knows keys and pointers as they are written; what an answer looks like is the runtime's.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from forwardc.compile.language import access
from forwardc.compile.language.destination import DeclaredRule
from forwardc.compile.language.nodes import Entry, Node, YamlMap
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Call, Lit, Ref, Term, walk

# Namespaces in XML 1.0, section 3: both are bound everywhere, and to nothing else.
_RESERVED: Final = {
    "xml": "http://www.w3.org/XML/1998/namespace",
    "xmlns": "http://www.w3.org/2000/xmlns/",
}
_PREFIX: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_URI: Final = re.compile(r"[^\s<>\"{}]+")


@dataclass(frozen=True, slots=True)
class _Use:
    """A prefix in a rule or in a pointer."""

    prefix: str
    span: Span
    pointer: str


def read_namespaces(
    response: Node | None, rules: Iterable[DeclaredRule], report: Report
) -> dict[str, str]:
    """Namespaces by prefix. Reports FC0211, FC0327 and FC0328."""
    node = access.get(response, "namespaces")
    uris = {entry.key: access.text(node, entry.key) or "" for entry in access.entries(node)}
    if not uris:
        return uris
    for entry in access.entries(node):
        _check_reserved(entry, uris[entry.key], report)
    used = sorted([*_in_rules(rules), *_in_pointers(response)], key=lambda use: use.span.start)
    for entry in access.entries(node):
        unused = entry.key not in {use.prefix for use in used} | _RESERVED.keys()
        # What has not the form of one is reported by the schema.
        if unused and _PREFIX.fullmatch(entry.key) and _URI.fullmatch(uris[entry.key]):
            message = f"nothing reads the prefix `{entry.key}`"
            hint = "use it in a rule or an `at`, or delete it"
            report.at(entry.value.pointer).warning("FC0327", message, entry.key_span, hint)
    # A slip in one prefix stands in many places: the first says it for all.
    first = {use.prefix: use for use in reversed(used)}
    for use in used:
        if use is first[use.prefix] and use.prefix not in uris.keys() | _RESERVED.keys():
            _report_undeclared(use, uris, report)
    return uris


def _check_reserved(entry: Entry, uri: str, report: Report) -> None:
    at = report.at(entry.value.pointer)
    if entry.key in _RESERVED:
        message = f"the prefix `{entry.key}` has its meaning in every XML document"
        at.error("FC0211", message, entry.key_span, "delete it: it needs no declaration")
    elif uri in _RESERVED.values():
        message = "this namespace belongs to XML itself, and no other prefix can mean it"
        at.error("FC0211", message, entry.value.span, "write the prefix `xml` where it is read")


def _report_undeclared(use: _Use, declared: Iterable[str], report: Report) -> None:
    near = did_you_mean(use.prefix, declared)
    suggestion = f"did you mean {near}? " if near else ""
    message = f"the prefix `{use.prefix}` is not declared: only what stands behind it is compared"
    hint = f"{suggestion}declare it under `namespaces:`, or leave it out"
    report.at(use.pointer).warning("FC0328", message, use.span, hint)


def _in_rules(rules: Iterable[DeclaredRule]) -> Iterator[_Use]:
    for rule in rules:
        for node in walk(rule.when) if rule.when is not None else ():
            if isinstance(node, Call) and node.function == "get" and _reads_xml(node):
                key = node.args[1]
                if isinstance(key, Lit) and isinstance(key.value, str):
                    yield from _use(key.value, key.span or rule.span, f"{rule.pointer}/when")


def _reads_xml(term: Term) -> bool:
    while isinstance(term, Call) and term.function == "get":
        term = term.args[0]
    return term == Ref("response.xml")


def _in_pointers(response: Node | None) -> Iterator[_Use]:
    outputs = [entry.value for entry in access.entries(access.get(response, "outputs"))]
    why = access.get(response, "reason")
    reasons = [why] if isinstance(why, YamlMap) else list(access.items(why))
    for holder in (*outputs, *reasons):
        place = access.get(holder, "at")
        for part in (access.text(holder, "at") or "").split("/"):
            if place is not None:
                yield from _use(part, place.span, place.pointer)


def _use(key: str, span: Span, pointer: str) -> Iterator[_Use]:
    """The prefix of a name; a pointer into JSON may hold a colon, too, and then has one as well."""
    prefix, colon, _ = key.removeprefix(".").partition(":")
    if colon and prefix:
        yield _Use(prefix, span, pointer)
