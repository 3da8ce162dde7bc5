r"""An object of a file as a frozen dataclass, and what its annotations may say.

    class Port(DocumentPart):
        number: Annotated[int, Checked(least(1))]
        protocol: Literal["tcp", "udp"] = "tcp"
        instead: Address | None = member(default=None, key="or")

A member without a default must be there; nothing else may be; nothing is converted. The annotation
is all that a new member needs: reading, writing and constructing follow from it. `key` is for a
member whose name in the file is no name in Python, or would be read as another word here.
What several members must be together is said by `__post_init__`, which raises `ValueError`.

| annotation | JSON |
|---|---|
| `str`, `int`, `bool`, `date`, `Any`, `Literal[...]` | of this very type: `true` is no 1 |
| a `DocumentPart` | an object with its members |
| `tuple[X, ...]`, `list[X]`, `tuple[X, Y]` | an array of any length, or of this one |
| `dict[K, X]` | an object of any members, whose names are read as `K` |
| `X \| None`, `X \| Y` | the first that fits |
| `Annotated[A \| B, TaggedBy("kind")]` | the part whose literal `kind` the object has |
| `Annotated[tuple[X, ...], AtLeast(1)]` | an array of so many items |
| `Annotated[X, Checked(f)]` | X, of which `f` raises no `ValueError` |
| `Annotated[X, ReadBy(f)]` | what `f` makes of it |

Traced: `{"number": 80, "or": null}` becomes `Port(number=80, protocol="tcp", instead=None)`.
"""

import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar, dataclass_transform, overload

from forwardc.core.dataclass import dataclass

Value = TypeVar("Value")
_KEY = "key"


@overload
def member(*, default: Value, key: str) -> Value: ...
@overload
def member(*, default_factory: Callable[[], Value], key: str = ...) -> Value: ...
@overload
def member(*, key: str) -> Any: ...
def member(*, key: str | None = None, **default: Any) -> Any:
    """A member with a default that is made for each object, or with another name in the file."""
    return dataclasses.field(**default, metadata={} if key is None else {_KEY: key})


def key_of(field: "dataclasses.Field[Any]") -> str:
    """The name of a member in the file."""
    return str(field.metadata.get(_KEY, field.name))


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(member,))
class DocumentPart:
    """The base of what stands in a file: every class below it is a frozen dataclass.

    Without slots, since a reader makes it of the members at once; it is constructed by name.
    """

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __init_subclass__(cls) -> None:
        """Make the class a dataclass."""
        dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """In an annotation: `check` raises `ValueError` for a value that may not stand there."""

    check: Callable[[Any], object]


@dataclass(frozen=True, slots=True, eq=False)
class ReadBy:
    """In an annotation: `read` makes the value of JSON data, or raises `ValueError`."""

    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class TaggedBy:
    """In an annotation of a union: the member whose text says which part an object is."""

    key: str


def least(minimum: int, maximum: int | None = None) -> Callable[[int], None]:
    """The check that a number is not below, and not above."""

    def check(number: int) -> None:
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError(f"must be from {minimum} on")

    return check


def matching(pattern: str) -> Callable[[str], None]:
    """The check that a whole text is of this form."""
    form = re.compile(pattern)

    def check(text: str) -> None:
        if not form.fullmatch(text):
            raise ValueError("must have another form")

    return check


@dataclass(frozen=True, slots=True, eq=False)
class AtLeast:
    """In an annotation of an array: how many items it has, at the least."""

    count: int


Marker: TypeAlias = Checked | ReadBy | TaggedBy | AtLeast
"""What an annotation may say besides a type."""
