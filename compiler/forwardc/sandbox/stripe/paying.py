"""One attempt to pay a payment intent by card, and what follows it.

Which payment a card makes stands in the outcomes; here the intent, its charge and the method take
over what came of it.
"""

from typing import Any

from forwardc.sandbox.stripe import charges, methods
from forwardc.sandbox.stripe.amounts import check_brand
from forwardc.sandbox.stripe.call import Row, StripeCall, find
from forwardc.sandbox.stripe.errors import StripeError, card_error, invalid
from forwardc.sandbox.stripe.intent import (
    NO_METHOD,
    check_network,
    is_for_later,
    is_manual,
    keep_options,
    with_intent,
)
from forwardc.sandbox.stripe.outcomes import CardDecline, payment_status

# Stripe says "too many", not how many.
MAX_ATTEMPTS = 10


def usable(call: StripeCall, intent: dict[str, Any], identifier: str) -> Row:
    """The payment method, if this intent's customer may use it. Raises 400."""
    row = methods.find(call, identifier, param="payment_method")
    owner, customer = row["object"]["customer"], intent["customer"]
    if row["consumed"]:
        raise methods.used_up()
    if owner is None or owner == customer:
        return row
    if customer is None:
        raise invalid(
            f"The `payment_method` parameter supplied {identifier} belongs to the Customer "
            f"{owner}. Please include the Customer in the `customer` parameter on the "
            f"{_name(intent)}.",
            param="payment_method",
            code="parameter_missing",
        )
    raise invalid(
        f"The customer does not have a payment method with the ID {identifier}. The payment method "
        "must be attached to the customer.",
        param="payment_method",
        code="resource_missing",
    )


def check(call: StripeCall, intent: dict[str, Any], params: dict[str, Any]) -> None:
    """What a confirmation needs: a payment method, and where redirects can happen a return_url."""
    if not (params.get("payment_method") or intent["payment_method"]):
        name = _name(intent)
        text = f"You cannot confirm this {name} because it's missing a payment method."
        code = f"{intent['object']}_unexpected_state"
        raise with_intent(invalid(text, code=code), intent)
    automatic = intent["automatic_payment_methods"]
    may_redirect = automatic is not None and automatic["allow_redirects"] == "always"
    named = "allowed_payment_method_types" in params or "payment_method_types" in params
    bare = may_redirect and not named and "return_url" not in params
    if bare and not call.world.lets("stripe_no_return_url", "return_url"):
        raise invalid(
            f"Some payment methods of this {_name(intent)} may redirect the customer: give a "
            "return_url, or set automatic_payment_methods[allow_redirects] to never.",
            param="return_url",
        )


def take_over(call: StripeCall, intent: dict[str, Any], params: dict[str, Any]) -> None:
    """Write what a confirmation or an update may change."""
    method = params.get("payment_method")
    if method is not None:
        usable(call, intent, method)
        intent["payment_method"] = method
        if intent["status"] in (NO_METHOD, "requires_action"):
            intent["status"] = "requires_confirmation"
            intent["next_action"] = None
    for name in ("capture_method", "receipt_email", "setup_future_usage", "shipping"):
        if name in params:
            intent[name] = params[name]
    keep_options(intent, params)


def pay(call: StripeCall, row: Row, params: dict[str, Any]) -> None:
    """One attempt. Raises 402 for a decline, with the intent back at `requires_payment_method`."""
    intent = row["object"]
    method = usable(call, intent, intent["payment_method"])
    card = methods.card_of(method)
    brand = method["object"]["card"]["brand"]
    check_brand(intent["amount"], intent["currency"], brand)
    check_network(intent["payment_method_options"]["card"].get("network"), brand)
    row["attempts"] += 1
    off_session = params.get("off_session", False) is not False
    outcome = payment_status(card.number, off_session=off_session)
    options = params.get("payment_method_options", {}).get("card") or {}
    # Either the customer has passed by the switch, or another 3DS server says that he did.
    if outcome == "requires_action" and (
        row.pop("authenticated", False) or "three_d_secure" in options
    ):
        outcome = "succeeded"
    if outcome == "requires_action" and params.get("error_on_requires_action"):
        text = "This payment requires additional user action before it can be completed."
        outcome = CardDecline("authentication_required", None, text)
    if isinstance(outcome, CardDecline):
        methods.use_cvc(method)
        raise _declined(call, row, method["object"], outcome)
    methods.verified(method)
    intent["last_payment_error"] = None
    intent["next_action"] = None
    if outcome == "requires_action":
        intent["status"] = outcome
        intent["next_action"] = next_action(intent, params)
    else:
        _charge(call, intent, method, outcome)


