"""/network-tokens: a scheme's token for a card, and its cryptograms.

A published approving test number stands for the token's number: no scheme publishes test tokens.
Source: SDK-java and SDK-node network tokens packages.
"""

import secrets
from base64 import b64encode
from typing import Any

from forwardc.sandbox.cards import Behaviour, lookup
from forwardc.sandbox.checkout import vault_tables as tables
from forwardc.sandbox.checkout.clients import NETWORK_TOKENS, CheckoutAccount, new_id, utc_offset
from forwardc.sandbox.checkout.instruments import find
from forwardc.sandbox.checkout.request_checks import (
    RequestFaults,
    check,
    check_kind,
    fixed,
    invalid,
    not_found,
)

# Token service and token number by brand; other brands have no network tokens here.
SERVICES = {"visa": ("vts", "4000000000000077"), "mastercard": ("mdes", "5555555555554444")}
ECI = {"vts": "05", "mdes": "02"}


def provision(
    account: CheckoutAccount, card: dict[str, Any], state: str = "active", token_id: str = ""
) -> dict[str, Any] | None:
    """A network token for a card row (number and expiry), or None if its scheme has none."""
    test_card = lookup(card["number"])
    if (
        test_card is None
        or test_card.brand not in SERVICES
        or test_card.behaviour is Behaviour.DECLINE
    ):
        return None
    service, number = SERVICES[test_card.brand]
    now = utc_offset(account.now())
    row: dict[str, Any] = {
        "id": token_id or new_id("nt"),
        "state": state,
        "number": number,
        "expiry_month": int(card["expiry_month"]),
        "expiry_year": int(card["expiry_year"]),
        "type": service,
        "payment_account_reference": f"5001{secrets.token_hex(12)}1",
        "created_on": now,
        "modified_on": now,
        "card": {
            "last4": test_card.last4,
            "expiry_month": str(card["expiry_month"]),
            "expiry_year": str(card["expiry_year"]),
        },
    }
    account.table(NETWORK_TOKENS)[row["id"]] = row
    return row


def cryptogram() -> str:
    """A fresh made-up cryptogram: 20 bytes in base64, as the schemes' are."""
    return b64encode(secrets.token_bytes(20)).decode("ascii")


def create_network_token(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Provision for an instrument or a card. Returns the answer of 201; raises `CheckoutError`."""
    faults = RequestFaults()
    check(faults, body, tables.NETWORK_TOKEN)
    check_kind(faults, body.get("source"), "source", tables.NETWORK_TOKEN_SOURCES)
    faults.stop()
    source = body["source"]
    kind = source["type"]
    card = find(account, source["id"]) if kind == "id" else source
    row = provision(account, card)
    if row is None:
        raise invalid("source_not_eligible", at="source")
    # A fixed instrument has the token that it promises, or none.
    if kind == "id" and not card.get("fixed"):
        card["network_token_id"] = row["id"]
    return _shown(row)


def get_network_token(account: CheckoutAccount, token: str) -> dict[str, Any]:
    """The answer of GET. Raises `CheckoutError` (404)."""
    return _shown(_find(account, token))


def create_cryptogram(account: CheckoutAccount, token: str, body: dict[str, Any]) -> dict[str, Any]:
    """A cryptogram for one transaction. Returns the answer of 201; raises `CheckoutError`."""
    row = _find(account, token)
    faults = RequestFaults()
    check(faults, body, tables.CRYPTOGRAM)
    faults.stop()
    if row["state"] != "active":
        raise invalid("network_token_not_active")
    return {"cryptogram": cryptogram(), "eci": ECI[row["type"]]}


def delete_network_token(account: CheckoutAccount, token: str, body: dict[str, Any]) -> None:
    """Make a network token inactive. Raises `CheckoutError`."""
    row = _find(account, token)
    faults = RequestFaults()
    check(faults, body, tables.NETWORK_TOKEN_END)
    faults.stop()
    if row.get("fixed"):
        raise fixed("network_token_id")
    row["state"] = "inactive"
    row["modified_on"] = utc_offset(account.now())


def of_instrument(account: CheckoutAccount, instrument: dict[str, Any]) -> dict[str, Any] | None:
    """The active network token of an instrument, or None."""
    row: dict[str, Any] | None = account.table(NETWORK_TOKENS).get(
        instrument.get("network_token_id", "")
    )
    return row if row is not None and row["state"] == "active" else None


def _find(account: CheckoutAccount, token: str) -> dict[str, Any]:
    row: dict[str, Any] | None = account.table(NETWORK_TOKENS).get(token)
    if row is None:
        raise not_found()
    return row


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    token = {name: value for name, value in row.items() if name not in ("card", "fixed")}
    token["expiry_month"], token["expiry_year"] = str(row["expiry_month"]), str(row["expiry_year"])
    return {
        "card": row["card"],
        "network_token": token,
        "token_requestor_id": "1234567890",
        "token_scheme_id": f"scheme_{row['type']}_001",
    }
