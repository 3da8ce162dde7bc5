"""How the plan says that a loss is known: for each vault, kind of source and value of the card."""

import json
from pathlib import Path
from typing import Any

import pytest

from compiled import plan_of, program_of
from forwardc.plan.model import load_plan

BODY = """
forwardc: 1
name: shop
title: Shop
docs: https://shop.example/docs
environments:
  sandbox: {base_url: "https://api.shop.example"}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          json: BODY
        response:
          outcome: by_status
"""


def losses(body: str, vault: str, **step: Any) -> Any:
    plan = plan_of(program_of(BODY.replace("BODY", body)), vault)
    load_plan(json.dumps(plan).encode())
    assert all("losses" not in step for step in plan["operations"]["pay"]["steps"])
    by_step = plan["operations"]["pay"].get("losses")
    return by_step and by_step["pay"]


UNTOLD = {"by": "untold"}
CARD = '{number: "${card.number}", cvc: "${card.cvc?}", name: "${card.holder_name?}"}'


def test_at_stripe_the_echo_tells() -> None:
    assert losses(CARD, "stripe") == {
        "pm_": {
            "card.cvc": {"by": "echo", "at": ["/cvc"]},
            "card.holder_name": {"by": "echo", "at": ["/name"]},
        }
    }


def test_at_stripe_the_caller_brings_the_address() -> None:
    body = '{number: "${card.number}", city: "${billing.city?}", country: "${billing.country}"}'
    assert losses(body, "stripe") == {
        "pm_": {"billing.city": {"by": "inputs", "input": "billing.city"}}
    }


def test_at_checkout_the_inputs_tell_of_the_cvc_and_nobody_of_the_rest() -> None:
    body = CARD[:-1] + ', pin: "${card.pin_first_two?}", city: "${billing.city?}"}'
    assert losses(body, "checkout") == {
        "src_": {
            "card.cvc": {"by": "inputs", "input": "cvv_token"},
            "card.pin_first_two": {"by": "inputs", "input": "pin_token"},
            "card.holder_name": UNTOLD,
            "billing.city": UNTOLD,
        },
        "tok_": {
            "card.cvc": UNTOLD,
            "card.pin_first_two": {"by": "inputs"},
            "card.holder_name": UNTOLD,
            "billing.city": UNTOLD,
        },
    }


def test_what_a_run_must_bring_is_never_lost() -> None:
    body = '{number: "${card.number}", cvc: "${card.cvc}", name: "${card.holder_name}"}'
    assert losses(body, "checkout") == {
        "src_": {"card.holder_name": UNTOLD},
        "tok_": {"card.cvc": UNTOLD, "card.holder_name": UNTOLD},
    }


@pytest.mark.parametrize("vault", ["stripe", "checkout"])
def test_where_nothing_can_be_missing_the_plan_says_nothing(vault: str) -> None:
    assert losses('{number: "${card.number}", month: "${card.expiry.MM}"}', vault) is None


def test_an_answer_before_the_run_tells_where_one_is_asked_for(root: Path) -> None:
    plan = json.loads((root / "build/checkout/adyen/sandbox.plan.json").read_bytes())
    operations = plan["operations"]
    losses = operations["card_cit"]["losses"]["pay"]
    assert losses["src_"]["card.holder_name"] == {"by": "asked"}
    assert losses["tok_"]["card.holder_name"] == UNTOLD
    asked = operations["network_token_cit"]["fallback"]["ask"]
    assert asked["holds"]["card.holder_name"][0] == "/name"


def test_a_direct_step_sends_nothing_of_a_card(root: Path) -> None:
    plan = json.loads((root / "build/direct/rocketpay/sandbox.plan.json").read_bytes())
    operations = plan["operations"].values()
    assert operations
    assert all("losses" not in one for one in operations)
    assert all("echo" not in step for one in operations for step in one["steps"])
