"""/instruments: a card kept under a `src_` id, made from a card token. The CVV is not kept.

Knows nothing of forwarding. Source: Checkout.com API reference (nas_spec), the SDKs' instruments
packages, SDK-java for `revoke`.
"""

from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.checkout.body import Faults
from forwardc.sandbox.checkout.clients import Account
from forwardc.sandbox.checkout.problems import fixed, invalid, not_found
from forwardc.sandbox.checkout.rows import NETWORK_TOKENS, fingerprint, new_id
from forwardc.sandbox.checkout.tokens import PATTERN as TOKEN
from forwardc.sandbox.checkout.tokens import card_members, check_address, take_token

TABLE = "checkout.instruments"
_HOLDER = ("type", "first_name", "last_name", "billing_address", "phone")


def create_instrument(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Keep the card of a token. Returns the answer of 201; raises `Refused`."""
    faults = Faults()
    if body.get("type") != "token":
        faults.add("type", "required" if body.get("type") is None else "invalid")
    token = faults.text(body, "token", required=True, pattern=TOKEN)
    holder = _holder(faults, body)
    customer = _customer(faults, body)
    faults.stop()
    kept = keep_card(account, take_token(account, str(token), "card"))
    kept.update({k: v for k, v in (("account_holder", holder), ("customer", customer)) if v})
    return {"id": kept["id"], **_answer(kept)}


def keep_card(account: Account, token: dict[str, Any]) -> dict[str, Any]:
    """Make an instrument row of a consumed card token."""
    row: dict[str, Any] = {
        "id": new_id("src"),
        "number": token["number"],
        "expiry_month": token["expiry_month"],
        "expiry_year": token["expiry_year"],
        "revoked": False,
        **{k: token[k] for k in ("name", "billing_address", "phone") if k in token},
    }
    account.table(TABLE)[row["id"]] = row
    return row


def get_instrument(account: Account, instrument: str) -> dict[str, Any]:
    """The answer of GET. Raises `Refused` (404, empty)."""
    row = find(account, instrument)
    shown: dict[str, Any] = {k: row[k] for k in ("name", "account_holder") if k in row}
    token = account.table(NETWORK_TOKENS).get(row.get("network_token_id", ""))
    if token:
        shown["network_token"] = {"id": token["id"], "state": token["state"]}
    return {"id": row["id"], **_answer(row), **shown}


def update_instrument(account: Account, instrument: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change expiry, name, holder or customer. Returns the answer; raises `Refused`."""
    row = _changeable(account, instrument)
    faults = Faults()
    changes: dict[str, Any] = {
        "expiry_month": faults.whole(body, "expiry_month", 1, 12, required=False),
        "expiry_year": faults.whole(body, "expiry_year", 1000, 9999, required=False),
        "name": faults.text(body, "name", longest=255),
        "account_holder": _holder(faults, body),
        "customer": _customer(faults, body),
    }
    faults.stop()
    row.update({name: value for name, value in changes.items() if value})
    return {"type": "card", "fingerprint": fingerprint(row["number"])}


def delete_instrument(account: Account, instrument: str) -> None:
    """Forget an instrument. Raises `Refused` (404; 422 for a fixed one)."""
    _changeable(account, instrument)
    del account.table(TABLE)[instrument]


def revoke_instrument(account: Account, instrument: str) -> dict[str, Any]:
    """Make an instrument unusable for ever. Returns the answer; raises `Refused` (404, 422)."""
    row = _changeable(account, instrument)
    row["revoked"] = True
    return {"type": "card", "fingerprint": fingerprint(row["number"])}


def find(account: Account, instrument: str) -> dict[str, Any]:
    """The row of an instrument. Raises `Refused` (404, empty)."""
    row: dict[str, Any] | None = account.table(TABLE).get(instrument)
    if row is None:
        raise not_found()
    return row


def _changeable(account: Account, instrument: str) -> dict[str, Any]:
    row = find(account, instrument)
    if row.get("fixed"):
        raise fixed("id")
    return row


def card_of(row: dict[str, Any]) -> TestCard:
    """The test card of a row; every stored number was checked when it came in."""
    card = lookup(row["number"])
    if card is None:
        raise invalid("card_number_invalid")
    return card


def _holder(faults: Faults, body: dict[str, Any]) -> dict[str, Any]:
    holder = faults.mapping(body, "account_holder")
    faults.only(holder, "account_holder", *_HOLDER)
    for name in ("first_name", "last_name"):
        faults.text(holder, f"account_holder.{name}", longest=100)
    check_address(faults, holder, "account_holder.billing_address")
    return holder


def _customer(faults: Faults, body: dict[str, Any]) -> dict[str, Any]:
    customer = faults.mapping(body, "customer")
    if not customer:
        return {}
    faults.text(customer, "customer.id", pattern=r"cus_\w{26}")
    faults.text(customer, "customer.email", longest=255)
    kept = dict(customer)
    kept.setdefault("id", new_id("cus"))
    return kept


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "card",
        "fingerprint": fingerprint(row["number"]),
        "expiry_month": row["expiry_month"],
        "expiry_year": row["expiry_year"],
        **card_members(card_of(row)),
        **({"customer": row["customer"]} if "customer" in row else {}),
    }
