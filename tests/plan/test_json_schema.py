"""Schemas of json params: exact numbers, linear patterns, an answer in bounded time, no crash."""

import json
from decimal import Decimal
from fractions import Fraction
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import plan_of, program_of
from forwardc.core.documents.reading import read_part
from forwardc.core.terms.json_schema import (
    InvalidSchemaError,
    check_schema,
    from_plan,
    of_plan,
    problems,
    to_plan,
)
from forwardc.core.terms.patterns import is_pattern, matches
from forwardc.plan.model import ValueSpec
from forwardc.runtime.run.values import default_of

NUMBERS = st.one_of(
    st.integers(-(10**29), 10**29),
    st.integers(-3, 3),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000),
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent),
        st.integers(-(10**20), 10**20),
        st.integers(-28, 9),
    ),
)
FACTORS = st.sampled_from([Decimal(x) for x in ("0.01", "0.1", "0.7", "3", "1E-9", "2.50", "1E+2")])


@given(NUMBERS, NUMBERS)
def test_limits_are_exact(value: Any, limit: Any) -> None:
    assert (problems({"maximum": limit}, value) == []) is (value <= limit)
    assert (problems({"minimum": limit}, value) == []) is (value >= limit)
    assert (problems({"exclusiveMaximum": limit}, value) == []) is (value < limit)
    assert (problems({"exclusiveMinimum": limit}, value) == []) is (value > limit)
    assert problems({"maximum": value, "minimum": value}, value) == []


@given(NUMBERS, NUMBERS)
def test_equality_is_that_of_numbers(value: Any, other: Any) -> None:
    same = value == other
    assert (problems({"const": {"a": [other]}}, {"a": [value]}) == []) is same
    assert (problems({"enum": ["x", other]}, value) == []) is same
    assert (problems({"uniqueItems": True}, [value, other]) != []) is same
    assert (problems({"type": "integer"}, value) == []) is (Fraction(value).denominator == 1)


@given(NUMBERS, FACTORS)
def test_multiples_are_exact(value: Any, factor: Decimal) -> None:
    whole = (Fraction(value) / Fraction(factor)).denominator == 1
    assert (problems({"multipleOf": factor}, value) == []) is whole
    schema = {"$defs": {"price": {"multipleOf": factor}}, "items": {"$ref": "#/$defs/price"}}
    assert problems(schema, [value]) == ([] if whole else ["$[0] (multipleOf)"])


KEYWORDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "number", "array", "object", "integer", 7]),
        "maximum": NUMBERS,
        "multipleOf": st.one_of(FACTORS, st.just(0)),
        "pattern": st.sampled_from(["^a+$", "(a+)+$", "(?=a)", "[", r"\p{L}", "(x{9}){9}"]),
        "format": st.sampled_from(["email", "regex", "date", "nonsense"]),
        "minItems": st.sampled_from([0, Decimal("1.0"), -1]),
        "uniqueItems": st.booleans(),
        "const": st.sampled_from([None, {"$ref": "http://x.example"}, [Decimal("0.1")]]),
        "$ref": st.sampled_from(["#", "#/$defs/a", "#/properties/a", "#b", "#/$defs/%61", "x:y"]),
        "$dynamicRef": st.sampled_from(["#", "#b", "#/$defs/a"]),
        "$dynamicAnchor": st.just("b"),
        "$schema": st.sampled_from(["http://json-schema.org/draft-04/schema#", "urn:x"]),
        "required": st.just(["a"]),
        "unevaluatedProperties": st.booleans(),
        "unevaluatedItems": st.booleans(),
        "nonsense": st.none(),
    },
)


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from(["a", "b", "^a"]), inner, max_size=2)
    more = st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), some),
            **dict.fromkeys(
                ("$defs", "properties", "patternProperties", "dependentSchemas"), named
            ),
            **dict.fromkeys(("not", "if", "then", "else", "items", "contains"), inner),
            **dict.fromkeys(("additionalProperties", "propertyNames"), inner),
        },
    )
    return st.builds(lambda one, other: {**one, **other}, KEYWORDS, more)


