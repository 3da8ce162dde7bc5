"""Charges and refunds: what a payment intent's attempts leave behind, and what is given back.

The sandbox makes no charge but by a payment intent. A refund, whole or in parts, of a charge or of
a payment intent, succeeds at once.
"""

from typing import Any, Final

from forwardc.sandbox.money import major
from forwardc.sandbox.stripe import expand
from forwardc.sandbox.stripe.amounts import check_step, digits_of
from forwardc.sandbox.stripe.call import (
    Row,
    StripeCall,
    StripeEndpoint,
    added,
    filtered,
    find,
    in_path,
    new_id,
    newest,
    page,
)
from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.stripe.outcomes import CardDecline
from forwardc.sandbox.stripe.param_shapes import (
    CLEARED_METADATA,
    EXPAND,
    ONLY_EXPAND,
    BooleanParam,
    IntegerParam,
    MapParam,
    TextParam,
    UnsupportedParam,
    listing,
)
from forwardc.sandbox.stripe.params import merged

REFUND_CREATE: Final = MapParam(
    {
        # Of a customer's cash balance.
        **dict.fromkeys(
            ("currency", "customer", "instructions_email", "origin"), UnsupportedParam()
        ),
        "amount": IntegerParam(low=1),
        "charge": TextParam(),
        "expand": EXPAND,
        "metadata": CLEARED_METADATA,
        "payment_intent": TextParam(),
        "reason": TextParam(choices=("duplicate", "fraudulent", "requested_by_customer")),
        "refund_application_fee": BooleanParam(),
        "reverse_transfer": BooleanParam(),
    }
)
REFUND_UPDATE: Final = MapParam({"expand": EXPAND, "metadata": CLEARED_METADATA})
REFUND_LIST: Final = listing(charge=TextParam(), payment_intent=TextParam())
CHARGE_LIST: Final = listing(
    customer=TextParam(), payment_intent=TextParam(), transfer_group=TextParam()
)


# --- Charges

CHARGES_TABLE = "charges"
_CHARGES_URL = "/v1/charges"


async def retrieve_charge(call: StripeCall) -> dict[str, Any]:
    """GET /v1/charges/{id}."""
    params = expand.asked(call, ONLY_EXPAND, "charge")
    return expand.shown(call, in_path(call, CHARGES_TABLE, "charge")["object"], params)


async def list_charges(call: StripeCall) -> dict[str, Any]:
    """GET /v1/charges, newest first."""
    asked = expand.asked(call, CHARGE_LIST, "charge", in_list=True)
    rows = newest(
        call, CHARGES_TABLE, filtered(call, asked, ("customer", "payment_intent", "transfer_group"))
    )
    return expand.shown(call, page(asked, rows, _CHARGES_URL, "charge"), asked)


CHARGE_ENDPOINTS = (
    StripeEndpoint("GET", _CHARGES_URL, "charge_read", list_charges),
    StripeEndpoint("GET", _CHARGES_URL + "/{id}", "charge_read", retrieve_charge),
)


def new_charge(
    call: StripeCall, intent: dict[str, Any], method: dict[str, Any], outcome: str | CardDecline
) -> Row:
    """The charge of one attempt: `succeeded`, `processing`, `requires_capture`, or a decline."""
    declined = outcome if isinstance(outcome, CardDecline) else None
    status = {"processing": "pending"}.get(str(outcome), "failed" if declined else "succeeded")
    captured = outcome == "succeeded"
    made: dict[str, Any] = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": None,
        "captured": captured,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": declined and declined.code,
        "failure_message": declined and declined.message,
        "fraud_details": {},
        "livemode": call.caller.livemode,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": declined is None and status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card(method["card"]), "type": "card"},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent.get("shipping"),
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    return added(call, CHARGES_TABLE, made)


_CARD_PARTS = (
    "brand",
    "checks",
    "country",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "last4",
    "wallet",
)


def _card(card: dict[str, Any]) -> dict[str, Any]:
    return {**{name: card[name] for name in _CARD_PARTS}, "network": card["brand"]}


# --- Refunds

REFUNDS_TABLE = "refunds"
_REFUNDS_URL = "/v1/refunds"


async def create_refund(call: StripeCall) -> dict[str, Any]:
    """POST /v1/refunds. Raises 400 for more than is left, and for what was never captured."""
    params = expand.asked(call, REFUND_CREATE, "refund")
    charge = _charge(call, params)["object"]
    amount = _amount(charge, params.get("amount"))
    for name in ("refund_application_fee", "reverse_transfer"):
        if params.get(name) is True:
            raise invalid(f"The charge has no transfer or fee for {name}.", param=name)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    made = _object(call, charge, amount, params)
    added(call, REFUNDS_TABLE, made, livemode=call.caller.livemode)
    return expand.shown(call, made, params)


