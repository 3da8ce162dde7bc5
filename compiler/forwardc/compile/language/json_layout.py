"""Where a `json` param may stand outside JSON: the schema must say all that can stand there.

Names of a form and elements of XML are structure, which no value of a run makes: they come from the
schema's `properties`, which must be closed. A list is `a[0]`, `a[1]` in a form and repeats its
element in XML; in a header, a query or a text `join` writes it, with a separator between the items.
"""

from enum import StrEnum
from typing import Any, Final

from forwardc.compile.ir.xml_names import is_name
from forwardc.compile.language.json_members import Schema, resolved_schema

_SCALARS: Final = frozenset({"string", "integer", "number", "boolean"})
# Levels of a body that a schema may describe: what refers to itself has no end.
_DEEPEST: Final = 16


class Layout(StrEnum):
    """A syntax of bodies in which lists and maps have names."""

    FORM = "form"
    XML = "xml"


def layout_problem(part: Any, root: Schema, layout: Layout, *, depth: int = 0) -> str | None:
    """What the schema leaves open of a value in a form or in XML; None where it says all."""
    schema = resolved_schema(part, root)
    if depth > _DEEPEST:
        return f"it nests deeper than {_DEEPEST} levels"
    match schema.get("type"):
        case "array":
            return _of_list(schema, root, layout, depth)
        case "object":
            return _of_map(schema, root, layout, depth)
        case str(name) if name in _SCALARS:
            return None
        case _:
            return "each part needs one `type` that is not null"


def _of_list(schema: Schema, root: Schema, layout: Layout, depth: int) -> str | None:
    items = schema.get("items")
    if "prefixItems" in schema or not isinstance(items, dict):
        return "a list needs `items`, one schema for all"
    if layout is Layout.XML and resolved_schema(items, root).get("type") == "array":
        return "a list in a list has no form in XML"
    return layout_problem(items, root, layout, depth=depth + 1)


def _of_map(schema: Schema, root: Schema, layout: Layout, depth: int) -> str | None:
    properties = schema.get("properties")
    if schema.get("additionalProperties") is not False or "patternProperties" in schema:
        return "a map needs `additionalProperties: false`"
    for name, part in properties.items() if isinstance(properties, dict) else ():
        if not _is_name(name, layout):
            return f"`{name}` is no name there"
        if problem := layout_problem(part, root, layout, depth=depth + 1):
            return problem
    return None


def _is_name(name: str, layout: Layout) -> bool:
    return is_name(name) if layout is Layout.XML else bool(name) and not {"[", "]"} & set(name)


def is_list(part: Any, root: Schema) -> bool:
    """Whether a schema describes a list."""
    return resolved_schema(part, root).get("type") == "array"


def is_list_of_scalars(part: Any, root: Schema) -> bool:
    """Whether it describes a list of texts, numbers, true and false."""
    schema = resolved_schema(part, root)
    items = schema.get("items")
    if schema.get("type") != "array" or "prefixItems" in schema or not isinstance(items, dict):
        return False
    return resolved_schema(items, root).get("type") in _SCALARS
