"""The plan of a structure that was not written is the plan that is read from its file."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from compiled import assessed, program_of
from forwardc.compile.vaults.encode import Json, to_bytes
from forwardc.compile.vaults.plan_file import plan_file
from forwardc.core.terms.codec import InvalidPlanError
from forwardc.plan.model import load_plan
from forwardc.plan.unwritten import plan_of

CASES = Path(__file__).resolve().parent.parent / "cases" / "emit"
DESTINATIONS = sorted(path.parent.name for path in CASES.glob("*/destination.yaml"))
VAULTS = ("checkout", "stripe", "direct")
NUMBERS = """\
forwardc: 1
name: shop
title: Shop
environments: {sandbox: {base_url: https://api.shop.example}}
params:
  rate: {type: number, minimum: 0.5, maximum: 9.25, default: 1.10, example: 2}
  basket:
    type: json
    example: {}
    schema: {type: object, properties: {$a: {type: number, maximum: 0.75}}}
operations:
  pay:
    initiator: merchant
    steps:
      pay:
        request:
          POST: /pay
          headers: {X-Rate: "${text(params.rate)}"}
          json: {rate: "${params.rate}", basket: "${params.basket}"}
        response: {outcome: by_status}
"""


def documents(text: bytes, settings: dict[str, Any]) -> list[Json]:
    program = program_of(text, settings=settings)
    plans = []
    for vault in VAULTS:
        group = assessed(program, vault)
        plans.append(plan_file(group[0].vault, program, group))
    return [plan for plan in plans if plan is not None]


@pytest.mark.parametrize("name", DESTINATIONS)
def test_of_every_case(name: str) -> None:
    runs = CASES / name / "runs.yaml"
    values = yaml.safe_load(runs.read_text(encoding="utf-8")) if runs.exists() else {}
    text = (CASES / name / "destination.yaml").read_bytes()
    for document in documents(text, values.get("settings", {})):
        assert plan_of(document) == load_plan(to_bytes(document))


def test_of_numbers_with_fractions() -> None:
    plans = documents(NUMBERS.encode(), {})
    assert plans
    for document in plans:
        assert plan_of(document) == load_plan(to_bytes(document))


def test_what_is_damaged_is_named_alike() -> None:
    document = documents(NUMBERS.encode(), {})[0]
    damaged = {**document, "hosts": {"vault": 1, "moon": []}}
    messages = []
    for read in (lambda: plan_of(damaged), lambda: load_plan(to_bytes(damaged))):
        with pytest.raises(InvalidPlanError) as caught:
            read()
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "/hosts/moon" in messages[0]
