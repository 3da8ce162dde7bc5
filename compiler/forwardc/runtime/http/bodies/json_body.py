"""JSON of a body as data: exact numbers, and a mark where a member is given twice.

RFC 8259 leaves open which of two members of one name counts. So none does: whoever reads it is
told, and everything beside it is read as ever.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from forwardc.core.terms.values import CONTRADICTION
from forwardc.runtime.http.bodies.nothing import NOTHING

DEEPEST: Final = 100
"""Levels of nesting that are read; more serves no payment, and exhausts whoever walks it."""

# As many digits as Python makes an integer of.
_MOST_DIGITS: Final = 4300


def read_json(text: str) -> Any:
    """Any JSON value; `NOTHING` where the text is none, or nested deeper than `DEEPEST`."""
    try:
        value = _DECODER.decode(text.lstrip(" \t\r\n\ufeff"))
    except (ValueError, RecursionError):
        return NOTHING
    # Only a text with so many brackets can be as deep.
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(value):
        return NOTHING
    return value


def _refuse(_name: str) -> Any:
    raise ValueError("not JSON")


def _decimal(digits: str) -> Decimal:
    try:
        value = Decimal(digits)
    except InvalidOperation:
        raise ValueError("an exponent without bounds") from None
    if abs(value.adjusted()) > _MOST_DIGITS:
        # As an integer it would fill the memory.
        raise ValueError("an exponent without bounds")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for name, value in pairs:
        found[name] = value if name not in found or same(found[name], value) else CONTRADICTION
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values of a body are the same in type, digits and text."""
    if type(one) is not type(other):
        return False
    match one:
        case dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list():
            return len(one) == len(other) and all(map(same, one, other))
        case Decimal():
            return str(one) == str(other)
        case _:
            return bool(one == other)


def _is_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    match value:
        case dict():
            return [*value.values()]
        case list():
            return value
        case _:
            return []


_DECODER: Final = json.JSONDecoder(
    parse_float=_decimal, parse_constant=_refuse, object_pairs_hook=_members
)
