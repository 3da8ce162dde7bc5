"""Adyen's /payments in the sandbox: what it takes, what it refuses, and how test cards end."""

import json
from typing import Any

import pytest

from adyen_request import LIVE_URL, NOW, TEST_URL, body, network_token, post
from forwardc.sandbox.cards import CARDS, Behaviour
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
    World,
)


@pytest.fixture
def world() -> World:
    return World(now=lambda: NOW)


def card_that(behaviour: Behaviour) -> dict[str, str]:
    number = next(card.number for card in CARDS if card.behaviour is behaviour)
    return {"number": number}


def test_authorised(world: World) -> None:
    exchange, answer = post(world, body())
    assert exchange.status == 200
    assert answer["resultCode"] == "Authorised"
    assert answer["merchantReference"] == "order-7"
    assert answer["amount"] == {"currency": "EUR", "value": 1250}
    assert answer["paymentMethod"] == {"brand": "visa", "type": "scheme"}
    assert answer["additionalData"]["cvcResult"] == "1 Matches"
    assert len(answer["pspReference"]) == 16
    assert ("pspreference", answer["pspReference"]) in exchange.headers
    assert "4111111111111111" not in bytes(exchange.body).decode()


@pytest.mark.parametrize("currency", ["ISK", "UGX", "CNH", "IQD", "XCG"])
def test_currencies_that_it_takes_and_sums_that_it_does_not_judge(
    world: World, currency: str
) -> None:
    amount = {"currency": currency, "value": 2791}
    exchange, answer = post(world, body(amount=amount))
    assert (exchange.status, answer["amount"]) == (200, amount)


def test_without_cvc(world: World) -> None:
    request = body()
    del request["paymentMethod"]["cvc"]
    _, answer = post(world, request)
    assert answer["resultCode"] == "Authorised"
    assert answer["additionalData"]["cvcResult"] == "0 Unknown"


def test_test_form_of_encrypted_fields_on_the_test_host_only(world: World) -> None:
    card = {
        "type": "scheme",
        "encryptedCardNumber": "test_4111111111111111",
        "encryptedExpiryMonth": "test_03",
        "encryptedExpiryYear": "test_2030",
        "encryptedSecurityCode": "test_737",
    }
    assert post(world, body(paymentMethod=card))[1]["resultCode"] == "Authorised"
    exchange, answer = post(world, body(paymentMethod=card), url=LIVE_URL)
    assert (exchange.status, answer["errorCode"]) == (422, "174")
    both = card | {"number": "4111111111111111"}
    assert post(world, body(paymentMethod=both))[1]["errorCode"] == "174"


@pytest.mark.parametrize("version", [68, 69, 70, 71, 72])
def test_versions_and_hosts(world: World, version: int) -> None:
    for url in (TEST_URL, LIVE_URL):
        exchange, answer = post(world, body(), url=url.replace("v71", f"v{version}"))
        assert exchange.status == 200
        assert ("paymentMethod" in answer) is (version >= 69)


@pytest.mark.parametrize(
    "url",
    [
        TEST_URL.replace("v71", "v67"),
        TEST_URL.replace("v71", "v73"),
        TEST_URL.replace("/v71", "/checkout/v71"),
        LIVE_URL.replace("/checkout/v71", "/v71"),
        LIVE_URL.replace("-checkout-live", ""),
        TEST_URL + "/",
    ],
)
def test_other_paths_are_not_found(world: World, url: str) -> None:
    assert post(world, body(), url=url)[0].status == 404


@pytest.mark.parametrize(
    ("version", "name", "value", "status"),
    [
        (68, "authenticationData", {}, 400),
        (69, "authenticationData", {}, 200),
        (69, "industryUsage", "noShow", 400),
        (70, "industryUsage", "noShow", 200),
        (71, "conversionId", "c", 200),
        (72, "conversionId", "c", 400),
    ],
)
def test_fields_that_came_and_went(
    world: World, version: int, name: str, value: Any, status: int
) -> None:
    url = TEST_URL.replace("v71", f"v{version}")
    assert post(world, body(**{name: value}), url=url)[0].status == status


@pytest.mark.parametrize(
    ("behaviour", "result", "reason"),
    [
        (Behaviour.DECLINE, "Refused", "Refused"),
        (Behaviour.INSUFFICIENT_FUNDS, "Refused", "Not enough balance"),
        (Behaviour.LOST_CARD, "Refused", "Blocked Card"),
        (Behaviour.EXPIRED_CARD, "Refused", "Expired Card"),
        (Behaviour.INCORRECT_CVC, "Refused", "CVC Declined"),
        (Behaviour.PROCESSING_ERROR, "Error", "Acquirer Error"),
        (Behaviour.REQUIRES_ACTION, "RedirectShopper", None),
    ],
)
def test_cards_decide(world: World, behaviour: Behaviour, result: str, reason: str | None) -> None:
    exchange, answer = post(world, body(card=card_that(behaviour)))
    assert exchange.status == 200
    assert answer["resultCode"] == result
    assert answer.get("refusalReason") == reason
    assert ("action" in answer) is (result == "RedirectShopper")


