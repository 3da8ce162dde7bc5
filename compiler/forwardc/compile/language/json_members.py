"""Members of `json` params in a request: `${params.order['id']}`, typed by the param's schema.

An author's indexes become one `member` with a JSON Pointer, which a run resolves. The schema says
of the place its type, its values, and whether it is always there; of what it leaves open the type
is `json`, which stands in a JSON body only. So a caller's data is never of another shape than the
file says. `order: {type: object, required: [id], properties: {id: {type: string}}}`, traced:
`params.order['id']` is the name `params.order/id`, text, never absent, and in the plan
`member(params.order, "/id")`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from forwardc.core.json_pointer import pointer_parts, pointer_token
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import HAS_CALL, Call, Lit, Ref, Term, map_children

Schema: TypeAlias = Mapping[str, Any]

MEMBER: Final = "member"
_TYPES: Final = {
    "string": Type.TEXT,
    "integer": Type.INTEGER,
    "number": Type.NUMBER,
    "boolean": Type.BOOLEAN,
}
# What makes a part depend on more than its own keywords: nothing is read out of such a part.
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_COMBINED: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "$dynamicRef"})
# A reference may lead to another, and in a circle.
_MOST_REFERENCES: Final = 32


class Member(NamedTuple):
    """What the schema says of a place: its type, its values, whether it may be missing."""

    type: Type
    values: tuple[str, ...]
    optional: bool
    schema: Schema
    """The part of the schema that the place has."""


class NoMember(NamedTuple):
    """The schema has nothing there: the name or index, and the names that there are."""

    part: str
    names: tuple[str, ...]


# Names: a param's, and a JSON Pointer behind it


def indexes_of(term: Term) -> tuple[Ref, tuple[str | int, ...]] | None:
    """The name that indexes stand behind, and the indexes; None where one is no literal."""
    if isinstance(term, Ref):
        return term, ()
    if not isinstance(term, Call) or term.function != "get":
        return None
    inner, key = indexes_of(term.args[0]), term.args[1]
    if inner is None or not isinstance(key, Lit) or isinstance(key.value, bool):
        return None
    if not isinstance(key.value, str) and not (isinstance(key.value, int) and key.value >= 0):
        return None
    return inner[0], (*inner[1], key.value)


def member_name(term: Term) -> str | None:
    """The name of what literal indexes lead to, such as `params.order/id`; None for others."""
    found = indexes_of(term)
    if found is None or not found[1]:
        return None
    return found[0].name + "".join(f"/{pointer_token(part)}" for part in found[1])


def as_written(name: str) -> str:
    """A name as its author writes it: `params.order['id']`."""
    base, slash, pointer = name.partition("/")
    parts = pointer_parts(f"/{pointer}") if slash else ()
    written = (f"[{part}]" if _INDEX.fullmatch(part) else f"['{part}']" for part in parts)
    return base + "".join(written)


def with_members(term: Term) -> Term:
    """The term with the indexes of each `json` param as one `member`."""
    if not term.holds & HAS_CALL:
        return term
    name = member_name(term) if isinstance(term, Call) else None
    found = indexes_of(term) if name is not None else None
    if name is None or found is None:
        return map_children(term, with_members)
    pointer = Lit(name.removeprefix(found[0].name), span=term.span)
    return Call(MEMBER, (found[0], pointer), span=term.span)


def name_of_member(call: Call) -> str:
    """The name of a `member`, as its mark has it."""
    return "".join(
        part.name if isinstance(part, Ref) else str(part.value)
        for part in call.args
        if isinstance(part, Ref | Lit)
    )


# What a schema says of a place


def member_of(schema: Schema, parts: Sequence[str]) -> Member | NoMember:
    """What the schema says of the place that indexes lead to."""
    part_schema, optional = resolved_schema(schema, schema), False
    for part in parts:
        is_index = _INDEX.fullmatch(part) and _is_list(part_schema)
        step = _item(part_schema, int(part)) if is_index else _property(part_schema, part)
        if isinstance(step, NoMember):
            return step
        part_schema, optional = resolved_schema(step.schema, schema), optional or step.optional
    type_, values = _type_of(part_schema)
    return Member(type_, values, optional, part_schema)


def resolved_schema(part: Any, root: Schema) -> Schema:
    """A part of the schema, at the end of its references; empty where nothing is said."""
    for _ in range(_MOST_REFERENCES):
        if not isinstance(part, dict) or _COMBINED & part.keys():
            return {}
        reference = part.get("$ref")
        if reference is None:
            return part
        # An anchor (`#name`) is no pointer: what it means is not looked for.
        if not isinstance(reference, str) or not f"{reference}/".startswith("#/"):
            return {}
        part = _at(root, reference.removeprefix("#"))
    return {}


def _at(schema: Any, pointer: str) -> Any:
    for key in pointer_parts(pointer):
        schema = schema.get(key) if isinstance(schema, dict) else None
    return schema


def _is_list(schema: Schema) -> bool:
    return schema.get("type") == "array" or bool({"items", "prefixItems"} & schema.keys())


def _property(schema: Schema, name: str) -> Member | NoMember:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    is_object = schema.get("type") == "object"
    if name in properties:
        required = schema.get("required")
        is_required = isinstance(required, list) and name in required
        return Member(Type.JSON, (), not (is_object and is_required), properties[name])
    is_closed = schema.get("additionalProperties") is False or bool(properties)
    if (is_closed and "patternProperties" not in schema) or _is_other(schema, "object"):
        return NoMember(name, tuple(properties))
    return Member(Type.JSON, (), True, {})


def _item(schema: Schema, index: int) -> Member | NoMember:
    least, most, first = schema.get("minItems"), schema.get("maxItems"), schema.get("prefixItems")
    if (isinstance(most, int) and most <= index) or _is_other(schema, "array"):
        return NoMember(str(index), ())
    is_there = schema.get("type") == "array" and isinstance(least, int) and least > index
    own = first[index] if isinstance(first, list) and index < len(first) else schema.get("items")
    return Member(Type.JSON, (), not is_there, own if isinstance(own, dict) else {})


def _is_other(schema: Schema, type_: str) -> bool:
    said = schema.get("type")
    return isinstance(said, str) and said != type_


def _type_of(schema: Schema) -> tuple[Type, tuple[str, ...]]:
    type_ = _TYPES.get(str(schema.get("type")), Type.JSON)
    listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    is_closed = isinstance(listed, list) and all(_is_of(value, type_) for value in listed)
    return type_, tuple(map(str, listed or ())) if is_closed and type_ is not Type.BOOLEAN else ()


def _is_of(value: object, type_: Type) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, str if type_ is Type.TEXT else int)
