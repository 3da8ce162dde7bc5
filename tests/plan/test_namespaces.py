"""Namespaces of answers in a plan: there where they are declared, and part of what decides."""

import json
from typing import Any

from answered import plans
from compiled import plan_of, program_of
from forwardc.plan.changes import digests
from forwardc.plan.model import Plan, load_plan

RULE = """\
          outcome:
            - {when: "${response.xml['p:answer']['p:state'] == 'paid'}", is: approved}
            - {is: unknown}
"""


def plan(uri: str | None, way: str = "checkout") -> Plan:
    declared = "" if uri is None else f'          namespaces: {{p: "{uri}"}}\n'
    return plans({"pay": declared + RULE})[way]


def test_they_stand_in_the_step_where_they_are_declared() -> None:
    for way in ("direct", "checkout", "stripe"):
        assert plan("urn:pay", way).operations["pay"].steps[0].namespaces == {"p": "urn:pay"}
        assert not plan(None, way).operations["pay"].steps[0].namespaces


def test_a_step_without_them_has_no_such_key() -> None:
    text = """\
forwardc: 1
name: shop
title: A shop
environments: {sandbox: {base_url: https://api.shop.example}}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request: {POST: /pay, json: {number: "${card.number}"}}
        response: {outcome: [{when: "${response.status == 200}", is: approved}]}
"""
    found: Any = plan_of(program_of(text), "checkout")
    assert "namespaces" not in found["operations"]["pay"]["steps"][0]
    assert load_plan(json.dumps(found).encode()).operations["pay"].steps[0].namespaces == {}


def test_another_namespace_is_another_behaviour_and_sends_the_same() -> None:
    one, other = digests(plan("urn:pay"), "pay"), digests(plan("urn:pay:2"), "pay")
    none = digests(plan(None), "pay")
    assert one["leaves"] == other["leaves"] == none["leaves"]
    assert len({one["behaviour"], other["behaviour"], none["behaviour"]}) == 3
