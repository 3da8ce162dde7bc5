"""Says why a tree does not fit its JSON Schema: one diagnostic for each mistake, at its place.

Each rule that the validator finds broken is put into words: code, message, place and hint. Words
are names and forms out of the schema, never a value out of the file.

One file, since the words are one table of cases, from which the walk over the validator's errors
chooses.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from forwardc.compile.language.broken_rules import (
    BrokenRule,
    alternatives,
    broken_rule,
    renamed_keys,
)
from forwardc.compile.language.nodes import (
    Entry,
    Node,
    YamlMap,
    YamlScalar,
    YamlSeq,
    child,
)
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.diagnostics.text_file import ODD_SPACE, character_name
from forwardc.core.json_pointer import pointer_token
from forwardc.core.recognizer.scan import mask

if TYPE_CHECKING:
    import jsonschema_rs

# Characters of a key that a message shows: a line of a terminal holds it with the words around.
_LONGEST_NAME = 64

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
    "null": "null",
}
_BOUNDS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} keys",
    "maxProperties": "must have at most {} keys",
}


_OTHER_KIND = "only another `type` or `scheme` takes it"


@dataclass(frozen=True, slots=True)
class FindingPlace:
    """A node, its own key if it is no list item, and the nearest key above it for messages."""

    node: Node
    key: YamlScalar | None
    label: str
    pointer: str
    order: tuple[int, ...] = ()

    @property
    def span(self) -> Span:
        """Where to look: a scalar itself, and for a map or list its key rather than all of it."""
        if isinstance(self.node, YamlScalar) and self.node.start < self.node.end:
            return self.node.span
        if self.key is not None:
            return self.key.span
        node = self.node
        first = node.entries[0].key_span if isinstance(node, YamlMap) and node.entries else None
        return first or node.source.span(node.start, min(node.start + 1, node.end))


# From the validator's errors to findings

MAX_FINDINGS = 500
"""Findings of one file, as many as the YAML reader gives at most."""

# Errors of the validator that are looked at: several stand for one mistake, so ten times as many.
_MOST_ERRORS = 5_000
# Of several complaints about one value only the first kind is of use.
_ORDER = ("type", "const", "enum", "pattern")


def explain(schema: Mapping[str, Any], root: Node, data: object) -> list[Diagnostic]:
    """What is wrong with `data`, the plain form of `root`. At most MAX_FINDINGS findings.

    Raises:
        LookupError: `data` is not the form of `root`.
    """
    errors = islice(Draft202012Validator(schema).iter_errors(data), _MOST_ERRORS)
    broken = [broken_rule(error) for error in errors]
    of_unknown_kind = {rule.path[:-1] for rule in broken if rule.keyword == "enum"} | {
        rule.path for rule in broken if rule.keyword == "required"
    }
    renamed = renamed_keys(broken)
    with_unknown_keys = {rule.path for rule in broken if rule.unknown_keys}
    findings: dict[tuple[object, ...], Diagnostic] = {}
    # The library walks sets: only the order of the file makes the output the same every time.
    placed = sorted(((rule, _find(root, rule.path)) for rule in broken), key=_rank)
    for rule, place in placed:
        if rule.forbids and rule.path[:-1] in of_unknown_kind | with_unknown_keys:
            continue
        missing = renamed.get(rule.path, ())
        for diagnostic in islice(findings_of(rule, place, missing), MAX_FINDINGS - len(findings)):
            if not _already_reported(diagnostic, place):
                findings.setdefault(_identity(rule, diagnostic), diagnostic)
    return list(findings.values())


def _rank(placed: tuple[BrokenRule, FindingPlace]) -> tuple[int, tuple[int, ...], str]:
    rule, place = placed
    rank = _ORDER.index(rule.keyword) if rule.keyword in _ORDER else len(_ORDER)
    return rank, place.order, rule.keyword


def _identity(rule: BrokenRule, diagnostic: Diagnostic) -> tuple[object, ...]:
    """Findings about keys stand beside each other; of those about one value the first stays."""
    if diagnostic.code in ("FC0201", "FC0202", "FC0207"):
        return diagnostic.code, diagnostic.span, diagnostic.message
    return rule.of_name, diagnostic.span


def _find(root: Node, path: Iterable[str | int]) -> FindingPlace:
    node, key, label, pointer = root, None, "", ""
    order: list[int] = []
    for token in path:
        entry = node.entry(str(token)) if isinstance(node, YamlMap) else None
        key = entry.key_node if entry else None
        label = entry.key if entry else label
        order.append(key.start if key else int(token))
        below = child(node, token)
        if below is None:
            raise LookupError("the schema check saw another tree than the one to explain")
        node, pointer = below, f"{pointer}/{pointer_token(token)}"
    return FindingPlace(node, key, label, pointer, tuple(order))


def _already_reported(diagnostic: Diagnostic, place: FindingPlace) -> bool:
    """Whether the reader has spoken about this very scalar."""
    key, node = place.key, place.node
    if isinstance(node, YamlScalar) and node.faulty and diagnostic.span in (node.span, place.span):
        return True
    return key is not None and key.faulty and diagnostic.span == key.span


def explain_paths(
    errors: "Iterable[jsonschema_rs.ValidationError]", root: Node
) -> list[Diagnostic]:
    """The same from the quick library's errors, for the rare case that only it sees a mistake.

    The two differ, for one, on a line feed behind the last character that a pattern allows.
    """
    findings: dict[tuple[object, ...], Diagnostic] = {}
    for error in islice(errors, MAX_FINDINGS):
        place = _find(root, error.instance_path)
        diagnostic = finding("FC0208", f"{subject(place)} does not have the form it needs", place)
        if not _already_reported(diagnostic, place):
            findings.setdefault((diagnostic.span,), diagnostic)
    return list(findings.values())


# Words


def findings_of(
    broken: BrokenRule, place: FindingPlace, renamed: tuple[str, ...] = ()
) -> Iterator[Diagnostic]:
    """All that is to say about one broken rule.

    `renamed` is what the map lacks where its unknown key must mean that: one finding for both.
    """
    if renamed and broken.missing:
        return
    if broken.of_name:
        yield _bad_name(broken, place)
    elif broken.forbids:
        yield _misplaced(place)
    elif broken.keyword == "additionalProperties" and isinstance(place.node, YamlMap):
        yield from _unknown_keys(broken, place, place.node, renamed)
    elif broken.keyword == "required":
        yield from _missing_keys(broken, place)
    elif broken.keyword == "dependentRequired":
        yield from _missing_companions(broken, place)
    elif broken.keyword in ("oneOf", "anyOf") and (names := alternatives(broken.value)):
        # What is no map lacks no key: that it is none is said by its type.
        yield from _one_of(names, place) if isinstance(place.node, YamlMap) else ()
    else:
        yield _with_odd_space(_bad_value(broken, place), place)


def _with_odd_space(diagnostic: Diagnostic, place: FindingPlace) -> Diagnostic:
    """The same, with the name of a space in the value that nobody sees and that may be why."""
    value = place.node.value if isinstance(place.node, YamlScalar) else None
    odd = ODD_SPACE.search(value) if isinstance(value, str) else None
    hint = (
        f"it holds {character_name(odd[0])}: write a plain space, or none"
        if odd
        else diagnostic.hint
    )
    return replace(diagnostic, hint=hint)


def _bad_value(broken: BrokenRule, place: FindingPlace) -> Diagnostic:
    if broken.keyword == "type":
        return _wrong_type(broken.value, place)
    if broken.keyword in ("enum", "const"):
        return _not_allowed(
            [broken.value] if broken.keyword == "const" else broken.value, broken, place
        )
    if broken.keyword == "pattern":
        return _bad_form(broken, place)
    if broken.keyword in _BOUNDS or broken.keyword == "uniqueItems":
        return _out_of_range(broken.keyword, broken.value, place)
    hint = _forms(broken) if broken.keyword == "oneOf" else None
    return finding(
        "FC0208", f"does not fit the rule {broken.keyword} of the schema", place, hint=hint
    )


def _forms(broken: BrokenRule) -> str | None:
    """What each form of a value is, by the schema's own words; None where one has none."""
    descriptions = [
        branch.get("description") for branch in broken.value if isinstance(branch, dict)
    ]
    return (
        f"one of: {' '.join(map(str, descriptions))}"
        if descriptions and all(descriptions)
        else None
    )


