"""Frozen dataclasses as JSON and back: what fits comes back equal, what does not is refused."""

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwardc.compile.ir.summary import DestinationSummary, SecretSummary
from forwardc.compile.review.compiled_destination import CompiledDestination
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.records import RecordError, from_record, reader_of, to_record

SPAN = Span("a.yaml", Position(1, 2), Position(1, 5))


def again(value: Any) -> Any:
    return from_record(type(value), json.loads(json.dumps(to_record(value))))


@settings(max_examples=20)
@given(st.from_type(CompiledDestination))
def test_whatever_stays_of_a_destination_comes_back_equal(kept: CompiledDestination) -> None:
    assert again(kept) == kept


@given(st.from_type(Diagnostic))
def test_a_finding_comes_back_equal(finding: Diagnostic) -> None:
    assert again(finding) == finding


def test_the_form_is_the_documented_one() -> None:
    assert to_record(SPAN) == ["a.yaml", [1, 2], [1, 5]]


WRONG: dict[str, Any] = {
    "no array": {"path": "a.yaml"},
    "too short": ["a.yaml", [1, 2]],
    "too long": ["a.yaml", [1, 2], [1, 5], None],
    "a text for a number": ["a.yaml", ["1", 2], [1, 5]],
    "a boolean for a number": ["a.yaml", [True, 2], [1, 5]],
    "nothing": None,
    "nothing inside": ["a.yaml", None, [1, 5]],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_is_refused_without_its_value(wrong: str) -> None:
    with pytest.raises(RecordError) as refused:
        from_record(Span, WRONG[wrong])
    assert "a.yaml" not in str(refused.value)


@pytest.mark.parametrize("wrong", WRONG)
def test_it_is_refused_after_one_that_fits_too(wrong: str) -> None:
    """What was read before makes no other data fit: `True` is equal to 1, and is no line."""
    assert from_record(Span, ["a.yaml", [1, 2], [1, 5]]) == SPAN
    with pytest.raises(RecordError):
        from_record(Span, WRONG[wrong])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=14) | st.dictionaries(st.text(max_size=3), inner),
    )
)
def test_any_json_is_read_or_refused(data: Any) -> None:
    for kind in (CompiledDestination, DestinationSummary, Diagnostic):
        try:
            from_record(kind, data)
        except RecordError:
            continue


def test_a_type_without_a_form_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        reader_of(complex)
    with pytest.raises(TypeError):
        to_record(SecretSummary("a", SPAN, b"/"))  # type: ignore[arg-type]


def test_every_field_of_a_summary_is_in_its_record() -> None:
    assert len(to_record(SecretSummary("a", SPAN, "/a"))) == len(fields(SecretSummary))
