"""What Checkout.com says of payments: clients in any language.

Sources: the API reference (payments, idempotency), its pages on test cards and response codes.
"""

from typing import Any

from clients.case import Raises, Returns, Table
from clients.checkout_base import CHANNEL, HEALTHY, OTHER_KEY, WRONG_KEY, refused, token

CASES = Table()
CARD = {
    "type": "card",
    "number": "4242424242424242",
    "expiry_month": 8,
    "expiry_year": 2030,
    "cvv": "100",
}
PAYMENT = {"source": CARD, "amount": 1000, "currency": "USD", "processing_channel_id": CHANNEL}
NOTHING = "pay_" + "a" * 26


def pay(client: Any, number: str = "4242424242424242", **more: Any) -> Any:
    """A payment by card."""
    body = PAYMENT | {"source": CARD | {"number": number}} | more
    return client.call("payments.create", body)


@CASES.row(
    "payments.create",
    "a card",
    Returns({"approved": True, "status": "Authorized", "response_code": "10000"}),
)
def _(client: Any) -> Any:
    return pay(client, reference="ORDER-1")


@CASES.row("payments.create", "a card token", Returns({"approved": True, "source.last4": "4242"}))
def _(client: Any) -> Any:
    source = {"type": "token", "token": token(client)}
    return client.call("payments.create", PAYMENT | {"source": source})


@CASES.row("payments.create", "an instrument", Returns({"approved": True, "source.last4": "4242"}))
def _(client: Any) -> Any:
    source = {"type": "id", "id": HEALTHY, "cvv": "100"}
    return client.call("payments.create", PAYMENT | {"source": source})


@CASES.row(
    "payments.create",
    "a card that is declined",
    Returns({"approved": False, "status": "Declined", "response_code": "20005"}),
)
def _(client: Any) -> Any:
    return pay(client, "4000000000000002")


@CASES.row(
    "payments.create",
    "a card without funds",
    Returns({"approved": False, "response_code": "20051"}),
)
def _(client: Any) -> Any:
    return pay(client, "4000000000009995")


@CASES.row(
    "payments.create", "3-D Secure", Returns({"status": "Pending", "_links.redirect.href": str})
)
def _(client: Any) -> Any:
    return pay(client, **{"3ds": {"enabled": True}})


@CASES.row(
    "payments.create", "no amount: the card is verified", Returns({"status": "Card Verified"})
)
def _(client: Any) -> Any:
    return pay(client, amount=0)


@CASES.row(
    "payments.create",
    "no channel, where there are several",
    refused(422, "processing_channel_id_required"),
)
def _(client: Any) -> Any:
    named = {name: value for name, value in PAYMENT.items() if name != "processing_channel_id"}
    return client.call("payments.create", named)


@CASES.row("payments.create", "a number that is none", refused(422, "card_number_invalid"))
def _(client: Any) -> Any:
    return pay(client, "4242424242424241")


@CASES.row("payments.create", "a card that has expired", refused(422, "card_expired"))
def _(client: Any) -> Any:
    return client.call("payments.create", PAYMENT | {"source": CARD | {"expiry_year": 2020}})


@CASES.row(
    "payments.create",
    "a currency that does not exist",
    refused(422, "currency_invalid"),
    unlike={"checkout-sdk-node": Raises("ValueError", None)},
)
def _(client: Any) -> Any:
    return pay(client, currency="ZZZ")


@CASES.row(
    "payments.create", "a currency that the API has no more", refused(422, "currency_invalid")
)
def _(client: Any) -> Any:
    return pay(client, currency="EEK")


@CASES.row(
    "payments.create",
    "an amount with decimals",
    refused(422, "amount_invalid"),
    unlike={"checkout-sdk-node": Raises("ValueError", None)},
)
def _(client: Any) -> Any:
    return pay(client, amount=10.5)


