"""What Stripe's documents say of charges and refunds, for its clients in any language.

Sources: docs.stripe.com/api.
"""

from typing import Any

from clients.case import Returns, Table
from clients.stripe_base import invalid, paid

CASES = Table()


@CASES.row(
    "charges.retrieve",
    "that of a payment",
    Returns({"object": "charge", "paid": True, "amount": 1099}),
)
def _(client: Any) -> Any:
    return client.call("charges.retrieve", paid(client)["latest_charge"])


@CASES.row("charges.list", "a payment", Returns({"object": "list", "data.0.object": "charge"}))
def _(client: Any) -> Any:
    return client.call("charges.list", {"payment_intent": paid(client)["id"]})


@CASES.row(
    "refunds.create",
    "a payment",
    Returns({"object": "refund", "status": "succeeded", "amount": 1099}),
)
def _(client: Any) -> Any:
    return client.call("refunds.create", {"payment_intent": paid(client)["id"]})


@CASES.row("refunds.create", "a part of a payment", Returns({"status": "succeeded", "amount": 100}))
def _(client: Any) -> Any:
    return client.call("refunds.create", {"payment_intent": paid(client)["id"], "amount": 100})


@CASES.row("refunds.create", "more than was paid", invalid(param="amount"))
def _(client: Any) -> Any:
    return client.call("refunds.create", {"payment_intent": paid(client)["id"], "amount": 1100})


@CASES.row("refunds.create", "a payment that was refunded", invalid("charge_already_refunded"))
def _(client: Any) -> Any:
    made = paid(client)["id"]
    client.call("refunds.create", {"payment_intent": made})
    return client.call("refunds.create", {"payment_intent": made})


@CASES.row("refunds.retrieve", "its id", Returns({"object": "refund", "currency": "usd"}))
def _(client: Any) -> Any:
    made = client.call("refunds.create", {"payment_intent": paid(client)["id"]})
    return client.call("refunds.retrieve", made["id"])


@CASES.row("refunds.list", "a payment", Returns({"object": "list", "data.0.object": "refund"}))
def _(client: Any) -> Any:
    made = paid(client)["id"]
    client.call("refunds.create", {"payment_intent": made})
    return client.call("refunds.list", {"payment_intent": made})
