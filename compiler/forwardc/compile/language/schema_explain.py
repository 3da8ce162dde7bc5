"""Says why a tree does not fit its JSON Schema: one diagnostic for each mistake, at its place.

Knows which complaints matter and where they belong; `schema_messages` has the words.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from forwardc.compile.language.nodes import Node, YamlMap, YamlScalar, child, escape_token
from forwardc.compile.language.schema_messages import (
    BrokenRule,
    FindingPlace,
    finding,
    findings_of,
    subject,
)
from forwardc.core.diagnostics.diagnostic import Diagnostic

if TYPE_CHECKING:
    import jsonschema_rs

MAX_FINDINGS = 500
_MOST_ERRORS = 5_000
# Of several complaints about one value only the first kind is of use.
_ORDER = ("type", "const", "enum", "pattern")


def explain(schema: Mapping[str, Any], root: Node, data: object) -> list[Diagnostic]:
    """What is wrong with `data`, the plain form of `root`. At most MAX_FINDINGS findings."""
    errors = islice(Draft202012Validator(schema).iter_errors(data), _MOST_ERRORS)
    broken = [_broken(error) for error in errors]
    of_unknown_kind = {rule.path[:-1] for rule in broken if rule.keyword == "enum"} | {
        rule.path for rule in broken if rule.keyword == "required"
    }
    findings: dict[tuple[object, ...], Diagnostic] = {}
    # The library walks sets: only the order of the file makes the output the same every time.
    placed = sorted(((rule, _find(root, rule.path)) for rule in broken), key=_rank)
    for rule, place in placed:
        if rule.forbids and rule.path[:-1] in of_unknown_kind:
            continue
        for diagnostic in islice(findings_of(rule, place), MAX_FINDINGS - len(findings)):
            if not _already_reported(diagnostic, place):
                findings.setdefault(_identity(rule, diagnostic), diagnostic)
    return list(findings.values())


def _broken(error: ValidationError) -> BrokenRule:
    return BrokenRule(
        str(error.validator),
        error.validator_value,
        error.schema if isinstance(error.schema, dict) else {},
        error.instance,
        tuple(error.absolute_path),
        "propertyNames" in error.absolute_schema_path,
    )


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
        node, pointer = below, f"{pointer}/{escape_token(token)}"
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
