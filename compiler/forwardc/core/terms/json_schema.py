"""The JSON Schema of a `json` param, draft 2020-12: one validator, for `check` and for a run.

Numbers are exact: decimals on both sides. What a schema may cost is counted before it is tried, so
that an answer comes in bounded time, or a reason why there is none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.json_pointer import pointer_parts, pointer_token
from forwardc.core.terms.patterns import options, size_for

if TYPE_CHECKING:
    import jsonschema_rs


MOST: Final = 1_000_000
"""Looks at a part of a value by a part of a schema: about a second of the validator."""
_MOST_PAIRS: Final = 200_000
"""Pairs of schema and value that are counted: counting must not cost what it forbids."""
# A validator asks the parts once more, and once for what they saw, where it must know the rest.
_AGAIN: Final = 3
_ANNOTATED: Final = ("unevaluatedProperties", "unevaluatedItems")
_IN_PLACE_ONE: Final = ("not", "if", "then", "else")
_IN_PLACE_MANY: Final = ("allOf", "anyOf", "oneOf")
_OF_ITEMS: Final = ("items", "contains", "unevaluatedItems")
_OF_MEMBERS: Final = ("additionalProperties", "unevaluatedProperties")
_REFERENCES: Final = ("$ref", "$dynamicRef")
_MAPS: Final = ("$defs", "definitions", "properties", "patternProperties", "dependentSchemas")


class SchemaCostError(ForwardcError, ValueError):
    """Checking by a schema takes too long. The message says so, and nothing of the value."""


def cost(schema: Mapping[str, Any], value: Any) -> int:
    """The number of looks, and a hundredth for each character that a pattern is tried on.

    Raises `SchemaCostError` above `MOST`.
    """
    try:
        return _Count(schema).looks_at(schema, value)
    except RecursionError:
        raise SchemaCostError("its references lead too deep") from None


def is_dangling(schema: Mapping[str, Any], reference: str) -> bool:
    """Whether a reference inside a schema names no part of it."""
    targets = _Count(schema).targets(reference)
    return not any(isinstance(target, Mapping | bool) for target in targets)


def subschemas(schema: Any, pointer: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object that is a schema, with its JSON Pointer, the whole one first."""
    todo: list[tuple[str, Any]] = [(pointer, schema)]
    while todo:
        at, part = todo.pop()
        if not isinstance(part, Mapping):
            continue
        yield at, part
        for name, inner in part.items():
            if name in _MAPS and isinstance(inner, Mapping):
                todo += [(f"{at}/{name}/{pointer_token(key)}", item) for key, item in inner.items()]
            elif isinstance(inner, list) and name in (*_IN_PLACE_MANY, "prefixItems"):
                todo += [(f"{at}/{name}/{index}", item) for index, item in enumerate(inner)]
            elif name in (*_IN_PLACE_ONE, *_OF_ITEMS, *_OF_MEMBERS, "propertyNames"):
                todo.append((f"{at}/{name}", inner))


