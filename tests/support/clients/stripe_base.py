"""What the rows of Stripe's calls share: cards, payments and orders to forward."""

import json
from typing import Any

from clients.case import Raises
from forwardc.sandbox.credentials import secret

CARD = {"number": "4242424242424242", "exp_month": 3, "exp_year": 2030, "cvc": "737"}
HOLDER = {"name": "Jane Roe", "address": {"country": "GB", "postal_code": "W1T 4TJ"}}
# May read what was forwarded, and nothing else; the tests register it at the sandbox.
READER = "rk_test_" + "reader0123456789"
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


def invalid(code: str | None = None, param: str | None = None, status: int = 400) -> Raises:
    """An InvalidRequestError."""
    about = {"code": code, "param": param}
    return Raises("InvalidRequestError", status, {k: v for k, v in about.items() if v})


def declined(code: str, decline_code: str | None = None, **more: str) -> Raises:
    """A CardError."""
    about = {"code": code, "decline_code": decline_code} | more
    return Raises("CardError", 402, {name: value for name, value in about.items() if value})


def intent(client: Any, **more: Any) -> Any:
    """A payment intent that takes cards only."""
    return client.call("payment_intents.create", USD | ONLY_CARDS | more)


def paid(client: Any, **more: Any) -> Any:
    """A payment that was made."""
    return intent(client, payment_method=card(client)["id"], confirm=True, **more)


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
