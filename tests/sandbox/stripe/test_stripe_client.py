"""Stripe's own Python library against the sandbox, over a real connection on this machine."""

import json
from collections.abc import Iterator

import pytest
import stripe

from forwardc.sandbox.secrets_rule import secret, stripe_secret_key
from forwardc.sandbox.serve import Running, start_in_thread

ADYEN = "https://checkout-test.adyen.com/v71/payments"
ADYEN_BODY = {
    "amount": {"currency": "EUR", "value": 1250},
    "reference": "order-7",
    "merchantAccount": "SandboxECOM",
    "returnUrl": "https://shop.example/back",
    "paymentMethod": {
        "type": "scheme",
        "number": "",
        "expiryMonth": "",
        "expiryYear": "",
        "cvc": "",
        "holderName": "",
    },
}
CARD = {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030, "cvc": "737"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with start_in_thread() as running:
        yield running


@pytest.fixture
def client(sandbox: Running) -> stripe.StripeClient:
    addresses = {"api": f"{sandbox.url}/api.stripe.com"}
    options = {"base_addresses": addresses, "max_network_retries": 0}
    return stripe.StripeClient(stripe_secret_key(), http_client=stripe.UrllibClient(), **options)


def forward(client: stripe.StripeClient, method: str, **options: str) -> stripe.forwarding.Request:
    return client.v1.forwarding.requests.create(
        {
            "payment_method": method,
            "url": ADYEN,
            "replacements": ["card_number", "card_expiry", "card_cvc", "cardholder_name"],
            "request": {
                "body": json.dumps(ADYEN_BODY),
                "headers": [{"name": "X-API-Key", "value": secret("adyen", "adyen_api_key")}],
            },
            "metadata": {"run": "r-1"},
        },
        options,
    )


def test_create_a_card_and_forward_it_to_adyen(client: stripe.StripeClient) -> None:
    method = client.v1.payment_methods.create(
        {"type": "card", "card": CARD, "billing_details": {"name": "Jane Roe"}}
    )
    assert client.v1.payment_methods.retrieve(method.id).card.last4 == "4242"
    sent = forward(client, method.id)
    assert sent.response_details.status == 200
    assert json.loads(sent.response_details.body)["resultCode"] == "Authorised"
    assert sent.metadata["run"] == "r-1"
    again = client.v1.forwarding.requests.retrieve(sent.id)
    assert again.response_details.body == sent.response_details.body


def test_forward_to_the_stand_in_for_rokt(client: stripe.StripeClient) -> None:
    payment = dict.fromkeys(("number", "expiryMonth", "expiryYear", "cvc"), "")
    sent = client.v1.forwarding.requests.create(
        {
            "payment_method": "pm_sandbox_visa",
            "url": "https://card-forwarding.rokt.example/v1/cards",
            "replacements": ["card_number", "card_expiry", "card_cvc"],
            "request": {
                "body": json.dumps({"payment": payment, "reference": "order-7"}),
                "headers": [{"name": "Authorization", "value": "Bearer stand-in"}],
            },
        }
    )
    assert sent.response_details.status == 200
    assert json.loads(sent.response_details.body)["last4"] == "4242"


def test_walk_through_the_list(client: stripe.StripeClient) -> None:
    made = [forward(client, "pm_card_visa").id for _ in range(3)]
    listed = client.v1.forwarding.requests.list({"limit": 2})
    assert [one.id for one in listed.data] == made[:0:-1]
    every = [one.id for one in listed.auto_paging_iter()]
    assert every[:3] == made[::-1]
    since = client.v1.forwarding.requests.list({"created": {"gte": 1}, "limit": 1})
    assert since.data[0].id == made[-1]


def test_an_idempotency_key_sends_once(sandbox: Running, client: stripe.StripeClient) -> None:
    before = len(sandbox.world.received)
    ids = {forward(client, "pm_card_visa", idempotency_key="once").id for _ in range(2)}
    assert len(ids) == 1
    assert len(sandbox.world.received) == before + 1


def test_errors_have_their_classes(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as invalid:
        forward(client, "pm_none")
    assert (invalid.value.code, invalid.value.param) == ("resource_missing", "payment_method")
    with pytest.raises(stripe.APIError) as timeout:
        forward(client, "pm_sandbox_timeout")
    assert timeout.value.error.code == "forwarding_api_upstream_connection_timeout"
    # The library makes a CardError of every 402: one has to look at the code.
    with pytest.raises(stripe.CardError) as refused:
        forward(client, "pm_sandbox_not_connected")
    assert refused.value.code == "forwarding_api_retryable_upstream_error"
    bad_key = {"api_key": "sk_test_short"}
    with pytest.raises(stripe.AuthenticationError):
        client.v1.forwarding.requests.list({}, bad_key)


def test_pay(client: stripe.StripeClient) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": CARD})
    intent = client.v1.payment_intents.create(
        {
            "amount": 1099,
            "currency": "usd",
            "payment_method": method.id,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    assert intent.status == "requires_confirmation"
    done = client.v1.payment_intents.confirm(intent.id)
    assert (done.status, done.amount_received) == ("succeeded", 1099)
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_decline_carries_the_intent(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}
    )
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.confirm(
            intent.id, {"payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds"}
        )
    found = declined.value.error
    assert (found.code, found.decline_code) == ("card_declined", "insufficient_funds")
    assert found.payment_intent.status == "requires_payment_method"
