"""The JSON Schema of a `json` param, draft 2020-12: one validator, for `check` and for a run.

Numbers are exact: decimals on both sides. Whatever a schema says, an answer comes in bounded time,
or a reason why there is none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from forwardc.core.terms.patterns import options, size_for
from forwardc.core.terms.schema_cost import TooCostly, cost, subschemas

if TYPE_CHECKING:
    import jsonschema_rs

Schema: TypeAlias = Mapping[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_NUMBER: Final = re.compile(r"-?[0-9]{1,80}(?:\.[0-9]{1,80})?(?:E[+-]?[0-9]{1,3})?")
_MOST_TOLD: Final = 5
_MOST_LOOKED_AT: Final = 100
_MOST_KNOWN: Final = 256
_KNOWN: "dict[tuple[int, int], tuple[Schema, jsonschema_rs.Draft202012Validator]]" = {}
"""By identity, with the schema itself, so that no other one can take its place."""


@dataclass(frozen=True, slots=True)
class BadSchema(Exception):  # noqa: N818 - the schema's property
    """Why a schema is none, and at which JSON Pointer in it. Nothing of a value is told."""

    reason: str
    pointer: str = ""
    costly: bool = False


def check_schema(schema: Schema) -> None:
    """Raise `BadSchema` where this is no schema, or checking by it would take too long."""
    _compiled(schema, 0)
    _bounded(schema, None)


def problems(schema: Schema, value: Any) -> list[str]:
    """Where a value does not fit, as `$.items[0] (maximum)`; the first few places.

    Raises `BadSchema` where no answer can be given.
    """
    _bounded(schema, value)
    validator = _compiled(schema, _text_length(value))
    try:
        if validator.is_valid(value):
            return []
        errors = islice(validator.iter_errors(value), _MOST_LOOKED_AT)
        names = _declared(schema)
        found = {
            f"{_path(error.instance_path, value, names)} ({error.kind.name})" for error in errors
        }
    except UnicodeEncodeError:
        return ["$ (a lone surrogate is not text)"]
    except ValueError as problem:
        raise BadSchema("the value nests too deeply for it") from problem
    return sorted(found)[:_MOST_TOLD]


def to_plan(schema: Any) -> Any:
    """A schema as a plan has it: a number with a fraction is `{"$number": text}`, exactly."""
    match schema:
        case Decimal():
            return {"$number": str(schema)}
        case Mapping():
            if any(str(key).startswith("$number") or key == "$map" for key in schema):
                return {"$map": [[key, to_plan(item)] for key, item in schema.items()]}
            return {key: to_plan(item) for key, item in schema.items()}
        case list():
            return [to_plan(item) for item in schema]
        case _:
            return schema


def from_plan(data: Any) -> Any:
    """The schema that a plan has. Raises `ValueError` for what `to_plan` does not write."""
    match data:
        case {"$number": str() as text}:
            return _decimal(text)
        case {"$map": list() as pairs}:
            return {str(key): from_plan(item) for key, item in pairs}
        case dict():
            return {key: from_plan(item) for key, item in data.items()}
        case list():
            return [from_plan(item) for item in data]
        case float():
            raise ValueError("a number with a fraction is written as {'$number': text}")
        case _:
            return data


@lru_cache(maxsize=256)
def _read(text: str) -> Any:
    return from_plan(json.loads(text))


def of_plan(data: Any) -> Schema:
    """The schema that a plan has, the same object for equal data."""
    found: Schema = _read(json.dumps(data))
    return found


def _decimal(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError("this is no number")
    return Decimal(text)


def _bounded(schema: Schema, value: Any) -> None:
    try:
        cost(schema, value)
    except TooCostly as problem:
        raise BadSchema(str(problem), costly=True) from None


def _compiled(schema: Schema, length: int) -> "jsonschema_rs.Draft202012Validator":
    """The validator for texts of a length in sum, made once for a schema that is kept."""
    size = size_for(length)
    known = _KNOWN.get((id(schema), size))
    if known is not None and known[0] is schema:
        return known[1]
    if len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.clear()
    validator = _made(schema, size)
    _KNOWN[id(schema), size] = (schema, validator)
    return validator


def _made(schema: Schema, size: int) -> "jsonschema_rs.Draft202012Validator":
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator(
            dict(schema), pattern_options=options(size), offline=True
        )
    except jsonschema_rs.ValidationError as problem:
        pointer = "".join(f"/{_escaped(part)}" for part in problem.instance_path)
        raise BadSchema("this is no JSON Schema of draft 2020-12", pointer) from None
    except ValueError:
        raise BadSchema("this is no JSON Schema of draft 2020-12") from None


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _declared(schema: Schema) -> frozenset[str]:
    """The names that the schema itself says. Any other name is the caller's, and not told."""
    named = (one.get("properties") for _, one in subschemas(schema))
    return frozenset(name for names in named if isinstance(names, Mapping) for name in names)


def _path(parts: list[str | int], value: Any, names: frozenset[str]) -> str:
    """A place in a value. The library tells a member `"1"` as a number, so the value decides."""
    shown, at = "$", value
    for part in parts:
        if isinstance(at, list):
            shown, at = f"{shown}[{part}]", at[int(part)]
        else:
            shown = f"{shown}.{part if part in names else '*'}"
            at = at.get(str(part)) if isinstance(at, dict) else None
    return shown


def _text_length(value: Any) -> int:
    return sum(len(text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case _:
            return
