"""What Checkout.com says of tokens, instruments, OAuth and network tokens: clients in any language.

Sources: the API reference, and tests of the clients for Java and Node.js.
"""

from typing import Any

from clients.case import Cannot, Raises, Returns, Table
from clients.checkout_base import (
    CARD,
    HEALTHY,
    NOWHERE,
    OTHER_KEY,
    TOKENISED,
    VAULT_SCOPES,
    WRONG_KEY,
    instrument,
    refused,
    token,
)

CASES = Table()


# Tokens


@CASES.row("tokens.card", "a card", Returns({"type": "card", "last4": "4242", "token": str}))
def _(client: Any) -> Any:
    return client.call("tokens.card", CARD)


@CASES.row("tokens.card", "a number that is none", refused(422, "number_invalid"))
def _(client: Any) -> Any:
    return client.call("tokens.card", CARD | {"number": "4242424242424241"})


@CASES.row("tokens.cvv", "a CVV", Returns({"type": "cvv", "token": str}))
def _(client: Any) -> Any:
    return client.call("tokens.cvv", {"type": "cvv", "token_data": {"cvv": "123"}})


@CASES.row("tokens.pin", "a PIN", Returns({"type": "pin", "token": str}))
def _(client: Any) -> Any:
    return client.call("tokens.pin", {"type": "pin", "token_data": {"pin": "1234"}})


@CASES.row("tokens.metadata", "a card token", Returns({"last4": "4242"}))
def _(client: Any) -> Any:
    return client.call("tokens.metadata", token(client))


@CASES.row("tokens.metadata", "an unknown token", refused(404))
def _(client: Any) -> Any:
    return client.call("tokens.metadata", "tok_" + "a" * 26)


# Instruments


@CASES.row(
    "instruments.create", "a card token", Returns({"type": "card", "last4": "4242", "id": str})
)
def _(client: Any) -> Any:
    return client.call("instruments.create", {"type": "token", "token": token(client)})


@CASES.row("instruments.create", "a card", Returns({"type": "card", "last4": "4444", "id": str}))
def _(client: Any) -> Any:
    named = {"type": "card", "number": "5555555555554444", "expiry_month": 8, "expiry_year": 2030}
    return client.call("instruments.create", named)


@CASES.row("tokens.card", "a CVV of American Express with 3 digits", refused(422, "cvv_invalid"))
def _(client: Any) -> Any:
    return client.call("tokens.card", CARD | {"number": "378282246310005", "cvv": "123"})


@CASES.row("instruments.create", "a token that was used", refused(422, "token_used"))
def _(client: Any) -> Any:
    once = token(client)
    client.call("instruments.create", {"type": "token", "token": once})
    return client.call("instruments.create", {"type": "token", "token": once})


@CASES.row("instruments.get", "its id", Returns({"type": "card", "expiry_year": 2030}))
def _(client: Any) -> Any:
    return client.call("instruments.get", instrument(client))


@CASES.row("instruments.get", "an id of nothing", refused(404))
def _(client: Any) -> Any:
    return client.call("instruments.get", NOWHERE)


@CASES.row("instruments.get", "an instrument of another client's vault", refused(404))
def _(client: Any) -> Any:
    return client.call("instruments.get", instrument(client), key=OTHER_KEY)


@CASES.row("instruments.get", "a wrong key", refused(401))
def _(client: Any) -> Any:
    return client.call("instruments.get", HEALTHY, key=WRONG_KEY)


@CASES.row("instruments.update", "another expiry", Returns({"type": "card", "fingerprint": str}))
def _(client: Any) -> Any:
    return client.call(
        "instruments.update", instrument(client), {"expiry_month": 9, "expiry_year": 2031}
    )


@CASES.row("instruments.revoke", "its id", Returns())
def _(client: Any) -> Any:
    return client.call("instruments.revoke", instrument(client))


@CASES.row("instruments.delete", "its id", Returns())
def _(client: Any) -> Any:
    return client.call("instruments.delete", instrument(client))


@CASES.row("instruments.get", "a deleted one", refused(404))
def _(client: Any) -> Any:
    made = instrument(client)
    client.call("instruments.delete", made)
    return client.call("instruments.get", made)


# OAuth


@CASES.row("oauth.token", "client credentials", Returns())
def _(client: Any) -> Any:
    return client.call("oauth.token", scopes=["forward", "forward:secrets"])


@CASES.row(
    "oauth.token",
    "a wrong secret",
    Raises("AuthenticationError", 401, {"codes": ["invalid_client"]}),
    unlike={
        "checkout-sdk": Raises(
            "CheckoutAuthorizationException", None, {"codes": ["invalid_client"]}
        )
    },
)
def _(client: Any) -> Any:
    return client.call("oauth.token", scopes=["forward"], secret="0" * 40)


# Network tokens


@CASES.row(
    "network_tokens.create",
    "an instrument",
    Returns({"network_token.state": "active", "network_token.type": "vts"}),
)
def _(client: Any) -> Any:
    body = {"source": {"type": "id", "id": TOKENISED}}
    return client.call("network_tokens.create", body, scopes=VAULT_SCOPES)


def network_token(client: Any) -> str:
    """The id of a network token."""
    body = {"source": {"type": "id", "id": TOKENISED}}
    made = client.call("network_tokens.create", body, scopes=VAULT_SCOPES)
    found: str = made["network_token"]["id"]
    return found


@CASES.row("network_tokens.get", "its id", Returns({"network_token.state": "active"}))
def _(client: Any) -> Any:
    return client.call("network_tokens.get", network_token(client), scopes=VAULT_SCOPES)


@CASES.row("network_tokens.cryptogram", "e-commerce", Returns({"cryptogram": str, "eci": str}))
def _(client: Any) -> Any:
    body = {"transaction_type": "ecom"}
    return client.call(
        "network_tokens.cryptogram", network_token(client), body, scopes=VAULT_SCOPES
    )


@CASES.row(
    "network_tokens.delete",
    "its id and a reason",
    Returns(),
    unlike={
        "checkout-sdk-node": Cannot("it sends no body, and initiated_by and reason are required")
    },
)
def _(client: Any) -> Any:
    body = {
        "source": {
            "type": "card",
            "number": "4242424242424242",
            "expiry_month": "8",
            "expiry_year": "2030",
        }
    }
    made = client.call("network_tokens.create", body, scopes=VAULT_SCOPES)["network_token"]["id"]
    reason = {"initiated_by": "cardholder", "reason": "other"}
    return client.call("network_tokens.delete", made, reason, scopes=VAULT_SCOPES)