def finding(
    code: str,
    message: str,
    place: FindingPlace,
    *,
    span: Span | None = None,
    hint: str | None = None,
    related: tuple[Related, ...] = (),
) -> Diagnostic:
    """An error at a place, or at a span beside it such as a key's."""
    return Diagnostic(code, message, span or place.span, place.pointer, hint, related=related)


def _name(key: object) -> str:
    """A key for a message: shortened, and masked where it looks like a credential."""
    text = str(key)
    return f"`{mask(text[:_LONGEST_NAME])}{'...' if len(text) > _LONGEST_NAME else ''}`"


def _where(place: FindingPlace) -> str:
    return f" in {_name(place.label)}" if place.label else ""


# Keys


def _unknown_keys(
    broken: BrokenRule, place: FindingPlace, node: YamlMap, renamed: tuple[str, ...]
) -> Iterator[Diagnostic]:
    keys = list(broken.schema.get("properties", {}))
    elsewhere = broken.schema.get("elsewhere", {})
    for entry in node.entries:
        if entry.key in keys:
            continue
        if entry.key in elsewhere.get("keys", ()):
            yield _of_elsewhere(entry, elsewhere, place)
            continue
        meant = did_you_mean(entry.key, keys)
        hint = f"did you mean `{meant}`?" if meant else _lacking(renamed) or _choices(keys)
        pointer = f"{place.pointer}/{pointer_token(entry.key)}"
        at = FindingPlace(entry.value, entry.key_node, entry.key, pointer)
        message = f"unknown key {_name(entry.key)}{_where(place)}"
        yield finding("FC0201", message, at, span=entry.key_span, hint=hint)


