"""What Stripe's documents say of customers, stored cards and set-up, for clients in any language.

Sources: docs.stripe.com/api, and its pages on saving cards.
"""

from typing import Any

from clients.case import Returns, Table
from clients.stripe_base import card, declined, invalid

CASES = Table()
NOBODY = "cus_NothingOfTheKind"


def customer(client: Any, **more: Any) -> str:
    """The id of a customer."""
    made: str = client.call("customers.create", {"name": "Jane Roe"} | more)["id"]
    return made


def stored(client: Any, number: str = "4242424242424242") -> tuple[str, str]:
    """A customer and a card that is attached to it."""
    owner, method = customer(client), card(client, number)["id"]
    client.call("payment_methods.attach", method, {"customer": owner})
    return owner, method


@CASES.row(
    "customers.create",
    "a name and metadata",
    Returns({"object": "customer", "name": "Jane Roe", "metadata.shop": "7"}),
)
def _(client: Any) -> Any:
    return client.call("customers.create", {"name": "Jane Roe", "metadata": {"shop": "7"}})


@CASES.row("customers.create", "an unknown parameter", invalid("parameter_unknown", "nam"))
def _(client: Any) -> Any:
    return client.call("customers.create", {"nam": "Jane Roe"})


@CASES.row(
    "customers.retrieve", "its id", Returns({"object": "customer", "email": "jane@shop.example"})
)
def _(client: Any) -> Any:
    return client.call("customers.retrieve", customer(client, email="jane@shop.example"))


@CASES.row("customers.retrieve", "an id of nothing", invalid("resource_missing", "id", 404))
def _(client: Any) -> Any:
    return client.call("customers.retrieve", NOBODY)


@CASES.row("customers.update", "another name", Returns({"name": "Zoe Roe"}))
def _(client: Any) -> Any:
    return client.call("customers.update", customer(client), {"name": "Zoe Roe"})


@CASES.row("customers.delete", "its id", Returns({"object": "customer", "deleted": True}))
def _(client: Any) -> Any:
    return client.call("customers.delete", customer(client))


@CASES.row(
    "customers.list",
    "an e-mail address",
    Returns({"object": "list", "data.0.email": "one@shop.example"}),
)
def _(client: Any) -> Any:
    customer(client, email="one@shop.example")
    return client.call("customers.list", {"email": "one@shop.example", "limit": 1})


@CASES.row("payment_methods.attach", "a customer", Returns({"customer": str}, "`customer` its id"))
def _(client: Any) -> Any:
    owner = customer(client)
    return client.call("payment_methods.attach", card(client)["id"], {"customer": owner})


@CASES.row(
    "payment_methods.attach", "a customer of nothing", invalid("resource_missing", "customer")
)
def _(client: Any) -> Any:
    return client.call("payment_methods.attach", card(client)["id"], {"customer": NOBODY})


@CASES.row("payment_methods.attach", "no customer", invalid("parameter_missing", "customer"))
def _(client: Any) -> Any:
    return client.call("payment_methods.attach", card(client)["id"], {})


@CASES.row(
    "payment_methods.attach",
    "a card that is declined",
    declined("card_declined", "generic_decline"),
)
def _(client: Any) -> Any:
    method = card(client, "4000000000000002")["id"]
    return client.call("payment_methods.attach", method, {"customer": customer(client)})


@CASES.row(
    "payment_methods.list", "a customer", Returns({"object": "list", "data.0.card.last4": "4242"})
)
def _(client: Any) -> Any:
    owner, _ = stored(client)
    return client.call("payment_methods.list", {"customer": owner, "type": "card"})


@CASES.row(
    "customers.payment_methods.list",
    "its customer",
    Returns({"object": "list", "data.0.object": "payment_method"}),
)
def _(client: Any) -> Any:
    owner, _ = stored(client)
    return client.call("customers.payment_methods.list", owner)


@CASES.row("payment_methods.update", "another month", Returns({"card.exp_month": 9}))
def _(client: Any) -> Any:
    _, method = stored(client)
    return client.call("payment_methods.update", method, {"card": {"exp_month": 9}})


@CASES.row(
    "payment_methods.detach", "its id", Returns({"object": "payment_method", "customer": None})
)
def _(client: Any) -> Any:
    _, method = stored(client)
    return client.call("payment_methods.detach", method)


@CASES.row("payment_methods.detach", "a card that no customer has", invalid())
def _(client: Any) -> Any:
    return client.call("payment_methods.detach", card(client)["id"])


@CASES.row(
    "setup_intents.create",
    "a card, confirm",
    Returns({"object": "setup_intent", "status": "succeeded", "usage": "off_session"}),
)
def _(client: Any) -> Any:
    return setup(client, confirm=True)


@CASES.row("setup_intents.create", "an unknown parameter", invalid("parameter_unknown", "amount"))
def _(client: Any) -> Any:
    return client.call("setup_intents.create", {"amount": 1})


def setup(client: Any, number: str = "4242424242424242", **more: Any) -> Any:
    """A set-up intent of a card that is not stored yet."""
    owner, method = customer(client), card(client, number)["id"]
    about = {"customer": owner, "payment_method": method, "allowed_payment_method_types": ["card"]}
    return client.call("setup_intents.create", about | more)


@CASES.row("setup_intents.confirm", "a card", Returns({"status": "succeeded"}))
def _(client: Any) -> Any:
    return client.call("setup_intents.confirm", setup(client)["id"])


@CASES.row(
    "setup_intents.confirm", "a card that is declined", declined("card_declined", "generic_decline")
)
def _(client: Any) -> Any:
    return client.call("setup_intents.confirm", setup(client, "4000000000000002")["id"])


@CASES.row(
    "setup_intents.confirm",
    "a card that asks for 3-D Secure",
    Returns({"status": "requires_action"}),
)
def _(client: Any) -> Any:
    made = setup(client, "4000002500003155")["id"]
    return client.call("setup_intents.confirm", made, {"return_url": "https://shop.example/back"})


@CASES.row("setup_intents.retrieve", "its id", Returns({"status": "requires_confirmation"}))
def _(client: Any) -> Any:
    return client.call("setup_intents.retrieve", setup(client)["id"])


@CASES.row("setup_intents.cancel", "its id", Returns({"status": "canceled"}))
def _(client: Any) -> Any:
    return client.call("setup_intents.cancel", setup(client)["id"])


@CASES.row(
    "setup_intents.cancel", "one that has succeeded", invalid("setup_intent_unexpected_state")
)
def _(client: Any) -> Any:
    return client.call("setup_intents.cancel", setup(client, confirm=True)["id"])


@CASES.row(
    "setup_intents.list", "a customer", Returns({"object": "list", "data.0.object": "setup_intent"})
)
def _(client: Any) -> Any:
    owner = setup(client)["customer"]
    return client.call("setup_intents.list", {"customer": owner})
