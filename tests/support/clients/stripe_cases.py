"""What Stripe's documents say of each call of the flow, for its clients in any language.

Sources: the API reference (errors, idempotent requests, pagination, payment_methods,
payment_intents, forwarding), and the page on Vault and Forward.
"""

import json
from typing import Any

from clients.case import Raises, Returns, Table
from forwardc.sandbox.secrets_rule import secret

CASES = Table()
CARD = {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030, "cvc": "737"}
HOLDER = {"name": "Jane Roe", "address": {"country": "GB", "postal_code": "W1T 4TJ"}}
USD = {"amount": 1099, "currency": "usd"}
ONLY_CARDS = {"allowed_payment_method_types": ["card"]}
ADYEN = "https://checkout-test.adyen.com/v71/payments"
EVERYTHING = ["card_number", "card_expiry", "card_cvc", "cardholder_name"]
FIELDS = ("number", "expiryMonth", "expiryYear", "cvc", "holderName")
BODY = {
    "amount": {"currency": "EUR", "value": 1250},
    "reference": "order-7",
    "merchantAccount": "SandboxECOM",
    "returnUrl": "https://shop.example/back",
    "paymentMethod": {"type": "scheme", **dict.fromkeys(FIELDS, "")},
}


def card(client: Any, number: str = CARD["number"], **more: Any) -> Any:
    """A payment method with this card."""
    return client.call(
        "payment_methods.create", {"type": "card", "card": CARD | {"number": number}} | more
    )


def intent(client: Any, **more: Any) -> Any:
    """A payment intent that takes cards only."""
    return client.call("payment_intents.create", USD | ONLY_CARDS | more)


def order(method: str, **more: Any) -> dict[str, Any]:
    """The parameters of a forwarding request to Adyen."""
    key = {"name": "X-API-Key", "value": secret("adyen", "adyen_api_key")}
    request = {"body": json.dumps(BODY), "headers": [key]}
    return {
        "payment_method": method,
        "url": ADYEN,
        "replacements": EVERYTHING,
        "request": request,
    } | more


def forward(client: Any, method: str, **options: Any) -> Any:
    """Forward a payment method to Adyen."""
    return client.call("forwarding.requests.create", order(method), **options)


# Payment methods


@CASES.row(
    "payment_methods.create",
    "a card",
    Returns(
        {"object": "payment_method", "card.last4": "4242", "card.checks.cvc_check": "unchecked"}
    ),
)
def _(client: Any) -> Any:
    return card(client, billing_details=HOLDER)


@CASES.row("payment_methods.create", "metadata", Returns({"metadata.order": "7"}))
def _(client: Any) -> Any:
    return card(client, metadata={"order": "7"})


@CASES.row(
    "payment_methods.create",
    "a number with a wrong check digit",
    Raises("CardError", 402, {"code": "incorrect_number", "param": "number"}),
)
def _(client: Any) -> Any:
    return card(client, "4242424242424241")


@CASES.row(
    "payment_methods.create",
    "an unknown parameter",
    Raises("InvalidRequestError", 400, {"code": "parameter_unknown", "param": "card[nummer]"}),
)
def _(client: Any) -> Any:
    return client.call("payment_methods.create", {"type": "card", "card": CARD | {"nummer": "1"}})


@CASES.row(
    "payment_methods.retrieve",
    "its id",
    Returns({"object": "payment_method", "card.exp_year": 2030}),
)
def _(client: Any) -> Any:
    return client.call("payment_methods.retrieve", card(client)["id"])


@CASES.row(
    "payment_methods.retrieve",
    "an id of nothing",
    Raises("InvalidRequestError", 404, {"code": "resource_missing"}),
)
def _(client: Any) -> Any:
    return client.call("payment_methods.retrieve", "pm_1NothingOfTheKind00000000")


# Keys and versions


@CASES.row("payment_methods.create", "a key that is none", Raises("AuthenticationError", 401))
def _(client: Any) -> Any:
    return client.call(
        "payment_methods.create", {"type": "card", "card": CARD}, api_key="sk_test_short"
    )


# Payment intents


@CASES.row(
    "payment_intents.create",
    "no amount",
    Raises("InvalidRequestError", 400, {"code": "parameter_missing", "param": "amount"}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"currency": "usd"})


@CASES.row(
    "payment_intents.create",
    "a currency that does not exist",
    Raises("InvalidRequestError", 400, {"param": "currency"}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"amount": 1099, "currency": "zzz"})


@CASES.row(
    "payment_intents.create",
    "less than the minimum",
    Raises("InvalidRequestError", 400, {"code": "amount_too_small"}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"amount": 49, "currency": "usd"})


@CASES.row(
    "payment_intents.create",
    "a card, confirm",
    Returns({"status": "succeeded", "amount_received": 1099}),
)
def _(client: Any) -> Any:
    return intent(client, payment_method=card(client)["id"], confirm=True)


