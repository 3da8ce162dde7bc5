"""What a vault's echo of the body that it sent tells of each value of the card."""

import json
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiled import plan_of, program_of
from forwardc.plan.model import PlanOperation, load_plan
from forwardc.runtime.run.losses import StepLosses, SuppliedValues, losses_of

PAN: Final = "424242******4242"
HEAD: Final = """
forwardc: 1
name: shop
title: Shop
docs: https://shop.example/docs
environments:
  sandbox: {base_url: "https://api.shop.example"}
params:
  note: {type: string, optional: true, description: A note}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          headers: {X-Note: "${params.note?}"}
"""
TAIL: Final = """
        response:
          outcome: by_status
"""
JSON_BODY: Final = """
          json:
            order: 1
            card: {number: "${card.number}", month: "${int(card.expiry.MM)}", cvc: "${card.cvc?}"}
            owner: ${card.holder_name}
"""
XML_BODY: Final = """
          xml:
            pay:
              .version: "1"
              card: {number: "${card.number}", .cvc: "${card.cvc?}"}
              owner: ${card.holder_name}
"""
SENT: Final[dict[str, Any]] = {
    "order": 1,
    "card": {"number": PAN, "month": 3, "cvc": "***"},
    "owner": "Ann",
}


@cache
def operation_of(body: str, vault: str = "stripe") -> PlanOperation:
    plan = plan_of(program_of(HEAD + body + TAIL), vault)
    return load_plan(json.dumps(plan).encode()).operations["pay"]


@pytest.fixture(scope="module")
def operation() -> PlanOperation:
    return operation_of(JSON_BODY)


def told(operation: PlanOperation, echo: Any, without: frozenset[str] = frozenset()) -> StepLosses:
    document = {"id": "fwdreq_1", "request_details": {"body": echo}}
    return losses_of(
        operation, operation.steps[0], SuppliedValues("pm_", without=without), document
    )


def card(**members: Any) -> str:
    """The echo with other members of the card; None takes one away."""
    changed = {**SENT["card"], **members}
    kept = {name: value for name, value in changed.items() if value is not ...}
    return json.dumps({**SENT, "card": kept})


NOT_SENT = StepLosses(losses=("card.cvc",))
NOT_TOLD = StepLosses(untold=("card.cvc",))
NOTHING_TOLD = StepLosses(untold=("card.cvc", "card.holder_name"))
OF_THE_CVC: Final = {
    "masked": (card(), StepLosses()),
    "clear": (card(cvc="123"), StepLosses()),
    "masked as a number": (card(cvc=999), StepLosses()),
    "blank": (card(cvc=""), NOT_SENT),
    "blank of spaces": (card(cvc=" \t"), NOT_SENT),
    "zero": (card(cvc=0), NOT_SENT),
    "gone": (card(cvc=...), NOT_SENT),
    "gone, and the number in clear": (card(cvc=..., number="4242424242424242"), NOT_SENT),
    "blank, and the number masked away": (card(cvc="", number=..., month=...), NOT_SENT),
    "gone with the number": (card(cvc=..., number=..., month=...), NOT_TOLD),
    "null": (card(cvc=None), NOT_TOLD),
    "true": (card(cvc=True), NOT_TOLD),
    "an object": (card(cvc={"masked": True}), NOT_TOLD),
    "a list": (card(cvc=[]), NOT_TOLD),
    "given twice": (card().replace('"cvc": "***"', '"cvc": "", "cvc": "***"'), NOT_TOLD),
    "the card masked whole": (json.dumps({**SENT, "card": "***"}), NOT_TOLD),
    "the card null": (json.dumps({**SENT, "card": None}), NOT_TOLD),
}
OF_ALL: Final = {
    "null": None,
    "empty": "",
    "a number": 5,
    "no JSON": "card=1",
    "cut at 5000": json.dumps({**SENT, "pad": "x" * 6000})[:5000],
    "cut in the middle": card()[:-9],
    "XML": "<pay><card/></pay>",
    "a list": "[]",
    "another body": "{}",
    "a text": '"***"',
    "JSON in a text of JSON": json.dumps(card(cvc="")),
    "not filled": json.dumps({"card": {"number": "", "month": 0, "cvc": ""}, "owner": ""}),
    "too deep": "[" * 5000,
}


@pytest.mark.parametrize(("echo", "lacks"), OF_THE_CVC.values(), ids=OF_THE_CVC)
def test_what_an_echo_tells(operation: PlanOperation, echo: str, lacks: StepLosses) -> None:
    assert told(operation, echo) == lacks


