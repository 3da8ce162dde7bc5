"""What a partner is told of what the destination did not get, and how a lookup leaves it out."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from emulated_cards import FORM, MAKERS_KEY
from forwardc.server.telemetry.metrics import Metrics
from forwardc.server.telemetry.telemetry import Telemetry
from sharing_house import BILLING, House, checkout, stripe

Serve = Callable[..., Any]
ADDRESS = {**BILLING, "billing.line2": "Floor 2", "billing.state": "MI"}
DECLINED = "4000000000000002"


async def new_method(house: House, **more: str) -> str:
    """A payment method of the house's own sandbox, whose CVC serves once."""
    async with httpx.AsyncClient(
        transport=house.vaults, base_url="https://api.stripe.com", headers=MAKERS_KEY
    ) as client:
        answer = await client.post("/v1/payment_methods", data={**FORM, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def twice(house: House, **more: str) -> tuple[Any, httpx.Response]:
    """One card for two payments, with a whole address: what each was answered."""
    method = await new_method(house, **more)
    for reference in ("first", "second"):
        house.lookup.instruments[reference] = replace(stripe(method), inputs=ADDRESS)
    first, second = await house.post("first"), await house.post("second")
    assert (first.status_code, second.status_code) == (200, 200), second.text
    return first.json(), second


def test_a_spent_cvc_is_named(serve: Serve) -> None:
    async def work(house: House) -> None:
        first, second = await twice(house)
        assert not {"losses", "untold", "advice"} & {*first}
        assert second.json()["losses"] == ["card.cvc"]
        assert not {"untold", "advice"} & {*second.json()}
        again = await house.post("second")
        assert again.content == second.content
        run = house.store.load(second.headers["forwardc-run"])
        assert run is not None
        assert run.summary.losses == ("card.cvc",)

    serve(work)


def test_a_decline_after_one_says_what_helps(serve: Serve) -> None:
    async def work(house: House) -> None:
        first, second = await twice(house, **{"card[number]": DECLINED})
        assert first["status"] == second.json()["status"] == 402
        assert "advice" not in first
        assert second.json()["reason"] == first["reason"]
        assert second.json()["advice"].startswith(
            "sent without: card.cvc, which may be why: ask the customer for the CVC again"
        )

    serve(work)


def test_a_lookup_leaves_out_on_purpose(serve: Serve) -> None:
    async def work(house: House) -> None:
        method = await new_method(house)
        known = replace(
            stripe(method), inputs=ADDRESS, without=frozenset({"card.cvc", "card.pin_first_two"})
        )
        house.lookup.instruments |= {"one": known, "two": known}
        for reference in ("one", "two"):
            answer = await house.post(reference)
            assert answer.status_code == 200
            assert not {"losses", "untold", "advice"} & {*answer.json()}
            run = house.store.load(answer.headers["forwardc-run"])
            assert run is not None
            assert (run.without, run.losses) == (("card.cvc",), ())
        arrived = [one for one in house.vaults.world.received if one.host != "api.stripe.com"]
        assert ["cvc" in json.loads(one.body)["payment"] for one in arrived] == [False, False]

    serve(work)


def test_an_address_that_the_lookup_lacks_is_named(serve: Serve) -> None:
    async def work(house: House) -> None:
        house.lookup.instruments["bare"] = replace(stripe(await new_method(house)), inputs={})
        answer = await house.post("bare")
        parts = ("line1", "line2", "city", "state", "postal_code", "country")
        assert answer.json()["losses"] == [f"billing.{part}" for part in parts]
        run = house.store.load(answer.headers["forwardc-run"])
        assert run is not None
        assert run.losses == tuple(answer.json()["losses"])

    serve(work)


def test_what_checkout_does_not_tell_is_no_loss(serve: Serve) -> None:
    async def work(house: House) -> None:
        house.lookup.instruments["one"] = checkout("visa_approved")
        document = (await house.post("one")).json()
        assert document["losses"] == ["card.cvc"]
        assert "billing.line1" in document["untold"]
        assert not {*document["losses"]} & {*document["untold"]}

    serve(work)


@pytest.mark.parametrize("losses", [(), ("card.cvc", "billing.city")], ids=["none", "two"])
def test_losses_are_counted_by_name(losses: tuple[str, ...]) -> None:
    metrics = Metrics()
    Telemetry(metrics).forward("stripe", "rokt", "declined", losses)
    counted = [
        line
        for line in metrics.text().decode().splitlines()
        if line.startswith("forwardc_losses_total{")
    ]
    assert sorted(counted) == [
        f'forwardc_losses_total{{atom="{atom}",destination="rokt",vault="stripe"}} 1.0'
        for atom in sorted(losses)
    ]
