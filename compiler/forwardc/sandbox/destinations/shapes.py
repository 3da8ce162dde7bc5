"""A small vocabulary for the shape of a JSON document, and what is wrong with one.

Knows no vendor and shows no value: a problem is a path and a kind. JSON Schema is not used here,
because the contracts that judge the sandbox are written in it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong at a path."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    TYPE = "wrong type"
    VALUE = "value not allowed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `path` is dotted, and empty for the document itself."""

    path: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Text:
    """A string, with its length in characters, its choices or its pattern (matched whole)."""

    shortest: int = 0
    longest: int | None = None
    choices: frozenset[str] = frozenset()
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number; a JSON number with a fraction or an exponent is none."""

    least: int = -(2**63)
    most: int = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of items of one shape."""

    of: "Shape"


@dataclass(frozen=True, slots=True)
class TextMap:
    """An object of any names with string values; the limits are counts and characters."""

    most: int | None = None
    longest_name: int | None = None
    longest_value: int | None = None


@dataclass(frozen=True, slots=True)
class Object:
    """An object; a closed one refuses names that it does not list."""

    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    closed: bool = True


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of any of these shapes; none of them is an object."""

    shapes: tuple["Shape", ...]


Shape = Text | Integer | Boolean | Items | TextMap | OneOf | Object
ANY_OBJECT = Object(closed=False)


def problems(shape: Shape, value: object, path: str = "") -> Iterator[Problem]:
    """Everything in which `value` differs from `shape`, in the order of the document."""
    match shape, value:
        case OneOf(), _:
            kinds = [[problem.kind for problem in problems(one, value)] for one in shape.shapes]
            if all(kinds):
                # A right type with a wrong value says more than a wrong type.
                kind = Kind.VALUE if [Kind.VALUE] in kinds else Kind.TYPE
                yield Problem(path, kind)
        case Text(), str():
            if not _fits_text(shape, value):
                yield Problem(path, Kind.VALUE)
        case Boolean(), bool():
            return
        case Integer(), int() if not isinstance(value, bool):
            if not shape.least <= value <= shape.most:
                yield Problem(path, Kind.VALUE)
        case Items(), list():
            for index, item in enumerate(value):
                yield from problems(shape.of, item, _join(path, str(index)))
        case TextMap(), dict():
            yield from _map_problems(shape, value, path)
        case Object(), dict():
            yield from _object_problems(shape, value, path)
        case _:
            yield Problem(path, Kind.TYPE)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _fits_text(shape: Text, value: str) -> bool:
    return (
        shape.shortest <= len(value)
        and (shape.longest is None or len(value) <= shape.longest)
        and (not shape.choices or value in shape.choices)
        and (shape.pattern is None or re.fullmatch(shape.pattern, value) is not None)
    )


def _map_problems(shape: TextMap, value: dict[str, object], path: str) -> Iterator[Problem]:
    if shape.most is not None and len(value) > shape.most:
        yield Problem(path, Kind.VALUE)
    for name, text in value.items():
        if not isinstance(text, str):
            yield Problem(path, Kind.TYPE)
        elif not _fits_text(Text(longest=shape.longest_value), text) or not _fits_text(
            Text(longest=shape.longest_name), name
        ):
            yield Problem(path, Kind.VALUE)


def _object_problems(shape: Object, value: dict[str, object], path: str) -> Iterator[Problem]:
    for name in shape.required:
        if name not in value:
            yield Problem(_join(path, name), Kind.MISSING)
    for name, item in value.items():
        known = shape.fields.get(name)
        if known is not None:
            yield from problems(known, item, _join(path, name))
        elif shape.closed:
            # The unknown name is the caller's text: it is not repeated.
            yield Problem(path, Kind.UNKNOWN)
