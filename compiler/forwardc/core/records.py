"""Frozen dataclasses as JSON and back, by their type hints: what a cache may keep of a value.

A dataclass is the list of its fields in their order, without names, a mapping an object and a tuple
an array. What does not fit the hints is refused and never guessed: a record is read by the code
that wrote it, or not at all.

Traced: `Span("a.yaml", Position(1, 2), Position(1, 5))` is `["a.yaml", [1, 2], [1, 5]]`; read as a
`Span`, each of the two inner lists becomes a `Position`, because the hint says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from forwardc.core.diagnostics.errors import ForwardcError

Record = TypeVar("Record")
_MOST = 4096
"""Values of a class that are known at once: the positions of a long file, in half a MiB."""


class RecordError(ForwardcError, ValueError):
    """Data is not what the hints of a dataclass say. Its text holds no value."""


def to_record(value: Any) -> Any:
    """JSON data of a dataclass and of what is in it.

    Raises:
        TypeError: Something in it has no form here.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        # A member of an enumeration is a text, too: it is read back by its hint.
        return value.value if isinstance(value, Enum) else value
    if is_dataclass(value) and not isinstance(value, type):
        return [to_record(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple):
        return [to_record(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_record(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no form in a record")


def from_record(kind: type[Record], data: Any) -> Record:
    """The dataclass that `to_record` wrote.

    Raises:
        RecordError: The data do not fit its hints.
    """
    hinted: Any = kind
    value: Record = reader_of(hinted)(data)
    return value


@cache
def reader_of(kind: Any) -> Callable[[Any], Any]:
    """What reads JSON data as a type: a dataclass, a scalar or texts, or what holds such things.

    Raises:
        TypeError: There is no form of this type.
    """
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _optional(get_args(kind))
    if origin is tuple:
        item, _ = get_args(kind)
        return _listed(item)
    if origin is Literal:
        return _among({text: text for text in get_args(kind)})
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapped(get_args(kind)[1])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _among({member.value: member for member in kind})
    if isinstance(kind, type) and is_dataclass(kind):
        return _composed(kind)
    if kind in _SCALARS:
        return _scalar(kind)
    raise TypeError(f"{kind} has no form in a record")


_SCALARS = (str, int, bool)


def _scalar(kind: type) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        # Not `isinstance`: a boolean is an integer, too.
        if type(data) is not kind:
            raise RecordError(f"it is no {kind.__name__}")
        return data

    return read


def _among(made: Mapping[str, Any]) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if not isinstance(data, str) or data not in made:
            raise RecordError("it is none of the texts that may stand here")
        return made[data]

    return read


def _optional(kinds: tuple[Any, ...]) -> Callable[[Any], Any]:
    others = [kind for kind in kinds if kind is not NoneType]
    if len(others) != 1 or len(kinds) != 2:
        raise TypeError(f"a union of {len(kinds)} has no form in a record")
    inner = reader_of(others[0])
    return lambda data: None if data is None else inner(data)


def _listed(kind: Any) -> Callable[[Any], Any]:
    inner = reader_of(kind)

    def read(data: Any) -> Any:
        if type(data) is not list:
            raise RecordError("it is no array")
        return tuple([inner(item) for item in data])

    return read


def _mapped(kind: Any) -> Callable[[Any], Any]:
    inner = reader_of(kind)

    def read(data: Any) -> Any:
        if type(data) is not dict:
            raise RecordError("it is no object")
        return {key: inner(item) for key, item in data.items()}

    return read


def _composed(kind: Any) -> Callable[[Any], Any]:
    """Reads a dataclass, of which a store has tens of thousands: most fields are scalars.

    Of those the types in the data tell everything, and only so many combinations of them are read
    as there are: a set knows the good ones. What has nothing but scalars is made once for the same
    values: a position, an environment.
    """
    hints = get_type_hints(kind)
    hinted = [hints[field.name] for field in fields(kind)]
    readers = [reader_of(hint) for hint in hinted]
    scalars = [number for number, hint in enumerate(hinted) if _is_scalar(hint)]
    others = [(number, readers[number]) for number in range(len(hinted)) if number not in scalars]
    make = kind if others else lru_cache(_MOST)(kind)
    good: set[tuple[type, ...]] = set()

    def read(data: Any) -> Any:
        if type(data) is not list or len(data) != len(readers):
            raise RecordError(f"it is no {kind.__name__}")
        types = tuple(map(type, data))
        if types not in good:
            for number in scalars:
                readers[number](data[number])
            good.add(types)
        values = data.copy()
        for number, inner in others:
            values[number] = inner(data[number])
        return make(*values)

    return read


def _is_scalar(hint: Any) -> bool:
    """Whether the type of the data says all: a text, a number, a truth value, or None for one."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return all(kind in _SCALARS or kind is NoneType for kind in kinds)
