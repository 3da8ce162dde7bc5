"""Refunds: `/v1/refunds`, whole or in parts, of a charge or of a payment intent.

Knows no card: a refund succeeds at once.
"""

from typing import Any

from forwardc.sandbox.money import major
from forwardc.sandbox.stripe import charges, expand
from forwardc.sandbox.stripe.amounts import check_step, digits_of
from forwardc.sandbox.stripe.call import StripeCall, StripeEndpoint
from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.stripe.ids import new_id
from forwardc.sandbox.stripe.paging import page
from forwardc.sandbox.stripe.params import merged
from forwardc.sandbox.stripe.store import Row, added, filtered, find, in_path, newest
from forwardc.sandbox.stripe.tables.refunds import CREATE, LIST, UPDATE
from forwardc.sandbox.stripe.tables.shared import ONLY_EXPAND

TABLE = "refunds"
_URL = "/v1/refunds"


async def create(call: StripeCall) -> dict[str, Any]:
    """POST /v1/refunds. Raises 400 for more than is left, and for what was never captured."""
    params = expand.asked(call, CREATE, "refund")
    charge = _charge(call, params)["object"]
    amount = _amount(charge, params.get("amount"))
    for name in ("refund_application_fee", "reverse_transfer"):
        if params.get(name) is True:
            raise invalid(f"The charge has no transfer or fee for {name}.", param=name)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    made = _object(call, charge, amount, params)
    added(call, TABLE, made, livemode=call.caller.livemode)
    return expand.shown(call, made, params)


async def retrieve(call: StripeCall) -> dict[str, Any]:
    """GET /v1/refunds/{id}."""
    params = expand.asked(call, ONLY_EXPAND, "refund")
    return expand.shown(call, _in_path(call), params)


async def update(call: StripeCall) -> dict[str, Any]:
    """POST /v1/refunds/{id}: its metadata only."""
    params = expand.asked(call, UPDATE, "refund")
    refund = _in_path(call)
    if "metadata" in params:
        refund["metadata"] = merged(refund["metadata"], params["metadata"])
    return expand.shown(call, refund, params)


async def cancel(call: StripeCall) -> dict[str, Any]:
    """POST /v1/refunds/{id}/cancel: a card's refund never waits for anyone."""
    expand.asked(call, ONLY_EXPAND, "refund")
    status = _in_path(call)["status"]
    raise invalid(f"A refund with a status of {status} cannot be canceled.")


async def listed(call: StripeCall) -> dict[str, Any]:
    """GET /v1/refunds, newest first."""
    asked = expand.asked(call, LIST, "refund", in_list=True)
    rows = newest(call, TABLE, filtered(call, asked, ("charge", "payment_intent")))
    return expand.shown(call, page(asked, rows, _URL, "refund"), asked)


# Stripe keeps charges and refunds under one permission in its Dashboard; the name is inferred.
ENDPOINTS = (
    StripeEndpoint("POST", _URL, "charge_write", create),
    StripeEndpoint("GET", _URL, "charge_read", listed),
    StripeEndpoint("GET", _URL + "/{id}", "charge_read", retrieve),
    StripeEndpoint("POST", _URL + "/{id}", "charge_write", update),
    StripeEndpoint("POST", _URL + "/{id}/cancel", "charge_write", cancel),
)


def _in_path(call: StripeCall) -> dict[str, Any]:
    shown: dict[str, Any] = in_path(call, TABLE, "refund")["object"]
    return shown


def _charge(call: StripeCall, params: dict[str, Any]) -> Row:
    """The charge of the parameters, which must have been captured."""
    given = [name for name in ("payment_intent", "charge") if name in params]
    if not given:
        text = "One of the following params should be provided for this request: "
        raise invalid(text + "payment_intent or charge.", code="parameter_missing")
    if "payment_intent" in params:
        intent = find(
            call, "payment_intents", "payment_intent", params["payment_intent"], "payment_intent"
        )["object"]
        if intent["latest_charge"] is None:
            raise _nothing(intent["id"])
        row = find(call, charges.TABLE, "charge", intent["latest_charge"], "payment_intent")
        if params.get("charge", row["object"]["id"]) != row["object"]["id"]:
            raise invalid("The charge is not one of the payment intent.", param="charge")
    else:
        row = find(call, charges.TABLE, "charge", params["charge"], "charge")
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
