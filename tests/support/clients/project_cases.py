"""What the vaults refuse where they know the project: the compiled plans of this repository.

Sources: the page on Vault and Forward, by which a URL, its headers and its keys are onboarded; that
Checkout.com refuses a destination is this sandbox's choice.
"""

import json
from typing import Any

from clients.case import Returns, Table
from clients.checkout_base import HEALTHY, refused
from clients.checkout_base import order as checkout_order
from clients.stripe_base import BODY, EVERYTHING, invalid
from forwardc.sandbox.credentials import secret

STRIPE, CHECKOUT = Table(), Table()
URL = "https://checkout-test.adyen.com/v71/payments"
KEY = secret("adyen", "adyen_api_key")
PAYMENT = BODY | {"merchantAccount": "ForwardcECOM"}


def stripe_order(url: str = URL, key: str = KEY, **headers: str) -> dict[str, Any]:
    """A forwarding request as the project's plan has it, but for what is given."""
    sent = {"X-API-Key": key, "Idempotency-Key": "order-7"} | headers
    return {
        "payment_method": "pm_card_visa",
        "url": url,
        "replacements": EVERYTHING,
        "request": {
            "body": json.dumps(PAYMENT),
            "headers": [{"name": name, "value": value} for name, value in sent.items()],
        },
    }


@STRIPE.row(
    "forwarding.requests.create",
    "a request of the project",
    Returns({"response_details.status": 200}),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.create", stripe_order())


@STRIPE.row(
    "forwarding.requests.create",
    "a URL of another version",
    invalid("forwarding_api_invalid_parameter", "url"),
)
def _(client: Any) -> Any:
    other = URL.replace("v71", "v72")
    return client.call("forwarding.requests.create", stripe_order(other))


@STRIPE.row(
    "forwarding.requests.create",
    "a URL with a query",
    invalid("forwarding_api_invalid_parameter", "url"),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.create", stripe_order(URL + "?a=b"))


@STRIPE.row(
    "forwarding.requests.create",
    "a header that no plan names",
    invalid("forwarding_api_invalid_parameter"),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.create", stripe_order(**{"X-Shop": "main"}))


@STRIPE.row(
    "forwarding.requests.create",
    "a key that was not submitted",
    invalid("forwarding_api_invalid_parameter"),
)
def _(client: Any) -> Any:
    return client.call("forwarding.requests.create", stripe_order(key="sbx_" + "0" * 40))


def checkout_request(**more: Any) -> dict[str, Any]:
    """A forward as the project's plan has it, but for what is given."""
    numbers = {"number": "{{card_number}}", "expiryMonth": "{{card_expiry_month_mm}}"}
    numbers |= {"expiryYear": "{{card_expiry_year_yyyy}}", "holderName": "{{cardholder_name}}"}
    body = PAYMENT | {"paymentMethod": {"type": "scheme", **numbers}}
    headers = {"raw": {"X-API-Key": KEY, "Content-Type": "application/json"}}
    return checkout_order(
        {"type": "id", "id": HEALTHY}, body, **({"url": URL, "headers": headers} | more)
    )


@CHECKOUT.row(
    "forward.create", "a request of the project", Returns({"destination_response.status": int})
)
def _(client: Any) -> Any:
    return client.call("forward.create", checkout_request())


@CHECKOUT.row("forward.create", "a URL of another version", refused(422, "destination_not_allowed"))
def _(client: Any) -> Any:
    return client.call("forward.create", checkout_request(url=URL.replace("v71", "v72")))


@CHECKOUT.row("forward.create", "a host of nobody", refused(422, "destination_not_allowed"))
def _(client: Any) -> Any:
    return client.call("forward.create", checkout_request(url="https://psp.example.com/pay"))


@CHECKOUT.row("forward.create", "a method of no plan", refused(422, "destination_not_allowed"))
def _(client: Any) -> Any:
    return client.call("forward.create", checkout_request(method="PUT"))
