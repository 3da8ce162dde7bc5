"""The API object of a payment intent, and what payment intents and setup intents refuse alike.

Field names and nulls follow the schema of 2026-09-30.endive. Texts of refusals were seen in public
code, but for those of `check_descriptor` and `unexpected`.
"""

from typing import Any

from forwardc.sandbox.stripe.account import ASYNC_CAPTURE, DYNAMIC_METHODS, since
from forwardc.sandbox.stripe.call import StripeCall, new_id
from forwardc.sandbox.stripe.errors import StripeError, invalid, no_such
from forwardc.sandbox.stripe.param_shapes import ACTIVE_TYPES, TYPES_ADDED
from forwardc.sandbox.stripe.params import merged

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
    methods = params.get("automatic_payment_methods")
    if methods is None and not since(call.version, DYNAMIC_METHODS):
        return None
    methods = methods or {"enabled": True}
    if not methods["enabled"]:
        return None
    return {"enabled": True, "allow_redirects": methods.get("allow_redirects", "always")}


def _capture_method(call: StripeCall) -> str:
    return "automatic_async" if since(call.version, ASYNC_CAPTURE) else "automatic"


_KEPT = ("capture_method", "network", "request_three_d_secure", "setup_future_usage")


def keep_options(intent: dict[str, Any], params: dict[str, Any]) -> None:
    """Write those options of cards that an intent shows again, and goes by."""
    options = params.get("payment_method_options", {}).get("card") or {}
    held = intent["payment_method_options"]["card"]
    for name in _KEPT:
        if name in options:
            held[name] = options[name]
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


# --- Refusals

_NETWORK = "payment_method_options[card][network]"
_TYPES = ("allowed_payment_method_types", "payment_method_types")


def check_types(params: dict[str, Any]) -> None:
    """Raise 400 for two ways to say which payment methods, or one that is not switched on."""
    named = [name for name in (*_TYPES, "automatic_payment_methods") if name in params]
    if len(named) > 1:
        text = f"You may only specify one of these parameters: {', '.join(sorted(named))}."
        raise invalid(text, param=named[0])
    for name in named:
        if name in _TYPES:
            _check_active(name, params[name])


def _check_active(param: str, types: list[str]) -> None:
    for at, type_name in enumerate(types):
        if type_name not in ACTIVE_TYPES:
            plain = type_name.replace("_", "")
            shown = (
                f' "{type_name}"'
                if plain.isascii() and plain.isalnum() and len(type_name) <= 30
                else ""
            )
            raise invalid(
                f"The payment method type{shown} is invalid. Please ensure the provided type is "
                "activated in your dashboard "
                "(https://dashboard.stripe.com/account/payments/settings) and your account is "
                "enabled for any preview features that you are trying to use.",
                param=f"{param}[{at}]",
            )
    if not types:
        raise invalid("Invalid array", param=param)


def check_descriptor(params: dict[str, Any]) -> None:
    """A whole descriptor is refused for cards, whose suffix may be given."""
    if "statement_descriptor" in params:
        raise invalid(
            "The statement_descriptor parameter is not supported for the payment method type card. "
            "Use statement_descriptor_suffix instead.",
            param="statement_descriptor",
        )


def check_connect(call: StripeCall, params: dict[str, Any]) -> None:
    """Raise 400 for connected accounts that are not the account's, and fees without any."""
    transfer = params.get("transfer_data", {}).get("destination")
    for name, account in (
        ("on_behalf_of", params.get("on_behalf_of")),
        ("transfer_data[destination]", transfer),
    ):
        if account is not None and account not in call.world.table("stripe.accounts"):
            raise invalid(f"No such destination: '{account}'", param=name, code="resource_missing")
    if params.get("application_fee_amount") is None:
        return
    if transfer is None and call.caller.account is None:
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a "
            "direct payment (using an OAuth key or Stripe-Account header) or destination payment "
            "(using `transfer_data[destination]`).",
            param="application_fee_amount",
        )


def check_options(params: dict[str, Any], *, confirming: bool) -> None:
    """A network is chosen when a payment is confirmed, and not before (API reference)."""
    card = params.get("payment_method_options", {}).get("card") or {}
    if "network" in card and not confirming:
        raise invalid("The network can only be set when the intent is confirmed.", param=_NETWORK)


def check_network(asked: str | None, brand: str) -> None:
    """Raise 400 for a network that the card does not have."""
    if asked not in (None, "unknown", brand):
        raise invalid(f"The card is not one of the network {asked}.", param=_NETWORK)


def check_mandate(params: dict[str, Any]) -> None:
    """The sandbox makes no mandates: none can be named."""
    if "mandate" in params:
        raise no_such("mandate", params["mandate"], param="mandate")


def check_secret(intent: dict[str, Any], params: dict[str, Any]) -> None:
    """A client secret that is given must be the intent's."""
    if params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        text = "The client_secret provided does not match any associated intent on this account."
        raise invalid(text, param="client_secret")


def unexpected(kind: str, intent: dict[str, Any], reason: str) -> StripeError:
    """An intent in a state that does not allow this: 400 with the intent in the error."""
    name = "payment_intent" if kind == "PaymentIntent" else "setup_intent"
    text = f"This {kind}'s status is {intent['status']}, and {reason}."
    return with_intent(invalid(text, code=f"{name}_unexpected_state"), intent)


def with_intent(error: StripeError, intent: dict[str, Any]) -> StripeError:
    """The error with the intent that it is about."""
    error.extra = {**error.extra, intent["object"]: dict(intent)}
    return error
