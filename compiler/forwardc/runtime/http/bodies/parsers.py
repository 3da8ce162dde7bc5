"""Reads a body as JSON or as a form, and tells a page for people from both.

Each reader gives data with exact numbers, or `NOTHING` where the text is none of its syntax. A name
that is given twice with different values is a `CONTRADICTION`: RFC 8259 leaves open which of two
members counts, so neither does, and everything beside it is read as ever.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, final
from urllib.parse import unquote_plus

from forwardc.core.terms.values import CONTRADICTION


@final
class _Nothing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


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
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    members = {}
    for name, value in pairs:
        members[name] = (
            value if name not in members or is_same_value(members[name], value) else CONTRADICTION
        )
    return members


def is_same_value(left: Any, right: Any) -> bool:
    """Whether two values of a body are the same in type, digits and text."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(
            is_same_value(left[key], right[key]) for key in left
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(map(is_same_value, left, right))
    if isinstance(left, Decimal):
        return str(left) == str(right)
    return bool(left == right)


def _is_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.values()]
    return value if isinstance(value, list) else []


_DECODER: Final = json.JSONDecoder(
    parse_float=_decimal, parse_constant=_refuse, object_pairs_hook=_members
)


# Pairs of one form: no answer to a payment has a tenth of them, and each costs a decoding.
_MOST_PAIRS: Final = 1000
# What begins so is a page, XML or JSON, or what was left of it.
_OTHERS: Final = ("<", "{", "[", '"')
_SPACE: Final = " \t\r\n\ufeff"


def read_form(text: str) -> Any:
    """The pairs by name; `NOTHING` where no pair has a name and `=`, or where there are too many.

    A name without `=` has the empty text. One that comes again with another value is a
    `CONTRADICTION`.
    """
    text = text.strip(_SPACE)
    if text.startswith(_OTHERS) or text.count("&") > _MOST_PAIRS:
        return NOTHING
    fields: dict[str, Any] = {}
    has_value = False
    for pair in text.split("&"):
        raw_name, sign, raw_value = pair.strip("\r\n").partition("=")
        if not raw_name:
            continue
        has_value = has_value or bool(sign)
        name, value = unquote_plus(raw_name), unquote_plus(raw_value)
        fields[name] = value if fields.get(name, value) == value else CONTRADICTION
    return fields if has_value else NOTHING


_NAME: Final = re.compile(r"<([A-Za-z][A-Za-z0-9]*)[\s/>]")
_DOCTYPE: Final = re.compile(r"<!doctype\s+([A-Za-z][^\s>]*)", re.IGNORECASE)
_WHITE_SPACE: Final = re.compile(r"[ \t\r\n\ufeff]*")
# Elements that a page, or the piece of one that a proxy sends, begins with.
_OF_PAGES: Final = frozenset(
    {
        *("html", "head", "body", "title", "meta", "script", "style", "noscript", "center"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "pre", "br", "hr"),
    }
)


def is_page(text: str) -> bool:
    """Whether a body is HTML, whole or a piece of it, whatever else it would parse as."""
    at = _beginning(text)
    doctype = _DOCTYPE.match(text, at)
    if doctype is not None:
        if doctype[1].lower() == "html":
            return True
        at = _after_space(text, text.find(">", at) + 1)
    name = _NAME.match(text, at)
    return name is not None and name[1].lower() in _OF_PAGES


def _beginning(text: str) -> int:
    """Where a document type or the first element stands, behind comments and instructions.

    Goes on by places and copies nothing: a body may be a megabyte of comments.
    """
    at = _after_space(text, 0)
    while text.startswith(("<!--", "<?"), at):
        end = "-->" if text.startswith("<!--", at) else "?>"
        closing = text.find(end, at)
        if closing < 0:
            return len(text)
        at = _after_space(text, closing + len(end))
    return at


def _after_space(text: str, at: int) -> int:
    match = _WHITE_SPACE.match(text, at)
    return match.end() if match else at
