"""Payment intents: `/v1/payment_intents`, from creation to capture or cancellation.

What a confirmation does stands in `paying`; here are the parameters, the endpoints and the states.
"""

from typing import Any, Final

from forwardc.sandbox.stripe import expand, paying
from forwardc.sandbox.stripe.amounts import check_amount, check_step
from forwardc.sandbox.stripe.call import (
    Row,
    StripeCall,
    StripeEndpoint,
    added,
    alive,
    filtered,
    in_path,
    newest,
    page,
)
from forwardc.sandbox.stripe.errors import invalid
from forwardc.sandbox.stripe.intent import (
    check_connect,
    check_descriptor,
    check_mandate,
    check_options,
    check_secret,
    check_types,
    intent_object,
    unexpected,
)
from forwardc.sandbox.stripe.param_shapes import (
    AUTOMATIC_METHODS,
    CLEARED_METADATA,
    EXPAND,
    MANDATE_DATA,
    METADATA,
    METHOD_TYPES,
    PAYMENT_CARD,
    SHIPPING,
    WITH_CLIENT_SECRET,
    BooleanParam,
    ClearableParam,
    IntegerParam,
    MapParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
    listing,
)
from forwardc.sandbox.stripe.params import merged

_UNSUPPORTED: Final = (
    "amount_details",
    "excluded_payment_method_types",
    "hooks",
    "payment_details",
    # The published schema has no `card` in it, so that a raw card cannot come this way.
    "payment_method_data",
)
_SHARED: Final[dict[str, ParamKind]] = {
    **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
    **METHOD_TYPES,
    "capture_method": TextParam(choices=("automatic", "automatic_async", "manual")),
    "expand": EXPAND,
    "payment_method": TextParam(),
    "payment_method_options": MapParam({"card": ClearableParam(PAYMENT_CARD)}),
}
_AT_CONFIRMATION: Final[dict[str, ParamKind]] = {
    "confirmation_token": UnsupportedParam(),
    "error_on_requires_action": BooleanParam(),
    "mandate": TextParam(),
    "mandate_data": ClearableParam(MANDATE_DATA),
    "off_session": BooleanParam(words=("one_off", "recurring")),
    "radar_options": MapParam({"referrer": ClearableParam(TextParam()), "session": TextParam()}),
    "return_url": TextParam(form="url"),
    "use_stripe_sdk": BooleanParam(),
}
_TRANSFER: Final = MapParam(
    {
        "amount": IntegerParam(0),
        "description": TextParam(),
        "destination": TextParam(),
        "metadata": CLEARED_METADATA,
        "payment_data": UnsupportedParam(),
    },
    required=("destination",),
)
_OF_THE_PAYMENT: Final[dict[str, ParamKind]] = {
    "currency": TextParam(),
    "customer": TextParam(),
    "customer_account": UnsupportedParam(),
    "description": TextParam(1000),
    "payment_method_configuration": UnsupportedParam(),
    "statement_descriptor": TextParam(22),
    "statement_descriptor_suffix": TextParam(22),
    "transfer_group": TextParam(),
}
CREATE: Final = MapParam(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        **_OF_THE_PAYMENT,
        "amount": IntegerParam(low=1),
        "application_fee_amount": IntegerParam(low=0),
        "automatic_payment_methods": AUTOMATIC_METHODS,
        "confirm": BooleanParam(),
        "confirmation_method": TextParam(choices=("automatic", "manual")),
        "metadata": METADATA,
        "on_behalf_of": TextParam(),
        "receipt_email": TextParam(form="email"),
        "setup_future_usage": TextParam(choices=("off_session", "on_session")),
        "shipping": SHIPPING,
        "transfer_data": _TRANSFER,
    },
    required=("amount", "currency"),
)
_CLEARED: Final[dict[str, ParamKind]] = {
    "receipt_email": ClearableParam(TextParam(form="email")),
    "setup_future_usage": ClearableParam(TextParam(choices=("off_session", "on_session"))),
    "shipping": ClearableParam(SHIPPING),
}
CONFIRM: Final = MapParam(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        **_CLEARED,
        "amount_to_confirm": IntegerParam(low=1),
        "client_secret": TextParam(),
    }
)
UPDATE: Final = MapParam(
    {
        **_SHARED,
        **_OF_THE_PAYMENT,
        **_CLEARED,
        "amount": IntegerParam(low=1),
        "application_fee_amount": ClearableParam(IntegerParam(low=0)),
        "metadata": CLEARED_METADATA,
        "transfer_data": UnsupportedParam(),
    }
)
CAPTURE: Final = MapParam(
    {
        **dict.fromkeys(("amount_details", "hooks", "payment_details"), UnsupportedParam()),
        "amount_to_capture": IntegerParam(low=1),
        "application_fee_amount": IntegerParam(low=0),
        "expand": EXPAND,
        # Further captures need multicapture, which the account does not have.
        "final_capture": BooleanParam(),
        "metadata": CLEARED_METADATA,
        "statement_descriptor": TextParam(22),
        "statement_descriptor_suffix": TextParam(22),
        "transfer_data": UnsupportedParam(),
    }
)
CANCEL: Final = MapParam(
    {
        "cancellation_reason": TextParam(
            choices=("abandoned", "duplicate", "fraudulent", "requested_by_customer")
        ),
        "expand": EXPAND,
    }
)
LIST: Final = listing(customer=TextParam(), customer_account=UnsupportedParam())


