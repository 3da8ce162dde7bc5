"""What Stripe's documents say of keys, versions and idempotency, for its clients in any language.

Sources: docs.stripe.com/api, its pages on keys, versions, errors and idempotent requests.
"""

from typing import Any

from clients.case import RaisedError, Raises, Returns, Table
from clients.stripe_base import CARD, READER, USD, card, invalid

CASES = Table()


@CASES.row("payment_methods.create", "a key that is none", Raises("AuthenticationError", 401))
def _(client: Any) -> Any:
    return client.call(
        "payment_methods.create", {"type": "card", "card": CARD}, api_key="sk_test_short"
    )


@CASES.row("payment_methods.create", "a key of another account", Raises("AuthenticationError", 401))
def _(client: Any) -> Any:
    made = {"type": "card", "card": CARD}
    return client.call("payment_methods.create", made, api_key="sk_test_" + "a" * 40)


@CASES.row("payment_methods.create", "a key without the permission", Raises("PermissionError", 403))
def _(client: Any) -> Any:
    return client.call("payment_methods.create", {"type": "card", "card": CARD}, api_key=READER)


@CASES.row("forwarding.requests.list", "a key with the permission", Returns({"object": "list"}))
def _(client: Any) -> Any:
    return client.call("forwarding.requests.list", {}, api_key=READER)


@CASES.row("payment_intents.create", "an API version that does not exist", invalid())
def _(client: Any) -> Any:
    return client.call("payment_intents.create", USD, stripe_version="1999-01-01.nothing")


@CASES.row(
    "payment_intents.create",
    "payment_method_types since endive",
    invalid("payment_method_types_no_longer_supported"),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", USD | {"payment_method_types": ["card"]})


@CASES.row(
    "payment_intents.create",
    "payment_method_types before endive",
    Returns({"payment_method_types": ["card"]}, "`payment_method_types` card"),
)
def _(client: Any) -> Any:
    made = USD | {"payment_method_types": ["card"]}
    return client.call("payment_intents.create", made, stripe_version="2026-06-24.dahlia")


@CASES.row(
    "payment_intents.create",
    "a publishable key",
    Raises("PermissionError", 403, {"code": "secret_key_required"}),
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", USD, api_key="pk_test_" + "a" * 40)


@CASES.row(
    "payment_intents.create", "a connected account of nobody", Raises("PermissionError", 403)
)
def _(client: Any) -> Any:
    return client.call("payment_intents.create", USD, stripe_account="acct_1NothingOfTheKind")


@CASES.row(
    "payment_intents.create",
    "too many requests",
    Raises("RateLimitError", 429, {"code": "rate_limit"}),
)
def _(client: Any) -> Any:
    with client.account(rate_limited=1):
        return client.call("payment_intents.create", USD)


@CASES.row("payment_methods.create", "an account without raw card access", Raises("CardError", 402))
def _(client: Any) -> Any:
    with client.account(raw_card_access=False):
        return card(client)


@CASES.row(
    "payment_intents.create",
    "the same key and parameters",
    Returns({"same": True}, "the first answer again"),
)
def _(client: Any) -> Any:
    key = f"same-{client.name}"
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


@CASES.row(
    "payment_intents.create",
    "a key with a refusal of parameters, corrected",
    Returns({"amount": 1099}),
)
def _(client: Any) -> Any:
    key = f"refused-{client.name}"
    try:
        client.call("payment_intents.create", {"currency": "usd"}, idempotency_key=key)
    except RaisedError:
        return client.call("payment_intents.create", USD, idempotency_key=key)