class _Count:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[tuple[int, int], int] = {}
        self._anchors: dict[str, list[Any]] = {}
        for _, part in subschemas(root):
            for name in ("$anchor", "$dynamicAnchor"):
                if isinstance(part.get(name), str):
                    self._anchors.setdefault(part[name], []).append(part)

    def looks_at(self, schema: Any, value: Any) -> int:
        """The looks at one value. A circle of references is gone round once.

        Raises `SchemaCostError`.
        """
        if not isinstance(schema, Mapping):
            return 1
        pair = (id(schema), id(value))
        if (counted := self._known.get(pair)) is not None:
            return counted
        if len(self._known) > _MOST_PAIRS:
            raise SchemaCostError("checking a value by it takes too long")
        self._known[pair] = 1
        looks = sum(
            self.looks_at(part_schema, value) for part_schema in self._in_place(schema, value)
        )
        looks *= _AGAIN if any(name in schema for name in _ANNOTATED) else 1
        looks += len(schema) + sum(
            self.looks_at(part_schema, part) for part_schema, part in _parts(schema, value)
        )
        looks += _tried(schema, value)
        if looks > MOST:
            raise SchemaCostError("checking a value by it takes too long")
        self._known[pair] = looks
        return looks

    def _in_place(self, schema: Mapping[str, Any], value: Any) -> Iterator[Any]:
        for name in _IN_PLACE_ONE:
            yield schema.get(name)
        for name in _IN_PLACE_MANY:
            yield from _listed(schema.get(name))
        yield from _mapped(schema.get("dependentSchemas")).values()
        for name in _REFERENCES:
            yield from self.targets(schema.get(name))

    def targets(self, reference: Any) -> list[Any]:
        """The schemas that a reference may mean."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return []
        if not reference.startswith("#/"):
            return [self._root] if reference == "#" else self._anchors.get(reference[1:], [])
        from urllib.parse import unquote

        target: Any = self._root
        for key in pointer_parts(unquote(reference[1:])):
            if isinstance(target, Mapping):
                target = target.get(key)
            elif isinstance(target, list) and key.isascii() and key.isdigit() and len(key) < 9:
                target = target[int(key)] if int(key) < len(target) else None
            else:
                return []
        return [target]


def _parts(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
    """Schemas with the parts of a value that they may be asked about."""
    if isinstance(value, list):
        yield from zip(_listed(schema.get("prefixItems")), value, strict=False)
        for name in _OF_ITEMS:
            yield from ((schema[name], item) for item in value if name in schema)
    elif isinstance(value, dict):
        by_name = _mapped(schema.get("properties"))
        by_pattern = _mapped(schema.get("patternProperties"))
        others = [schema[name] for name in _OF_MEMBERS if name in schema]
        for key, item in value.items():
            yield from ((member_schema, item) for member_schema in (*by_pattern.values(), *others))
            if key in by_name:
                yield by_name[key], item
            if "propertyNames" in schema:
                yield schema["propertyNames"], key


def _tried(schema: Mapping[str, Any], value: Any) -> int:
    """A hundredth of the characters that patterns are tried on."""
    if isinstance(value, str):
        return len(value) // 100 if "pattern" in schema else 0
    if isinstance(value, dict):
        return sum(map(len, value)) // 100 * len(_mapped(schema.get("patternProperties")))
    return 0


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else []


def _mapped(data: Any) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


# Validation, within that cost.

Schema: TypeAlias = Mapping[str, Any]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_NUMBER: Final = re.compile(r"-?[0-9]{1,80}(?:\.[0-9]{1,80})?(?:E[+-]?[0-9]{1,3})?")
_MOST_TOLD: Final = 5
"""Places in a message: who mends them sees the rest then."""
_MOST_LOOKED_AT: Final = 100
"""Errors of the validator that are asked for: each takes time, and many are of one place."""
_MOST_KNOWN: Final = 256
"""Validators that are kept, one for each schema and size: more than a process has plans."""
_KNOWN: "dict[tuple[int, int], tuple[Schema, jsonschema_rs.Draft202012Validator]]" = {}
"""By identity, with the schema itself, so that no other one can take its place."""


@dataclass(frozen=True, slots=True)
class InvalidSchemaError(ForwardcError):
    """Why a schema is none, and at which JSON Pointer in it. Nothing of a value is told."""

    reason: str
    pointer: str = ""
    costly: bool = False


def check_schema(schema: Schema) -> None:
    """Raise `InvalidSchemaError` where this is no schema, or checking by it would take too long."""
    _compiled(schema, 0)
    _bounded(schema, None)


def problems(schema: Schema, value: Any) -> list[str]:
    """Where a value does not fit, as `$.items[0] (maximum)`; the first few places.

    Raises `InvalidSchemaError` where no answer can be given.
    """
    _bounded(schema, value)
    validator = _compiled(schema, _text_length(value))
    try:
        if validator.is_valid(value):
            return []
        errors = islice(validator.iter_errors(value), _MOST_LOOKED_AT)
        names = _declared(schema)
        places = {
            f"{_path(error.instance_path, value, names)} ({error.kind.name})" for error in errors
        }
    except UnicodeEncodeError:
        return ["$ (a lone surrogate is not text)"]
    except ValueError as problem:
        raise InvalidSchemaError("the value nests too deeply for it") from problem
    return sorted(places)[:_MOST_TOLD]


def to_plan(schema: Any) -> Any:
    """A schema as a plan has it: a number with a fraction is `{"$number": text}`, exactly."""
    if isinstance(schema, Decimal):
        return {"$number": str(schema)}
    if isinstance(schema, Mapping):
        if any(str(key).startswith("$number") or key == "$map" for key in schema):
            return {"$map": [[key, to_plan(item)] for key, item in schema.items()]}
        return {key: to_plan(item) for key, item in schema.items()}
    if isinstance(schema, list):
        return [to_plan(item) for item in schema]
    return schema


def from_plan(data: Any) -> Any:
    """The schema that a plan has. Raises `ValueError` for what `to_plan` does not write."""
    if isinstance(data, dict):
        if isinstance(text := data.get("$number"), str):
            return _decimal(text)
        if isinstance(pairs := data.get("$map"), list):
            return {str(key): from_plan(item) for key, item in pairs}
        return {key: from_plan(item) for key, item in data.items()}
    if isinstance(data, list):
        return [from_plan(item) for item in data]
    if isinstance(data, float):
        raise ValueError("a number with a fraction is written as {'$number': text}")
    return data


@lru_cache(maxsize=256)
def _read(text: str) -> Any:
    return from_plan(json.loads(text))


def of_plan(data: Any) -> Schema:
    """The schema that a plan has, the same object for equal data."""
    schema: Schema = _read(json.dumps(data))
    return schema


def _decimal(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError("this is no number")
    return Decimal(text)


def _bounded(schema: Schema, value: Any) -> None:
    try:
        cost(schema, value)
    except SchemaCostError as problem:
        raise InvalidSchemaError(str(problem), costly=True) from None


def _compiled(schema: Schema, length: int) -> "jsonschema_rs.Draft202012Validator":
    """The validator for texts of a length in sum, made once for a schema that is kept."""
    size = size_for(length)
    cached = _KNOWN.get((id(schema), size))
    if cached is not None and cached[0] is schema:
        return cached[1]
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
        pointer = "".join(f"/{pointer_token(part)}" for part in problem.instance_path)
        raise InvalidSchemaError("this is no JSON Schema of draft 2020-12", pointer) from None
    except ValueError:
        raise InvalidSchemaError("this is no JSON Schema of draft 2020-12") from None


def _declared(schema: Schema) -> frozenset[str]:
    """The names that the schema itself says. Any other name is the caller's, and not told."""
    named = (part.get("properties") for _, part in subschemas(schema))
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
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
