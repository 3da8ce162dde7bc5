"""What Stripe's documents say of cards and payments, for its clients in any language.

Sources: docs.stripe.com/api, and its page on testing.
"""

from typing import Any

from clients.case import Act, Raises, Returns, Table
from clients.stripe_base import CARD, HOLDER, USD, card, declined, intent, invalid, paid

CASES = Table()


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


@CASES.row(
    "payment_intents.create",
    "no amount",
    Raises("InvalidRequestError", 400, {"code": "parameter_missing", "param": "amount"}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"currency": "usd"})


@CASES.row(
    "payment_intents.create", "an empty currency", invalid("parameter_invalid_empty", "currency")
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"amount": 1099, "currency": ""})


@CASES.row(
    "payment_intents.create",
    "a currency that does not exist",
    Raises("InvalidRequestError", 400, {"param": "currency"}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"amount": 1099, "currency": "zzz"})


@CASES.row(
    "payment_intents.create", "an amount of 0", invalid("parameter_invalid_integer", "amount")
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"amount": 0, "currency": "usd"})


@CASES.row(
    "payment_intents.create", "an amount of 0", invalid("parameter_invalid_integer", "amount")
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"amount": 0, "currency": "usd"})


@CASES.row(
    "payment_intents.create",
    "an amount that is no integer",
    invalid("parameter_invalid_integer", "amount"),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", {"amount": "10.99", "currency": "usd"})


@CASES.row("payment_intents.create", "metadata with 51 keys", invalid(param="metadata"))
def _(client: Any) -> Any:
    return client.call(
        "payment_intents.create", USD | {"metadata": {f"k{n}": "1" for n in range(51)}}
    )


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


DECLINES = (
    ("a card that is declined", "4000000000000002", "card_declined", "generic_decline"),
    ("a card without funds", "4000000000009995", "card_declined", "insufficient_funds"),
    ("a lost card", "4000000000009987", "card_declined", "lost_card"),
    ("a stolen card", "4000000000009979", "card_declined", "stolen_card"),
    ("a card over its limit", "4000000000006975", "card_declined", "card_velocity_exceeded"),
    ("an expired card", "4000000000000069", "expired_card", None),
    ("a card with a wrong CVC", "4000000000000127", "incorrect_cvc", None),
    ("an error while processing", "4000000000000119", "processing_error", None),
)


def _confirm(number: str) -> Act:
    def act(client: Any) -> Any:
        made = intent(client, payment_method=card(client, number)["id"])
        return client.call("payment_intents.confirm", made["id"])

    return act


for _given, _number, _code, _reason in DECLINES:
    _raised = declined(_code, _reason, intent="requires_payment_method")
    CASES.row("payment_intents.confirm", _given, _raised)(_confirm(_number))


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
    "payment_intents.confirm",
    "the connection ends",
    Raises({"stripe-python": "APIConnectionError", "stripe-node": "ConnectionError"}, None),
)
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client, "4658584090000001")["id"])
    return client.call("payment_intents.confirm", made["id"])


@CASES.row("payment_intents.confirm", "an answer of 500", Raises("APIError", 500))
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client, "5199992312641465")["id"])
    return client.call("payment_intents.confirm", made["id"])


@CASES.row(
    "payment_intents.retrieve",
    "its id",
    Returns({"status": "requires_payment_method", "amount": 1099}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.retrieve", intent(client)["id"])


def _challenged(client: Any) -> str:
    """The id of a payment whose customer is asked for 3-D Secure."""
    made = intent(client, payment_method=card(client, "4000002760003184")["id"])
    back = {"return_url": "https://shop.example/back"}
    asked: str = client.call("payment_intents.confirm", made["id"], back)["id"]
    return asked


@CASES.row("payment_intents.retrieve", "3-D Secure passed", Returns({"status": "succeeded"}))
def _(client: Any) -> Any:
    asked = _challenged(client)
    client.customer_authenticates(asked, passed=True)
    return client.call("payment_intents.retrieve", asked)


@CASES.row(
    "payment_intents.retrieve",
    "3-D Secure failed",
    Returns(
        {
            "status": "requires_payment_method",
            "last_payment_error.code": "payment_intent_authentication_failure",
        }
    ),
)
def _(client: Any) -> Any:
    asked = _challenged(client)
    client.customer_authenticates(asked, passed=False)
    return client.call("payment_intents.retrieve", asked)


@CASES.row(
    "payment_intents.retrieve", "expand the card", Returns({"payment_method.card.last4": "4242"})
)
def _(client: Any) -> Any:
    made = intent(client, payment_method=card(client)["id"])
    return client.call("payment_intents.retrieve", made["id"], {"expand": ["payment_method"]})


@CASES.row("payment_intents.retrieve", "expand what cannot be", invalid())
def _(client: Any) -> Any:
    return client.call("payment_intents.retrieve", intent(client)["id"], {"expand": ["amount"]})


@CASES.row("payment_intents.update", "another amount", Returns({"amount": 2000}))
def _(client: Any) -> Any:
    return client.call("payment_intents.update", intent(client)["id"], {"amount": 2000})


@CASES.row(
    "payment_intents.cancel",
    "its id and a reason",
    Returns({"status": "canceled", "cancellation_reason": "abandoned"}),
)
def _(client: Any) -> Any:
    reason = {"cancellation_reason": "abandoned"}
    return client.call("payment_intents.cancel", intent(client)["id"], reason)


@CASES.row(
    "payment_intents.cancel", "one that has succeeded", invalid("payment_intent_unexpected_state")
)
def _(client: Any) -> Any:
    return client.call("payment_intents.cancel", paid(client)["id"])


@CASES.row(
    "payment_intents.capture",
    "an authorisation",
    Returns({"status": "succeeded", "amount_received": 1099}),
)
def _(client: Any) -> Any:
    made = paid(client, capture_method="manual")
    return client.call("payment_intents.capture", made["id"])


@CASES.row(
    "payment_intents.capture", "one that was captured", invalid("payment_intent_unexpected_state")
)
def _(client: Any) -> Any:
    return client.call("payment_intents.capture", paid(client)["id"])


@CASES.row(
    "payment_intents.list",
    "a limit, all pages",
    Returns({"newest_first": True}, "every one, the newest first"),
)
def _(client: Any) -> Any:
    made = [intent(client)["id"] for _ in range(3)]
    listed = client.call("payment_intents.list", {"limit": 2}, every=True)["data"]
    return {"newest_first": [one["id"] for one in listed[:3]] == made[::-1]}


@CASES.row("payment_intents.list", "ending_before and starting_after", invalid())
def _(client: Any) -> Any:
    one = intent(client)["id"]
    return client.call("payment_intents.list", {"ending_before": one, "starting_after": one})
