"""What a call is answered, by what became of the payment. Every case of docs/partner-api.md."""

import json
from collections.abc import Callable
from time import monotonic
from typing import Any

import httpx
import pytest

from sharing_house import EMAIL, House, checkout

Serve = Callable[..., Any]


def envelope(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert [*document][:4] == ["status", "headers", "body", "request-time"]
    assert {*document} - {"reason", "losses", "untold", "advice"} == {
        *("status", "headers", "body", "request-time")
    }
    return document


def problem(answer: httpx.Response, status: int, slug: str) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["type"]) == (status, f"/problems/{slug}")
    return document


def test_approved_at_checkout(serve_on_both: Serve) -> None:
    async def work(house: House) -> None:
        answer = await house.post()
        document = envelope(answer)
        assert document["status"] == 200
        assert document["headers"]["Content-Type"] == "application/json"
        assert isinstance(document["request-time"], int)
        inner = document["body"]["destination_response"]
        assert inner["status"] == 200
        assert json.loads(inner["body"])["reference"] == "pay-1"
        assert "idempotent-replayed" not in answer.headers
        run = house.store.load(answer.headers["forwardc-run"])
        assert run is not None
        assert (run.summary.outcome, run.summary.reference) == ("approved", "pay-1")
        assert house.arrived() == 1

    serve_on_both(work)


def test_the_cvc_and_the_billing_address_of_the_vault(serve: Serve) -> None:
    async def work(house: House) -> None:
        async with httpx.AsyncClient(transport=house.vaults) as client:
            made = await client.post(
                "https://api.sandbox.checkout.com/tokens",
                json={"type": "cvv", "token_data": {"cvv": "123"}},
                headers={"Authorization": f"Bearer {public_key()}"},
            )
        house.lookup.instruments["pay-1"] = checkout(
            "visa_approved", cvv_token=made.json()["token"]
        )
        envelope(await house.post())
        (received,) = house.vaults.world.received
        sent = json.loads(received.body)
        assert sent["payment"]["cvc"] == "123"
        assert sent["billingAddress"]["line1"] not in ("", "1 Main Street")

    serve(work)


def public_key() -> str:
    from base64 import b32encode
    from hashlib import sha256

    digest = sha256(b"forwardc-sandbox:vault:checkout:public_key").digest()
    return "pk_sbox_" + b32encode(digest).decode().lower()[:27]


def test_approved_at_stripe_with_the_billing_address_of_the_lookup(serve_on_both: Serve) -> None:
    async def work(house: House) -> None:
        document = envelope(await house.post("pay-stripe"))
        assert document["status"] == 200
        assert document["body"]["object"] == "forwarding.request"
        (received,) = house.vaults.world.received
        address = json.loads(received.body)["billingAddress"]
        assert (address["line1"], address["country"]) == ("1 Main Street", "US")

    serve_on_both(work)


@pytest.mark.parametrize("reference", ["pay-declined", "pay-stripe-declined"])
def test_a_decline_is_nested(serve: Serve, reference: str) -> None:
    async def work(house: House) -> None:
        first, again = await house.post(reference), await house.post(reference)
        assert envelope(first)["status"] == 402
        assert envelope(first)["reason"] == "decline"
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert house.arrived() == 1

    serve(work)


def test_a_destinations_4xx_is_nested(serve: Serve) -> None:
    async def work(house: House) -> None:
        long = {"billing.line1": "x" * 300}
        stripe = house.lookup.instruments["pay-stripe"]
        stripe.inputs.update(long)  # type: ignore[attr-defined]
        first = await house.post("pay-stripe")
        assert envelope(first)["status"] == 422
        assert (await house.post("pay-stripe")).content == first.content
        assert len(house.vaults.forwards) == 1

    serve(work)


def test_a_vaults_4xx_is_nested_and_sent_again(serve: Serve) -> None:
    async def work(house: House) -> None:
        first = await house.post("pay-gone")
        document = envelope(first)
        assert document["status"] == 422
        assert "error_type" in document["body"]
        assert document["headers"] == {}
        again = await house.post("pay-gone")
        assert "idempotent-replayed" not in again.headers
        assert again.headers["forwardc-run"] != first.headers["forwardc-run"]
        assert (len(house.vaults.forwards), house.arrived()) == (2, 0)
        house.lookup.instruments["pay-gone"] = checkout("visa_approved")
        assert envelope(await house.post("pay-gone"))["status"] == 200

    serve(work)


