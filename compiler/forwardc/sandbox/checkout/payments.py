"""`POST /payments` with a card, a token, an instrument or a network token; and its details.

What is taken, limits and codes are tables of `payment_tables.py`. A decline is a 201 with
`approved` false; 202 is a payment that waits for 3DS, which nobody can finish here. A row keeps
what was authorized, captured and refunded (nas_spec, PaymentDetails, PaymentAction,
PaymentResponseBalances).
"""

import secrets
from dataclasses import dataclass
from typing import Any

from forwardc.sandbox.cards import Behaviour, TestCard, lookup
from forwardc.sandbox.checkout import payment_tables as tables
from forwardc.sandbox.checkout.clients import (
    CheckoutAccount,
    check_channel,
    fingerprint,
    new_id,
    utc,
)
from forwardc.sandbox.checkout.instruments import (
    INSTRUMENTS_TABLE,
    card_members,
    keep_card,
    take_token,
)
from forwardc.sandbox.checkout.payment_tables import APPROVED
from forwardc.sandbox.checkout.request_checks import (
    CheckoutError,
    RequestFaults,
    check,
    check_kind,
    invalid,
    not_found,
)
from forwardc.sandbox.destinations.endpoint import transport_fault

PAYMENTS_TABLE = "checkout.payments"
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
    account.table(PAYMENTS_TABLE)[row["id"]] = row
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


def capture_if_automatic(account: CheckoutAccount, row: dict[str, Any]) -> None:
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
    open_links = {"self": {"href": own}, "actions": {"href": f"{own}/actions"}}
    for path, amount in open_to.items():
        if amount > 0:
            open_links[path.removesuffix("s")] = {"href": f"{own}/{path}"}
    return open_links


# --- Paying

Created = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PaymentCard:
    """The card of a payment, and what stands in the answer's `source`."""

    card: TestCard
    row: dict[str, Any]
    cvv: str | None
    instrument: str | None


def request_payment(account: CheckoutAccount, body: dict[str, Any], base: str) -> Created | Any:
    """Pay: 201 or 202 with the answer, or what the test card breaks. Raises `CheckoutError`."""
    _check(account, body)
    paid_with = _paid_with(account, body)
    behaviour = paid_with.card.behaviour
    fault = transport_fault(behaviour)
    if fault is not None:
        return fault
    if behaviour is Behaviour.SERVER_ERROR:
        raise CheckoutError(502)
    return _pay(account, body, paid_with, base)


def get_payment(account: CheckoutAccount, payment: str, base: str) -> dict[str, Any]:
    """The details of a payment. Raises `CheckoutError` (404, empty)."""
    return details(find(account, payment), base)


def list_payments(
    account: CheckoutAccount, reference: str, limit: str, skip: str, base: str
) -> dict[str, Any]:
    """The payments of a reference, newest first. Raises `CheckoutError` (422)."""
    if not reference:
        raise invalid("reference_required", at="reference")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:4]) <= 100):
        raise invalid("limit_invalid", at="limit")
    if not (skip.isascii() and skip.isdigit()):
        raise invalid("skip_invalid", at="skip")
    rows = [
        row for row in account.table(PAYMENTS_TABLE).values() if row.get("reference") == reference
    ]
    first = int(skip[:9])
    shown = [details(row, base) for row in rows[::-1][first : first + int(limit)]]
    return {"limit": int(limit), "skip": first, "total_count": len(rows), "data": shown}


def actions(account: CheckoutAccount, payment: str) -> list[dict[str, Any]]:
    """What was done with a payment, newest first. Raises `CheckoutError` (404, empty)."""
    shown: list[dict[str, Any]] = find(account, payment)["actions"][::-1]
    return shown


def find(account: CheckoutAccount, payment: str) -> dict[str, Any]:
    """A payment, captured if that was to happen by itself. Raises `CheckoutError` (404)."""
    row: dict[str, Any] | None = account.table(PAYMENTS_TABLE).get(payment)
    if row is None:
        raise not_found()
    capture_if_automatic(account, row)
    return row


def _check(account: CheckoutAccount, body: dict[str, Any]) -> None:
    faults = RequestFaults()
    check(faults, body, tables.PAYMENT, too_long="invalid")
    check_kind(faults, body.get("source"), "source", tables.SOURCES, too_long="invalid")
    _check_amount(faults, body)
    check_channel(account, faults, body)
    faults.stop()


def _check_amount(faults: RequestFaults, body: dict[str, Any]) -> None:
    amount, currency = body.get("amount"), body.get("currency")
    if "currency" in faults.by_path or not isinstance(currency, str):
        return
    if currency not in tables.DIGITS:
        faults.add("currency", "invalid")
    elif isinstance(amount, int) and amount % tables.MULTIPLE_OF.get(currency, 1):
        faults.add("amount", "invalid")


