"""Payment intents: `/v1/payment_intents`, create, retrieve and confirm by card.

Knows no HTTP. Which payment a card makes stands in the outcomes; here are the states.
"""

from typing import Any

from forwardc.sandbox.stripe import methods
from forwardc.sandbox.stripe.account import since
from forwardc.sandbox.stripe.amounts import check_amount
from forwardc.sandbox.stripe.call import Call, Endpoint
from forwardc.sandbox.stripe.errors import StripeError, card_error, invalid, no_such, unknown
from forwardc.sandbox.stripe.ids import new_id
from forwardc.sandbox.stripe.intent_params import CONFIRM, CREATE, RETRIEVE, UNSUPPORTED
from forwardc.sandbox.stripe.outcomes import Decline, payment_status
from forwardc.sandbox.stripe.params import Shape, read

TABLE = "stripe.payment_intents"
# Stripe says "too many", not how many.
MAX_ATTEMPTS = 10
_REMOVED = "2026-09-30"
_ADDED = "2026-07-29"
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


async def create(call: Call) -> dict[str, Any]:
    """POST /v1/payment_intents."""
    params = _read(call, CREATE)
    check_amount(call.world, params["amount"], params["currency"])
    if params.get("confirm") is not True:
        for name in ("off_session", "mandate", "return_url", "error_on_requires_action"):
            if name in params:
                raise invalid(f"{name} may only be given together with confirm=true.", param=name)
    if "payment_method" in params:
        _usable(call, params["payment_method"])
    intent = _object(call, params)
    row = {"object": intent, "attempts": 0}
    if params.get("confirm") is True:
        _check_confirm(call, intent, params)
    call.world.table(TABLE)[intent["id"]] = row
    if params.get("confirm") is True:
        _confirm(call, row, params)
    return _shown(call, intent, params)


async def retrieve(call: Call) -> dict[str, Any]:
    """GET /v1/payment_intents/{id}."""
    params = read(RETRIEVE, call.params)
    return _shown(call, _find(call)["object"], params)


async def confirm(call: Call) -> dict[str, Any]:
    """POST /v1/payment_intents/{id}/confirm."""
    row = _find(call)
    params = _read(call, CONFIRM)
    intent = row["object"]
    if intent["status"] not in _CONFIRMABLE:
        raise _unexpected(
            f"This PaymentIntent's status is {intent['status']}, and it cannot be confirmed.",
            intent,
        )
    if "payment_method" in params:
        _usable(call, params["payment_method"])
    _check_confirm(call, intent, params)
    _take_over(intent, params)
    _confirm(call, row, params)
    return _shown(call, intent, params)


ENDPOINTS = (
    Endpoint("POST", "/v1/payment_intents", "payment_intent_write", create),
    Endpoint("GET", "/v1/payment_intents/{id}", "payment_intent_read", retrieve),
    Endpoint("POST", "/v1/payment_intents/{id}/confirm", "payment_intent_write", confirm),
)


def _read(call: Call, shape: Shape) -> dict[str, Any]:
    _check_types(call)
    params = read(shape, call.params)
    for name in UNSUPPORTED:
        if name in params:
            raise invalid("The sandbox does not support this parameter.", param=name)
    return params


def _find(call: Call) -> dict[str, Any]:
    row: dict[str, Any] | None = call.world.table(TABLE).get(call.path["id"])
    if row is None or row["object"]["livemode"] != call.caller.livemode:
        raise no_such("payment_intent", call.path["id"])
    return row


def _usable(call: Call, identifier: str) -> dict[str, Any]:
    row = methods.find(call, identifier, param="payment_method")
    if row["consumed"]:
        raise invalid(
            "The provided PaymentMethod was previously used with a PaymentIntent without a "
            "Customer, and may not be used again.",
            param="payment_method",
        )
    return row


def _check_types(call: Call) -> None:
    """`payment_method_types` went in 2026-09-30.endive, its successor came in 2026-07-29."""
    if "payment_method_types" in call.params and since(call.version, _REMOVED):
        raise invalid(
            "payment_method_types is no longer supported: use allowed_payment_method_types.",
            param="payment_method_types",
            code="payment_method_types_no_longer_supported",
        )
    if "allowed_payment_method_types" in call.params and not since(call.version, _ADDED):
        raise unknown(["allowed_payment_method_types"])
    if {"payment_method_types", "automatic_payment_methods"} <= call.params.keys():
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, "
            "payment_method_types.",
            param="payment_method_types",
        )


def _check_confirm(call: Call, intent: dict[str, Any], params: dict[str, Any]) -> None:
    """What a confirmation needs: a payment method, and where redirects can happen a return_url."""
    if not (params.get("payment_method") or intent["payment_method"]):
        raise _unexpected(
            "You cannot confirm this PaymentIntent because it's missing a payment method.", intent
        )
    automatic = intent["automatic_payment_methods"]
    may_redirect = automatic is not None and automatic["allow_redirects"] == "always"
    named = "allowed_payment_method_types" in params or "payment_method_types" in params
    bare = may_redirect and not named and "return_url" not in params
    if bare and not call.world.lets("stripe_no_return_url", "return_url"):
        raise invalid(
            "Some payment methods of this PaymentIntent may redirect the customer: give a "
            "return_url, or set automatic_payment_methods[allow_redirects] to never.",
            param="return_url",
        )