def _lacking(names: tuple[str, ...]) -> str | None:
    if len(names) == 1:
        return f"did you mean `{names[0]}`? It is missing"
    return f"one of these is missing: {', '.join(names)}" if names else None


def _of_elsewhere(entry: Entry, elsewhere: Mapping[str, Any], place: FindingPlace) -> Diagnostic:
    """A key that another file has, by the schema's own code and words."""
    pointer = f"{place.pointer}/{pointer_token(entry.key)}"
    at = FindingPlace(entry.value, entry.key_node, entry.key, pointer)
    message = f"the key {_name(entry.key)} {elsewhere['message']}"
    return finding(elsewhere["code"], message, at, span=entry.key_span, hint=elsewhere["hint"])


def _choices(names: Iterable[object]) -> str | None:
    texts = [str(name) for name in names]
    return f"one of: {', '.join(texts)}" if 0 < len(texts) <= 20 else None


def _missing_keys(broken: BrokenRule, place: FindingPlace) -> Iterator[Diagnostic]:
    properties = broken.schema.get("properties", {})
    for name in broken.value:
        if name not in broken.instance and not _misspelled(broken.instance, [name]):
            hint = properties.get(name, {}).get("description")
            yield finding("FC0202", f"missing key `{name}`{_where(place)}", place, hint=hint)


def _missing_companions(broken: BrokenRule, place: FindingPlace) -> Iterator[Diagnostic]:
    for key, needed in broken.value.items():
        for name in needed:
            if key in broken.instance and name not in broken.instance:
                yield finding("FC0202", f"the key `{key}` needs the key `{name}`", place)


def _misspelled(present: Iterable[str], names: list[str]) -> bool:
    """Whether an unknown key, reported as such, seems to mean one of the names."""
    return any(did_you_mean(key, names) for key in present if key not in names)


def _misplaced(place: FindingPlace) -> Diagnostic:
    message = f"the key {_name(place.label)} does not go with the other keys here"
    span = place.key.span if place.key is not None else None
    of_a_table = place.pointer.startswith("/money/")
    hint = "a shipped table stands alone" if of_a_table else _OTHER_KIND
    return finding("FC0201", message, place, span=span, hint=hint)


