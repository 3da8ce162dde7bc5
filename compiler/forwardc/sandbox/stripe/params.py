"""Check and convert the parameters of an endpoint against its declared shape.

Knows no endpoint and no HTTP: the shapes are the tables in `tables/`. An empty string is an
attempt to unset, and is refused where a parameter cannot be unset.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from forwardc.sandbox.laxness import Lets
from forwardc.sandbox.stripe.errors import StripeError, invalid, missing, unknown
from forwardc.sandbox.stripe.kinds import (
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
from forwardc.sandbox.stripe.scalars import (
    EMPTY,
    MOST_KEYS,
    country_of,
    empty,
    flag_of,
    metadata_of,
    text_of,
    too_many_keys,
    whole_of,
)

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
