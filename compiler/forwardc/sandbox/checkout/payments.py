"""`POST /payments` with a card, a token, an instrument or a network token; and its details.

Knows no vault that forwards: whoever calls is a client with its key. What is taken, limits and
codes are tables of `payment_tables.py`. A decline is a 201 with `approved` false; 202 is a payment
that waits for 3DS, which nobody can finish here.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from forwardc.sandbox.cards import Behaviour, TestCard, lookup
from forwardc.sandbox.checkout import payment_tables as tables
from forwardc.sandbox.checkout.body import RequestFaults
from forwardc.sandbox.checkout.channels import check_channel
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.instruments import TABLE as INSTRUMENTS
from forwardc.sandbox.checkout.instruments import keep_card
from forwardc.sandbox.checkout.payment_rows import (
    TABLE,
    add_action,
    details,
    links,
    new_payment,
    settle,
)
from forwardc.sandbox.checkout.problems import CheckoutError, invalid, not_found
from forwardc.sandbox.checkout.rows import fingerprint, new_id
from forwardc.sandbox.checkout.rules import check, check_kind
from forwardc.sandbox.checkout.tokens import card_members, take_token
from forwardc.sandbox.destinations.faults import transport_fault

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
    behaviour = paid_with.card.at("checkout")
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
    rows = [row for row in account.table(TABLE).values() if row.get("reference") == reference]
    first = int(skip[:9])
    shown = [details(row, base) for row in rows[::-1][first : first + int(limit)]]
    return {"limit": int(limit), "skip": first, "total_count": len(rows), "data": shown}


def actions(account: CheckoutAccount, payment: str) -> list[dict[str, Any]]:
    """What was done with a payment, newest first. Raises `CheckoutError` (404, empty)."""
    shown: list[dict[str, Any]] = find(account, payment)["actions"][::-1]
    return shown


def find(account: CheckoutAccount, payment: str) -> dict[str, Any]:
    """A payment, captured if that was to happen by itself. Raises `CheckoutError` (404)."""
    row: dict[str, Any] | None = account.table(TABLE).get(payment)
    if row is None:
        raise not_found()
    settle(account, row)
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
    if "currency" in faults.found or not isinstance(currency, str):
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
        row = account.table(INSTRUMENTS).get(source["id"])
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
    behaviour = paid_with.card.at("checkout")
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
