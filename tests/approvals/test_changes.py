"""The difference of two values: where, what kind, whose name, and never a value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.plan.changes import changes, covered_differences, described, differences_in_words
from forwardc.plan.digests import canonical


def shown(old: Any, new: Any) -> list[str]:
    return [str(found) for found in changes(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["changed /a"]),
        ({"a": 1}, {"a": True}, ["changed /a"]),
        ({"a": 1}, {"a": None}, ["changed /a"]),
        ({"a": 1}, {}, ["removed /a"]),
        ({}, {"a": {"b": 1}}, ["added /a"]),
        ({"a/b": {"c~d": 1}}, {"a/b": {"c~d": 2}}, ["changed /a~1b/c~0d"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ["moved /"]),
        ({"a": [1, 2, 3]}, {"a": [1, 9, 2, 3]}, ["added /a/1"]),
        ({"a": [1, 2, 3]}, {"a": [1, 3]}, ["removed /a/1"]),
        ({"a": [1, 2]}, {"a": [1, {"b": 2}]}, ["changed /a/1"]),
        ({"a": [1]}, {"a": {"0": 1}}, ["changed /a"]),
        (1, 2, ["changed /"]),
    ],
)
def test_places_and_kinds(old: Any, new: Any, expected: list[str]) -> None:
    assert shown(old, new) == expected


def test_a_header_in_between_is_one_change_with_its_name() -> None:
    old = {"headers": [["A", "1"], ["C", "3"]]}
    new = {"headers": [["A", "1"], ["B", "2"], ["C", "4"]]}
    assert shown(old, new) == ["changed /headers/2/1 (C)", "added /headers/1 (B)"]


def test_names_of_headers_fields_and_steps() -> None:
    assert shown({"headers": ["A", "B"]}, {"headers": ["B"]}) == ["removed /headers/0 (A)"]
    assert shown({"headers": ["A", "B"]}, {"headers": ["B", "A"]}) == ["moved /headers"]
    old = {"steps": [{"name": "pay", "fields": [{"at": "/number", "atom": "card.number"}]}]}
    new = {"steps": [{"name": "pay", "fields": [{"at": "/number", "atom": "card.cvc"}]}]}
    assert shown(old, new) == ["changed /steps/0/fields/0/atom (/number)"]
    left_out = {"$if": "params.a", "then": {"name": "B", "value": 1}}
    old = {"headers": [{"name": "A", "value": 1}, left_out]}
    new = {"headers": [{"name": "C", "value": 1}, *old["headers"]]}
    assert shown(old, new) == ["added /headers/0 (C)"]
    assert shown({"headers": ["A", "A"]}, {"headers": ["A"]}) == ["removed /headers/1"]


def test_a_long_list_of_changes_is_cut_and_holds_no_value() -> None:
    found = changes({}, {f"k{index}": "VALUE" for index in range(9)})
    assert described(found, most=2) == "added /k0; added /k1; and 7 more"
    assert "VALUE" not in described(changes({"a": ["VALUE"]}, {"a": ["OTHER"]}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "x", "y"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["headers", "name", "at", "a/b"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_there_are_changes_exactly_where_the_digests_differ(old: Any, new: Any) -> None:
    assert (changes(old, new) == []) == (canonical(old) == canonical(new))


def test_what_changed_is_told_by_the_name_of_what_covers_it() -> None:
    now = {"leaves": {"a": 1}, "behaviour": {"b": 2}}
    then = {"leaves": {"a": 2}, "behaviour": {"b": 3}}
    assert (
        differences_in_words(covered_differences(then, now))
        == "what leaves: changed /a; behaviour: changed /b"
    )
    assert (
        differences_in_words(covered_differences({**then, "leaves": {"a": 1}}, now))
        == "behaviour: changed /b"
    )
    assert differences_in_words(covered_differences(now, now)) == ""