@pytest.mark.parametrize(
    ("holder", "result"),
    [
        ("NOT_ENOUGH_BALANCE", "Refused"),
        ("PENDING", "Received"),
        ("SANDBOX_PENDING", "Pending"),
        ("ERROR", "Error"),
        ("Jane Roe", "Authorised"),
    ],
)
def test_holder_names_decide(world: World, holder: str, result: str) -> None:
    assert post(world, body(card={"holderName": holder}))[1]["resultCode"] == result


def test_native_authentication_is_a_challenge(world: World) -> None:
    data = {"threeDSRequestData": {"nativeThreeDS": "preferred"}}
    card = card_that(Behaviour.REQUIRES_ACTION)
    _, answer = post(world, body(card=card, authenticationData=data))
    assert answer["resultCode"] == "ChallengeShopper"
    assert answer["action"]["type"] == "threeDS2"


def test_a_merchant_cannot_be_challenged(world: World) -> None:
    card = card_that(Behaviour.REQUIRES_ACTION)
    request = body(
        card=card, shopperInteraction="ContAuth", recurringProcessingModel="Subscription"
    )
    assert post(world, request)[1]["refusalReasonCode"] == "38"


def test_expired(world: World) -> None:
    _, answer = post(world, body(card={"expiryMonth": "08", "expiryYear": "2026"}))
    assert answer["refusalReason"] == "Expired Card"
    _, answer = post(world, body(card={"expiryMonth": "09", "expiryYear": "2026"}))
    assert answer["resultCode"] == "Authorised"


@pytest.mark.parametrize(
    ("behaviour", "event"),
    [
        (Behaviour.TIMEOUT, DestinationTimeoutError),
        (Behaviour.BROKEN, DestinationBrokenError),
        (Behaviour.NOT_CONNECTED, DestinationUnreachableError),
    ],
)
def test_transport_faults(world: World, behaviour: Behaviour, event: type[Exception]) -> None:
    with pytest.raises(event):
        post(world, body(card=card_that(behaviour)))


def test_malformed_answer_and_server_error(world: World) -> None:
    with pytest.raises(json.JSONDecodeError):
        post(world, body(card=card_that(Behaviour.MALFORMED)), ("Idempotency-Key", "k"))
    exchange, answer = post(world, body(card=card_that(Behaviour.SERVER_ERROR)))
    assert (exchange.status, answer["errorCode"]) == (500, "905")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"returnUrl": None}, 422, "14_030"),
        ({"reference": None}, 422, "130"),
        ({"amount": None}, 422, "100"),
        ({"amount": {"currency": "EUR"}}, 422, "137"),
        ({"amount": {"currency": "EUR", "value": -1}}, 422, "137"),
        ({"amount": {"currency": "eur", "value": 1}}, 422, "138"),
        ({"amount": {"currency": "ZZZ", "value": 1}}, 422, "138"),
        ({"amount": {"currency": "XAU", "value": 1}}, 422, "138"),
        ({"amount": {"currency": "BGN", "value": 1}}, 422, "138"),
        ({"amount": {"currency": "EUR", "value": "1"}}, 400, "702"),
        ({"amount": {"currency": "EUR", "value": 1.0}}, 400, "702"),
        ({"merchantAccount": None}, 403, "901"),
        ({"merchantAccount": ""}, 403, "901"),
        ({"paymentMethod": None}, 422, "14_002"),
        ({"paymentMethod": {"type": "scheme"}}, 422, "101"),
        ({"unknown": 1}, 400, "702"),
        ({"card": {"unknown": "1"}}, 400, "702"),
        ({"card": {"number": "4111111111111112"}}, 422, "101"),
        ({"card": {"number": "4929000000006"}}, 422, "101"),
        ({"card": {"number": 4111111111111111}}, 400, "702"),
        ({"card": {"expiryMonth": "3"}}, 422, "129"),
        ({"card": {"expiryMonth": "13"}}, 422, "129"),
        ({"card": {"expiryYear": "30"}}, 422, "129"),
        ({"card": {"cvc": "12"}}, 422, "103"),
        ({"card": {"cvc": ""}}, 422, "103"),
        ({"card": {"storedPaymentMethodId": "x"}}, 422, "800"),
        ({"storePaymentMethod": True}, 422, "000"),
        ({"shopperReference": "ab"}, 400, "702"),
        ({"metadata": {"k": "v" * 81}}, 400, "702"),
        ({"billingAddress": {"city": "B", "country": "US"}}, 422, "133"),
    ],
)
def test_refusals(world: World, change: dict[str, Any], status: int, code: str) -> None:
    exchange, answer = post(world, body(**change))
    assert (exchange.status, answer["errorCode"]) == (status, code)
    assert answer["status"] == status
    assert "411111" not in answer["message"]


