"""The placeholders of Forward and their values for one request: card, billing, network token.

Knows no template. A value of None means: this placeholder exists and has no value here.
Source: Checkout.com docs "Forward stored credentials" (December 2025 and January 2026), the pair
of month formats as both show it; the network token month has two digits.
"""

from typing import Any

from forwardc.sandbox.checkout import network_tokens
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.instruments import TABLE as INSTRUMENTS
from forwardc.sandbox.checkout.instruments import keep_card
from forwardc.sandbox.checkout.problems import invalid
from forwardc.sandbox.checkout.tokens import take_token

Values = dict[str, str | None]

_BILLING = {
    "billing_address_line1": "address_line1",
    "billing_address_line2": "address_line2",
    "billing_address_city": "city",
    "billing_address_state": "state",
    "billing_address_zip": "zip",
    "billing_address_country": "country",
}
_NETWORK_TOKEN = (
    "network_token_number",
    "network_token_type",
    "network_token_cryptogram",
    "network_token_eci",
    "network_token_expiry_month",
    "network_token_expiry_year_yy",
    "network_token_expiry_year_yyyy",
)
# What must not come back in an answer, see redact.py.
SENSITIVE = (
    "card_number",
    "card_cvv",
    "card_pin",
    "network_token_number",
    "network_token_cryptogram",
)


def resolve(
    account: CheckoutAccount, source: dict[str, Any], token_request: dict[str, Any]
) -> Values:
    """The values for a request's source, consuming its tokens. Raises `CheckoutError`."""
    if source["type"] == "id":
        row = account.table(INSTRUMENTS).get(source["id"])
        if row is None or row["revoked"]:
            raise invalid("source_id_invalid", at="source.id")
        cvv = _single_use(account, source, "cvv")
        pin = _single_use(account, source, "pin")
        values = _card(row, cvv, pin[:2] if pin else None)
        return values | _network_token(account, row, token_request)
    row = take_token(account, source["token"], "card")
    if source.get("store_for_future_use"):
        # Where the vendor returns the new instrument's id is not documented.
        keep_card(account, row)
    return _card(row, row.get("cvv"), None) | _network_token(account, {}, token_request)


def _single_use(account: CheckoutAccount, source: dict[str, Any], kind: str) -> str | None:
    token = source.get(f"{kind}_token")
    return None if token is None else str(take_token(account, token, kind)[kind])


def _card(row: dict[str, Any], cvv: str | None, pin: str | None) -> Values:
    month, year = int(row["expiry_month"]), str(row["expiry_year"])
    holder = row.get("account_holder", {})
    names = (holder.get("first_name"), holder.get("last_name"))
    address = row.get("billing_address") or holder.get("billing_address") or {}
    return {
        "card_number": row["number"],
        "card_expiry_month": str(month),
        "card_expiry_month_mm": f"{month:02}",
        "card_expiry_year_yy": year[-2:],
        "card_expiry_year_yyyy": year,
        "card_cvv": cvv,
        "card_pin": pin,
        "cardholder_name": row.get("name") or " ".join(n for n in names if n) or None,
        **{name: address.get(member) or None for name, member in _BILLING.items()},
    }


def _network_token(account: CheckoutAccount, row: dict[str, Any], wanted: dict[str, Any]) -> Values:
    empty: Values = dict.fromkeys(_NETWORK_TOKEN)
    if not wanted.get("enabled"):
        return empty
    token = network_tokens.of_instrument(account, row)
    if token is None:
        if wanted.get("required"):
            raise invalid("network_token_unavailable", at="network_token")
        return empty
    year = str(token["expiry_year"])
    values: Values = {
        "network_token_number": token["number"],
        "network_token_type": token["type"],
        "network_token_expiry_month": f"{token['expiry_month']:02}",
        "network_token_expiry_year_yy": year[-2:],
        "network_token_expiry_year_yyyy": year,
    }
    if wanted.get("request_cryptogram"):
        values["network_token_cryptogram"] = network_tokens.cryptogram()
        values["network_token_eci"] = network_tokens.ECI[token["type"]]
    return empty | values