# --- Endpoints

TABLE = "payment_intents"
KIND = "payment_intent"
_URL = "/v1/payment_intents"
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_CONFIRMABLE, "requires_capture")
_WITH_CONFIRM = ("off_session", "mandate", "mandate_data", "return_url", "error_on_requires_action")


async def create(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_intents."""
    params = _asked(call, CREATE)
    check_amount(call.world, params["amount"], params["currency"])
    confirming = params.get("confirm") is True
    for name in _WITH_CONFIRM:
        if name in params and not confirming:
            raise invalid(f"{name} may only be given together with confirm=true.", param=name)
    check_options(params, confirming=confirming)
    check_connect(call, params)
    if "customer" in params:
        alive(call, params["customer"], param="customer")
    intent = intent_object(call, params)
    if "payment_method" in params:
        paying.usable(call, intent, params["payment_method"])
    if confirming:
        paying.check(call, intent, params)
    row = added(call, TABLE, intent, attempts=0)
    if confirming:
        paying.pay(call, row, params)
    return expand.shown(call, intent, params)


async def retrieve(call: StripeCall) -> dict[str, Any]:
    """GET /v1/payment_intents/{id}."""
    params = expand.asked(call, WITH_CLIENT_SECRET, KIND)
    intent = _row(call)["object"]
    check_secret(intent, params)
    return expand.shown(call, intent, params)


async def update(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_intents/{id}."""
    params = _asked(call, UPDATE)
    intent = _row(call)["object"]
    if intent["status"] not in _CONFIRMABLE:
        later = {"description", "metadata", "receipt_email", "expand", "transfer_group"}
        closed = sorted(params.keys() - later)
        if closed:
            raise unexpected("PaymentIntent", intent, f"its {closed[0]} cannot be updated")
    check_options(params, confirming=False)
    metadata = merged(intent["metadata"], params.get("metadata", {}))
    amount, currency = params.get("amount", intent["amount"]), params.get("currency")
    check_amount(call.world, amount, currency or intent["currency"])
    check_connect(call, params)
    _set_customer(call, intent, params)
    paying.take_over(call, intent, params)
    for name in ("amount", "description", "statement_descriptor_suffix", "transfer_group"):
        if name in params:
            intent[name] = params[name]
    if currency is not None:
        intent["currency"] = currency.lower()
    intent["metadata"] = metadata
    return expand.shown(call, intent, params)


async def confirm(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_intents/{id}/confirm."""
    row = _row(call)
    params = _asked(call, CONFIRM)
    intent = row["object"]
    if intent["status"] not in _CONFIRMABLE:
        raise unexpected("PaymentIntent", intent, "it cannot be confirmed")
    check_secret(intent, params)
    if params.get("amount_to_confirm", intent["amount"]) != intent["amount"]:
        raise invalid("amount_to_confirm is not the intent's amount.", param="amount_to_confirm")
    if params.get("payment_method") is not None:
        paying.usable(call, intent, params["payment_method"])
    paying.check(call, intent, params)
    paying.take_over(call, intent, params)
    paying.pay(call, row, params)
    return expand.shown(call, intent, params)


async def capture(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_intents/{id}/capture: once, and no more than was authorized."""
    params = _asked(call, CAPTURE)
    intent = _row(call)["object"]
    if intent["status"] != "requires_capture":
        raise unexpected("PaymentIntent", intent, "it cannot be captured")
    amount = params.get("amount_to_capture", intent["amount_capturable"])
    check_step(amount, intent["currency"])
    if amount > intent["amount_capturable"]:
        text = "The amount to capture is greater than the amount that can be captured."
        raise invalid(text, param="amount_to_capture", code="amount_too_large")
    check_connect(call, params)
    if params.get("final_capture") is False:
        text = "The payment does not support several captures."
        raise invalid(text, param="final_capture")
    metadata = merged(intent["metadata"], params.get("metadata", {}))
    paying.capture(call, intent, amount)
    if "statement_descriptor_suffix" in params:
        intent["statement_descriptor_suffix"] = params["statement_descriptor_suffix"]
    intent["metadata"] = metadata
    return expand.shown(call, intent, params)


async def cancel(call: StripeCall) -> dict[str, Any]:
    """POST /v1/payment_intents/{id}/cancel: what was only authorized is given back."""
    params = expand.asked(call, CANCEL, KIND)
    intent = _row(call)["object"]
    if intent["status"] not in _CANCELABLE:
        raise unexpected("PaymentIntent", intent, "it cannot be canceled")
    paying.cancel(call, intent, params.get("cancellation_reason"))
    return expand.shown(call, intent, params)


async def listed(call: StripeCall) -> dict[str, Any]:
    """GET /v1/payment_intents, newest first."""
    asked = expand.asked(call, LIST, KIND, in_list=True)
    rows = newest(call, TABLE, filtered(call, asked, ("customer",)))
    return expand.shown(call, page(asked, rows, _URL, KIND), asked)


_ONE = _URL + "/{id}"
ENDPOINTS = (
    StripeEndpoint("POST", _URL, "payment_intent_write", create),
    StripeEndpoint("GET", _URL, "payment_intent_read", listed),
    StripeEndpoint("GET", _ONE, "payment_intent_read", retrieve),
    StripeEndpoint("POST", _ONE, "payment_intent_write", update),
    StripeEndpoint("POST", _ONE + "/confirm", "payment_intent_write", confirm),
    StripeEndpoint("POST", _ONE + "/capture", "payment_intent_write", capture),
    StripeEndpoint("POST", _ONE + "/cancel", "payment_intent_write", cancel),
)


def _row(call: StripeCall) -> Row:
    return in_path(call, TABLE, KIND)


def _asked(call: StripeCall, shape: Any) -> dict[str, Any]:
    params = expand.asked(call, shape, KIND)
    check_types(params)
    check_descriptor(params)
    check_mandate(params)
    return params


def _set_customer(call: StripeCall, intent: dict[str, Any], params: dict[str, Any]) -> None:
    if "customer" not in params:
        return
    alive(call, params["customer"], param="customer")
    if intent["customer"] not in (None, params["customer"]):
        raise invalid(
            "You cannot modify `customer` on a PaymentIntent once it already has been set. To "
            "fulfill a payment with a different Customer, cancel this PaymentIntent and create a "
            "new one.",
            param="customer",
        )
    intent["customer"] = params["customer"]
