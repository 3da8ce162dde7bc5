"""Setup intents: `/v1/setup_intents`, a card verified and kept for later without a payment.

Confirming uses the CVC, unless Stripe keeps it for the account by arrangement.
"""

from typing import Any, Final

from forwardc.sandbox.stripe import expand, methods, paying
from forwardc.sandbox.stripe.account import setting
from forwardc.sandbox.stripe.call import (
    Row,
    StripeCall,
    StripeEndpoint,
    added,
    alive,
    filtered,
    in_path,
    new_id,
    newest,
    page,
)
from forwardc.sandbox.stripe.errors import StripeError, card_error, invalid
from forwardc.sandbox.stripe.intent import (
    NO_METHOD,
    automatic_methods,
    check_connect,
    check_network,
    check_options,
    check_secret,
    check_types,
    method_types,
    unexpected,
)
from forwardc.sandbox.stripe.outcomes import CardDecline, setup_status
from forwardc.sandbox.stripe.param_shapes import (
    AUTOMATIC_METHODS,
    CLEARED_METADATA,
    EXPAND,
    MANDATE_DATA,
    METADATA,
    METHOD_TYPES,
    SETUP_CARD,
    WITH_CLIENT_SECRET,
    BooleanParam,
    ClearableParam,
    MapParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
    listing,
)
from forwardc.sandbox.stripe.params import merged

_UNSUPPORTED: Final = (
    "customer_account",
    "excluded_payment_method_types",
    "payment_method_configuration",
    "payment_method_data",
    # Money that moves between the account's own methods.
    "attach_to_self",
    "flow_directions",
)
_SHARED: Final[dict[str, ParamKind]] = {
    **METHOD_TYPES,
    "expand": EXPAND,
    "payment_method": TextParam(),
    "payment_method_options": MapParam({"card": SETUP_CARD}),
}
_AT_CONFIRMATION: Final[dict[str, ParamKind]] = {
    "mandate_data": ClearableParam(MANDATE_DATA),
    "return_url": TextParam(form="url"),
    "use_stripe_sdk": BooleanParam(),
}
CREATE: Final = MapParam(
    {
        **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
        **_SHARED,
        **_AT_CONFIRMATION,
        "automatic_payment_methods": AUTOMATIC_METHODS,
        "confirm": BooleanParam(),
        "confirmation_token": UnsupportedParam(),
        "customer": TextParam(),
        "description": TextParam(1000),
        "metadata": METADATA,
        "on_behalf_of": TextParam(),
        "single_use": UnsupportedParam(),
        "usage": TextParam(choices=("off_session", "on_session")),
    }
)
UPDATE: Final = MapParam(
    {
        **dict.fromkeys(_UNSUPPORTED, UnsupportedParam()),
        **_SHARED,
        "customer": TextParam(),
        "description": TextParam(1000),
        "metadata": CLEARED_METADATA,
    }
)
CONFIRM: Final = MapParam(
    {
        **_SHARED,
        **_AT_CONFIRMATION,
        "client_secret": TextParam(),
        "confirmation_token": UnsupportedParam(),
        "payment_method_data": UnsupportedParam(),
    }
)
CANCEL: Final = MapParam(
    {
        "cancellation_reason": TextParam(
            choices=("abandoned", "duplicate", "requested_by_customer")
        ),
        "expand": EXPAND,
    }
)
LIST: Final = listing(
    attach_to_self=UnsupportedParam(),
    customer=TextParam(),
    customer_account=UnsupportedParam(),
    payment_method=TextParam(),
)


# --- Endpoints

TABLE = "setup_intents"
_KIND = "setup_intent"
_URL = "/v1/setup_intents"
_OPEN = (NO_METHOD, "requires_confirmation", "requires_action")


async def create(call: StripeCall) -> dict[str, Any]:
    """POST /v1/setup_intents."""
    params = _asked(call, CREATE)
    confirming = params.get("confirm") is True
    for name in ("mandate_data", "return_url"):
        if name in params and not confirming:
            raise invalid(f"{name} may only be given together with confirm=true.", param=name)
    check_options(params, confirming=confirming)
    check_connect(call, params)
    if "customer" in params:
        alive(call, params["customer"], param="customer")
    intent = _object(call, params)
    if "payment_method" in params:
        paying.usable(call, intent, params["payment_method"])
    if confirming:
        paying.check(call, intent, params)
    row = added(call, TABLE, intent, attempts=0)
    if confirming:
        _set_up(call, row, params)
    return expand.shown(call, intent, params)


async def retrieve(call: StripeCall) -> dict[str, Any]:
    """GET /v1/setup_intents/{id}."""
    params = expand.asked(call, WITH_CLIENT_SECRET, _KIND)
    intent = _row(call)["object"]
    check_secret(intent, params)
    return expand.shown(call, intent, params)


async def update(call: StripeCall) -> dict[str, Any]:
    """POST /v1/setup_intents/{id}."""
    params = _asked(call, UPDATE)
    intent = _row(call)["object"]
    if intent["status"] not in _OPEN and params.keys() - {"metadata", "description", "expand"}:
        raise unexpected("SetupIntent", intent, "it cannot be updated")
    check_options(params, confirming=False)
    metadata = merged(intent["metadata"], params.get("metadata", {}))
    if "customer" in params:
        alive(call, params["customer"], param="customer")
        if intent["customer"] not in (None, params["customer"]):
            text = "You cannot modify `customer` on a SetupIntent once it already has been set."
            raise invalid(text, param="customer")
        intent["customer"] = params["customer"]
    _take_over(call, intent, params)
    if "description" in params:
        intent["description"] = params["description"]
    intent["metadata"] = metadata
    return expand.shown(call, intent, params)


