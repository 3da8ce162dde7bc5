"""Reads JSON as the classes of `part.py`, and names every place that is wrong, never what it holds.

A reader is made for each annotation when it is first needed, and kept: of a class nobody meets
nothing is made. It gives the value, or raises `DamagedDocumentError` with the places below its own;
whoever called it puts its own key before them, so that nobody keeps a path while all is well.

Traced: in `{"steps": [{"name": 1}]}` the reader of `str` raises for the place `()`, the part makes
`("name",)` of it, the array `(0, "name")`, the document `("steps", 0, "name")`.
"""

import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from functools import cache, partial
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeAlias,
    TypeVar,
    Union,
    assert_never,
    get_args,
    get_origin,
)

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.documents.part import (
    AtLeast,
    Checked,
    DocumentPart,
    Marker,
    ReadBy,
    TaggedBy,
    key_of,
)

Part = TypeVar("Part", bound=DocumentPart)
Place: TypeAlias = tuple[int | str, ...]
Reader: TypeAlias = Callable[[Any], Any]

_DEEPEST: Final = 201
"""Levels of arrays and objects: beyond that nesting costs stack and says nothing."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class DamagedDocumentError(ForwardcError, ValueError):
    """Data are not what a class says. `places` has every place that is wrong, in their order."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = tuple(places)
        super().__init__("damaged at " + ", ".join(map(pointer_of, self.places[:5])))


def pointer_of(place: Place) -> str:
    """A place in a message, as `/steps/0/name`."""
    return "".join(f"/{part}" for part in place) or "/"


def parsed_json(data: bytes | str) -> Any:
    """The data of a JSON text in UTF-8. Raises `ValueError`; of a key given twice the last counts.

    Refused besides wrong syntax: a byte order mark, half a surrogate pair, and what is too deep.
    """
    text = data if isinstance(data, str) else data.decode("utf-8")
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if "\\ud" in text or "\\uD" in text:
        json.dumps(document, ensure_ascii=False).encode()
    if isinstance(document, dict | list) and _is_deeper(document, _DEEPEST):
        raise ValueError("it is nested too deeply")
    return document


def _is_deeper(document: Any, most: int) -> bool:
    """Whether arrays and objects stand in each other more than so many times."""
    level, deep = [document], 0
    while level:
        deep += 1
        level = [
            item
            for holder in level
            for item in (holder.values() if type(holder) is dict else holder)
            if type(item) is dict or type(item) is list
        ]
    return deep > most


def read_part(cls: type[Part], data: Any) -> Part:
    """The part of a class in JSON data. Raises `DamagedDocumentError`.

    A structure that is about to be written is read alike: a tuple is an array, a mapping an object.
    """
    if type(data) is not dict and not isinstance(data, Mapping):
        raise DamagedDocumentError([()])
    whole: Any = cls
    members = _members_of(whole)
    values: dict[str, Any] = {}
    places: list[Place] = []
    present = 0
    for name, key, read, default, make in members:
        item = data.get(key, _ABSENT)
        if item is _ABSENT:
            if default is not _ABSENT:
                values[name] = default
            elif make is None:
                places.append((key,))
            else:
                values[name] = make()
            continue
        present += 1
        try:
            values[name] = read(item)
        except ValueError as problem:
            places += _below(key, problem)
    if present < len(data):
        places += _unknown(members, data)
    if places:
        raise DamagedDocumentError(places)
    return _made(cls, values)


_ABSENT: Final = object()


def _unknown(members: "tuple[_Member, ...]", data: Mapping[str, Any]) -> list[Place]:
    keys = {member.key for member in members}
    return [(key,) for key in data if key not in keys]


def _made(cls: type[Part], values: dict[str, Any]) -> Part:
    """The part with these members, of which none is missing.

    Not by `__init__`: that is compiled for whoever constructs a part by hand, and would cost more
    than all the parts of a plan together.
    """
    part = object.__new__(cls)
    vars(part).update(values)
    check = getattr(part, "__post_init__", None)
    if check is not None:
        try:
            check()
        except ValueError:
            raise DamagedDocumentError([()]) from None
    return part


class _Member(NamedTuple):
    """A member of a class: its two names, what reads it, and its default or what makes one.

    `default` is `_ABSENT` where it has none, or one that is made anew for each part.
    """

    name: str
    key: str
    read: Reader
    default: Any
    make: Callable[[], Any] | None


@cache
def _members_of(cls: Any) -> tuple[_Member, ...]:
    listed: tuple[Any, ...] = fields(cls)
    return tuple(
        _Member(
            *(field.name, key_of(field), reader_of(field.type)),
            default=_ABSENT if field.default is MISSING else field.default,
            make=None if field.default_factory is MISSING else field.default_factory,
        )
        for field in listed
    )


def _below(key: int | str, problem: ValueError) -> list[Place]:
    """The places of what is wrong below a key: the key itself where the problem names none."""
    inner = problem.places if isinstance(problem, DamagedDocumentError) else ((),)
    return [(key, *place) for place in inner]


