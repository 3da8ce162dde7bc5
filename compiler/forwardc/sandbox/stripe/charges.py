"""Charges: what a payment intent's attempts leave behind, and what refunds give back.

Read only: the sandbox makes no charge but by a payment intent.
"""

from typing import Any

from forwardc.sandbox.stripe import expand
from forwardc.sandbox.stripe.call import StripeCall, StripeEndpoint
from forwardc.sandbox.stripe.ids import new_id
from forwardc.sandbox.stripe.outcomes import CardDecline
from forwardc.sandbox.stripe.paging import page
from forwardc.sandbox.stripe.store import Row, added, filtered, in_path, newest
from forwardc.sandbox.stripe.tables.refunds import CHARGES
from forwardc.sandbox.stripe.tables.shared import ONLY_EXPAND

TABLE = "charges"
_URL = "/v1/charges"
_FILTERS = ("customer", "payment_intent", "transfer_group")


async def retrieve(call: StripeCall) -> dict[str, Any]:
    """GET /v1/charges/{id}."""
    params = expand.asked(call, ONLY_EXPAND, "charge")
    return expand.shown(call, in_path(call, TABLE, "charge")["object"], params)


async def listed(call: StripeCall) -> dict[str, Any]:
    """GET /v1/charges, newest first."""
    asked = expand.asked(call, CHARGES, "charge", in_list=True)
    rows = newest(
        call, TABLE, filtered(call, asked, ("customer", "payment_intent", "transfer_group"))
    )
    return expand.shown(call, page(asked, rows, _URL, "charge"), asked)


ENDPOINTS = (
    StripeEndpoint("GET", _URL, "charge_read", listed),
    StripeEndpoint("GET", _URL + "/{id}", "charge_read", retrieve),
)


def charge(
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
    return added(call, TABLE, made)


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
