"""The API object of a payment intent. Knows no state but the first.

Field names and nulls follow the schema of 2026-09-30.endive.
"""

from typing import Any

from forwardc.sandbox.stripe.account import since
from forwardc.sandbox.stripe.call import StripeCall
from forwardc.sandbox.stripe.ids import new_id
from forwardc.sandbox.stripe.params import merged
from forwardc.sandbox.stripe.tables.shared import TYPES_ADDED
from forwardc.sandbox.stripe.tables.versions import ASYNC_CAPTURE, DYNAMIC_METHODS

_NULLABLE = (
    "customer",
    "description",
    "on_behalf_of",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def intent_object(call: StripeCall, params: dict[str, Any]) -> dict[str, Any]:
    """A new payment intent of the parameters of its creation."""
    identifier = new_id("pi")
    intent: dict[str, Any] = {
        "id": identifier,
        "object": "payment_intent",
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": params.get("application_fee_amount"),
        "automatic_payment_methods": automatic_methods(call, params),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", _capture_method(call)),
        "client_secret": f"{identifier}_secret_{new_id('sandbox')}",
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": call.now,
        "currency": params["currency"].lower(),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": call.caller.livemode,
        "metadata": merged({}, params.get("metadata", {})),
        "next_action": None,
        "payment_method": params.get("payment_method"),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "processing": None,
        "review": None,
        "source": None,
        "status": "requires_confirmation" if "payment_method" in params else NO_METHOD,
        "transfer_data": params.get("transfer_data"),
    }
    keep_options(intent, params)
    return intent | method_types(call, params) | {name: params.get(name) for name in _NULLABLE}


NO_METHOD = "requires_payment_method"


def method_types(call: StripeCall, params: dict[str, Any]) -> dict[str, Any]:
    """What an intent tells about the types of payment methods."""
    named = params.get("payment_method_types") or params.get("allowed_payment_method_types")
    shown = {"payment_method_types": named or ["card"]}
    if since(call.version, TYPES_ADDED) and "allowed_payment_method_types" in params:
        shown["allowed_payment_method_types"] = params["allowed_payment_method_types"]
    return shown


def automatic_methods(call: StripeCall, params: dict[str, Any]) -> dict[str, Any] | None:
    """Dynamic payment methods: by default since 2023-08-16."""
    if params.keys() & {"payment_method_types", "allowed_payment_method_types"}:
        return None
    given = params.get("automatic_payment_methods")
    if given is None and not since(call.version, DYNAMIC_METHODS):
        return None
    given = given or {"enabled": True}
    if not given["enabled"]:
        return None
    return {"enabled": True, "allow_redirects": given.get("allow_redirects", "always")}


def _capture_method(call: StripeCall) -> str:
    return "automatic_async" if since(call.version, ASYNC_CAPTURE) else "automatic"


_KEPT = ("capture_method", "network", "request_three_d_secure", "setup_future_usage")


def keep_options(intent: dict[str, Any], params: dict[str, Any]) -> None:
    """Write those options of cards that an intent shows again, and goes by."""
    given = params.get("payment_method_options", {}).get("card") or {}
    held = intent["payment_method_options"]["card"]
    for name in _KEPT:
        if name in given:
            held[name] = given[name]
        if held.get(name, "") is None:
            del held[name]


def is_manual(intent: dict[str, Any]) -> bool:
    """Whether a card's payment is only authorized: the card's own option comes first."""
    card = intent["payment_method_options"]["card"]
    return "manual" in (intent["capture_method"], card.get("capture_method"))


def is_for_later(intent: dict[str, Any]) -> bool:
    """Whether the method is set up for later payments."""
    if intent["object"] == "setup_intent":
        return True
    card = intent["payment_method_options"]["card"]
    return card.get("setup_future_usage", intent["setup_future_usage"]) not in (None, "none")