async def retrieve_refund(call: StripeCall) -> dict[str, Any]:
    """GET /v1/refunds/{id}."""
    params = expand.asked(call, ONLY_EXPAND, "refund")
    return expand.shown(call, _in_path(call), params)


async def update_refund(call: StripeCall) -> dict[str, Any]:
    """POST /v1/refunds/{id}: its metadata only."""
    params = expand.asked(call, REFUND_UPDATE, "refund")
    refund = _in_path(call)
    if "metadata" in params:
        refund["metadata"] = merged(refund["metadata"], params["metadata"])
    return expand.shown(call, refund, params)


async def cancel_refund(call: StripeCall) -> dict[str, Any]:
    """POST /v1/refunds/{id}/cancel: a card's refund never waits for anyone."""
    expand.asked(call, ONLY_EXPAND, "refund")
    status = _in_path(call)["status"]
    raise invalid(f"A refund with a status of {status} cannot be canceled.")


async def list_refunds(call: StripeCall) -> dict[str, Any]:
    """GET /v1/refunds, newest first."""
    asked = expand.asked(call, REFUND_LIST, "refund", in_list=True)
    rows = newest(call, REFUNDS_TABLE, filtered(call, asked, ("charge", "payment_intent")))
    return expand.shown(call, page(asked, rows, _REFUNDS_URL, "refund"), asked)


# Stripe keeps charges and refunds under one permission in its Dashboard; the name is inferred.
REFUND_ENDPOINTS = (
    StripeEndpoint("POST", _REFUNDS_URL, "charge_write", create_refund),
    StripeEndpoint("GET", _REFUNDS_URL, "charge_read", list_refunds),
    StripeEndpoint("GET", _REFUNDS_URL + "/{id}", "charge_read", retrieve_refund),
    StripeEndpoint("POST", _REFUNDS_URL + "/{id}", "charge_write", update_refund),
    StripeEndpoint("POST", _REFUNDS_URL + "/{id}/cancel", "charge_write", cancel_refund),
)


def _in_path(call: StripeCall) -> dict[str, Any]:
    shown: dict[str, Any] = in_path(call, REFUNDS_TABLE, "refund")["object"]
    return shown


def _charge(call: StripeCall, params: dict[str, Any]) -> Row:
    """The charge of the parameters, which must have been captured."""
    named = [name for name in ("payment_intent", "charge") if name in params]
    if not named:
        text = "One of the following params should be provided for this request: "
        raise invalid(text + "payment_intent or charge.", code="parameter_missing")
    if "payment_intent" in params:
        intent = find(
            call, "payment_intents", "payment_intent", params["payment_intent"], "payment_intent"
        )["object"]
        if intent["latest_charge"] is None:
            raise _nothing(intent["id"])
        row = find(call, CHARGES_TABLE, "charge", intent["latest_charge"], "payment_intent")
        if params.get("charge", row["object"]["id"]) != row["object"]["id"]:
            raise invalid("The charge is not one of the payment intent.", param="charge")
    else:
        row = find(call, CHARGES_TABLE, "charge", params["charge"], "charge")
    charge = row["object"]
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise _nothing(charge["payment_intent"])
    if charge["refunded"]:
        text = f"Charge {charge['id']} has already been refunded."
        raise invalid(text, code="charge_already_refunded")
    return row


def _nothing(intent: str) -> StripeError:
    return invalid(
        f"This PaymentIntent ({intent}) does not have a successful charge to refund.",
        param="payment_intent",
    )


def _amount(charge: dict[str, Any], asked: int | None) -> int:
    left: int = charge["amount_captured"] - charge["amount_refunded"]
    if asked is None:
        return left
    check_step(asked, charge["currency"])
    if asked > left:
        code, digits = charge["currency"], digits_of(charge["currency"])
        whole = f"charge amount ({major(charge['amount'], digits)} {code})"
        if charge["amount_refunded"]:
            whole = f"unrefunded amount on charge ({major(left, digits)} {code})"
        text = f"Refund amount ({major(asked, digits)} {code}) is greater than {whole}"
        raise invalid(text, param="amount")
    return asked


def _object(
    call: StripeCall, charge: dict[str, Any], amount: int, params: dict[str, Any]
) -> dict[str, Any]:
    """A new refund. Field names and nulls follow stripe-python 16.1."""
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": merged({}, params.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