def test_a_card_may_be_stored_for_a_shopper(world: World) -> None:
    request = body(storePaymentMethod=True, shopperReference="shopper-42")
    assert post(world, request)[0].status == 200


def test_billing_address(world: World) -> None:
    address = {
        "city": "Almaty",
        "country": "KZ",
        "houseNumberOrName": "12",
        "postalCode": "050000",
        "street": "Abay Avenue",
    }
    assert post(world, body(billingAddress=address))[0].status == 200
    american = address | {"country": "US"}
    assert post(world, body(billingAddress=american))[1]["errorCode"] == "135"
    assert post(world, body(billingAddress=american | {"stateOrProvince": "NY"}))[0].status == 200
    assert post(world, body(billingAddress=address | {"line1": "x"}))[1]["errorCode"] == "702"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b"\xff",
        b"[" * 5000,
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b"[]",
        b"1",
    ],
)
def test_unreadable_bodies(world: World, data: bytes) -> None:
    exchange, answer = post(world, data)
    assert (exchange.status, answer["errorCode"]) == (400, "702")


@pytest.mark.parametrize(("levels", "status"), [(60, 200), (70, 400)])
def test_deep_bodies(world: World, levels: int, status: int) -> None:
    nested: dict[str, Any] = {}
    for _ in range(levels):
        nested = {"n": nested}
    assert post(world, body(riskData=nested))[0].status == status


def test_network_token(world: World) -> None:
    assert post(world, network_token())[1]["resultCode"] == "Authorised"
    merchant = network_token(shopperInteraction="ContAuth")
    assert post(world, merchant)[1]["errorCode"] == "905"
    del merchant["mpiData"]
    assert post(world, merchant)[1]["resultCode"] == "Authorised"


@pytest.mark.parametrize("missing", ["tokenAuthenticationVerificationValue", "eci"])
def test_network_token_of_a_shopper_needs_cryptogram_and_eci(world: World, missing: str) -> None:
    request = network_token()
    del request["mpiData"][missing]
    assert post(world, request)[1]["errorCode"] == "905"


def test_network_token_cryptogram_is_base64(world: World) -> None:
    request = network_token()
    request["mpiData"]["tokenAuthenticationVerificationValue"] = "not base64"
    assert post(world, request)[0].status == 400


def test_authentication(world: World) -> None:
    exchange, answer = post(world, body(), key=False)
    assert (exchange.status, answer["errorCode"]) == (401, "000")
    assert post(world, body(), ("X-API-Key", "other"), key=False)[0].status == 401
    world.lax = frozenset({"adyen_any_api_key"})
    assert post(world, body(), ("X-API-Key", "other"), key=False)[0].status == 200
    assert post(world, body(), key=False)[0].status == 401


def test_lenient_takes_a_month_of_one_digit(world: World) -> None:
    world.lax = frozenset({"adyen_short_month"})
    assert post(world, body(card={"expiryMonth": "3"}))[0].status == 200


def test_idempotency_key_replays(world: World) -> None:
    first = post(world, body(), ("Idempotency-Key", "k-1"))[1]
    exchange, again = post(world, body(), ("Idempotency-Key", "k-1"))
    assert again == first
    assert ("idempotency-key", "k-1") in exchange.headers
    assert post(world, body(), ("Idempotency-Key", "k-2"))[1] != first
    other = post(world, body(reference="order-8"), ("Idempotency-Key", "k-1"))
    assert (other[0].status, other[1]["errorCode"]) == (422, "704")
    assert post(world, body(), ("Idempotency-Key", "k" * 65))[0].status == 400


def test_idempotency_key_replays_refusals_but_not_server_errors(world: World) -> None:
    wrong = body(returnUrl=None)
    first = post(world, wrong, ("Idempotency-Key", "a"))[1]
    assert post(world, wrong, ("Idempotency-Key", "a"))[1] == first
    failing = body(card=card_that(Behaviour.SERVER_ERROR))
    first = post(world, failing, ("Idempotency-Key", "b"))[1]
    assert post(world, failing, ("Idempotency-Key", "b"))[1] != first


def test_state_holds_no_card(world: World) -> None:
    post(world, body(), ("Idempotency-Key", "k"))
    assert "4111111111111111" not in json.dumps(world.tables)
