"""Check and convert the parameters of an endpoint against its declared shape.

Knows no endpoint and no HTTP. An empty string means unset, as everywhere in Stripe's v1 API.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.stripe.errors import StripeError, invalid, missing, unknown

MAX_TEXT = 5000
MAX_INDEX = 1000


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most `limit` characters; with `choices`, one of them."""

    limit: int = MAX_TEXT
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer, with optional bounds."""

    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`; `words` are further values that are let through as text."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list, written `a[]=` or `a[0]=`."""

    of: "Kind"


@dataclass(frozen=True, slots=True)
class Shape:
    """A map with known keys."""

    fields: Mapping[str, "Kind"]
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """At most 50 keys of 40 characters with values of 500 (API reference, January 2026)."""


@dataclass(frozen=True, slots=True)
class Free:
    """Anything: a parameter that the sandbox takes and does not act upon."""


Kind = Text | Whole | Flag | Items | Shape | Metadata | Free


@dataclass(slots=True)
class _Reader:
    unknown: list[str] = field(default_factory=list)

    def read(self, kind: Kind, value: Any, name: str) -> Any:
        match kind:
            case Shape():
                return self._shape(kind, value, name)
            case Items():
                return self._items(kind, value, name)
            case Metadata():
                return _metadata(value, name)
            case Text():
                return _text(kind, value, name)
            case Whole():
                return _whole(kind, value, name)
            case Flag():
                return _flag(kind, value, name)
            case Free():
                return value

    def _shape(self, shape: Shape, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=name)
        out: dict[str, Any] = {}
        for key, item in value.items():
            inner = f"{name}[{key}]" if name else key
            if key not in shape.fields:
                self.unknown.append(inner)
            elif item != "":
                out[key] = self.read(shape.fields[key], item, inner)
            elif key in shape.required:
                raise _empty(inner)
        for key in shape.required:
            if key not in out:
                raise missing(f"{name}[{key}]" if name else key)
        return out

    def _items(self, kind: Items, value: Any, name: str) -> list[Any]:
        if isinstance(value, dict):
            value = _by_index(value, name)
        if not isinstance(value, list):
            raise invalid("Invalid array", param=name)
        return [self.read(kind.of, item, f"{name}[{at}]") for at, item in enumerate(value)]


def read(shape: Shape, raw: dict[str, Any]) -> dict[str, Any]:
    """The parameters, converted. Raises `StripeError` (400) for the first mistake found.

    Unknown parameters are named all together, and first, as Stripe does.
    """
    reader = _Reader()
    late: StripeError | None = None
    values: dict[str, Any] = {}
    try:
        values = reader.read(shape, raw, "")
    except StripeError as error:
        late = error
    if reader.unknown:
        raise unknown(reader.unknown)
    if late is not None:
        raise late
    return values


def _by_index(value: dict[str, Any], name: str) -> list[Any]:
    """`{"0": x, "2": y}` as a list in the order of the numbers. A gap is closed."""
    if not all(key.isascii() and key.isdigit() and int(key) <= MAX_INDEX for key in value):
        raise invalid("Invalid array", param=name)
    return [value[key] for key in sorted(value, key=int)]


def _text(kind: Text, value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise invalid("Invalid string", param=name)
    if len(value) > kind.limit:
        raise invalid(f"Invalid string: must be at most {kind.limit} characters", param=name)
    if kind.choices and value not in kind.choices:
        raise invalid(f"Invalid {name}: must be one of {', '.join(kind.choices)}", param=name)
    return value


def _whole(kind: Whole, value: Any, name: str) -> int:
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise invalid("Invalid integer", param=name, code="parameter_invalid_integer")
    number = int(value)
    if kind.low is not None and number < kind.low:
        raise invalid(f"Invalid integer: must be at least {kind.low}", param=name)
    if kind.high is not None and number > kind.high:
        raise invalid(f"Invalid integer: must be at most {kind.high}", param=name)
    return number


def _flag(kind: Flag, value: Any, name: str) -> bool | str:
    if value in ("true", "false"):
        return bool(value == "true")
    if isinstance(value, str) and value in kind.words:
        return value
    raise invalid("Invalid boolean", param=name)


def _metadata(value: Any, name: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid("Metadata must be a map of strings.", param=name)
    if len(value) > 50:
        raise invalid("Metadata may have at most 50 keys.", param=name)
    if any(len(key) > 40 for key in value):
        raise invalid("Metadata keys may have at most 40 characters.", param=name)
    if any(len(item) > 500 for item in value.values()):
        raise invalid("Metadata values may have at most 500 characters.", param=name)
    return {key: item for key, item in value.items() if item != ""}


def _empty(name: str) -> StripeError:
    text = f"You passed an empty string for '{name}'. A value is required."
    return invalid(text, param=name, code="parameter_invalid_empty")
