"""Every single mistake that a body can have by a table of the sandbox's destinations.

The tables say what a vendor takes; each of their rules is broken once here, in a body that is
right otherwise, so that no rule stands in a table which nobody asks.
"""

import copy
from collections.abc import Iterator
from typing import Any

from forwardc.sandbox.destinations.shapes import (
    BooleanShape,
    IntegerShape,
    JsonShape,
    ListShape,
    ObjectShape,
    OneOfShape,
    TextMapShape,
    TextShape,
)

Mistake = tuple[str, Any]
"""What is wrong, as an id of a test, and the body."""
MARK = "m4rk"


def mistakes(shape: ObjectShape, right: dict[str, Any]) -> Iterator[Mistake]:
    """Bodies that break one rule of `shape` each; `right` breaks none."""
    yield "body is a list", [right]
    yield "body is text", MARK
    yield from _in_object(shape, right, ())


def _in_object(
    shape: ObjectShape, whole: dict[str, Any], path: tuple[str, ...]
) -> Iterator[Mistake]:
    place: Any = whole
    for name in path:
        place = place[name]
    for name in shape.required:
        yield f"{'.'.join((*path, name))} is missing", _without(whole, (*path, name))
    if shape.closed:
        yield f"{'.'.join(path) or 'body'} has another member", _with(whole, (*path, MARK), 1)
    for name, member in shape.fields.items():
        for what, wrong in _wrong(member):
            yield f"{'.'.join((*path, name))} {what}", _with(whole, (*path, name), wrong)
        if isinstance(member, ObjectShape) and isinstance(place.get(name), dict):
            yield from _in_object(member, whole, (*path, name))


def _wrong(shape: JsonShape) -> Iterator[tuple[str, Any]]:
    match shape:
        case TextShape():
            yield from (("is a number", 7), ("is null", None), ("is a list", [MARK]))
            yield from _wrong_text(shape)
        case IntegerShape():
            yield from (("is text", "7"), ("is a fraction", 7.5), ("is true", True))
            yield from (("is too small", shape.least - 1), ("is too large", shape.most + 1))
        case BooleanShape():
            yield from (("is text", "true"), ("is a number", 1))
        case ListShape():
            yield from (("is no list", MARK), ("has a wrong item", [[MARK]]))
        case TextMapShape():
            yield from (("is no object", MARK), ("has a number", {"a": 1}))
            if shape.most is not None:
                yield "has too many", {f"n{number}": "v" for number in range(shape.most + 1)}
            if shape.longest_name is not None:
                yield "has a long name", {"n" * (shape.longest_name + 1): "v"}
            if shape.longest_value is not None:
                yield "has a long value", {"n": "v" * (shape.longest_value + 1)}
        case OneOfShape():
            yield from (("is null", None), ("is true", True), ("is a list", [MARK]))
        case ObjectShape():
            yield from (("is text", MARK), ("is null", None), ("is a list", []))


def _wrong_text(shape: TextShape) -> Iterator[tuple[str, str]]:
    if shape.shortest > 0:
        yield "is too short", "a" * (shape.shortest - 1)
    if shape.longest is not None:
        yield "is too long", "a" * (shape.longest + 1)
    if shape.choices or shape.pattern is not None:
        yield "is no such text", f"{MARK}!"


def _with(whole: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(whole)
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return changed


def _without(whole: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    changed = _with(whole, path, None)
    place = changed
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return changed
