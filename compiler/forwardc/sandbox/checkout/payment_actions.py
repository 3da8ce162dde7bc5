"""Captures, voids, refunds and reversals of a payment. All answer 202 and are done at once.

Knows no card. What is not allowed now is a 403 with an empty body, too large an amount a 422 with
the vendor's code where its page names one. Source: nas_spec, paths `payments@{id}@...`.
"""

from typing import Any

from forwardc.sandbox.checkout import payment_tables as tables
from forwardc.sandbox.checkout.body import RequestFaults
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.payment_rows import add_action, balances
from forwardc.sandbox.checkout.payment_rows import capture as take
from forwardc.sandbox.checkout.payments import find
from forwardc.sandbox.checkout.problems import CheckoutError, forbidden
from forwardc.sandbox.checkout.rules import MemberRule, check


def capture(
    account: CheckoutAccount, payment: str, body: dict[str, Any], base: str
) -> dict[str, Any]:
    """Take money that was authorized. Returns the answer of 202; raises `CheckoutError`."""
    row = _prepared(account, payment, body, tables.CAPTURE)
    left = balances(row)
    if not left["available_to_capture"]:
        raise forbidden()
    amount = body.get("amount") or left["available_to_capture"]
    if amount > left["total_authorized"]:
        raise _refused("capture_value_greater_than_authorized")
    if amount > left["available_to_capture"]:
        raise _refused("capture_value_greater_than_remaining_authorized")
    _check_multiple(row, amount)
    action = take(account, row, amount, **_reference(body))
    if body.get("capture_type") == "Final":
        row["voided"] += left["available_to_capture"] - amount
    return _accepted(row, action, body, base)


def void(account: CheckoutAccount, payment: str, body: dict[str, Any], base: str) -> dict[str, Any]:
    """Give up an authorization. Returns the answer of 202; raises `CheckoutError`."""
    row = _prepared(account, payment, body, tables.VOID)
    left = balances(row)["available_to_void"]
    if not left:
        raise forbidden()
    row["voided"] += left
    row["status"] = "Voided"
    action = add_action(account, row, "Void", left, **_reference(body))
    return _accepted(row, action, body, base)


def refund(
    account: CheckoutAccount, payment: str, body: dict[str, Any], base: str
) -> dict[str, Any]:
    """Give money back. Returns the answer of 202; raises `CheckoutError`."""
    row = _prepared(account, payment, body, tables.REFUND)
    left = balances(row)["available_to_refund"]
    if not left:
        raise forbidden()
    amount = body.get("amount") or left
    if amount > left:
        raise _refused("amount_exceeds_balance")
    _check_multiple(row, amount)
    row["refunded"] += amount
    row["status"] = "Refunded" if row["refunded"] == row["captured"] else "Partially Refunded"
    action = add_action(account, row, "Refund", amount, **_reference(body))
    return _accepted(row, action, body, base)


def reverse(
    account: CheckoutAccount, payment: str, body: dict[str, Any], base: str
) -> dict[str, Any]:
    """Void what is authorized, or refund what is captured. Source: SDK-python `reverse_payment`."""
    row = _prepared(account, payment, body, tables.VOID)
    return (void if balances(row)["available_to_void"] else refund)(account, payment, body, base)


def _prepared(
    account: CheckoutAccount, payment: str, body: dict[str, Any], rules: tuple[MemberRule, ...]
) -> dict[str, Any]:
    row = find(account, payment)
    faults = RequestFaults()
    check(faults, body, rules, too_long="invalid")
    faults.stop()
    return row


def _check_multiple(row: dict[str, Any], amount: int) -> None:
    if amount % tables.MULTIPLE_OF.get(row["currency"], 1):
        raise _refused("amount_invalid")


def _refused(code: str) -> CheckoutError:
    return CheckoutError(422, "processing_error", (code,), {"amount": (code,)})


def _reference(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("reference", "metadata") if name in body}


def _accepted(
    row: dict[str, Any], action: dict[str, Any], body: dict[str, Any], base: str
) -> dict[str, Any]:
    shown = {"reference": body["reference"]} if "reference" in body else {}
    link = {"payment": {"href": f"{base}/payments/{row['id']}"}}
    return {"action_id": action["id"], **shown, "_links": link}