def _take_over(intent: dict[str, Any], params: dict[str, Any]) -> None:
    for name in ("payment_method", "capture_method", "receipt_email", "setup_future_usage"):
        if name in params:
            intent[name] = params[name]


def _confirm(call: Call, row: dict[str, Any], params: dict[str, Any]) -> None:
    """One attempt. Raises 402 for a decline, with the intent back at `requires_payment_method`."""
    intent = row["object"]
    method = _usable(call, intent["payment_method"])
    row["attempts"] += 1
    methods.use_cvc(method)
    off_session = params.get("off_session", False) is not False
    outcome = payment_status(methods.card_of(method).number, off_session=off_session)
    if outcome == "requires_action" and params.get("error_on_requires_action"):
        text = "This payment requires additional user action before it can be completed."
        outcome = Decline("authentication_required", None, text)
    if isinstance(outcome, Decline):
        raise _declined(row, method["object"], outcome)
    intent["last_payment_error"] = None
    intent["next_action"] = None
    if outcome == "requires_action":
        intent["status"] = outcome
        intent["next_action"] = _next_action(intent, params)
    else:
        _charge(intent, method, outcome)


def _charge(intent: dict[str, Any], method: dict[str, Any], outcome: str) -> None:
    intent["latest_charge"] = new_id("ch")
    intent["status"] = outcome
    if outcome == "processing":
        intent["processing"] = {"card": {}, "type": "card"}
        return
    method["consumed"] = True
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
    else:
        intent["amount_received"] = intent["amount"]


def _next_action(intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    url = params.get("return_url")
    if url is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    page = f"https://hooks.stripe.com/3d_secure_2/hosted?payment_intent={intent['id']}"
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": url, "url": page}}


def _declined(row: dict[str, Any], method: dict[str, Any], why: Decline) -> StripeError:
    intent = row["object"]
    charge = new_id("ch")
    canceled = row["attempts"] >= MAX_ATTEMPTS
    intent["status"] = "canceled" if canceled else "requires_payment_method"
    if canceled:
        intent["cancellation_reason"] = "automatic"
    intent["payment_method"] = None
    intent["latest_charge"] = charge
    cause: dict[str, Any] = {"charge": charge, "payment_method": method}
    if why.decline_code is not None:
        cause["decline_code"] = why.decline_code
    intent["last_payment_error"] = {
        "type": "card_error",
        "code": why.code,
        "message": why.message,
        **cause,
    }
    return card_error(why.code, why.message, payment_intent=dict(intent), **cause)


def _unexpected(message: str, intent: dict[str, Any]) -> StripeError:
    error = invalid(message, code="payment_intent_unexpected_state")
    error.extra = {"payment_intent": dict(intent)}
    return error


def _shown(call: Call, intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """A copy of the intent, with the payment method inlined where `expand[]` asks for it."""
    shown = dict(intent)
    for at, name in enumerate(params.get("expand", [])):
        if name != "payment_method":
            text = f"This property cannot be expanded ({name})."
            raise invalid(text, param=f"expand[{at}]")
        if shown["payment_method"] is not None:
            row = methods.find(call, shown["payment_method"], param="payment_method")
            shown["payment_method"] = row["object"]
    return shown


def _object(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """A new intent. Field names and nulls follow the schema of 2026-09-30."""
    identifier = new_id("pi")
    named = params.get("payment_method_types") or params.get("allowed_payment_method_types")
    status = "requires_confirmation" if "payment_method" in params else "requires_payment_method"
    intent: dict[str, Any] = {
        "id": identifier,
        "object": "payment_intent",
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": None if named else _automatic(params),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": f"{identifier}_secret_{new_id('sandbox')}",
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": call.now,
        "currency": params["currency"].lower(),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": call.caller.livemode,
        "metadata": params.get("metadata", {}),
        "next_action": None,
        "payment_method": params.get("payment_method"),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": named or ["card"],
        "processing": None,
        "status": status,
    }
    if since(call.version, _ADDED) and "allowed_payment_method_types" in params:
        intent["allowed_payment_method_types"] = params["allowed_payment_method_types"]
    return intent | {name: params.get(name) for name in _NULLABLE}


_NULLABLE = (
    "customer",
    "description",
    "on_behalf_of",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def _automatic(params: dict[str, Any]) -> dict[str, Any] | None:
    """Dynamic payment methods are on by default since 2023-08-16."""
    given = params.get("automatic_payment_methods", {"enabled": True})
    if not given["enabled"]:
        return None
    return {"enabled": True, "allow_redirects": given.get("allow_redirects", "always")}
