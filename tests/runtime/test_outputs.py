"""Outputs of a step: the declared type decides, however the destination writes the value."""

from decimal import Decimal
from typing import Any

import pytest

from forwardc.core.documents.reading import read_part
from forwardc.plan.answers import PlanOutput
from forwardc.runtime.run.answer import DestinationAnswer, Headers
from forwardc.runtime.run.step_result import StepOutputs, step_outputs


def taken(body: str, kind: str, *, optional: bool = False) -> StepOutputs:
    output = read_part(PlanOutput, {"at": "/v", "type": kind, "optional": optional})
    document = DestinationAnswer(200, Headers(), body).values().document()
    return step_outputs({"v": output}, document)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("text", "12345678901234567890123", "12345678901234567890123"),
        ("text", "-7", "-7"),
        ("text", "1.10", "1.10"),
        ("text", '"007"', "007"),
        ("text", "true", None),
        ("text", "null", None),
        ("text", "[1]", None),
        ("integer", "9007199254740993", 9007199254740993),
        ("integer", '"42"', 42),
        ("integer", '"-42"', -42),
        ("integer", '" 42\\n"', 42),
        ("integer", '"007"', 7),
        ("integer", "5.0", 5),
        ("integer", '"5.00"', 5),
        ("integer", "5.5", None),
        ("integer", '"5,5"', None),
        ("integer", '"0x10"', None),
        ("integer", '"1_000"', None),
        ("integer", '"+1"', None),
        ("integer", '"\u0661"', None),
        ("integer", '""', None),
        ("integer", "1e4000", None),
        ("integer", '"' + "9" * 5000 + '"', None),
        ("integer", "true", None),
        ("number", "1.10", Decimal("1.10")),
        ("number", '"1.10"', Decimal("1.10")),
        ("number", '"12"', 12),
        ("number", '"1e5"', None),
        ("number", '"NaN"', None),
        ("number", '"1."', None),
        ("boolean", "true", True),
        ("boolean", '"true"', True),
        ("boolean", '"false"', False),
        ("boolean", '"True"', None),
        ("boolean", '"Y"', None),
        ("boolean", "1", None),
        ("boolean", '"1"', None),
    ],
)
def test_the_declared_type_decides(kind: str, given: str, value: Any) -> None:
    found = taken(f'{{"v": {given}}}', kind)
    assert found.values == ({} if value is None else {"v": value})
    assert [type(item) for item in found.values.values()] == [type(value)] * len(found.values)
    assert found.missing == (("v",) if value is None else ())


@pytest.mark.parametrize("body", ["v=42", "v=42&", '{"v": 42}', '{"v": "42"}', "<v>42</v>"])
def test_a_number_in_every_syntax(body: str) -> None:
    assert taken(body, "integer").values == {"v": 42}
    assert taken(body, "text").values == {"v": "42"}
    assert type(taken(body, "text").values["v"]) is str


@pytest.mark.parametrize("body", ['{"v": 1, "v": "1"}', "v=1&v=2", '{"v": {"a": 1}, "v": 2}'])
def test_a_value_that_comes_twice_is_missing(body: str) -> None:
    found = taken(body, "text")
    assert (found.values, found.missing) == ({}, ("v",))
    assert found.lacking() == "the answer gives v twice, with different values"
    assert taken(body, "text", optional=True) == StepOutputs({})


def test_a_value_inside_something_that_comes_twice_is_missing() -> None:
    body = DestinationAnswer(200, Headers(), '{"a": {"b": 1}, "a": {"b": 1, "c": 2}}')
    declared = {name: PlanOutput(at=at) for name, at in {"b": "/a/b", "other": "/x"}.items()}
    found = step_outputs(declared, body.values().document())
    assert found.lacking() == (
        "the answer lacks other; the answer gives b twice, with different values"
    )
