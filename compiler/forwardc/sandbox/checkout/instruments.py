"""/instruments: a card kept under a `src_` id, made from a token or a card. The CVV is not kept.

Knows nothing of forwarding. Source: Checkout.com API reference (nas_spec), the SDKs' instruments
packages, SDK-java for `revoke`.
"""

from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.checkout import vault_tables as tables
from forwardc.sandbox.checkout.body import RequestFaults
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.problems import fixed, invalid, not_found
from forwardc.sandbox.checkout.rows import NETWORK_TOKENS, fingerprint, new_id
from forwardc.sandbox.checkout.rules import check, check_kind
from forwardc.sandbox.checkout.tokens import card_members, check_card, take_token

TABLE = "checkout.instruments"


def create_instrument(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Keep the card of a token, or a card: the answer of 201. Raises `CheckoutError`."""
    faults = RequestFaults()
    check_kind(faults, body, "", tables.INSTRUMENTS)
    if body.get("type") == "card":
        check_card(faults, account, body)
    faults.stop()
    is_card = body["type"] == "card"
    kept = keep_card(account, body if is_card else take_token(account, body["token"], "card"))
    kept.update(_owner(body))
    return {"id": kept["id"], **_answer(kept)}


def keep_card(account: CheckoutAccount, token: dict[str, Any]) -> dict[str, Any]:
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


def get_instrument(account: CheckoutAccount, instrument: str) -> dict[str, Any]:
    """The answer of GET. Raises `CheckoutError` (404, empty)."""
    row = find(account, instrument)
    shown: dict[str, Any] = {k: row[k] for k in ("name", "account_holder") if k in row}
    token = account.table(NETWORK_TOKENS).get(row.get("network_token_id", ""))
    if token:
        shown["network_token"] = {"id": token["id"], "state": token["state"]}
    return {"id": row["id"], **_answer(row), **shown}


def update_instrument(
    account: CheckoutAccount, instrument: str, body: dict[str, Any]
) -> dict[str, Any]:
    """Change expiry, name, holder or customer. Returns the answer; raises `CheckoutError`."""
    row = _changeable(account, instrument)
    faults = RequestFaults()
    check(faults, body, tables.INSTRUMENT_CHANGE)
    faults.stop()
    plain = ("expiry_month", "expiry_year", "name")
    row.update({name: body[name] for name in plain if body.get(name)} | _owner(body))
    return {"type": "card", "fingerprint": fingerprint(row["number"])}


def delete_instrument(account: CheckoutAccount, instrument: str) -> None:
    """Forget an instrument. Raises `CheckoutError` (404; 422 for a fixed one)."""
    _changeable(account, instrument)
    del account.table(TABLE)[instrument]


def revoke_instrument(account: CheckoutAccount, instrument: str) -> dict[str, Any]:
    """Make an instrument unusable for ever: the answer. Raises `CheckoutError` (404, 422)."""
    row = _changeable(account, instrument)
    row["revoked"] = True
    return {"type": "card", "fingerprint": fingerprint(row["number"])}


def find(account: CheckoutAccount, instrument: str) -> dict[str, Any]:
    """The row of an instrument. Raises `CheckoutError` (404, empty)."""
    row: dict[str, Any] | None = account.table(TABLE).get(instrument)
    if row is None:
        raise not_found()
    return row


def _changeable(account: CheckoutAccount, instrument: str) -> dict[str, Any]:
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


def _owner(body: dict[str, Any]) -> dict[str, Any]:
    """Whose card it is, as far as the body says."""
    found = {name: body[name] for name in ("account_holder", "customer") if body.get(name)}
    if "customer" in found:
        found["customer"] = {"id": new_id("cus"), **found["customer"]}
    return found


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "card",
        "fingerprint": fingerprint(row["number"]),
        "expiry_month": row["expiry_month"],
        "expiry_year": row["expiry_year"],
        **card_members(card_of(row)),
        **({"customer": row["customer"]} if "customer" in row else {}),
    }