@pytest.mark.parametrize("echo", OF_ALL.values(), ids=OF_ALL)
def test_an_echo_that_tells_nothing(operation: PlanOperation, echo: Any) -> None:
    assert told(operation, echo) == NOTHING_TOLD


@pytest.mark.parametrize("document", [None, {}, {"request_details": None}, [], "text"])
def test_an_answer_without_an_echo(operation: PlanOperation, document: Any) -> None:
    assert losses_of(operation, operation.steps[0], SuppliedValues("pm_"), document) == NOTHING_TOLD


def test_a_required_value_may_be_missing_too(operation: PlanOperation) -> None:
    assert told(operation, json.dumps({**SENT, "owner": ""})) == StepLosses(
        losses=("card.holder_name",)
    )
    both = json.dumps({**SENT, "owner": "", "card": {**SENT["card"], "cvc": ""}})
    assert told(operation, both) == StepLosses(losses=("card.cvc", "card.holder_name"))


def test_what_was_left_out_on_purpose_is_neither(operation: PlanOperation) -> None:
    left_out = frozenset({"card.cvc"})
    assert told(operation, card(cvc=...), left_out) == StepLosses()
    assert told(operation, None, left_out) == StepLosses(untold=("card.holder_name",))


XML: Final = {
    "masked": ('<card cvc="***">', StepLosses()),
    "blank": ('<card cvc="">', NOT_SENT),
    "gone": ("<card>", NOT_SENT),
}


@pytest.mark.parametrize(("card", "lacks"), XML.values(), ids=XML)
def test_xml(card: str, lacks: StepLosses) -> None:
    number = f"<number>{PAN}</number></card>"
    body = f'<?xml version="1.0"?><pay version="1">{card}{number}<owner>Ann</owner></pay>'
    operation = operation_of(XML_BODY)
    assert told(operation, body) == lacks
    assert told(operation, body[:-3]) == NOTHING_TOLD
    blank = body.replace("<owner>Ann</owner>", "<owner/>")
    assert "card.holder_name" in told(operation, blank).losses
    assert told(operation, body.replace(number, "</card>")).losses == (
        ("card.cvc",) if 'cvc=""' in card else ()
    )


LISTS: Final = {
    "behind what is always there": (
        'json: {cards: ["${card.number}", "${card.cvc?}", x]}',
        [PAN, "", "x"],
        NOT_SENT,
    ),
    "a list of objects": (
        'json: {cards: [{number: "${card.number}"}, {cvc: "${card.cvc}"}]}',
        [{"number": PAN}, {"cvc": ""}],
        NOT_SENT,
    ),
    "gone at the end": ('json: {cards: ["${card.number}", "${card.cvc?}"]}', [PAN], NOT_SENT),
    "behind what may be left out": (
        'json: {cards: ["${card.number}", "${params.note?}", "${card.cvc?}"]}',
        [PAN, ""],
        NOT_TOLD,
    ),
    "below what may have moved": (
        'json: {cards: ["${card.number}", "${params.note?}", {cvc: "${card.cvc}"}]}',
        [PAN, {"cvc": ""}],
        NOT_TOLD,
    ),
}


@pytest.mark.parametrize(("body", "cards", "lacks"), LISTS.values(), ids=LISTS)
def test_leaves_of_lists(body: str, cards: list[Any], lacks: StepLosses) -> None:
    assert told(operation_of(f"          {body}\n"), json.dumps({"cards": cards})) == lacks


def test_one_value_in_two_places() -> None:
    operation = operation_of(
        '          json: {number: "${card.number}", a: "${card.cvc}", b: "${card.cvc}"}\n'
    )
    fates = {
        ("***", "***"): StepLosses(),
        ("", ""): NOT_SENT,
        ("", "***"): NOT_TOLD,
        ("***", None): NOT_TOLD,
    }
    for (one, other), lacks in fates.items():
        assert told(operation, json.dumps({"number": PAN, "a": one, "b": other})) == lacks


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["card", "cvc", "number", "month", "owner", "0"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(VALUES | st.text(), st.sets(st.sampled_from(["card.cvc", "card.holder_name"])))
def test_no_echo_makes_an_atom_both(echo: Any, without: set[str]) -> None:
    operation = operation_of(JSON_BODY)
    for body in (echo, json.dumps(echo)):
        lacks = told(operation, body, frozenset(without))
        assert not set(lacks.losses) & set(lacks.untold)
        assert not {*lacks.losses, *lacks.untold} & without
        assert {*lacks.losses, *lacks.untold} <= {"card.cvc", "card.holder_name"}
