"""The recipes of docs/recipes.md, through the envelope of a vault: what each answer means."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from answered import Body, enveloped, ran
from compiled import plan_of, program_of
from forwardc.plan.model import load_plan

SOAP: Final = (
    '<{p}:Envelope xmlns:{p}="http://schemas.xmlsoap.org/soap/envelope/"><{p}:Body>'
    "{inner}</{p}:Body></{p}:Envelope>"
)
PAID: Final = (
    '<q:chargeResponse xmlns:q="urn:example:pay"><q:code>{code}</q:code>'
    "<q:text>Do not honour</q:text></q:chargeResponse>"
)
FAULT: Final = "<{p}:Fault><faultcode>{code}</faultcode><faultstring>why</faultstring></{p}:Fault>"


def soap(inner: str, prefix: str = "s", **values: str) -> str:
    return SOAP.format(p=prefix, inner=inner.format(p=prefix, **values))


def gql(**answer: Any) -> str:
    return json.dumps(answer)


ANSWERS: Final = [
    ("graphql", 200, gql(data={"chargeCard": {"id": "1", "state": "SETTLED"}}), "approved", None),
    ("graphql", 200, gql(data={"chargeCard": {"state": "SETTLED"}}, errors=None), "approved", None),
    ("graphql", 200, gql(data={"chargeCard": {"state": "SETTLED"}}, errors=[]), "approved", None),
    ("graphql", 200, gql(data=None, errors=[{"message": "no card"}]), "rejected", "no card"),
    (
        *("graphql", 200),
        gql(data={"chargeCard": {"state": "SETTLED"}}, errors=[{"message": "partly"}]),
        *("rejected", "partly"),
    ),
    ("graphql", 200, gql(data={"chargeCard": None}), "unknown", "no rule holds"),
    ("graphql", 200, gql(data={"chargeCard": {"state": "DECLINED"}}), "declined", "answered 200"),
    ("graphql", 502, "<html>", "unknown", "answered 502"),
    ("soap", 200, soap(PAID, code="0"), "approved", None),
    ("soap", 200, soap(PAID, "x", code="0"), "approved", None),
    ("soap", 200, soap(PAID, code="51"), "declined", "Do not honour"),
    ("soap", 200, soap(FAULT, code="soap:Client"), "rejected", "why"),
    ("soap", 500, soap(FAULT, code="Client"), "rejected", "why"),
    ("soap", 200, soap(FAULT, code="soap:Server"), "unknown", "why"),
    ("soap", 500, soap(FAULT, "SOAP-ENV", code="soap:Server"), "unknown", "why"),
    ("soap", 500, soap(PAID, code="0"), "unknown", "no rule holds"),
    ("soap", 200, soap("<other/>"), "unknown", "no rule holds"),
    ("soap", 200, "{}", "unknown", "no XML"),
    ("flag", 200, '{"success": true}', "approved", None),
    ("flag", 200, '{"success": "true"}', "unknown", "no rule holds"),
    (
        *("flag", 200, '{"success": false, "error": {"type": "card", "text": "expired"}}'),
        *("declined", "expired"),
    ),
    ("flag", 200, '{"success": false, "error": {"code": 17}}', "rejected", "17"),
    ("flag", 200, "{}", "unknown", "no rule holds"),
    ("flag", 200, '{"success": true, "success": false}', "unknown", "cannot be computed"),
    ("empty", 204, "", "approved", None),
    ("empty", 200, "<html>", "unknown", "not empty"),
    ("empty", 404, "<html>", "rejected", "answered 404"),
]


@pytest.mark.parametrize(
    ("recipe", "status", "body", "outcome", "why"),
    ANSWERS,
    ids=[f"{row[0]}-{index}" for index, row in enumerate(ANSWERS)],
)
def test_a_recipe(
    root: Path, recipe: str, status: int, body: str, outcome: str, why: str | None
) -> None:
    text = (root / "docs" / "examples" / "recipes" / f"{recipe}.yaml").read_bytes()
    plan = load_plan(json.dumps(plan_of(program_of(text), "checkout")).encode())
    (operation,) = plan.operations
    answer = enveloped("checkout", Body(body, status=status))
    result = ran(plan, operation, "checkout", answer)
    assert str(result.outcome) == outcome
    assert (why in (result.reason or "")) if why else result.reason is None
