"""A vocabulary for what a request's members must be, as tables; and what is wrong with a request.

Knows no endpoint. A table names each member once, parents before their members. An object whose
members stand in the table takes no other ones; an object without them is not looked into.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, assert_never

from forwardc.sandbox.checkout.body import RequestFaults

_MISSING: Final = object()


class MemberKind(Enum):
    """What a member's value is in JSON."""

    TEXT = "text"
    WHOLE = "whole"
    FLAG = "flag"
    OBJECT = "object"
    LIST = "list"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class MemberRule:
    """One member by its dotted path.

    Lengths count characters, of a list or an object its entries; `pattern` matches the whole
    text. `code` stands for the path in the error codes, where the vendor has another stem.
    """

    path: str
    kind: MemberKind = MemberKind.TEXT
    required: bool = False
    pattern: str = ""
    shortest: int = 0
    longest: int | None = None
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    code: str = ""


def check(
    faults: RequestFaults,
    document: Mapping[str, Any],
    rules: Iterable[MemberRule],
    *,
    too_long: str = "too_long",
    below: str = "",
) -> None:
    """Note every fault of a document. `below` is the path of a part that the table is about."""
    table = tuple(rules)
    for rule in table:
        owner = _owner(document, rule.path, below)
        if owner is not None:
            _check_member(faults, owner.get(_last(rule.path)), rule, too_long)
    for parent in {rule.path.rpartition(".")[0]: None for rule in table}:
        inside = document if parent == below else _at(document, parent, below)
        known = {_last(rule.path) for rule in table if rule.path.rpartition(".")[0] == parent}
        if isinstance(inside, Mapping):
            faults.only(inside, parent, *known)


def check_kind(
    faults: RequestFaults,
    value: object,
    path: str,
    tables: Mapping[str, tuple[MemberRule, ...]],
    *,
    too_long: str = "too_long",
) -> None:
    """Check an object by the table of its `type`; a missing or unknown one is a fault.

    What is no object is the fault of whoever checks its owner.
    """
    if not isinstance(value, dict):
        return
    kind = value.get("type")
    rules = tables.get(kind) if isinstance(kind, str) else None
    if rules is None:
        at = f"{path}.type" if path else "type"
        faults.add(at, "required" if kind is None else "invalid")
        return
    check(faults, value, rules, too_long=too_long, below=path)


def _check_member(faults: RequestFaults, value: object, rule: MemberRule, too_long: str) -> None:
    if value is None:
        if rule.required:
            faults.add(rule.path, "required", rule.code)
    elif not _is_of(rule.kind, value):
        faults.add(rule.path, "invalid", rule.code)
    elif rule.longest is not None and _size(value) > rule.longest:
        faults.add(rule.path, too_long if isinstance(value, str) else "too_many", rule.code)
    elif not _fits(value, rule):
        faults.add(rule.path, "invalid", rule.code)


def _is_of(kind: MemberKind, value: object) -> bool:
    match kind:
        case MemberKind.TEXT:
            return isinstance(value, str)
        case MemberKind.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case MemberKind.FLAG:
            return isinstance(value, bool)
        case MemberKind.OBJECT:
            return isinstance(value, dict)
        case MemberKind.LIST:
            return isinstance(value, list)
        case MemberKind.ANY:
            return True
        case _:
            assert_never(kind)


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0


def _fits(value: object, rule: MemberRule) -> bool:
    if isinstance(value, str):
        return (
            len(value) >= rule.shortest
            and (not rule.pattern or re.fullmatch(rule.pattern, value) is not None)
            and (not rule.choices or value in rule.choices)
        )
    if isinstance(value, int):
        low = rule.least is None or value >= rule.least
        return low and (rule.most is None or value <= rule.most)
    return _size(value) >= rule.shortest


def _owner(document: Mapping[str, Any], path: str, below: str) -> Mapping[str, Any] | None:
    parent = path.rpartition(".")[0]
    owner = document if parent == below else _at(document, parent, below)
    return owner if isinstance(owner, Mapping) else None


def _at(document: Mapping[str, Any], path: str, below: str) -> object:
    found: object = document
    for name in path.removeprefix(f"{below}." if below else "").split("."):
        found = found.get(name, _MISSING) if isinstance(found, Mapping) else _MISSING
    return found


def _last(path: str) -> str:
    return path.rpartition(".")[2]
