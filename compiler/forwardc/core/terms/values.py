"""What terms evaluate to, and pointers into such values.

JSON's own types, and beside them what no caller can make: absence, what a destination contradicts
itself about, secrets, and a vault's syntax. A card value has no type here, so that nothing here can
hold one.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias, final

from forwardc.core.dataclass import dataclass
from forwardc.core.json_pointer import pointer_parts


@final
class _Absent:
    """The value of an absent optional: it drops the nearest entry around it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@final
class _Contradiction:
    """The value of a member that an answer gives twice, with different values.

    Whoever reads it is told so; it is never written, shown or compared.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "CONTRADICTION"

    def __reduce__(self) -> Any:
        raise TypeError("a contradiction is never serialised")


CONTRADICTION: Final = _Contradiction()


@final
class _OtherShape:
    """What stands at a key of a list, or at a place of a map: null, and more than missing.

    Nobody can say that something is not there where it could not be: `present` of it is null.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "OTHER_SHAPE"


OTHER_SHAPE: Final = _OtherShape()


@final
class XmlLeaf(str):
    """The text of an XML element without children; `get` gives its attributes, and itself as `.`.

    So a rule that reads the text holds whether or not the element has an attribute.
    """

    _attributes: Mapping[str, Any]

    def __new__(cls, text: str, attributes: Mapping[str, Any]) -> "XmlLeaf":
        """The text, with what gives the attributes by name."""
        leaf = super().__new__(cls, text)
        leaf._attributes = attributes
        return leaf

    def get(self, key: str | int, default: Any = None) -> Any:
        """The text (`.`), an attribute (`.name`), or itself as the first of its name (0)."""
        if str(key) == "0":
            return self
        return self._attributes.get(str(key), default) if key != "." else str(self)

    def attributes(self) -> Iterator[tuple[str, Any]]:
        """The attributes by name."""
        return ((name, value) for name, value in self._attributes.items() if name != ".")


MASK: Final = "***"
"""What stands in place of every masked value."""


@final
class Secret:
    """A value that prints as `***` everywhere; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def reveal(self) -> Any:
        """The value itself, for the wire."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return MASK

    def __reduce__(self) -> Any:
        raise TypeError("a secret is never serialised")

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a vault's own syntax inside a value; never escaped."""

    text: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """Text with a vault's syntax in it: plain pieces are escaped where it is written."""

    parts: tuple[str | Fragment, ...]


Value: TypeAlias = (
    None
    | bool
    | int
    | Decimal
    | str
    | bytes
    | datetime
    | Fragment
    | Template
    | _Absent
    | _OtherShape
    | list["Value"]
    | dict[str, "Value"]
)


def is_absent(value: object) -> bool:
    """Whether an optional part was not there."""
    return value is ABSENT


def is_null(value: object) -> bool:
    """Whether a rule takes a value for null: missing, left out, or of another shape."""
    return value is None or value is ABSENT or value is OTHER_SHAPE


# JSON Pointers (RFC 6901) into data that somebody else sent.


def resolve(document: Any, pointer: str) -> Any:
    """The value at a pointer, None where there is none.

    `CONTRADICTION` where the document gives one of the members on the way twice.
    """
    if not pointer:
        return document
    for part in pointer_parts(pointer):
        document = _member(document, part)
    return document


def _member(value: Any, key: str) -> Any:
    if value is CONTRADICTION:
        return value
    if isinstance(value, dict | XmlLeaf):
        return value.get(key)
    if isinstance(value, list) and key.isascii() and key.isdigit() and len(key) <= 9:
        index = int(key)
        return value[index] if index < len(value) else None
    return None
