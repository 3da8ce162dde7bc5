"""What an approval covers of amounts: a digit is part of what leaves, a table's name is not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from compiled import plan_of, program_of
from forwardc.core.terms.codec import InvalidPlanError, from_json, to_json
from forwardc.plan.digests import approval_digest, behaviour_digest, leaving
from forwardc.plan.model import Plan, load_plan

SHOP = """forwardc: 1
name: shop
title: Shop
environments: {sandbox: {base_url: https://api.shop.example}}
money: {table: stripe}
params:
  amount: {type: amount}
  currency: {type: currency, values: [EUR, ISK, USD]}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        deliver: direct
        request: {POST: /pay, json: {v: "${params.amount}", c: "${params.currency}"}}
        response:
          outputs: {done: {at: /v, type: amount, currency: params.currency, asked: params.amount}}
          outcome: [{when: "${response.status == 200}", is: approved}]
  ping:
    initiator: customer
    steps:
      ping:
        deliver: direct
        request: {POST: /ping, json: {c: "${params.currency}"}}
        response: {outcome: [{when: "${response.status == 200}", is: approved}]}
"""


def shop(change: Callable[[dict[str, Any]], object] = lambda _: None) -> Plan:
    data = plan_of(program_of(SHOP), "direct")
    change(data)
    return load_plan(json.dumps(data).encode())


def digests(plan: Plan, operation: str = "pay") -> tuple[str, str]:
    return approval_digest(plan, operation), behaviour_digest(plan, operation)


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["money"]["digits"].update(ISK=[0, 0, 1]),
        lambda plan: plan["money"]["digits"].update(ISK=[0, 2, 1]),
        lambda plan: plan["money"]["digits"].update(EUR=[3, 2, 1]),
        lambda plan: plan["money"]["digits"].pop("USD"),
        lambda plan: plan["money"].update(unit="major"),
        lambda plan: plan["money"].update(form="text"),
        lambda plan: plan["money"].update(max_digits=9),
        lambda plan: plan["money"].update(min="1"),
    ],
)
def test_a_changed_digit_is_a_changed_approval(change: Callable[[dict[str, Any]], object]) -> None:
    assert digests(shop(change))[0] != digests(shop())[0]
    assert digests(shop(change), "ping") == digests(shop(), "ping")


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["money"].update(as_of="2030-01-01"),
        lambda plan: plan["money"].update(table="other"),
        lambda plan: plan["money"]["digits"].update(JPY=[0, 0, 1]),
    ],
)
def test_what_cannot_leave_changes_no_approval(change: Callable[[dict[str, Any]], object]) -> None:
    assert digests(shop(change)) == digests(shop())


def test_how_an_answer_is_believed_is_approved_too() -> None:
    def unasked(plan: dict[str, Any]) -> None:
        del plan["operations"]["pay"]["steps"][0]["outputs"]["done"]["asked"]

    assert digests(shop(unasked))[1] != digests(shop())[1]


def test_only_what_counts_names_digits() -> None:
    assert leaving(shop(), "pay")["money"]["digits"] == {
        "EUR": "2 2 1",
        "ISK": "0 2 100",
        "USD": "2 2 1",
    }
    assert "money" not in leaving(shop(), "ping")


@pytest.mark.parametrize(
    "hole",
    [
        {"of": "params.amount", "in": "params.currency"},
        {"of": "params.amount", "in": "EUR"},
        {"of": 5, "in": "EUR", "as": "decimal"},
        {"in": "params.currency", "as": "exponent"},
        {"of": "params.lines", "in": "ISK", "at": ["/*/price"]},
    ],
)
def test_the_term_of_an_amount_is_written_and_read(hole: dict[str, Any]) -> None:
    assert to_json(from_json({"$amount": hole})) == {"$amount": hole}


@pytest.mark.parametrize(
    "hole",
    [
        {"of": "params.amount"},
        {"in": "EUR"},
        {"of": "params.amount", "in": "EUR", "as": "exponent"},
        {"of": "params.amount", "in": "EUR", "as": "rounded"},
        {"of": "params.amount", "in": "EUR", "with": 1},
        [],
        "EUR",
    ],
)
def test_a_damaged_amount_is_no_plan(hole: object) -> None:
    with pytest.raises(InvalidPlanError):
        from_json({"$amount": hole})