def _bad_name(broken: BrokenRule, place: FindingPlace) -> Diagnostic:
    entry = place.node.entry(str(broken.instance)) if isinstance(place.node, YamlMap) else None
    span = entry.key_span if entry else None
    pointer = f"{place.pointer}/{pointer_token(str(broken.instance))}"
    at = FindingPlace(place.node, place.key, place.label, pointer)
    form = broken.schema.get("patternErrorMessage")
    if broken.keyword in _BOUNDS:
        message = f"this name {_BOUNDS[broken.keyword].format(broken.value)}"
        return finding("FC0206", message, at, span=span)
    message = f"{_name(broken.instance)} cannot be a name here"
    return finding("FC0205", message, at, span=span, hint=f"write {form}" if form else None)


def _one_of(names: list[str], place: FindingPlace) -> Iterator[Diagnostic]:
    entries = place.node.entries if isinstance(place.node, YamlMap) else ()
    present = [entry for entry in entries if entry.key in names]
    listed = ", ".join(names)
    if not present:
        if not _misspelled([entry.key for entry in entries], names):
            message = f"one of these keys is missing{_where(place)}: {listed}"
            yield finding("FC0207", message, place)
        return
    first, second = present[0], present[-1]
    message = f"the key `{second.key}` cannot stand beside `{first.key}`"
    related = (Related(first.key_span, f"`{first.key}` stands here"),)
    hint = f"keep one of: {listed}"
    yield finding("FC0207", message, place, span=second.key_span, hint=hint, related=related)


# Values


def _wrong_type(allowed: str | list[str], place: FindingPlace) -> Diagnostic:
    types = [allowed] if isinstance(allowed, str) else allowed
    expected = " or ".join(_TYPES[name] for name in types)
    message = f"expected {expected}{_where(place)}, found {_kind(place.node)}"
    return finding("FC0203", message, place, hint=_type_hint(types, place.node))


def _kind(node: Node) -> str:
    match node:
        case YamlMap():
            return "a map"
        case YamlSeq():
            return "a list"
        case YamlScalar(value=None):
            return "null"
        case YamlScalar(value=bool()):
            return "true or false"
        case YamlScalar(value=str()):
            return "text"
        case YamlScalar():
            return "a number"


def _type_hint(types: list[str], node: Node) -> str | None:
    if not isinstance(node, YamlScalar):
        return None
    if "string" in types and node.value is not None:
        return "put quotes around it"
    if isinstance(node.value, str) and node.style in ("'", '"') and "object" not in types:
        return "remove the quotes"
    return None


def _not_allowed(allowed: list[object], broken: BrokenRule, place: FindingPlace) -> Diagnostic:
    if place.pointer == "/forwardc":
        hint = f"write forwardc: {allowed[0]}"
        return finding("FC0209", "this language version is not supported", place, hint=hint)
    names = [_literal(value) for value in allowed]
    close = did_you_mean(broken.instance, names) if isinstance(broken.instance, str) else None
    many = "must be one of" if len(names) > 1 else "must be"
    suggestion = f"did you mean `{close}`?" if close else None
    return finding("FC0204", f"{subject(place)} {many} {', '.join(names)}", place, hint=suggestion)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def subject(place: FindingPlace) -> str:
    """What a message calls the value: its key, where it has one."""
    return _name(place.key.value) if place.key is not None else "this value"


def _bad_form(broken: BrokenRule, place: FindingPlace) -> Diagnostic:
    form = broken.schema.get("patternErrorMessage") or f"text of the form {broken.value}"
    return finding("FC0205", f"{subject(place)} must be {form}", place)


def _out_of_range(rule: str, bound: object, place: FindingPlace) -> Diagnostic:
    if rule == "uniqueItems":
        return finding("FC0206", f"{subject(place)} has the same item twice", place)
    if bound == 1 and rule in ("minLength", "minItems", "minProperties"):
        return finding("FC0206", f"{subject(place)} must not be empty", place)
    return finding("FC0206", f"{subject(place)} {_BOUNDS[rule].format(bound)}", place)