@cache
def reader_of(annotation: Any) -> Reader:
    """What reads JSON data as an annotation. Raises `TypeError` for one that no file may have."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], annotation.__metadata__)
    if origin in (Union, UnionType):
        return _union(arguments)
    if origin is Literal:
        return _literal(arguments)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _row([reader_of(item) for item in arguments])
    if origin in (tuple, list):
        return _array(origin, reader_of(arguments[0]))
    if origin is dict:
        return _table(*map(reader_of, arguments))
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, DocumentPart):
        return partial(read_part, annotation)
    raise TypeError(f"{annotation} has no form in a file")


def _scalar(kind: type) -> Reader:
    def read(data: Any) -> Any:
        # A text may be a member of an enumeration where a structure was never written.
        if type(data) is not kind and (kind is not str or not isinstance(data, str)):
            raise DamagedDocumentError([()])
        return data

    return read


def _date(data: Any) -> datetime.date:
    if isinstance(data, datetime.date):
        return data
    if not isinstance(data, str) or not _DATE.fullmatch(data):
        raise DamagedDocumentError([()])
    return datetime.date.fromisoformat(data)


_SCALARS: Final[Mapping[Any, Reader]] = {
    str: _scalar(str),
    int: _scalar(int),
    bool: _scalar(bool),
    datetime.date: _date,
    Any: lambda data: data,
}


def _annotated(annotation: Any, markers: tuple[Any, ...]) -> Reader:
    read: Reader | None = None
    checks = []
    for marker in markers:
        if not isinstance(marker, Marker):
            raise TypeError(f"{type(marker).__name__} says nothing of a file")
        match marker:
            case ReadBy(read=own):
                read = own
            case AtLeast(count=count):
                read = _array(tuple, reader_of(get_args(annotation)[0]), count)
            case TaggedBy(key=key):
                read = _tagged(key, get_args(annotation))
            case Checked(check=check):
                checks.append(check)
            case _:
                assert_never(marker)
    read = read or reader_of(annotation)
    return _checked(read, checks) if checks else read


def _checked(read: Reader, checks: list[Callable[[Any], object]]) -> Reader:
    def read_and_check(data: Any) -> Any:
        value = read(data)
        for check in checks:
            check(value)
        return value

    return read_and_check


def _literal(values: tuple[Any, ...]) -> Reader:
    texts = {value: value for value in values if isinstance(value, str)}
    others = [value for value in values if not isinstance(value, str)]

    def read(data: Any) -> Any:
        if isinstance(data, str) and data in texts:
            return texts[data]
        for value in others:
            # True is equal to 1.
            if type(value) is type(data) and value == data:
                return value
        raise DamagedDocumentError([()])

    return read


def _union(kinds: tuple[Any, ...]) -> Reader:
    others = [kind for kind in kinds if kind is not NoneType]
    readers = [(_label(kind), reader_of(kind)) for kind in others]

    def read(data: Any) -> Any:
        places: list[Place] = []
        for label, inner in readers:
            try:
                return inner(data)
            except ValueError as problem:
                places += _below(label, problem)
        raise DamagedDocumentError(places)

    whole = read if len(readers) > 1 else readers[0][1]
    return whole if len(others) == len(kinds) else _optional(whole)


def _optional(inner: Reader) -> Reader:
    return lambda data: None if data is None else inner(data)


def _label(kind: Any) -> str:
    """How a place names the kind of a union that was tried."""
    if get_origin(kind) is Literal:
        return f"literal[{','.join(map(repr, get_args(kind)))}]"
    return str(kind.__name__)


def _tagged(key: str, kinds: tuple[Any, ...]) -> Reader:
    tags = {tag: kind for kind in kinds for tag in get_args(_type_of(kind, key))}

    def read(data: Any) -> Any:
        tag = data.get(key) if isinstance(data, Mapping) else None
        if not isinstance(tag, str) or tag not in tags:
            raise DamagedDocumentError([()])
        try:
            return read_part(tags[tag], data)
        except ValueError as problem:
            raise DamagedDocumentError(_below(tag, problem)) from None

    return read


def _type_of(kind: Any, key: str) -> Any:
    return next(field.type for field in fields(kind) if key_of(field) == key)


def _array(made: type[Any], inner: Reader, least: int = 0) -> Reader:
    def read(data: Any) -> Any:
        items: list[Any] = []
        places: list[Place] = []
        for at, item in enumerate(_items(data)):
            try:
                items.append(inner(item))
            except ValueError as problem:
                places += _below(at, problem)
        if len(items) < least:
            places.append(())
        if places:
            raise DamagedDocumentError(places)
        return items if made is list else tuple(items)

    return read


def _items(data: Any) -> list[Any] | tuple[Any, ...]:
    if isinstance(data, list | tuple):
        return data
    raise DamagedDocumentError([()])


def _row(readers: list[Reader]) -> Reader:
    """Reads an array of a certain length."""

    def read(data: Any) -> Any:
        items = _items(data)
        places: list[Place] = []
        if len(items) > len(readers):
            raise DamagedDocumentError([()])
        values = []
        for at, inner in enumerate(readers):
            if at >= len(items):
                places.append((at,))
                continue
            try:
                values.append(inner(items[at]))
            except ValueError as problem:
                places += _below(at, problem)
        if places:
            raise DamagedDocumentError(places)
        return tuple(values)

    return read


def _table(read_key: Reader, inner: Reader) -> Reader:
    def read(data: Any) -> Any:
        if type(data) is not dict and not isinstance(data, Mapping):
            raise DamagedDocumentError([()])
        values: dict[str, Any] = {}
        places: list[Place] = []
        for key, item in data.items():
            try:
                read_key(key)
            except ValueError:
                places.append((key, "[key]"))
            try:
                values[key] = inner(item)
            except ValueError as problem:
                places += _below(key, problem)
        if places:
            raise DamagedDocumentError(places)
        return values

    return read