SCHEMAS = st.recursive(st.one_of(KEYWORDS, st.booleans()), combined, max_leaves=12)
VALUES = st.recursive(
    st.one_of(NUMBERS, st.booleans(), st.none(), st.sampled_from(["", "aaa", "\ud800", "a@b.c"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=10,
)


def answer(schema: Any, value: Any) -> list[str]:
    try:
        check_schema(schema)
        return problems(schema, value)
    except InvalidSchemaError as problem:
        return [f"no: {problem.reason}"]


@settings(deadline=2000)
@given(SCHEMAS.filter(lambda schema: isinstance(schema, dict)), VALUES)
def test_whatever_a_schema_says_there_is_an_answer(schema: Any, value: Any) -> None:
    assert all(place.startswith(("$", "no: ")) for place in answer(schema, value))


@given(SCHEMAS)
def test_a_plan_keeps_a_schema_to_the_digit(schema: Any) -> None:
    written = json.dumps(to_plan(schema))
    assert repr(from_plan(json.loads(written))) == repr(schema)


def repeated(times: int, **last: Any) -> dict[str, Any]:
    names = [f"#/$defs/a{index}" for index in range(times + 1)]
    steps = {f"a{index}": {"allOf": [{"$ref": names[index + 1]}] * 2} for index in range(times)}
    return {"$defs": {**steps, f"a{times}": last}, "$ref": names[0]}


def nested(times: int, keyword: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"properties": {"a": True}, "prefixItems": [True]}
    for _ in range(times):
        schema = {"allOf": [schema], keyword: False}
    return schema


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


BOMBS: dict[str, tuple[dict[str, Any], Any]] = {
    "references that double": (repeated(60), 1),
    "members unevaluated again and again": (nested(40, "unevaluatedProperties"), {"a": 1}),
    "items unevaluated again and again": (nested(40, "unevaluatedItems"), [1]),
    "two ways at each level": (
        {"allOf": [{"properties": {"a": {"$ref": "#"}}}] * 2, "required": ["b"]},
        deep(60),
    ),
    "a chain of many thousands": (
        {
            "$defs": {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(20_000)},
            "$ref": "#/$defs/a0",
        },
        1,
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_not_tried(name: str) -> None:
    schema, value = BOMBS[name]
    start = process_time()
    with pytest.raises(InvalidSchemaError):
        problems(schema, value)
    assert process_time() - start < 5


def test_recursion_that_multiplies_nothing_is_tried() -> None:
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
        "additionalProperties": False,
    }

    def of(depth: int) -> dict[str, Any]:
        return {"left": of(depth - 1), "right": of(depth - 1)} if depth else {}

    assert problems(tree, of(9)) == []
    assert problems(tree, {"left": {"up": 1}}) == ["$.left (additionalProperties)"]


def test_names_that_the_schema_does_not_say_are_not_told() -> None:
    schema = {"properties": {"a": {"additionalProperties": {"type": "string"}}}}
    assert problems(schema, {"a": {"4242424242424242": 1}}) == ["$.a.* (type)"]


def test_equal_data_of_a_plan_is_one_schema() -> None:
    data = {"maximum": {"$number": "99.990"}}
    assert of_plan(data) is of_plan(dict(data))
    assert of_plan(data) == {"maximum": Decimal("99.990")}


SLOW = ["(a+)+$", "(a|a)*b", "([a-z]+)*[0-9]", "(.*,){20}x", "^(?:a?){50}a{50}$", "(a*)*(b*)*c"]


@pytest.mark.parametrize("pattern", SLOW)
def test_no_pattern_and_no_text_takes_long(pattern: str) -> None:
    start = process_time()
    assert not matches(pattern, "a" * 50_000 + "!")
    assert problems({"pattern": f"^(?:{pattern})$"}, "a" * 50_000 + "!") != []
    assert process_time() - start < 5


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a", "a", True),
        ("a", "a\n", False),
        ("^a$", "a\n", False),
        ("a|b", "b", True),
        ("a|b", "ab", False),
        ("(?i)abc", "ABC", True),
        (r"\w{2}-\d+", "ab-12", True),
        (r"\d", "\u0663", False),
        (r"\p{L}+", "Zo\u00eb", True),
        ("[^,]*", "\ud800", False),
        ("", "", True),
        (r"[A-Za-z0-9]{1,5000}", "a" * 5000, True),
        (r"[A-Za-z0-9]{1,5000}", "a" * 5001, False),
    ],
)
def test_the_whole_text_matches(pattern: str, text: str, *, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["a)|(b", "(", "(?=a)", r"(a)\1", "[", "((a{999}){999}){999}"])
def test_what_is_no_pattern_of_ours(pattern: str) -> None:
    assert not is_pattern(pattern)
    assert not matches(pattern, "a")


WITH_DEFAULT = """forwardc: 1
name: case
title: A case
environments: {sandbox: {base_url: https://api.case.example}}
params:
  items: {type: json, default: [{price: 0.10, big: 123456789012345678901}], schema: {type: array}}
operations:
  pay:
    initiator: customer
    steps:
      send:
        request: {POST: /c, json: {pan: "${card.number}", items: "${params.items}"}}
        response: {outcome: by_status}
"""


def test_the_default_of_a_json_param_is_kept_to_the_digit() -> None:
    plan = plan_of(program_of(WITH_DEFAULT), "checkout")
    spec = read_part(ValueSpec, plan["params"]["items"])
    expected = [{"price": Decimal("0.10"), "big": 123456789012345678901}]
    assert repr(default_of(spec)) == repr(expected)