async def confirm(call: StripeCall) -> dict[str, Any]:
    """POST /v1/setup_intents/{id}/confirm. Raises 402 for a card that the bank refuses."""
    params = _asked(call, CONFIRM)
    row = _row(call)
    intent = row["object"]
    if intent["status"] not in _OPEN:
        raise unexpected("SetupIntent", intent, "it cannot be confirmed")
    check_secret(intent, params)
    paying.check(call, intent, params)
    _take_over(call, intent, params)
    _set_up(call, row, params)
    return expand.shown(call, intent, params)


async def cancel(call: StripeCall) -> dict[str, Any]:
    """POST /v1/setup_intents/{id}/cancel."""
    params = expand.asked(call, CANCEL, _KIND)
    intent = _row(call)["object"]
    if intent["status"] not in _OPEN:
        raise unexpected("SetupIntent", intent, "it cannot be canceled")
    reason = params.get("cancellation_reason")
    intent |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    return expand.shown(call, intent, params)


async def listed(call: StripeCall) -> dict[str, Any]:
    """GET /v1/setup_intents, newest first."""
    asked = expand.asked(call, LIST, _KIND, in_list=True)
    if "payment_method" in asked:
        methods.find(call, asked["payment_method"], param="payment_method")
    rows = newest(call, TABLE, filtered(call, asked, ("customer", "payment_method")))
    return expand.shown(call, page(asked, rows, _URL, "setupintent"), asked)


_ONE = _URL + "/{id}"
ENDPOINTS = (
    StripeEndpoint("POST", _URL, "setup_intent_write", create),
    StripeEndpoint("GET", _URL, "setup_intent_read", listed),
    StripeEndpoint("GET", _ONE, "setup_intent_read", retrieve),
    StripeEndpoint("POST", _ONE, "setup_intent_write", update),
    StripeEndpoint("POST", _ONE + "/confirm", "setup_intent_write", confirm),
    StripeEndpoint("POST", _ONE + "/cancel", "setup_intent_write", cancel),
)


def _row(call: StripeCall) -> Row:
    return in_path(call, TABLE, "setupintent")


def _asked(call: StripeCall, shape: MapParam) -> dict[str, Any]:
    params = expand.asked(call, shape, _KIND)
    check_types(params)
    return params


def _take_over(call: StripeCall, intent: dict[str, Any], params: dict[str, Any]) -> None:
    if "payment_method" in params:
        paying.usable(call, intent, params["payment_method"])
        intent |= {"payment_method": params["payment_method"], "next_action": None}
        intent["status"] = "requires_confirmation"


def _set_up(call: StripeCall, row: Row, params: dict[str, Any]) -> None:
    """One attempt. Raises 402 for a decline, with the intent back at `requires_payment_method`."""
    intent = row["object"]
    method = paying.usable(call, intent, intent["payment_method"])
    options = params.get("payment_method_options", {}).get("card", {})
    check_network(options.get("network"), method["object"]["card"]["brand"])
    row["attempts"] += 1
    outcome = setup_status(methods.card_of(method).number)
    if outcome == "requires_action" and "three_d_secure" in options:
        outcome = "succeeded"
    if not setting(call.world, "setup_keeps_cvc"):
        methods.verified(method)
    intent["latest_attempt"] = new_id("setatt")
    if isinstance(outcome, CardDecline):
        raise _declined(row, method["object"], outcome)
    intent |= {"status": outcome, "last_setup_error": None, "next_action": None}
    if outcome == "requires_action":
        intent["next_action"] = paying.next_action(intent, params)
    else:
        paying.keep(call, intent, method)


def _declined(row: Row, method: dict[str, Any], why: CardDecline) -> StripeError:
    intent = row["object"]
    canceled = row["attempts"] >= paying.MAX_ATTEMPTS
    intent |= {"status": "canceled" if canceled else NO_METHOD, "payment_method": None}
    cause: dict[str, Any] = {"payment_method": method}
    if why.decline_code is not None:
        cause["decline_code"] = why.decline_code
    failed = {"type": "card_error", "code": why.code, "message": why.message, **cause}
    intent["last_setup_error"] = failed
    return card_error(why.code, why.message, setup_intent=dict(intent), **cause)


def _object(call: StripeCall, params: dict[str, Any]) -> dict[str, Any]:
    """A new setup intent. Field names and nulls follow stripe-python 16.1."""
    identifier = new_id("seti")
    card = params.get("payment_method_options", {}).get("card", {})
    secure = card.get("request_three_d_secure", "automatic")
    return {
        "id": identifier,
        "object": _KIND,
        "application": None,
        "automatic_payment_methods": automatic_methods(call, params),
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_{new_id('sandbox')}",
        "created": call.now,
        "customer": params.get("customer"),
        "customer_account": None,
        "description": params.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": call.caller.livemode,
        "mandate": None,
        "metadata": merged({}, params.get("metadata", {})),
        "next_action": None,
        "on_behalf_of": params.get("on_behalf_of"),
        "payment_method": params.get("payment_method"),
        "payment_method_options": {"card": {"request_three_d_secure": secure}},
        "single_use_mandate": None,
        "status": "requires_confirmation" if "payment_method" in params else NO_METHOD,
        "usage": params.get("usage", "off_session"),
        **method_types(call, params),
    }