@pytest.mark.parametrize("status", [401, 403])
def test_a_vault_that_does_not_know_the_merchant(serve: Serve, status: int) -> None:
    async def work(house: House) -> None:
        house.vaults.instead = httpx.Response(status)
        answer = await house.post()
        problem(answer, 422, "not-forwarded")
        assert "retry-after" not in answer.headers
        assert answer.headers["forwardc-run"]
        house.vaults.instead = None
        assert envelope(await house.post())["status"] == 200

    serve(work)


@pytest.mark.parametrize("status", [402, 408, 409, 425, 429])
def test_a_vault_that_has_no_time(serve: Serve, status: int) -> None:
    async def work(house: House) -> None:
        house.vaults.instead = httpx.Response(status, json={})
        answer = await house.post()
        problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        house.vaults.instead = None
        assert envelope(await house.post())["status"] == 200
        assert house.arrived() == 1

    serve(work)


def test_a_vault_that_cannot_be_reached(serve_on_both: Serve) -> None:
    async def work(house: House) -> None:
        house.vaults.instead = httpx.ConnectError("refused")
        problem(await house.post(), 503, "unavailable")
        house.vaults.instead = None
        assert envelope(await house.post())["status"] == 200

    serve_on_both(work)


@pytest.mark.parametrize(
    "instead",
    [httpx.Response(500, json={}), httpx.Response(503), httpx.ReadTimeout("slow"), None],
    ids=["500", "503", "timeout", "no answer of the destination"],
)
def test_an_unknown_outcome_is_never_sent_again(
    serve_on_both: Serve, instead: httpx.Response | Exception | None
) -> None:
    async def work(house: House) -> None:
        house.vaults.instead = instead
        reference = "pay-1" if instead is not None else "pay-broken"
        first = await house.post(reference)
        document = problem(first, 504, "outcome-unknown")
        assert document["run"] == first.headers["forwardc-run"]
        assert "outcome" not in document
        sent = len(house.vaults.forwards)
        house.vaults.instead = None
        again = await house.post(reference)
        assert again.json()["run"] == document["run"]
        problem(again, 504, "outcome-unknown")
        assert len(house.vaults.forwards) == sent

    serve_on_both(work)


def test_what_a_person_found_out_is_told(serve: Serve) -> None:
    async def work(house: House) -> None:
        house.vaults.instead = httpx.ReadTimeout("slow")
        run = (await house.post()).json()["run"]
        from forwardc.core.outcome import Outcome

        assert house.store.resolve(run, Outcome.APPROVED, "jane")
        document = problem(await house.post(), 504, "outcome-unknown")
        assert (document["run"], document["outcome"]) == (run, "approved")

    serve(work)


def test_a_destination_that_fails_is_unknown(serve: Serve) -> None:
    async def work(house: House) -> None:
        problem(await house.post("pay-error"), 504, "outcome-unknown")
        problem(await house.post("pay-error"), 504, "outcome-unknown")
        assert house.arrived() == 1

    serve(work)


def test_a_pause_sends_nothing(serve_on_both: Serve) -> None:
    async def work(house: House) -> None:
        house.store.pause("rokt", "jane", "maintenance")
        problem(await house.post(), 503, "unavailable")
        assert not house.vaults.forwards
        house.store.unpause("rokt", "jane")
        assert envelope(await house.post())["status"] == 200

    serve_on_both(work)


def test_a_miss_is_told_at_a_time_that_tells_nothing(serve: Serve) -> None:
    """What is found must be read, which takes longer than to find nothing."""

    async def work(house: House) -> None:
        for reference in ("pay-nobody", "pay-1"):
            began = monotonic()
            answer = await house.post(reference, identifiers={"email": "john@example.com"})
            problem(answer, 404, "payment-not-found")
            assert monotonic() - began >= 0.049

    serve(work)


def test_one_reference_and_one_mismatch_look_alike(serve: Serve) -> None:
    async def work(house: House) -> None:
        unknown = await house.post("pay-nobody")
        mismatch = await house.post(identifiers={"email": "john@example.com"})
        stranger = await house.post(identifiers={"email": EMAIL, "phone": "1"})
        problem(unknown, 404, "payment-not-found")
        assert unknown.content == mismatch.content == stranger.content
        assert house.lookup.asked == ["pay-nobody", "pay-1", "pay-1"]
        assert house.rates.used["misses/rokt"] == 3
        assert not house.vaults.forwards
        assert envelope(await house.post(identifiers=None))["status"] == 200
        assert envelope(await house.post(identifiers={"email": f" {EMAIL.upper()} "}))

    serve(work)
