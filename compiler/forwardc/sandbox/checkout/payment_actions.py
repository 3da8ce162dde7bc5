"""Captures, voids, refunds and reversals of a payment. All answer 202 and are done at once.

What is not allowed now is a 403 with an empty body, too large an amount a 422 with the vendor's
code where its page names one. Source: nas_spec, paths `payments@{id}@...`.

`Cko-Idempotency-Key` of a payment or an action: what succeeded is answered alike for 24 hours, with
the same status and body; a request that could not be processed is not kept (Checkout.com's page on
idempotency, November 2024). What another body under the same key means is not said: it is refused
here, so that no mistake goes unseen.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from forwardc.sandbox.checkout import payment_tables as tables
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.payments import add_action, balances, find
from forwardc.sandbox.checkout.payments import capture as take
from forwardc.sandbox.checkout.request_checks import (
    CheckoutError,
    MemberRule,
    RequestFaults,
    check,
    forbidden,
    invalid,
)


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


# --- Idempotency keys

TABLE = "checkout.idempotency"
# Seconds: 24 hours (page on idempotency, November 2024).
KEPT_SECONDS = 24 * 3600
# Characters. Not documented: this sandbox's choice, as at other payment APIs.
_LONGEST = 255


def once(
    account: CheckoutAccount,
    key: str | None,
    path: str,
    body: dict[str, Any],
    act: Callable[[], Any],
) -> Any:
    """What `act` gave when this key came first, or what it gives now. Raises `CheckoutError`."""
    if key is None:
        return act()
    if not 0 < len(key) <= _LONGEST:
        raise invalid("idempotency_key_invalid")
    rows = account.table(TABLE)
    # Digests only: a body holds the card.
    name = hashlib.sha256(f"{path}\n{key}".encode()).hexdigest()
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    row = account.guard(TABLE, name)
    if row is not None and row["kept_until"] > account.now():
        if row["digest"] != digest:
            raise invalid("idempotency_key_in_use")
        return row["status"], row["body"]
    answered = act()
    if isinstance(answered, tuple):
        status, content = answered
        until = account.now() + KEPT_SECONDS
        rows[name] = {"kept_until": until, "digest": digest, "status": status, "body": content}
    return answered
