"""JSON Pointers (RFC 6901) into data that somebody else sent. Knows no plan."""

from functools import lru_cache
from typing import Any

from forwardc.core.terms.values import CONTRADICTION, Leaf


def resolve(document: Any, pointer: str) -> Any:
    """The value at a pointer, None where there is none.

    `CONTRADICTION` where the document gives one of the members on the way twice.
    """
    if not pointer:
        return document
    for part in _parts(pointer):
        document = _member(document, part)
    return document


@lru_cache(maxsize=1024)
def _parts(pointer: str) -> tuple[str, ...]:
    parts = pointer.removeprefix("/").split("/")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _member(value: Any, key: str) -> Any:
    if value is CONTRADICTION:
        return value
    if isinstance(value, dict | Leaf):
        return value.get(key)
    if isinstance(value, list) and key.isascii() and key.isdigit() and len(key) <= 9:
        index = int(key)
        return value[index] if index < len(value) else None
    return None
