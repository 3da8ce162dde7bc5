"""What Checkout.com's documents say of each call of the flow, for its clients in any language.

Sources: the API reference (tokens, instruments, network tokens, access, errors) and the page on
forwarding stored credentials.
"""

import json
from typing import Any

from clients.case import Cannot, Raises, Returns, Table

CASES = Table()
CARD = {
    "type": "card",
    "number": "4242424242424242",
    "expiry_month": 8,
    "expiry_year": 2030,
    "name": "Jane Roe",
    "cvv": "100",
}
HEALTHY = "src_" + "visa_approved".ljust(26, "0")
NOWHERE = "src_" + "no_instrument".ljust(26, "0")
TOKENISED = "src_" + "visa_network_token".ljust(26, "0")
PSP = "https://psp.example.com/pay"
VAULT_SCOPES = ["vault:network-tokens"]
WRONG_KEY = "sk_sbox_" + "a" * 27


def refused(status: int, *codes: str) -> Raises:
    """What each client raises for a status, with the codes of the answer."""
    node = {
        400: "AuthenticationError",
        401: "AuthenticationError",
        403: "ActionNotAllowed",
        404: "NotFoundError",
        422: "ValidationError",
    }[status]
    kind = {"checkout-sdk": "CheckoutApiException", "checkout-sdk-node": node}
    return Raises(kind, status, {"codes": list(codes)} if codes else {})


def token(client: Any, **more: Any) -> str:
    """A card token."""
    made: str = client.call("tokens.card", CARD | more)["token"]
    return made


def instrument(client: Any) -> str:
    """A stored card."""
    made = client.call("instruments.create", {"type": "token", "token": token(client)})
    found: str = made["id"]
    return found


def order(source: dict[str, Any], body: Any, **more: Any) -> dict[str, Any]:
    """The body of a forward to a destination that only records it."""
    destination = {
        "url": PSP,
        "method": "POST",
        "headers": {"raw": {"Content-Type": "application/json"}},
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    return {"source": source, "destination_request": destination | more, "reference": "order-7"}


BODY = {"number": "{{card_number}}", "month": "{{card_expiry_month_mm}}", "cvv": "{{card_cvv}}"}


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


# Forward


@CASES.row(
    "forward.create",
    "an instrument",
    Returns({"request_id": str, "destination_response.status": 200}),
)
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY))


@CASES.row("forward.create", "a card token", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "token", "token": token(client)}, BODY))


@CASES.row(
    "forward.create", "an instrument and a CVV token", Returns({"destination_response.status": 200})
)
def _(client: Any) -> Any:
    cvv = client.call("tokens.cvv", {"type": "cvv", "token_data": {"cvv": "123"}})["token"]
    source = {"type": "id", "id": HEALTHY, "cvv_token": cvv}
    return client.call("forward.create", order(source, BODY))


@CASES.row("forward.create", "variables and a query", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    more = {
        "variables": [{"name": "number", "value": "{{card_number}}"}],
        "query": [{"name": "a", "value": "b c"}],
    }
    body = order({"type": "id", "id": HEALTHY}, {"number": "{{number}}"}, **more)
    return client.call("forward.create", body)


@CASES.row("forward.create", "a signature of dLocal", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    signature = {"type": "dlocal", "dlocal_parameters": {"secret_key": "made-up"}}
    headers = {"raw": {"X-Login": "login", "Content-Type": "application/json"}}
    source = {"type": "id", "id": HEALTHY}
    return client.call("forward.create", order(source, BODY, signature=signature, headers=headers))


@CASES.row(
    "forward.create",
    "no answer of the destination",
    Returns({"request_id": str, "destination_response": None}),
)
def _(client: Any) -> Any:
    source = {"type": "id", "id": "src_" + "visa_timeout".ljust(26, "0")}
    return client.call("forward.create", order(source, BODY))


@CASES.row("forward.create", "an unknown instrument", refused(422, "source_id_invalid"))
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": NOWHERE}, BODY))


@CASES.row(
    "forward.create", "a URL over 1024 characters", refused(422, "destination_request_url_too_long")
)
def _(client: Any) -> Any:
    source = {"type": "id", "id": HEALTHY}
    return client.call("forward.create", order(source, BODY, url=PSP + "?" + "a" * 1024))


@CASES.row("forward.create", "a wrong key", refused(401))
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY), key=WRONG_KEY)


@CASES.row("forward.create", "OAuth, scope forward", Returns({"destination_response.status": 200}))
def _(client: Any) -> Any:
    body = order({"type": "id", "id": HEALTHY}, BODY)
    return client.call("forward.create", body, scopes=["forward"])


@CASES.row("forward.create", "OAuth, another scope", refused(403))
def _(client: Any) -> Any:
    body = order({"type": "id", "id": HEALTHY}, BODY)
    return client.call("forward.create", body, scopes=["vault:instruments"])


@CASES.row(
    "forward.get", "its id", Returns({"destination_request.url": PSP, "reference": "order-7"})
)
def _(client: Any) -> Any:
    made = client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY))
    return client.call("forward.get", made["request_id"])


@CASES.row("forward.get", "an id of nothing", refused(404, "forward_request_not_found"))
def _(client: Any) -> Any:
    return client.call("forward.get", "fwd_" + "0" * 26)


# What only some clients have: their classes of requests are closed in Python, open for Node.js.


