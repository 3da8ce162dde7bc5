"""Parse the nested forms that Stripe's v1 API takes, keeping the order of keys.

Knows no parameter of any endpoint: lists by number stay maps here, and become lists where the
endpoint's own parameters say so.
"""

import re
from typing import Any
from urllib.parse import parse_qsl

from forwardc.sandbox.errors import SandboxError

MAX_FIELDS = 1000
MAX_DEPTH = 20
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


class FormError(SandboxError, ValueError):
    """The text is not a form that can be read. The message holds no value."""


def parse_form(text: str) -> dict[str, Any]:
    """Read `a[b]=1&c[0]=2&d[]=3` into nested maps, lists (`[]` only) and strings.

    Raises `FormError` for bad encoding, bad brackets, and keys that contradict each other.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise FormError("The form is not valid UTF-8, or has too many fields.") from error
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _insert(tree, _split(key), value)
    return tree


def _split(key: str) -> list[str]:
    """`a[b][]` as `["a", "b", ""]`."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise FormError("A key of the form has brackets that do not match.")
    parts = [match[1], *_PART.findall(match[2])]
    if len(parts) > MAX_DEPTH:
        raise FormError("A key of the form is nested too deeply.")
    return parts


def _insert(tree: dict[str, Any], parts: list[str], value: str) -> None:
    head, rest = parts[0], parts[1:]
    if not rest:
        if isinstance(tree.get(head), dict | list):
            raise FormError(f"Expected a map or a list, got a string, for '{head}'.")
        tree[head] = value
    elif rest[0] == "":
        _append(tree.setdefault(head, []), head, rest[1:], value)
    else:
        child = tree.setdefault(head, {})
        if not isinstance(child, dict):
            raise FormError(f"Expected a map for '{head}'.")
        _insert(child, rest, value)


def _append(items: Any, head: str, rest: list[str], value: str) -> None:
    """Add to a `[]` list. A map is begun anew when the key that comes next is there already."""
    if not isinstance(items, list):
        raise FormError(f"Expected a list for '{head}'.")
    if not rest:
        items.append(value)
        return
    if not items or not isinstance(items[-1], dict) or _holds(items[-1], rest):
        items.append({})
    _insert(items[-1], rest, value)


def _holds(tree: Any, parts: list[str]) -> bool:
    for part in parts:
        if part == "":
            return False
        if not isinstance(tree, dict) or part not in tree:
            return False
        tree = tree[part]
    return True
