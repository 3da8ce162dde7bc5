"""What is a mistake of its own where a file does not have the form of its schema.

Such a file is read as far as it goes. What follows from its form alone is an echo: it goes away
with its cause, and would only be read for nothing. Three kinds are left out:

- what stands below an unknown key, or where a value has the wrong form: it is not read at all;
- what is said of names whose declaration may be there: below a key that could mean `params:`, in a
  declaration that is not whole, among the names of the same operation;
- declarations that are used where nothing is read: `names_unread` counts these as used.

A value that the YAML reader refuses, such as an empty one, is such a mistake as well: the schema
says nothing of it again.

A secret or card number in the file is none: it must not stand there, whatever else is wrong.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from forwardc.compile.language.nodes import (
    Node,
    YamlMap,
    YamlScalar,
    at,
    walk,
)
from forwardc.compile.language.read_values import names_in
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.span import Span
from forwardc.core.json_pointer import pointer_token

_OF_NAMES: Final = frozenset(("FC0302", "FC0306", "FC0315", "FC0316", "FC0317"))
_OF_TYPES: Final = frozenset(("FC0301", "FC0303", "FC0315", "FC0316"))
_OF_MONEY: Final = frozenset(f"FC033{digit}" for digit in range(8))
_OF_REFERENCES: Final = frozenset(("FC0351", "FC0352", "FC0353", "FC0354"))
_OF_CHOICES: Final = frozenset(f"FC036{digit}" for digit in (0, 1, 2, 3, 4, 5, 6, 8, 9))
_OF_USES: Final = frozenset(("FC0308", "FC0310", "FC0311", "FC0321"))
_OF_SHAPES: Final = frozenset(("FC0520", "FC0521"))
_OF_OUTCOMES: Final = frozenset(("FC0324", "FC0326"))
_OF_REQUESTS: Final = frozenset(("FC0338", "FC0339"))
_OF_REUSE: Final = frozenset(("FC0406", "FC0407", "FC0408"))

_SECTIONS: Final = {"params": "FC0307", "secrets": "FC0309", "settings": "FC0312"}
"""What a name is told that no section declares."""
_LINES: Final = ("forwardc", "name", "title", "docs", "pci", "environments")
_ALWAYS: Final = frozenset(("FC0504", "FC0505", "FC0509"))
_BODY: Final = re.compile(r"/request/(?:json|form|xml)/")
_UNKNOWN_KEY: Final = "FC0201"
_MISSING_KEY: Final = "FC0202"
_WRONG_TYPE: Final = "FC0203"
_OTHER_TYPES_KEY: Final = "FC0208"


def names_unread(root: Node, form: Iterable[Diagnostic]) -> frozenset[str]:
    """The names, as `params.amount` and `let.card`, in what is not read for its form.

    Beside a mistake as well: a map that lacks a key may not be read at all.
    """
    pointers = (*(finding.pointer for finding in form), *refused_values(root))
    nodes = (
        at(root, pointer)
        for mistake in pointers
        for pointer in (mistake, mistake.rpartition("/")[0])
        if pointer
    )
    return frozenset(
        name
        for node in nodes
        if node is not None
        for scalar in walk(node)
        if isinstance(scalar, YamlScalar) and isinstance(scalar.value, str)
        for name in names_in(scalar.value)
    )


def without_type_echoes(form: Iterable[Diagnostic], root: Node) -> list[Diagnostic]:
    """The mistakes of form, but for keys that do not fit a type which the YAML reader refuses."""
    untyped = {
        pointer.removesuffix("/type") for pointer in refused_values(root) if pointer[-5:] == "/type"
    }
    return [
        finding
        for finding in form
        if finding.code != _OTHER_TYPES_KEY
        or not untyped & {finding.pointer, finding.pointer.rpartition("/")[0]}
    ]


def independent(
    findings: Iterable[Diagnostic], form: Sequence[Diagnostic], root: Node
) -> Iterator[Diagnostic]:
    """The findings that do not follow from those of form, in the same file."""
    aliases = _aliases(root)
    mistakes = [(finding.code, finding.pointer) for finding in form]
    mistakes += [(_WRONG_TYPE, pointer) for pointer in refused_values(root)]
    hidden = [
        hiding
        for code, mistake in mistakes
        for pointer in aliases.get(mistake, (mistake,))
        for hiding in _hidden(code, pointer, root)
    ]
    spans = [finding.span for finding in form if finding.span is not None]
    for finding in findings:
        if finding.code in _ALWAYS or not (
            _touches(finding.span, spans) or any(hiding.hides(finding) for hiding in hidden)
        ):
            yield finding


def refused_values(root: Node) -> list[str]:
    """Where the YAML reader reported a value: it counts as one of the wrong type.

    Fields of a body have no form that the schema knows, and nothing is declared by them; what is
    wrong with an expression says nothing of the form either.
    """
    return [
        node.pointer
        for node in walk(root)
        if isinstance(node, YamlScalar)
        and node.faulty
        and "${" not in node.text
        and not _BODY.search(node.pointer)
    ]


@dataclass(frozen=True, slots=True)
class _Hiding:
    """Codes that say nothing at or below a place; all of them where `codes` is None."""

    below: str
    codes: frozenset[str] | None = None

    def hides(self, finding: Diagnostic) -> bool:
        if self.codes is not None and finding.code not in self.codes:
            return False
        return f"{finding.pointer}/".startswith(f"{self.below}/")


def _aliases(root: Node) -> dict[str, list[str]]:
    """All pointers to a node that an alias repeats, by each of them: its mistake is in all."""
    if "&" not in root.source.text:
        return {}
    places: dict[tuple[int, int], list[str]] = {}
    for node in walk(root):
        places.setdefault((node.start, node.end), []).append(node.pointer)
    return {pointer: twins for twins in places.values() for pointer in twins if len(twins) > 1}


def _hidden(code: str, pointer: str, root: Node) -> Iterator[_Hiding]:
    tokens = pointer.split("/")[1:]
    top = tokens[0] if tokens else ""
    if code in (_UNKNOWN_KEY, _WRONG_TYPE):
        yield _Hiding(pointer)
    if code == _MISSING_KEY and not top and isinstance(root, YamlMap):
        # What uses declarations is not there: operations, or the addresses of environments.
        if "operations" not in root.by_key:
            yield _Hiding("", _OF_USES)
        elif "environments" not in root.by_key:
            yield _Hiding("", frozenset({"FC0311"}))
    if code == _WRONG_TYPE and top in ("environments", "params"):
        yield _Hiding("", frozenset({"FC0311"}))
    if not top or top in _LINES:
        return
    if top == "operations" and len(tokens) > 1:
        yield from _in_operation(code, tokens)
    elif top in _SECTIONS and len(tokens) > 1:
        yield _Hiding("", _of_declaration(top, at(root, f"/{top}/{pointer_token(tokens[1])}")))
    else:
        sections = frozenset(root.by_key) if isinstance(root, YamlMap) else frozenset()
        yield from _at_the_top(top, sections - {top} if code == _UNKNOWN_KEY else sections)


def _of_declaration(section: str, declared: Node | None) -> frozenset[str]:
    """What cannot be said of a declaration without its form: all of it where its type is open."""
    if section == "secrets":
        return _OF_SHAPES
    of = declared.get("type") if isinstance(declared, YamlMap) else None
    has_type = isinstance(of, YamlScalar) and isinstance(of.value, str) and not of.faulty
    codes = _OF_TYPES | _OF_CHOICES
    return codes if has_type else codes | _OF_MONEY | _OF_REFERENCES


def _in_operation(code: str, tokens: Sequence[str]) -> Iterator[_Hiding]:
    """A step may have lost its `let` names, its outputs or its outcome, and nothing outside."""
    operation, step = (f"/{'/'.join(tokens[:depth])}" for depth in (2, 4))
    is_of_step = tokens[2:3] == ["steps"]
    yield _Hiding(operation, _OF_REFERENCES)
    # A missing key is reported at the map that lacks it, any other mistake at what has it.
    yield _Hiding(f"/{'/'.join(tokens if code == _MISSING_KEY else tokens[:-1])}", _OF_MONEY)
    # The reference of the whole destination may be an output of any operation.
    yield _Hiding("/payment_reference", _OF_REFERENCES | _OF_NAMES | _OF_TYPES)
    if not is_of_step:
        yield _Hiding("", frozenset(("FC0318",)))
    place = step if is_of_step else operation
    is_key = len(tokens) <= 5 or (tokens[4] == "response" and len(tokens) == 6)
    if not is_of_step or is_key:
        yield _Hiding(place, _OF_OUTCOMES | _OF_REUSE)
    if not is_of_step or len(tokens) <= 5 or tokens[4] == "request":
        yield _Hiding(place, _OF_REQUESTS)
    in_names = tokens[4:5] == ["let"] or tokens[4:6] == ["response", "outputs"]
    # A known key of the wrong type has lost names only if names stand below it.
    holds_names = len(tokens) == 2 or (
        is_of_step and (len(tokens) <= 4 or tokens[4:] in (["let"], ["response"]))
    )
    has_lost_names = is_key if code == _UNKNOWN_KEY else holds_names and code == _WRONG_TYPE
    if in_names or has_lost_names:
        yield _Hiding(operation, _OF_NAMES | _OF_TYPES)


def _at_the_top(top: str, sections: frozenset[str]) -> Iterator[_Hiding]:
    """A key that may have meant one of those that are not there, or a section without its form."""
    missing = {name for name in _SECTIONS if name not in sections or name == top}
    if missing or "operations" in (top, *({"operations"} - sections)):
        codes = frozenset(_SECTIONS[name] for name in missing)
        yield _Hiding("", codes | _OF_NAMES | _OF_TYPES | _OF_CHOICES | {"FC0318"})
    if "operations" not in sections or top == "operations":
        yield _Hiding("", _OF_USES)
    if top in ("money", "params") or not {"money", "params"} <= sections:
        yield _Hiding("", _OF_MONEY)
    if top == "payment_reference" or "payment_reference" not in sections:
        yield _Hiding("", _OF_REFERENCES)


def _touches(span: Span | None, others: Sequence[Span]) -> bool:
    return span is not None and any(
        span == other
        or (span.path == other.path and span.start < other.end and other.start < span.end)
        for other in others
    )