@CASES.row(
    "forward.create",
    "a PIN token",
    Returns({"destination_response.status": 200}),
    unlike={"checkout-sdk": Cannot("its class of a source has no pin_token")},
)
def _(client: Any) -> Any:
    pin = client.call("tokens.pin", {"type": "pin", "token_data": {"pin": "1234"}})["token"]
    source = {"type": "id", "id": HEALTHY, "pin_token": pin}
    return client.call("forward.create", order(source, {"pin": "{{card_pin}}"}))


@CASES.row(
    "forward.create",
    "a card token, to be stored",
    Returns({"destination_response.status": 200}),
    unlike={"checkout-sdk": Cannot("its class of a source has no store_for_future_use")},
)
def _(client: Any) -> Any:
    source = {"type": "token", "token": token(client), "store_for_future_use": True}
    return client.call("forward.create", order(source, BODY))


@CASES.row(
    "forward.create",
    "a signature of Visa",
    Returns({"destination_response.status": 200}),
    unlike={"checkout-sdk": Cannot("its class of a signature is dLocal's")},
)
def _(client: Any) -> Any:
    signature = {"type": "visa", "visa_parameters": {"shared_secret": "made-up"}}
    return client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, signature=signature)
    )


@CASES.row(
    "forward.create",
    "a network token and its cryptogram",
    Returns({"destination_response.status": 200}),
)
def _(client: Any) -> Any:
    body = order(
        {"type": "id", "id": TOKENISED},
        {
            "number": "{{network_token_number}}",
            "eci": "{{network_token_eci}}",
            "cryptogram": "{{network_token_cryptogram}}",
        },
    )
    wanted = {"enabled": True, "request_cryptogram": True}
    return client.call("forward.create", body | {"network_token": wanted})


@CASES.row(
    "forward.get",
    "one with a stored secret in a header",
    Returns({"destination_request.headers.Authorization": "***redacted***"}),
)
def _(client: Any) -> Any:
    name = secret(client, "header")
    headers = {
        "raw": {
            "Authorization": f"Bearer {{{{secret_{name}}}}}",
            "Content-Type": "application/json",
        }
    }
    made = client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, headers=headers)
    )
    return client.call("forward.get", made["request_id"])


@CASES.row("forward.create", "a secret that does not exist", refused(422, "secret_not_found"))
def _(client: Any) -> Any:
    headers = {"raw": {"Authorization": "Bearer {{secret_nothing}}"}}
    return client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, headers=headers)
    )


@CASES.row("forward.create", "a card token that was used", refused(422, "token_used"))
def _(client: Any) -> Any:
    once = {"type": "token", "token": token(client)}
    client.call("forward.create", order(once, BODY))
    return client.call("forward.create", order(once, BODY))


@CASES.row(
    "forward.create",
    "a method that does not exist",
    refused(422, "destination_request_method_invalid"),
)
def _(client: Any) -> Any:
    return client.call("forward.create", order({"type": "id", "id": HEALTHY}, BODY, method="FETCH"))


@CASES.row(
    "forward.create", "17 raw headers", refused(422, "destination_request_headers_raw_too_many")
)
def _(client: Any) -> Any:
    headers = {"raw": {f"X-{number}": "1" for number in range(17)}}
    return client.call(
        "forward.create", order({"type": "id", "id": HEALTHY}, BODY, headers=headers)
    )


@CASES.row(
    "forward.create",
    "several mistakes",
    refused(422, "reference_too_long", "destination_request_method_invalid"),
)
def _(client: Any) -> Any:
    body = order({"type": "id", "id": HEALTHY}, BODY, method="FETCH")
    return client.call("forward.create", body | {"reference": "r" * 81})


# Secrets


def secret(client: Any, name: str) -> str:
    """A stored secret; its name is one of this client's own."""
    own = f"{name}_{client.name.replace('-', '_')}"
    client.call("secrets.create", {"name": own, "value": "one"})
    return own


@CASES.row("secrets.create", "a name and a value", Returns({"name": str, "version": 1}))
def _(client: Any) -> Any:
    return client.call(
        "secrets.create", {"name": f"made_{client.name[-4:].strip('-')}", "value": "one"}
    )


@CASES.row("secrets.create", "no value", refused(422, "value_required"))
def _(client: Any) -> Any:
    return client.call("secrets.create", {"name": "no_value"})


@CASES.row("secrets.create", "a name with a hyphen", refused(422, "name_invalid"))
def _(client: Any) -> Any:
    return client.call("secrets.create", {"name": "my-key", "value": "one"})


@CASES.row("secrets.list", "", Returns({"data": list}))
def _(client: Any) -> Any:
    return client.call("secrets.list")


@CASES.row("secrets.update", "another value", Returns({"version": 2}))
def _(client: Any) -> Any:
    return client.call("secrets.update", secret(client, "updated"), {"value": "two"})


@CASES.row("secrets.update", "a name of nothing", refused(404))
def _(client: Any) -> Any:
    return client.call("secrets.update", "nothing", {"value": "two"})


@CASES.row("secrets.delete", "its name", Returns())
def _(client: Any) -> Any:
    return client.call("secrets.delete", secret(client, "deleted"))


@CASES.row("secrets.create", "OAuth, scope forward only", refused(403))
def _(client: Any) -> Any:
    return client.call("secrets.create", {"name": "x", "value": "y"}, scopes=["forward"])


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