def finish(call: StripeCall, row: Row) -> None:
    """What was waiting for its customer succeeds."""
    intent = row["object"]
    method = methods.find(call, intent["payment_method"], param="payment_method")
    if intent["object"] == "payment_intent":
        _charge(call, intent, method, "succeeded")
    else:
        intent["status"] = "succeeded"
        keep(call, intent, method)


def _charge(call: StripeCall, intent: dict[str, Any], method: Row, outcome: str) -> None:
    manual = is_manual(intent)
    if outcome == "succeeded" and manual:
        outcome = "requires_capture"
    intent["status"] = outcome
    intent["latest_charge"] = charges.new_charge(call, intent, method["object"], outcome)["object"][
        "id"
    ]
    if outcome == "processing":
        intent["processing"] = {"card": {}, "type": "card"}
        return
    keep(call, intent, method)
    if manual:
        intent["amount_capturable"] = intent["amount"]
    else:
        intent["amount_received"] = intent["amount"]


def keep(call: StripeCall, intent: dict[str, Any], method: Row) -> None:
    """After success: attach the method where it was set up for its customer, else it is used up."""
    if method["object"]["customer"] is not None:
        return
    later = is_for_later(intent)
    if later and intent["customer"] is not None:
        attached = methods.attach(call, method, intent["customer"], verify=False)
        intent["payment_method"] = attached["object"]["id"]
    elif not later:
        methods.consume(method)


def next_action(intent: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """How the customer authenticates: in Stripe's SDK, or where a redirect leads."""
    url = params.get("return_url")
    if url is None or params.get("use_stripe_sdk"):
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    page = f"https://hooks.stripe.com/3d_secure_2/hosted?{intent['object']}={intent['id']}"
    return {"type": "redirect_to_url", "redirect_to_url": {"return_url": url, "url": page}}


def capture(call: StripeCall, intent: dict[str, Any], amount: int) -> None:
    """Take so much of what was authorized; the rest is given back."""
    charge = _latest_charge(call, intent)
    charge |= {"captured": True, "amount_captured": amount}
    charge["amount_refunded"] = 0
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}


def cancel(call: StripeCall, intent: dict[str, Any], reason: str | None) -> None:
    """No more charges are made by the intent."""
    if intent["status"] == "requires_capture":
        charge = _latest_charge(call, intent)
        charge |= {"amount_refunded": charge["amount"], "refunded": True}
    intent |= {
        "status": "canceled",
        "canceled_at": call.now,
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }


def _latest_charge(call: StripeCall, intent: dict[str, Any]) -> dict[str, Any]:
    charge: dict[str, Any] = find(call, charges.CHARGES_TABLE, "charge", intent["latest_charge"])[
        "object"
    ]
    return charge


def _declined(call: StripeCall, row: Row, method: dict[str, Any], why: CardDecline) -> StripeError:
    intent = row["object"]
    charge = charges.new_charge(call, intent, method, why)["object"]["id"]
    canceled = row["attempts"] >= MAX_ATTEMPTS
    intent["status"] = "canceled" if canceled else NO_METHOD
    if canceled:
        intent |= {"cancellation_reason": "automatic", "canceled_at": call.now}
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


def _name(intent: dict[str, Any]) -> str:
    return "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
