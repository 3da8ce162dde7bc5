"""The API object of a payment intent. Knows no state but the first.

Field names and nulls follow the schema of 2026-09-30.endive.
"""

from typing import Any

from forwardc.sandbox.stripe.account import since
from forwardc.sandbox.stripe.call import Call
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


def intent_object(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """A new payment intent of the parameters of its creation."""
    identifier = new_id("pi")
    card = params.get("payment_method_options", {}).get("card") or {}
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
        "payment_method_options": {"card": {"request_three_d_secure": "automatic", **_kept(card)}},
        "processing": None,
        "review": None,
        "source": None,
        "status": "requires_confirmation" if "payment_method" in params else NO_METHOD,
        "transfer_data": None,
    }
    return intent | method_types(call, params) | {name: params.get(name) for name in _NULLABLE}


NO_METHOD = "requires_payment_method"


def method_types(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """What an intent tells about the types of payment methods."""
    named = params.get("payment_method_types") or params.get("allowed_payment_method_types")
    shown = {"payment_method_types": named or ["card"]}
    if since(call.version, TYPES_ADDED) and "allowed_payment_method_types" in params:
        shown["allowed_payment_method_types"] = params["allowed_payment_method_types"]
    return shown


def automatic_methods(call: Call, params: dict[str, Any]) -> dict[str, Any] | None:
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


def _capture_method(call: Call) -> str:
    return "automatic_async" if since(call.version, ASYNC_CAPTURE) else "automatic"


def _kept(card: dict[str, Any]) -> dict[str, Any]:
    """What of the card's options is shown again."""
    names = ("capture_method", "network", "request_three_d_secure", "setup_future_usage")
    return {name: card[name] for name in names if name in card}