def _paid_with(account: CheckoutAccount, body: dict[str, Any]) -> PaymentCard:
    source = body["source"]
    if source["type"] == "token":
        taken = take_token(account, source["token"], "card")
        return _read(account, taken, taken.get("cvv"), None)
    if source["type"] == "id":
        row = account.table(INSTRUMENTS_TABLE).get(source["id"])
        if row is None or row["revoked"]:
            raise invalid("source_id_unknown", at="source.id")
        return _read(account, row, source.get("cvv"), source["id"])
    number = source["number" if source["type"] == "card" else "token"]
    return _read(account, {**source, "number": number}, source.get("cvv"), None)


def _read(
    account: CheckoutAccount, row: dict[str, Any], cvv: str | None, instrument: str | None
) -> PaymentCard:
    faults = RequestFaults()
    card = lookup(row["number"])
    if card is None:
        # A real card number has no place in a sandbox.
        faults.add("source.number", "invalid", "card_number")
    if (int(row["expiry_year"]), int(row["expiry_month"])) < account.month():
        faults.add("source.expiry_year", "expired", "card")
    if card is not None and cvv is not None and len(cvv) != (4 if card.brand == "amex" else 3):
        faults.add("source.cvv", "invalid", "cvv")
    faults.stop()
    assert card is not None  # noqa: S101 - the faults said so
    return PaymentCard(card, row, cvv, instrument)


def _pay(
    account: CheckoutAccount, body: dict[str, Any], paid_with: PaymentCard, base: str
) -> Created:
    row = new_payment(account, body, _source(paid_with))
    behaviour = paid_with.card.behaviour
    three_ds = body.get("3ds") or {}
    if three_ds.get("enabled") and not three_ds.get("cryptogram"):
        row["status"] = "Pending"
        return 202, _pending(row, base)
    authenticated = behaviour is Behaviour.REQUIRES_ACTION and three_ds.get("cryptogram")
    code, summary = tables.APPROVED if authenticated else _response(behaviour)
    approved = code == tables.APPROVED[0]
    if approved and body["source"].get("store_for_future_use") is not False:
        row["source"]["id"] = paid_with.instrument or keep_card(account, paid_with.row)["id"]
    verified = not body.get("amount")
    row |= {
        "approved": approved,
        "status": "Declined" if not approved else "Card Verified" if verified else "Authorized",
        "capture": approved and not verified and body.get("capture") is not False,
        **({"eci": three_ds["eci"]} if three_ds.get("eci") else {}),
        **({"scheme_id": f"{secrets.randbelow(10**15):015}"} if approved else {}),
    }
    code_of = {"auth_code": f"{secrets.randbelow(10**6):06}"} if approved else {}
    action = add_action(
        account,
        row,
        "Card Verification" if verified else "Authorization",
        row["amount"],
        approved=approved,
        **code_of,
        response_code=code,
        response_summary=summary,
    )
    return 201, _answer(row, action, base)


def _response(behaviour: Behaviour) -> tuple[str, str]:
    return tables.DECLINES.get(behaviour, tables.APPROVED)


def _answer(row: dict[str, Any], action: dict[str, Any], base: str) -> dict[str, Any]:
    members = ("currency", "approved", "status", "source", "reference", "eci", "scheme_id")
    of_action = ("auth_code", "response_code", "response_summary", "processed_on")
    return {
        "id": row["id"],
        "action_id": action["id"],
        "amount": row["amount"],
        **{name: row[name] for name in members if name in row},
        **{name: action[name] for name in of_action if name in action},
        "risk": {"flagged": False},
        "processing": action["processing"],
        "_links": links(row, base),
    }


def _pending(row: dict[str, Any], base: str) -> dict[str, Any]:
    shown: dict[str, Any] = {n: row[n] for n in ("id", "status", "reference") if n in row}
    redirect = {"href": f"{base}/sessions-interceptor/{new_id('sid')}"}
    return {
        **shown,
        "3ds": {"downgraded": False, "enrolled": "Y"},
        "_links": {"self": {"href": f"{base}/payments/{row['id']}"}, "redirect": redirect},
    }


def _source(paid_with: PaymentCard) -> dict[str, Any]:
    """The card as an answer shows it: never its number, never its CVV."""
    row = paid_with.row
    shown = ("expiry_month", "expiry_year", "name", "billing_address", "phone")
    return {
        "type": "card",
        **({"id": paid_with.instrument} if paid_with.instrument else {}),
        **{name: row[name] for name in shown if row.get(name)},
        **card_members(paid_with.card),
        "fingerprint": fingerprint(paid_with.card.number),
        "avs_check": "S",
        **({"cvv_check": "Y"} if paid_with.cvv else {}),
    }
