"""POST /tokens and the tokens it makes: card, cvv and pin; 15 minutes, single use.

Knows nothing of forwarding. Source: Checkout.com API reference (nas_spec, tokens.yaml), SDK-go
tokens.go for `cvv` and `pin`, SDK-java TokensClient for the metadata.
"""

from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.checkout.body import Faults
from forwardc.sandbox.checkout.clients import Account
from forwardc.sandbox.checkout.problems import Refused, invalid, not_found
from forwardc.sandbox.checkout.rows import new_id, utc

TABLE = "checkout.tokens"
LIFETIME_SECONDS = 15 * 60
PATTERN = r"tok_\w{26}"
_SCHEMES = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "diners": "Diners Club International",
    "discover": "Discover",
    "jcb": "JCB",
    "unionpay": "China Union Pay",
}
_ADDRESS = ("address_line1", "address_line2", "city", "state", "zip", "country")


def create_token(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Make a token. Returns the answer of 201; raises `Refused`."""
    kind = body.get("type")
    if kind is None:
        raise invalid("token_type_required", at="type")
    if kind == "card":
        kept = _card(account, body)
    elif kind in ("cvv", "pin"):
        kept = _single_value(body, kind)
    else:
        # Wallets need the vendor's merchant certificates: the sandbox has none.
        raise invalid("token_type_invalid", at="type")
    now = account.now()
    token = new_id("tok")
    row = {**kept, "type": kind, "token": token, "expires_at": now + LIFETIME_SECONDS}
    account.table(TABLE)[token] = {**row, "used": False}
    return {"type": kind, "token": token, "expires_on": utc(row["expires_at"]), **_public(row)}


def metadata(account: Account, token: str) -> dict[str, Any]:
    """The details of a card token, without consuming it. Raises `Refused`."""
    row = account.table(TABLE).get(token)
    if row is None or row["type"] != "card" or row["expires_at"] <= account.now():
        raise not_found()
    shown = _public(row)
    if "billing_address" in shown:
        address = shown["billing_address"]
        shown["billing_address"] = {k: address[k] for k in ("city", "country") if k in address}
    return {"type": "card", "token": token, "expires_on": utc(row["expires_at"]), **shown}


def take_token(account: Account, token: str, kind: str) -> dict[str, Any]:
    """Consume a token of one kind: it is gone afterwards. Raises `Refused`."""
    row: dict[str, Any] | None = account.table(TABLE).get(token)
    if row is None or row["type"] != kind:
        raise Refused(422, "token_invalid", ("token_invalid",))
    if row["expires_at"] <= account.now():
        raise Refused(422, "token_expired", ("token_expired",))
    if row["used"]:
        raise Refused(422, "token_used", ("token_used",))
    row["used"] = True
    return row


def card_members(card: TestCard) -> dict[str, Any]:
    """What Checkout.com tells about a card's issuer and product."""
    return {
        "scheme": _SCHEMES[card.brand],
        "last4": card.last4,
        "bin": card.number[:6],
        "card_type": card.funding.capitalize(),
        "card_category": "Consumer",
        "issuer": "FORWARDC SANDBOX BANK",
        "issuer_country": "US",
        "product_id": "A",
        "product_type": f"{_SCHEMES[card.brand]} Traditional",
    }


def check_address(faults: Faults, owner: dict[str, Any], path: str) -> dict[str, str]:
    """The members of a billing address that are given."""
    address = faults.mapping(owner, path)
    faults.only(address, path, *_ADDRESS)
    members = {name: faults.text(address, f"{path}.{name}", longest=200) for name in _ADDRESS}
    return {name: value for name, value in members.items() if value}


def _card(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    faults = Faults()
    number = faults.text(body, "number", required=True, pattern=r"\d{12,19}")
    month = faults.whole(body, "expiry_month", 1, 12)
    year = faults.whole(body, "expiry_year", 1000, 9999)
    name = faults.text(body, "name", longest=255)
    cvv = faults.text(body, "cvv", pattern=r"\d{3,4}")
    address = check_address(faults, body, "billing_address")
    phone = faults.mapping(body, "phone")
    card = lookup(number) if number else None
    if number and card is None:
        faults.add("number", "invalid")
    if month and year and _expired(account, month, year):
        faults.add("expiry_year", "invalid")
    faults.stop()
    kept = {"number": number, "expiry_month": month, "expiry_year": year, "cvv": cvv, "name": name}
    return {
        **{member: value for member, value in kept.items() if value is not None},
        **({"billing_address": address} if address else {}),
        **({"phone": phone} if phone else {}),
    }


def _single_value(body: dict[str, Any], kind: str) -> dict[str, Any]:
    faults = Faults()
    data = faults.mapping(body, "token_data", required=True)
    pattern = r"\d{3,4}" if kind == "cvv" else r"\d{4,12}"
    value = faults.text(data, f"token_data.{kind}", required=True, pattern=pattern)
    if faults.found:
        raise Refused(422, "request_invalid", ("token_data_invalid",), faults.found)
    return {kind: value}


def _public(row: dict[str, Any]) -> dict[str, Any]:
    if row["type"] != "card":
        return {}
    card = lookup(row["number"])
    shown = ("expiry_month", "expiry_year", "name", "billing_address", "phone")
    return {
        **{member: row[member] for member in shown if member in row},
        **(card_members(card) if card else {}),
    }


def _expired(account: Account, month: int, year: int) -> bool:
    return (year, month) < account.month()
