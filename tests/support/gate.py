"""Callbacks as Rocketpay Gate writes them, signed by the sandbox's own implementation."""

import copy
import json
from typing import Any

from forwardc.sandbox.crypto import rocketpay

SECRET = "a secret of the tests"
TOKEN = "959c664ad64b8caa54bb7836ddc737fd1a3e6c7045679d71d89caff6c242a039"
OTHER = "2f0e75befacca30623354f9ffb0f44a80bee52982c39727b85039ef6f64309a1"
DESTINATIONS = ("rocketpay",)
Json = dict[str, Any]


def of_token(action: str | None = "tokenize", status: str = "active", **more: Any) -> Json:
    """That a token was created or revoked, or, without an action, that it expired."""
    request = {"id": f"request-{action}", "action": action, "status": "success"}
    return {
        "project_id": 123,
        "customer": {"id": "customer_123"},
        "request": {name: value for name, value in request.items() if value is not None},
        "token": TOKEN,
        "token_created_at": "2026-11-20 13:30:57",
        "token_status": status,
    } | more


def of_card(expiry: str = "08/30", **more: Any) -> Json:
    """Card information."""
    card = {"expiry": expiry, "holder": "JANE ROE", "type": "visa"}
    return {
        "project_id": "123",
        "account": {
            "id": 2932,
            "number": "424242******4242",
            "type": "card",
            "additional": {"country": "GB", "email": "jane@example.com", "card": card},
            "recurring_enable": False,
        },
        "token": TOKEN,
    } | more


def of_payment(payment_id: str = "payment-1", status: str = "success", **more: Any) -> Json:
    """The result of a payment, with the token that the Gate made by itself."""
    return {
        "project_id": 123,
        "payment": {"id": payment_id, "type": "payout", "status": status, "method": "card"},
        "account": {
            "number": "424242******4242",
            "token": TOKEN,
            "type": "visa",
            "card_holder": "JANE ROE",
            "expiry_month": "08",
            "expiry_year": "2030",
        },
        "customer": {"id": "customer_123"},
        "operation": {"request_id": f"request-{payment_id}", "status": status},
    } | more


def signed(document: Json, secret: str = SECRET, *, at: str = "root") -> Json:
    """The document with its signature at the root or in `general`."""
    whole = copy.deepcopy(document)
    holder = whole if at == "root" else whole.setdefault(at, {})
    holder["signature"] = rocketpay.sign(whole, secret)
    return whole


def body(document: Json) -> bytes:
    """The bytes on the wire."""
    return json.dumps(document).encode()
