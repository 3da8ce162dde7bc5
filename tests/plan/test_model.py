"""Shipped plans load, and the model and the published schema refuse the same unknown members."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from forwardc.core.terms.codec import InvalidPlanError
from forwardc.plan.model import load_plan

Json = Any
# Below these members stand terms, whose objects are data.
TERMS = frozenset({"url", "body", "bind", "when", "secret", "query", "headers", "value"})
# Maps by names that the plan chooses.
NAMED = frozenset({"sources", "params", "secrets", "operations", "inputs", "has", "outputs"})
NAMED |= frozenset({"credentials"})
FREE = frozenset({"schema", "default"})


@pytest.fixture(scope="module")
def plans(root: Path) -> list[Json]:
    return [json.loads(path.read_text()) for path in sorted(root.glob("build/*/*/*.plan.json"))]


@pytest.fixture(scope="module")
def validator(root: Path) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        json.loads((root / "schemas/plan.schema.json").read_text())
    )


def _records(value: Json, named: bool = False) -> Iterator[Json]:
    """Every object with fixed members."""
    if not named:
        yield value
    for key, item in value.items():
        if not named and key in TERMS | FREE:
            continue
        items = item if isinstance(item, list) else [item]
        for one in items:
            if isinstance(one, dict):
                yield from _records(one, named=not named and key in NAMED)


def test_shipped_plans(plans: list[Json], validator: jsonschema_rs.Draft202012Validator) -> None:
    assert plans
    for plan in plans:
        assert load_plan(json.dumps(plan).encode()).destination == plan["destination"]
        assert validator.is_valid(plan)


@pytest.mark.costly
def test_unknown_members_are_refused_everywhere(
    plans: list[Json], validator: jsonschema_rs.Draft202012Validator
) -> None:
    for original in plans[:3]:
        plan = copy.deepcopy(original)
        for record in _records(plan):
            record["unexpected"] = 1
            assert not validator.is_valid(plan)
            with pytest.raises(InvalidPlanError):
                load_plan(json.dumps(plan).encode())
            del record["unexpected"]


def test_the_runtimes_own_examples_are_plans(root: Path) -> None:
    for path in (root / "tests/runtime/plans").iterdir():
        load_plan(path.read_bytes())


@pytest.mark.parametrize("name", ["a__b", "a_", "_a", "A", "a-b", "a\n", "", "a" * 65])
def test_names_of_which_two_could_share_a_variable_are_refused(
    plans: list[Json], validator: jsonschema_rs.Draft202012Validator, name: str
) -> None:
    plan = next(one for one in plans if one["secrets"])
    for key in ("vault", "destination", "account"):
        _refused(plan | {key: name}, validator)
    for key in ("secrets", "credentials"):
        _refused(plan | {key: {name: next(iter(plan[key].values()))}}, validator)
    (first, *_) = plan["secrets"]
    _refused(plan | {"secrets": {**plan["secrets"], first: {"owner": name}}}, validator)


def _refused(plan: Json, validator: jsonschema_rs.Draft202012Validator) -> None:
    assert not validator.is_valid(plan)
    with pytest.raises(InvalidPlanError, match="damaged at /"):
        load_plan(json.dumps(plan).encode())


@pytest.mark.parametrize("name", ["params", "fallback"])
def test_an_operation_that_names_what_is_not_there_is_no_plan(plans: list[Json], name: str) -> None:
    found = [plan for plan in plans if any(name in one for one in plan["operations"].values())]
    assert found
    for plan in copy.deepcopy(found):
        operation = next(one for one in plan["operations"].values() if name in one)
        if name == "params":
            plan["params"].pop(operation["params"][0])
        else:
            operation["fallback"]["operation"] = "hush"
        with pytest.raises(InvalidPlanError) as caught:
            load_plan(json.dumps(plan).encode())
        assert "hush" not in str(caught.value)
