"""Reads JSON that everybody reads alike, or not at all.

One pass of the parser refuses what two readers could take for two documents; what it gives is
measured before anybody works on it.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from forwardc.core.diagnostics.errors import ForwardcError

# Levels. The deepest documented callback has 5; beyond that nesting costs stack and says nothing.
_DEEPEST: Final = 32
# Sorting compares paths character by character, and paths repeat the names above them: this bounds
# the work that an unsigned body can cause. A callback of 64 KiB in its documented form has less.
_MOST_PATH_CHARACTERS: Final = 128 * 1024


class StrictJsonError(ForwardcError, ValueError):
    """A body is not what is read here. The message tells the rule, never a value."""


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises `StrictJsonError`.

    Refused besides wrong syntax: bytes that are not UTF-8, a name that stands twice, numbers with
    a fraction or an exponent, half a surrogate pair, and what is too deep or too wide.
    """
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_members,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
        json.dumps(document, ensure_ascii=False).encode()
    except StrictJsonError:
        raise
    except (ValueError, RecursionError):
        # Not chained: the decoder's error carries the document.
        raise StrictJsonError("it is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise StrictJsonError("it is not a JSON object")
    if sum(_path_lengths(document, 0, 0)) > _MOST_PATH_CHARACTERS:
        raise StrictJsonError("it has too many members")
    return document


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("a name stands twice in an object")
    return members


def _no_fraction(_: str) -> Any:
    raise StrictJsonError("it holds a number that is not whole")


def _path_lengths(value: Any, depth: int, length: int) -> Iterator[int]:
    """The length of every path, objects and lists included."""
    if depth > _DEEPEST:
        raise StrictJsonError(f"it nests deeper than {_DEEPEST} levels")
    yield length
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _path_lengths(item, depth + 1, length + len(name) + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _path_lengths(item, depth + 1, length + len(str(index)) + 1)
