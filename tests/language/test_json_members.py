"""What a schema says of a place holds for every value that fits the schema."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.language.json_members import NoMember, as_written, member_of
from forwardc.core.terms.functions import Type
from forwardc.core.terms.json_schema import problems
from forwardc.core.terms.values import resolve

NAMES = st.sampled_from(["id", "a/b", "0", "lines"])
SCALARS = st.sampled_from(["string", "integer", "number", "boolean", "null", None])
PYTHON: dict[Type, tuple[type, ...]] = {
    Type.TEXT: (str,),
    Type.INTEGER: (int, Decimal),
    Type.NUMBER: (int, Decimal),
    Type.BOOLEAN: (bool,),
}


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda typed, properties, required, closed: {
            **({"type": "object"} if typed else {}),
            "properties": properties,
            "required": [name for name in required if name in properties],
            **({"additionalProperties": False} if closed else {}),
        },
        st.booleans(),
        st.dictionaries(NAMES, inner, max_size=3),
        st.lists(NAMES, unique=True),
        st.booleans(),
    )


def _arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda typed, items, least: {
            **({"type": "array"} if typed else {}),
            "items": items,
            "minItems": least,
        },
        st.booleans(),
        inner,
        st.integers(0, 2),
    )


SCHEMAS = st.recursive(
    SCALARS.map(lambda name: {"type": name} if name else {}),
    lambda inner: _objects(inner) | _arrays(inner),
    max_leaves=6,
)
VALUES = st.recursive(
    st.sampled_from(["x", 7, Decimal("1.5"), True, None]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
MISSING = object()


def _fitting(schema: Any) -> Any:
    """Some value that a schema asks for: the least one."""
    match schema.get("type"):
        case "object":
            properties = schema["properties"]
            return {name: _fitting(properties[name]) for name in schema["required"]}
        case "array":
            return [_fitting(schema["items"])] * schema["minItems"]
        case name:
            return {"string": "x", "integer": 7, "number": 7, "boolean": True}.get(name)


def _found(value: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


@given(schema=SCHEMAS, value=VALUES, least=st.booleans(), parts=st.lists(NAMES, max_size=3))
def test_it_holds_for_what_fits(schema: Any, value: Any, least: bool, parts: list[str]) -> None:
    value = _fitting(schema) if least else value
    if problems(schema, value):
        return
    member, there = member_of(schema, parts), _found(value, parts)
    if isinstance(member, NoMember):
        return
    assert member.optional or there is not MISSING
    if there is not MISSING and member.type is not Type.JSON:
        assert isinstance(there, PYTHON[member.type])
        assert isinstance(there, bool) == (member.type is Type.BOOLEAN)


@pytest.mark.parametrize(
    ("schema", "parts", "expected"),
    [
        ({"$ref": "#"}, ["a"], Type.JSON),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}}, [], Type.TEXT),
        ({"$ref": "#/$defs/none"}, [], Type.JSON),
        # The place of an anchor is not looked for, and is not the whole either.
        (
            {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"$ref": "#name"}, "b": {"$anchor": "name", "type": "string"}},
            },
            ["a", "b"],
            Type.JSON,
        ),
        ({"allOf": [{"type": "string"}]}, [], Type.JSON),
        ({"type": ["string", "null"]}, [], Type.JSON),
        ({"enum": ["a", 1]}, [], Type.JSON),
        ({"type": "array", "prefixItems": [{"type": "string"}], "minItems": 1}, ["0"], Type.TEXT),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, ["1"], Type.JSON),
    ],
)
def test_what_a_schema_leaves_open_is_json(schema: Any, parts: list[str], expected: Type) -> None:
    member = member_of(schema, parts)
    assert not isinstance(member, NoMember)
    assert member.type is expected


def test_values_of_a_member_are_closed_by_an_enum_of_its_type_only() -> None:
    of = {"type": "string", "enum": ["a", "b"]}
    assert member_of(of, [])[1] == ("a", "b")
    assert member_of({"type": "integer", "enum": [1, 2]}, [])[1] == ("1", "2")
    assert member_of({"type": "string", "const": "a"}, [])[1] == ("a",)
    assert member_of({"enum": ["a", None]}, [])[1] == ()


def test_a_name_is_shown_as_its_author_writes_it() -> None:
    assert as_written("params.order/a~1b/0") == "params.order['a/b'][0]"
    assert as_written("params.order") == "params.order"


@given(value=VALUES, parts=st.lists(NAMES, min_size=1, max_size=3))
def test_a_run_finds_what_the_name_leads_to(value: Any, parts: list[str]) -> None:
    pointer = "".join(f"/{part.replace('/', '~1')}" for part in parts)
    there = _found(value, parts)
    assert resolve(value, pointer) == (None if there is MISSING else there)
