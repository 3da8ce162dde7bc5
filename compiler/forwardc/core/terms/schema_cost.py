"""How often a validator looks at a value when it checks it by a JSON Schema, at the worst.

References that repeat each other make that grow without bound. Counted here, each pair of schema
and value once, before a validator is let loose.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

MOST: Final = 1_000_000
_MOST_PAIRS: Final = 200_000
# A validator asks the parts once more, and once for what they saw, where it must know the rest.
_AGAIN: Final = 3
_ANNOTATED: Final = ("unevaluatedProperties", "unevaluatedItems")
_IN_PLACE_ONE: Final = ("not", "if", "then", "else")
_IN_PLACE_MANY: Final = ("allOf", "anyOf", "oneOf")
_OF_ITEMS: Final = ("items", "contains", "unevaluatedItems")
_OF_MEMBERS: Final = ("additionalProperties", "unevaluatedProperties")
_REFERENCES: Final = ("$ref", "$dynamicRef")
_MAPS: Final = ("$defs", "definitions", "properties", "patternProperties", "dependentSchemas")


class TooCostly(ValueError):  # noqa: N818 - the schema's property
    """Checking by a schema takes too long. The message says so, and nothing of the value."""


def cost(schema: Mapping[str, Any], value: Any) -> int:
    """The number of looks, and a hundredth for each character that a pattern is tried on.

    Raises `TooCostly` above `MOST`.
    """
    try:
        return _Count(schema).of(schema, value)
    except RecursionError:
        raise TooCostly("its references lead too deep") from None


def leads_nowhere(schema: Mapping[str, Any], reference: str) -> bool:
    """Whether a reference inside a schema names no part of it."""
    targets = _Count(schema).targets(reference)
    return not any(isinstance(target, Mapping | bool) for target in targets)


def subschemas(schema: Any, pointer: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object that is a schema, with its JSON Pointer, the whole one first."""
    todo: list[tuple[str, Any]] = [(pointer, schema)]
    while todo:
        at, one = todo.pop()
        if not isinstance(one, Mapping):
            continue
        yield at, one
        for name, inner in one.items():
            if name in _MAPS and isinstance(inner, Mapping):
                todo += [(f"{at}/{name}/{_escaped(key)}", item) for key, item in inner.items()]
            elif isinstance(inner, list) and name in (*_IN_PLACE_MANY, "prefixItems"):
                todo += [(f"{at}/{name}/{index}", item) for index, item in enumerate(inner)]
            elif name in (*_IN_PLACE_ONE, *_OF_ITEMS, *_OF_MEMBERS, "propertyNames"):
                todo.append((f"{at}/{name}", inner))


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


class _Count:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[tuple[int, int], int] = {}
        self._anchors: dict[str, list[Any]] = {}
        for _, one in subschemas(root):
            for name in ("$anchor", "$dynamicAnchor"):
                if isinstance(one.get(name), str):
                    self._anchors.setdefault(one[name], []).append(one)

    def of(self, schema: Any, value: Any) -> int:
        """The looks at one value. A circle of references is gone round once."""
        if not isinstance(schema, Mapping):
            return 1
        pair = (id(schema), id(value))
        if (known := self._known.get(pair)) is not None:
            return known
        if len(self._known) > _MOST_PAIRS:
            raise TooCostly("checking a value by it takes too long")
        self._known[pair] = 1
        looks = sum(self.of(one, value) for one in self._in_place(schema, value))
        looks *= _AGAIN if any(name in schema for name in _ANNOTATED) else 1
        looks += len(schema) + sum(self.of(one, part) for one, part in _parts(schema, value))
        looks += _tried(schema, value)
        if looks > MOST:
            raise TooCostly("checking a value by it takes too long")
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

        found: Any = self._root
        for token in unquote(reference[2:]).split("/"):
            key = token.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(key)
            elif isinstance(found, list) and key.isascii() and key.isdigit() and len(key) < 9:
                found = found[int(key)] if int(key) < len(found) else None
            else:
                return []
        return [found]


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
            yield from ((one, item) for one in (*by_pattern.values(), *others))
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


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _mapped(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
