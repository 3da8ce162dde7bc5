"""From a form's text to the parameters of an endpoint, checked against their declared shape.

The nested form is parsed with the order of its keys; lists by number stay maps until the endpoint's
own shape says that they are lists. An empty string is an attempt to unset, and is refused where a
parameter cannot be unset. Texts of the refusals were seen in public code, but for those of objects,
arrays and lengths.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never
from urllib.parse import parse_qsl

from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.laxness import Lets
from forwardc.sandbox.stripe.errors import StripeError, invalid, missing, unknown
from forwardc.sandbox.stripe.param_shapes import (
    COUNTRIES,
    BooleanParam,
    ClearableParam,
    CountryParam,
    DatedParam,
    EitherParam,
    GatedParam,
    IntegerParam,
    ListParam,
    MapParam,
    MetadataParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
)

# Fields of a form: this sandbox's choice, more than any endpoint has.
MAX_FIELDS = 1000
# Brackets in a key: this sandbox's choice, more than any parameter has.
MAX_DEPTH = 20
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


class FormError(SandboxError, ValueError):
    """The text is not a form that can be read. The message holds no value."""


def parse_form(text: str) -> dict[str, Any]:
    """Read `a[b]=1&c[0]=2&d[]=3` into nested maps, lists (`[]` only) and strings.

    Raises `FormError` for bad encoding, bad brackets, and keys that contradict each other.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise FormError("The form is not valid UTF-8, or has too many fields.") from error
    tree: dict[str, Any] = {}
    for key, value in pairs:
        _insert(tree, _split(key), value)
    return tree


def _split(key: str) -> list[str]:
    """`a[b][]` as `["a", "b", ""]`."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise FormError("A key of the form has brackets that do not match.")
    parts = [match[1], *_PART.findall(match[2])]
    if len(parts) > MAX_DEPTH:
        raise FormError("A key of the form is nested too deeply.")
    return parts


def _insert(tree: dict[str, Any], parts: list[str], value: str) -> None:
    head, rest = parts[0], parts[1:]
    if not rest:
        if isinstance(tree.get(head), dict | list):
            raise FormError(f"Expected a map or a list, got a string, for '{head}'.")
        tree[head] = value
    elif rest[0] == "":
        _append(tree.setdefault(head, []), head, rest[1:], value)
    else:
        child = tree.setdefault(head, {})
        if not isinstance(child, dict):
            raise FormError(f"Expected a map for '{head}'.")
        _insert(child, rest, value)


def _append(items: Any, head: str, rest: list[str], value: str) -> None:
    """Add to a `[]` list. A map is begun anew when the key that comes next is there already."""
    if not isinstance(items, list):
        raise FormError(f"Expected a list for '{head}'.")
    if not rest:
        items.append(value)
        return
    if not items or not isinstance(items[-1], dict) or _holds(items[-1], rest):
        items.append({})
    _insert(items[-1], rest, value)


def _holds(tree: Any, parts: list[str]) -> bool:
    for part in parts:
        if part == "":
            return False
        if not isinstance(tree, dict) or part not in tree:
            return False
        tree = tree[part]
    return True


# --- One value

# Keys of metadata (API reference, January 2026).
MOST_KEYS = 50
EMPTY = "parameter_invalid_empty"
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]+\S*")
_FORMS = {
    "email": (_EMAIL, "Invalid email address", "email_invalid"),
    "url": (_URL, "Not a valid URL", "url_invalid"),
}


def text_of(kind: TextParam, value: Any, name: str) -> str:
    """A text of this kind. Raises 400."""
    if not isinstance(value, str):
        raise invalid("Invalid string", param=name)
    if value == "":
        raise empty(name)
    if len(value) > kind.limit:
        raise invalid(f"Invalid string: must be at most {kind.limit} characters", param=name)
    if kind.choices and value not in kind.choices:
        raise invalid(f"Invalid {name}: must be {_either(kind.choices)}", param=name)
    if kind.form is not None:
        pattern, text, code = _FORMS[kind.form]
        if pattern.fullmatch(value) is None:
            raise invalid(text, param=name, code=code)
    return value


def country_of(value: Any, name: str) -> str:
    """The code of a country. Raises 400."""
    text = text_of(TextParam(), value, name)
    if text in COUNTRIES:
        return text
    shown = f" '{text}'" if text.isascii() and text.isalpha() and len(text) <= 20 else ""
    raise invalid(
        f"Country{shown} is unknown. Try using a 2-character alphanumeric country code instead, "
        "such as 'US', 'EG', or 'GB'. A full list of country codes is available at "
        "https://en.wikipedia.org/wiki/ISO_3166-1_alpha-2#Officially_assigned_code_elements",
        param=name,
    )


def _either(choices: tuple[str, ...]) -> str:
    if len(choices) == 1:
        return choices[0]
    return f"one of {', '.join(choices[:-1])} or {choices[-1]}"


def whole_of(kind: IntegerParam, value: Any, name: str) -> int:
    """An integer within its bounds. Raises 400 `parameter_invalid_integer`."""
    if value == "":
        raise empty(name)
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


def flag_of(kind: BooleanParam, value: Any, name: str) -> bool | str:
    """True, False, or one of the kind's words. Raises 400."""
    if value == "":
        raise empty(name)
    if value in ("true", "false"):
        return bool(value == "true")
    if isinstance(value, str) and value in kind.words:
        return value
    raise invalid("Invalid boolean", param=name)


