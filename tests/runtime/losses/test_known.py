"""What a run says of losses where no echo tells: by inputs, by an answer before, by nobody."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.run.losses import atoms_held
from forwardc.runtime.run.request import RunRequest

SOURCE = "src_" + "a" * 26
TOKEN = "tok_" + "b" * 26
PAY = {"amount": "1000", "currency": "EUR", "reference": "O-1"}
PAID = RunRequest(source=SOURCE, texts={**PAY, "return_url": "https://shop.example/return"})
APPROVED = {"resultCode": "Authorised", "pspReference": "P1"}
INSTRUMENT = {"id": SOURCE, "name": "Ann", "network_token": {"state": "inactive"}}


@pytest.fixture(scope="session")
def plans(root: Path) -> Mapping[str, Plan]:
    """The plans of Adyen and Stripe through Checkout.com, and of Rokt through Stripe."""
    names = ("checkout/adyen", "checkout/stripe", "stripe/rokt")
    built = root / "build"
    return {name: load_plan((built / name / "sandbox.plan.json").read_bytes()) for name in names}


def test_inputs_tell_of_a_cvc(plans, execute, forwarded) -> None:
    plan = plans["checkout/adyen"]
    without = execute(plan, "card_cit", PAID, lambda _: forwarded(200, APPROVED)).done
    assert (without.losses, without.untold) == (("card.cvc",), ("card.holder_name",))
    given = replace(PAID, inputs={"cvv_token": TOKEN})
    with_cvc = execute(plan, "card_cit", given, lambda _: forwarded(200, APPROVED)).done
    assert (with_cvc.losses, with_cvc.untold) == ((), ("card.holder_name",))
    of_a_token = replace(PAID, source=TOKEN)
    token = execute(plan, "card_cit", of_a_token, lambda _: forwarded(200, APPROVED)).done
    assert (token.losses, token.untold) == ((), ("card.cvc", "card.holder_name"))


def test_where_nothing_was_sent_nothing_is_lost(plans, execute) -> None:
    for answer in (httpx.Response(422, json={}), httpx.ConnectError("no")):
        ran = execute(plans["checkout/adyen"], "card_cit", PAID, lambda _, it=answer: it).done
        assert ran.outcome == "rejected"
        assert (ran.losses, ran.untold) == ((), ())


def test_a_request_without_an_answer_says_what_inputs_tell(plans, execute) -> None:
    ran = execute(plans["checkout/adyen"], "card_mit", PAID, lambda _: httpx.ReadTimeout("no")).done
    assert (ran.outcome, ran.losses, ran.untold) == ("unknown", (), ("card.holder_name",))
    ran = execute(plans["checkout/adyen"], "card_cit", PAID, lambda _: httpx.ReadTimeout("no")).done
    assert (ran.outcome, ran.losses) == ("unknown", ("card.cvc",))


def test_losses_are_those_of_their_step(plans, execute, forwarded) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/forward":
            return forwarded(200, {"id": "pm_1", "livemode": False})
        return httpx.Response(200, json={"id": "pi_1", "status": "succeeded", "livemode": False})

    request = RunRequest(source=SOURCE, texts={"amount": "1000", "currency": "EUR"})
    # Its secrets are made up, and have no form of Stripe's.
    emulated = type(execute)(replace(execute.ambient, emulated=True))
    ran = emulated(plans["checkout/stripe"], "payment", request, answer).done
    method, *others = ran.steps
    assert method.losses == ("card.cvc",)
    assert others
    assert all((step.losses, step.untold) == ((), ()) for step in others)
    assert ran.losses == ("card.cvc",)


ANSWERS: dict[str, tuple[int, Any, tuple[str, ...], tuple[str, ...]]] = {
    "it has the name": (200, INSTRUMENT, (), ()),
    "no name": (200, {**INSTRUMENT, "name": None}, ("card.holder_name",), ()),
    "a blank name": (200, {**INSTRUMENT, "name": " "}, ("card.holder_name",), ()),
    "a name in parts only": (
        200,
        {"id": SOURCE, "account_holder": {"first_name": "Ann"}},
        (),
        ("card.holder_name",),
    ),
    "a name of another type": (200, {**INSTRUMENT, "name": 5}, (), ("card.holder_name",)),
    "no instrument": (404, {}, (), ("card.holder_name",)),
    "no JSON object": (200, [], (), ("card.holder_name",)),
}


@pytest.mark.parametrize(("status", "told", "lost", "untold"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_before_the_run_tells(
    plans,
    execute,
    forwarded,
    status: int,
    told: Any,
    lost: tuple[str, ...],
    untold: tuple[str, ...],
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(status, json=told)
        return forwarded(200, APPROVED)

    given = replace(PAID, inputs={"cvv_token": TOKEN})
    ran = execute(plans["checkout/adyen"], "network_token_cit", given, answer).done
    assert (ran.operation, ran.fell_back) == ("card_cit", True)
    assert (ran.losses, ran.untold) == (lost, untold)


def test_the_fallback_may_leave_out_what_only_it_has(plans, execute, forwarded) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}) if request.method == "GET" else forwarded(200, APPROVED)

    left_out = frozenset({"card.cvc", "card.holder_name"})
    asked = replace(PAID, without=left_out)
    ran = execute(plans["checkout/adyen"], "network_token_cit", asked, answer).done
    assert (ran.losses, ran.untold, frozenset(ran.without)) == ((), (), left_out)


def test_an_address_is_left_out_on_purpose_or_lost(plans, execute) -> None:
    inner = {"status": 200, "headers": [], "body": '{"status":"ok"}'}
    echo = '{"payment":{"number":"424242******4242","cvc":"***"}}'
    whole = {"response_details": inner, "request_details": {"body": echo}, "livemode": False}
    request = RunRequest(
        source="pm_1234",
        texts={"reference": "O-1"},
        inputs={"billing.line1": "1 Main Street", "billing.city": "Springfield"},
        without=frozenset({"billing.city", "billing.line2", "billing.state"}),
    )
    ran = execute(plans["stripe/rokt"], "share", request, lambda _: httpx.Response(200, json=whole))
    assert ran.done.losses == ("billing.postal_code", "billing.country")
    sent = ran.requests[0].content.decode()
    assert "Main" in sent
    assert "Springfield" not in sent


def test_a_required_value_is_not_left_out(plans, execute) -> None:
    asked = replace(PAID, without=frozenset({"card.number"}))
    ran = execute(plans["checkout/adyen"], "card_cit", asked, lambda _: None)
    assert (ran.result, ran.codes, ran.requests) == (None, ["FC0801"], [])


def test_a_place_decides_only_where_it_is_certain() -> None:
    places = {"card.holder_name": ("/name", "/first")}
    assert atoms_held(places, {"name": "Ann"}) == {"card.holder_name": True}
    assert atoms_held(places, {}) == {"card.holder_name": False}
    assert atoms_held(places, {"first": "Ann"}) == {}
    assert atoms_held(places, {"name": 1}) == {}
    assert atoms_held(places, {"first": ["Ann"]}) == {}
