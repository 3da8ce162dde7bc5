"""Check and convert the parameters of an endpoint against its declared shape.

Knows no endpoint and no HTTP: the shapes are the tables in `tables/`. An empty string is an
attempt to unset, and is refused where a parameter cannot be unset.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from forwardc.sandbox.laxness import Lets
from forwardc.sandbox.stripe.errors import StripeError, invalid, missing, unknown

MAX_TEXT = 5000
EMPTY = "parameter_invalid_empty"
MAX_INDEX = 1000
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]+\S*")
_FORMS = {
    "email": (_EMAIL, "Invalid email address", "email_invalid"),
    "url": (_URL, "Not a valid URL", "url_invalid"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most `limit` characters; with `choices`, one of them."""

    limit: int = MAX_TEXT
    choices: tuple[str, ...] = ()
    form: Literal["email", "url"] | None = None


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
class Cleared:
    """What may be unset: an empty string reads as None."""

    kind: "Kind"


@dataclass(frozen=True, slots=True)
class Either:
    """A map, or else a scalar."""

    map: Shape
    scalar: "Kind"


@dataclass(frozen=True, slots=True)
class Dated:
    """A parameter of the API versions from `since` on and before `until` (their dates).

    `code` and `text` are those of its refusal after `until`, where Stripe has special ones.
    """

    kind: "Kind"
    since: str = ""
    until: str = "9999"
    code: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A parameter of Stripe that the sandbox cannot follow: it says so and does not pass over."""


Kind = Text | Whole | Flag | Items | Shape | Metadata | Cleared | Either | Dated | Unsupported


@dataclass(slots=True)
class _Reader:
    version: str
    lets: Lets
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
            case Cleared():
                return None if value == "" else self.read(kind.kind, value, name)
            case Either():
                return self.read(kind.map if isinstance(value, dict) else kind.scalar, value, name)
            case Dated():
                return self._dated(kind, value, name)
            case Unsupported():
                raise invalid("The sandbox does not support this parameter.", param=name)
            case _:
                assert_never(kind)

    def _shape(self, shape: Shape, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _empty(name) if value == "" else invalid("Invalid object", param=name)
        late: StripeError | None = None
        out: dict[str, Any] = {}
        for key, item in value.items():
            inner = f"{name}[{key}]" if name else key
            kind = shape.fields.get(key)
            if kind is None or (isinstance(kind, Dated) and kind.since > self.version[:10]):
                self.unknown.append(inner)
                continue
            try:
                out[key] = self.read(kind, item, inner)
            except StripeError as error:
                if error.code != EMPTY or not self.lets("stripe_empty_values", inner):
                    late = late or error
        for key in shape.required:
            if key not in value or (value[key] == "" and key not in out and late is None):
                late = late or missing(f"{name}[{key}]" if name else key)
        if late is not None:
            raise late
        return out

    def _items(self, kind: Items, value: Any, name: str) -> list[Any]:
        if isinstance(value, dict):
            value = _by_index(value, name)
        if not isinstance(value, list):
            raise _empty(name) if value == "" else invalid("Invalid array", param=name)
        return [self.read(kind.of, item, f"{name}[{at}]") for at, item in enumerate(value)]

    def _dated(self, kind: Dated, value: Any, name: str) -> Any:
        if kind.until > self.version[:10]:
            return self.read(kind.kind, value, name)
        if kind.code is None:
            raise unknown([name])
        raise invalid(kind.text, param=name, code=kind.code)


def read(shape: Shape, raw: dict[str, Any], version: str, lets: Lets) -> dict[str, Any]:
    """The parameters, converted, as the API of that version has them.

    Raises `StripeError` (400) for the first mistake found. Unknown parameters are named all
    together, and first, as Stripe does.
    """
    reader = _Reader(version, lets)
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


def merged(old: Mapping[str, str], change: Mapping[str, str] | None) -> dict[str, str]:
    """Metadata after an update: an empty value removes its key, None removes all."""
    if change is None:
        return {}
    return {key: value for key, value in {**old, **change}.items() if value != ""}


def _by_index(value: dict[str, Any], name: str) -> list[Any]:
    """`{"0": x, "2": y}` as a list in the order of the numbers. A gap is closed."""
    if not all(key.isascii() and key.isdigit() and int(key) <= MAX_INDEX for key in value):
        raise invalid("Invalid array", param=name)
    return [value[key] for key in sorted(value, key=int)]


def _text(kind: Text, value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise invalid("Invalid string", param=name)
    if value == "":
        raise _empty(name)
    if len(value) > kind.limit:
        raise invalid(f"Invalid string: must be at most {kind.limit} characters", param=name)
    if kind.choices and value not in kind.choices:
        raise invalid(f"Invalid {name}: must be {_either(kind.choices)}", param=name)
    if kind.form is not None:
        pattern, text, code = _FORMS[kind.form]
        if pattern.fullmatch(value) is None:
            raise invalid(text, param=name, code=code)
    return value


def _either(choices: tuple[str, ...]) -> str:
    if len(choices) == 1:
        return choices[0]
    return f"one of {', '.join(choices[:-1])} or {choices[-1]}"


def _whole(kind: Whole, value: Any, name: str) -> int:
    if value == "":
        raise _empty(name)
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise _integer("Invalid integer", name)
    number = int(value)
    if kind.low is not None and number < kind.low:
        raise _integer(f"This value must be greater than or equal to {kind.low}.", name)
    if kind.high is not None and number > kind.high:
        raise _integer(f"This value must be less than or equal to {kind.high}.", name)
    return number


def _integer(text: str, name: str) -> StripeError:
    return invalid(text, param=name, code="parameter_invalid_integer")


def _flag(kind: Flag, value: Any, name: str) -> bool | str:
    if value == "":
        raise _empty(name)
    if value in ("true", "false"):
        return bool(value == "true")
    if isinstance(value, str) and value in kind.words:
        return value
    raise invalid("Invalid boolean", param=name)


def _metadata(value: Any, name: str) -> dict[str, str]:
    """As it was given: an empty value stays, for an update to remove its key."""
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid("Metadata must be a map of strings.", param=name)
    if len(value) > 50:
        raise invalid("Metadata may have at most 50 keys.", param=name)
    if any(len(key) > 40 for key in value):
        raise invalid("Metadata keys may have at most 40 characters.", param=name)
    if any(len(item) > 500 for item in value.values()):
        raise invalid("Metadata values may have at most 500 characters.", param=name)
    return dict(value)


def _empty(name: str) -> StripeError:
    text = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{name}' cannot be unset. You should remove '{name}' from your "
        "request or supply a non-empty value."
    )
    return invalid(text, param=name, code=EMPTY)
