"""The rows of payments: balances, actions, links, and what a client sees of them.

Knows no request. Source: Checkout.com's API reference (nas_spec, PaymentDetails, PaymentAction,
PaymentResponseBalances).
"""

import secrets
from typing import Any

from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.payment_tables import APPROVED
from forwardc.sandbox.checkout.rows import new_id, utc

TABLE = "checkout.payments"
_KEPT = ("reference", "payment_type", "description", "customer", "billing_descriptor", "shipping")
_KEPT_TOO = ("payment_ip", "metadata", "processing_channel_id")


def new_payment(
    account: CheckoutAccount, body: dict[str, Any], source: dict[str, Any]
) -> dict[str, Any]:
    """A payment's row, before it is known what becomes of it."""
    row = {
        "id": new_id("pay"),
        "requested_on": utc(account.now()),
        "source": source,
        "amount": body.get("amount") or 0,
        "currency": body["currency"],
        "approved": False,
        "captured": 0,
        "refunded": 0,
        "voided": 0,
        "capture": False,
        "actions": [],
        **{name: body[name] for name in (*_KEPT, *_KEPT_TOO) if body.get(name) is not None},
    }
    account.table(TABLE)[row["id"]] = row
    return row


def add_action(
    account: CheckoutAccount, row: dict[str, Any], kind: str, amount: int, **members: Any
) -> dict[str, Any]:
    """Note what was done with a payment."""
    action = {
        "id": new_id("act"),
        "type": kind,
        "processed_on": utc(account.now()),
        "amount": amount,
        "approved": True,
        "response_code": APPROVED[0],
        "response_summary": APPROVED[1],
        "processing": {
            "retrieval_reference_number": f"{secrets.randbelow(10**12):012}",
            "acquirer_transaction_id": f"{secrets.randbelow(10**21):021}",
        },
        **members,
    }
    row["actions"].append(action)
    return action


def settle(account: CheckoutAccount, row: dict[str, Any]) -> None:
    """Capture what was to be captured by itself: the vendor does so after its answer."""
    if row["capture"]:
        row["capture"] = False
        capture(account, row, row["amount"])


def capture(
    account: CheckoutAccount, row: dict[str, Any], amount: int, **members: Any
) -> dict[str, Any]:
    """Take money of an authorization."""
    row["captured"] += amount
    row["status"] = "Captured" if row["captured"] >= row["amount"] else "Partially Captured"
    return add_action(account, row, "Capture", amount, **members)


def balances(row: dict[str, Any]) -> dict[str, int]:
    """What of a payment's sum is where."""
    authorized = row["amount"] if row["approved"] else 0
    left = authorized - row["captured"] - row["voided"]
    return {
        "total_authorized": authorized,
        "total_voided": row["voided"],
        "available_to_void": left if not row["captured"] else 0,
        "total_captured": row["captured"],
        "available_to_capture": left,
        "total_refunded": row["refunded"],
        "available_to_refund": row["captured"] - row["refunded"],
    }


def details(row: dict[str, Any], base: str) -> dict[str, Any]:
    """A payment as GET shows it."""
    hidden = ("captured", "refunded", "voided", "capture", "actions")
    shown = {name: value for name, value in row.items() if name not in hidden}
    return {
        **shown,
        "payment_type": row.get("payment_type", "Regular"),
        "risk": {"flagged": False},
        "balances": balances(row),
        "_links": links(row, base),
    }


def links(row: dict[str, Any], base: str) -> dict[str, dict[str, str]]:
    """Where to go from a payment: only what it allows now."""
    own = f"{base}/payments/{row['id']}"
    left = balances(row)
    open_to = {
        "captures": left["available_to_capture"] and not row["capture"],
        "voids": left["available_to_void"],
        "refunds": left["available_to_refund"],
    }
    found = {"self": {"href": own}, "actions": {"href": f"{own}/actions"}}
    for path, amount in open_to.items():
        if amount > 0:
            found[path.removesuffix("s")] = {"href": f"{own}/{path}"}
    return found
