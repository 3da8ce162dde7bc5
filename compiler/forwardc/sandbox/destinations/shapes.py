"""A small vocabulary for the shape of a JSON document, and what is wrong with one.

A mistake is a path and a kind, and shows no value. JSON Schema is not used here, because the
contracts that judge the sandbox are written in it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class MistakeKind(StrEnum):
    """What is wrong at a path."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    TYPE = "wrong type"
    VALUE = "value not allowed"


@dataclass(frozen=True, slots=True)
class ShapeMistake:
    """One mistake; `path` is dotted, and empty for the document itself."""

    path: str
    kind: MistakeKind


@dataclass(frozen=True, slots=True)
class TextShape:
    """A string, with its length in characters, its choices or its pattern (matched whole)."""

    shortest: int = 0
    longest: int | None = None
    choices: frozenset[str] = frozenset()
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class IntegerShape:
    """A whole number; a JSON number with a fraction or an exponent is none."""

    least: int = -(2**63)
    most: int = 2**63 - 1


@dataclass(frozen=True, slots=True)
class BooleanShape:
    """true or false."""


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list of items of one shape."""

    of: "JsonShape"


@dataclass(frozen=True, slots=True)
class TextMapShape:
    """An object of any names with string values; the limits are counts and characters."""

    most: int | None = None
    longest_name: int | None = None
    longest_value: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """An object; a closed one refuses names that it does not list."""

    fields: Mapping[str, "JsonShape"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    closed: bool = True


@dataclass(frozen=True, slots=True)
class OneOfShape:
    """A value of any of these shapes; none of them is an object."""

    shapes: tuple["JsonShape", ...]


JsonShape = (
    TextShape | IntegerShape | BooleanShape | ListShape | TextMapShape | OneOfShape | ObjectShape
)
ANY_OBJECT = ObjectShape(closed=False)


def shape_mistakes(shape: JsonShape, value: object, path: str = "") -> Iterator[ShapeMistake]:
    """Everything in which `value` differs from `shape`, in the order of the document."""
    match shape, value:
        case OneOfShape(), _:
            kinds = [
                [problem.kind for problem in shape_mistakes(alternative, value)]
                for alternative in shape.shapes
            ]
            if all(kinds):
                # A right type with a wrong value says more than a wrong type.
                kind = MistakeKind.VALUE if [MistakeKind.VALUE] in kinds else MistakeKind.TYPE
                yield ShapeMistake(path, kind)
        case TextShape(), str():
            if not _fits_text(shape, value):
                yield ShapeMistake(path, MistakeKind.VALUE)
        case BooleanShape(), bool():
            return
        case IntegerShape(), int() if not isinstance(value, bool):
            if not shape.least <= value <= shape.most:
                yield ShapeMistake(path, MistakeKind.VALUE)
        case ListShape(), list():
            for index, item in enumerate(value):
                yield from shape_mistakes(shape.of, item, _join(path, str(index)))
        case TextMapShape(), dict():
            yield from _map_problems(shape, value, path)
        case ObjectShape(), dict():
            yield from _object_problems(shape, value, path)
        case _:
            yield ShapeMistake(path, MistakeKind.TYPE)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _fits_text(shape: TextShape, value: str) -> bool:
    return (
        shape.shortest <= len(value)
        and (shape.longest is None or len(value) <= shape.longest)
        and (not shape.choices or value in shape.choices)
        and (shape.pattern is None or re.fullmatch(shape.pattern, value) is not None)
    )


def _map_problems(
    shape: TextMapShape, value: dict[str, object], path: str
) -> Iterator[ShapeMistake]:
    if shape.most is not None and len(value) > shape.most:
        yield ShapeMistake(path, MistakeKind.VALUE)
    for name, text in value.items():
        if not isinstance(text, str):
            yield ShapeMistake(path, MistakeKind.TYPE)
        elif not _fits_text(TextShape(longest=shape.longest_value), text) or not _fits_text(
            TextShape(longest=shape.longest_name), name
        ):
            yield ShapeMistake(path, MistakeKind.VALUE)


def _object_problems(
    shape: ObjectShape, value: dict[str, object], path: str
) -> Iterator[ShapeMistake]:
    for name in shape.required:
        if name not in value:
            yield ShapeMistake(_join(path, name), MistakeKind.MISSING)
    for name, item in value.items():
        member_shape = shape.fields.get(name)
        if member_shape is not None:
            yield from shape_mistakes(member_shape, item, _join(path, name))
        elif shape.closed:
            # The unknown name is the caller's text: it is not repeated.
            yield ShapeMistake(path, MistakeKind.UNKNOWN)