@CASES.row(
    "payment_intents.confirm",
    "a card",
    Returns({"object": "payment_intent", "status": "succeeded"}),
)
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client)["id"])
    return client.call("payment_intents.confirm", made["id"])


@CASES.row(
    "payment_intents.confirm",
    "a card that is declined",
    Raises(
        "CardError",
        402,
        {
            "code": "card_declined",
            "decline_code": "generic_decline",
            "intent": "requires_payment_method",
        },
    ),
)
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client, "4000000000000002")["id"])
    return client.call("payment_intents.confirm", made["id"])


@CASES.row(
    "payment_intents.confirm",
    "a card without funds",
    Raises("CardError", 402, {"code": "card_declined", "decline_code": "insufficient_funds"}),
)
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client, "4000000000009995")["id"])
    return client.call("payment_intents.confirm", made["id"])


@CASES.row(
    "payment_intents.confirm",
    "a card with a wrong CVC",
    Raises("CardError", 402, {"code": "incorrect_cvc"}),
)
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client, "4000000000000127")["id"])
    return client.call("payment_intents.confirm", made["id"])


@CASES.row(
    "payment_intents.confirm",
    "a card that asks for 3-D Secure",
    Returns({"status": "requires_action"}),
)
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client, "4000002760003184")["id"])
    return client.call(
        "payment_intents.confirm", made["id"], {"return_url": "https://shop.example/back"}
    )


@CASES.row(
    "payment_intents.retrieve",
    "its id",
    Returns({"status": "requires_payment_method", "amount": 1099}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.retrieve", intent(client)["id"])


# Idempotency


@CASES.row(
    "payment_intents.create",
    "the same key and parameters",
    Returns({"same": True}, "the first answer again"),
)
def _(client: Any) -> Any:
    key = f"same-{client.name}"
    first = intent(client, metadata={"n": "1"})
    del first
    one = client.call("payment_intents.create", USD, idempotency_key=key)
    two = client.call("payment_intents.create", USD, idempotency_key=key)
    return {"same": one == two}


@CASES.row(
    "payment_intents.create", "the same key, other parameters", Raises("IdempotencyError", 400)
)
def _(client: Any) -> Any:
    key = f"other-{client.name}"
    client.call("payment_intents.create", USD, idempotency_key=key)
    return client.call("payment_intents.create", USD | {"amount": 2000}, idempotency_key=key)


# Forwarding


@CASES.row(
    "forwarding.requests.create",
    "a card, to Adyen",
    Returns(
        {
            "object": "forwarding.request",
            "response_details.status": 200,
            "request_details.http_method": "POST",
        }
    ),
)
def _(client: Any) -> Any:
    return forward(client, card(client, billing_details=HOLDER)["id"])


@CASES.row(
    "forwarding.requests.create",
    "an unknown payment method",
    Raises("InvalidRequestError", 400, {"code": "resource_missing", "param": "payment_method"}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_1NothingOfTheKind00000000")


@CASES.row(
    "forwarding.requests.create",
    "no connection to the destination",
    Raises("CardError", 402, {"code": "forwarding_api_retryable_upstream_error"}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_sandbox_not_connected")


@CASES.row(
    "forwarding.requests.create",
    "no connection, a version before 2025-03-31",
    Raises("APIError", 502, {"code": "forwarding_api_upstream_connection_error"}),
)
def _(client: Any) -> Any:
    unreached = card(client, "5000186622346654", billing_details=HOLDER)["id"]
    return forward(client, unreached, stripe_version="2024-12-18.acacia")


@CASES.row(
    "forwarding.requests.create",
    "no answer of the destination in time",
    Raises("APIError", 504, {"code": "forwarding_api_upstream_connection_timeout"}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_sandbox_timeout")


@CASES.row(
    "forwarding.requests.create",
    "an answer of 500 of the destination",
    Returns({"response_details.status": 500}),
)
def _(client: Any) -> Any:
    return forward(client, "pm_sandbox_server_error")


@CASES.row(
    "forwarding.requests.retrieve",
    "its id",
    Returns({"object": "forwarding.request", "response_details.status": 200}),
)
def _(client: Any) -> Any:
    made = forward(client, "pm_card_visa")
    return client.call("forwarding.requests.retrieve", made["id"])


@CASES.row(
    "forwarding.requests.retrieve",
    "an id of nothing",
    Raises("InvalidRequestError", 404, {"code": "resource_missing"}),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.retrieve", "fwdreq_1NothingOfTheKind")


@CASES.row(
    "forwarding.requests.list",
    "a limit, all pages",
    Returns({"newest_first": True}, "every one, the newest first"),
)
def _(client: Any) -> Any:
    made = [forward(client, "pm_card_visa")["id"] for _ in range(3)]
    listed = client.call("forwarding.requests.list", {"limit": 2}, every=True)["data"]
    return {"newest_first": [one["id"] for one in listed[:3]] == made[::-1]}


@CASES.row(
    "forwarding.requests.list",
    "a limit of 101",
    Raises("InvalidRequestError", 400, {"param": "limit"}),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.list", {"limit": 101})