@CASES.row("payments.create", "a wrong key", refused(401))
def _(client: Any) -> Any:
    return client.call("payments.create", PAYMENT, key=WRONG_KEY)


@CASES.row("payments.create", "OAuth, another scope", refused(403))
def _(client: Any) -> Any:
    return client.call("payments.create", PAYMENT, scopes=["forward"])


@CASES.row("payments.create", "OAuth, scope gateway", Returns({"approved": True}))
def _(client: Any) -> Any:
    return client.call("payments.create", PAYMENT, scopes=["gateway"])


@CASES.row(
    "payments.create",
    "the same idempotency key",
    Returns({"same": True}, "the first payment again"),
)
def _(client: Any) -> Any:
    key = f"key-{client.name}"
    one, two = (client.call("payments.create", PAYMENT, idempotency=key) for _ in range(2))
    return {"same": one["id"] == two["id"]}


@CASES.row("payments.create", "another client, with one channel", Returns({"approved": True}))
def _(client: Any) -> Any:
    named = {name: value for name, value in PAYMENT.items() if name != "processing_channel_id"}
    return client.call("payments.create", named, key=OTHER_KEY)


@CASES.row("payments.get", "a payment of another client", refused(404))
def _(client: Any) -> Any:
    return client.call("payments.get", pay(client)["id"], key=OTHER_KEY)


@CASES.row(
    "payments.get",
    "its id",
    Returns({"status": "Captured", "amount": 1000, "balances.total_captured": 1000}),
)
def _(client: Any) -> Any:
    return client.call("payments.get", pay(client)["id"])


@CASES.row("payments.get", "an id of nothing", refused(404))
def _(client: Any) -> Any:
    return client.call("payments.get", NOTHING)


@CASES.row("payments.list", "a reference", Returns({"total_count": 1, "data.0.reference": str}))
def _(client: Any) -> Any:
    pay(client, reference=f"LIST-{client.name}")
    return client.call("payments.list", {"reference": f"LIST-{client.name}", "limit": 10})


@CASES.row("payments.actions", "its id", Returns({"0.type": "Authorization", "0.approved": True}))
def _(client: Any) -> Any:
    return client.call("payments.actions", pay(client, capture=False)["id"])


@CASES.row("payments.capture", "an authorisation", Returns({"action_id": str}))
def _(client: Any) -> Any:
    return client.call("payments.capture", pay(client, capture=False)["id"], {"amount": 400})


@CASES.row(
    "payments.capture",
    "more than was authorised",
    refused(422, "capture_value_greater_than_authorized", kind="processing_error"),
)
def _(client: Any) -> Any:
    return client.call("payments.capture", pay(client, capture=False)["id"], {"amount": 1001})


@CASES.row("payments.capture", "a payment of nothing", refused(404))
def _(client: Any) -> Any:
    return client.call("payments.capture", NOTHING, {"amount": 1})


@CASES.row("payments.void", "an authorisation", Returns({"action_id": str}))
def _(client: Any) -> Any:
    return client.call("payments.void", pay(client, capture=False)["id"], {"reference": "back"})


@CASES.row("payments.void", "one that was captured", refused(403))
def _(client: Any) -> Any:
    made = pay(client)["id"]
    client.call("payments.get", made)
    return client.call("payments.void", made, {"reference": "back"})


@CASES.row(
    "payments.refund", "a part of a payment", Returns({"action_id": str, "reference": "back"})
)
def _(client: Any) -> Any:
    return client.call("payments.refund", pay(client)["id"], {"amount": 400, "reference": "back"})


@CASES.row("payments.refund", "one that was not captured", refused(403))
def _(client: Any) -> Any:
    return client.call("payments.refund", pay(client, capture=False)["id"], {"amount": 400})


@CASES.row("payments.reverse", "an authorisation", Returns({"action_id": str}))
def _(client: Any) -> Any:
    return client.call("payments.reverse", pay(client, capture=False)["id"], {"reference": "back"})
