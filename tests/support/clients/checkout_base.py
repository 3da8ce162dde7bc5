"""What the rows of Checkout.com's calls share: cards, sources, orders to forward, refusals."""

import json
from typing import Any

from clients.case import Raises
from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key

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
CHANNEL = "pc_" + "sandbox".ljust(26, "0")
PSP = "https://psp.example.com/pay"
VAULT_SCOPES = ["vault:network-tokens"]
OTHER_KEY = checkout_secret_key("second")
WRONG_KEY = "sk_sbox_" + "a" * 27


def refused(status: int, *codes: str, kind: str = "request_invalid") -> Raises:
    """What each client raises for a status, with codes and error type (of a 422) of the answer."""
    node = {
        400: "AuthenticationError",
        401: "AuthenticationError",
        403: "ActionNotAllowed",
        404: "NotFoundError",
        422: "ValidationError",
    }[status]
    kinds = {"checkout-sdk": "CheckoutApiException", "checkout-sdk-node": node}
    own = next((code for code in codes if code.startswith("token_")), kind)
    about = {"codes": list(codes), "type": own if status == 422 else "not_found"}
    return Raises(kinds, status, about if codes else {})


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
    about = {"reference": "order-7", "processing_channel_id": CHANNEL}
    return {"source": source, "destination_request": destination | more} | about


BODY = {"number": "{{card_number}}", "month": "{{card_expiry_month_mm}}", "cvv": "{{card_cvv}}"}


def secret(client: Any, name: str) -> str:
    """A stored secret; its name is one of this client's own."""
    own = f"{name}_{client.name.replace('-', '_')}"
    client.call("secrets.create", {"name": own, "value": "one"})
    return own