def metadata_of(value: Any, name: str) -> dict[str, str]:
    """Metadata as given: an empty value stays, for an update to remove its key. Raises 400."""
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid("Metadata must be a map of strings.", param=name)
    if len(value) > MOST_KEYS:
        raise too_many_keys(name)
    if any(len(key) > 40 for key in value):
        raise invalid("Metadata keys may have at most 40 characters.", param=name)
    if any(len(item) > 500 for item in value.values()):
        raise invalid("Metadata values may have at most 500 characters.", param=name)
    return dict(value)


def too_many_keys(name: str) -> StripeError:
    """The refusal of more metadata than there may be."""
    return invalid(f"Metadata may have at most {MOST_KEYS} keys.", param=name)


def empty(name: str) -> StripeError:
    """The refusal of an empty value: 400 `parameter_invalid_empty`."""
    text = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{name}' cannot be unset. You should remove '{name}' from your "
        "request or supply a non-empty value."
    )
    return invalid(text, param=name, code=EMPTY)


# --- Shapes

# The largest number in brackets of a list: this sandbox's choice.
MAX_INDEX = 1000


@dataclass(slots=True)
class _Reader:
    version: str
    lets: Lets
    unknown: list[str] = field(default_factory=list)

    def read(self, kind: ParamKind, value: Any, name: str) -> Any:
        match kind:
            case MapParam():
                return self._shape(kind, value, name)
            case ListParam():
                return self._items(kind, value, name)
            case MetadataParam():
                return metadata_of(value, name)
            case TextParam():
                return text_of(kind, value, name)
            case IntegerParam():
                return whole_of(kind, value, name)
            case BooleanParam():
                return flag_of(kind, value, name)
            case ClearableParam():
                return None if value == "" else self.read(kind.kind, value, name)
            case EitherParam():
                return self.read(kind.map if isinstance(value, dict) else kind.scalar, value, name)
            case DatedParam():
                return self._dated(kind, value, name)
            case CountryParam():
                return country_of(value, name)
            case GatedParam():
                raise unknown([name])
            case UnsupportedParam():
                raise invalid("The sandbox does not support this parameter.", param=name)
            case _:
                assert_never(kind)

    def _shape(self, shape: MapParam, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise empty(name) if value == "" else invalid("Invalid object", param=name)
        late: StripeError | None = None
        out: dict[str, Any] = {}
        for key, item in value.items():
            inner = f"{name}[{key}]" if name else key
            kind = shape.fields.get(key)
            if not self._knows(kind):
                self.unknown.append(inner)
                continue
            try:
                out[key] = self.read(shape.fields[key], item, inner)
            except StripeError as error:
                if error.code != EMPTY or not self.lets("stripe_empty_values", inner):
                    late = late or error
        for key in shape.required:
            if key not in value or (value[key] == "" and key not in out and late is None):
                late = late or missing(f"{name}[{key}]" if name else key)
        if late is not None:
            raise late
        return out

    def _knows(self, kind: ParamKind | None) -> bool:
        later = isinstance(kind, DatedParam) and kind.since > self.version[:10]
        return not (kind is None or isinstance(kind, GatedParam) or later)

    def _items(self, kind: ListParam, value: Any, name: str) -> list[Any]:
        if isinstance(value, dict):
            value = _by_index(value, name)
        if not isinstance(value, list):
            raise empty(name) if value == "" else invalid("Invalid array", param=name)
        return [self.read(kind.of, item, f"{name}[{at}]") for at, item in enumerate(value)]

    def _dated(self, kind: DatedParam, value: Any, name: str) -> Any:
        if kind.until > self.version[:10]:
            return self.read(kind.kind, value, name)
        if kind.code is None:
            raise unknown([name])
        raise invalid(kind.text, param=name, code=kind.code)


def read(shape: MapParam, raw: dict[str, Any], version: str, lets: Lets) -> dict[str, Any]:
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
    """Metadata after an update: an empty value removes its key, None removes all.

    Raises 400 where more would be left than there may be.
    """
    if change is None:
        return {}
    left = {key: value for key, value in {**old, **change}.items() if value != ""}
    if len(left) > MOST_KEYS:
        raise too_many_keys("metadata")
    return left


def _by_index(value: dict[str, Any], name: str) -> list[Any]:
    """`{"0": x, "2": y}` as a list in the order of the numbers. A gap is closed."""
    if not all(key.isascii() and key.isdigit() and int(key) <= MAX_INDEX for key in value):
        raise invalid("Invalid array", param=name)
    return [value[key] for key in sorted(value, key=int)]
