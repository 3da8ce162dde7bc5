"""/tokens and /instruments: a card for 15 minutes and one use, or kept under a `src_` id.

An instrument is made from a token or a card, without the CVV; `cvv` and `pin` tokens hold nothing
else. Source: Checkout.com API reference (nas_spec, tokens.yaml), SDK-go tokens.go for `cvv` and
`pin`, SDK-java TokensClient for the metadata, the SDKs' instruments packages, SDK-java for
`revoke`.
"""

from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.checkout import vault_tables as tables
from forwardc.sandbox.checkout.clients import (
    NETWORK_TOKENS,
    CheckoutAccount,
    fingerprint,
    new_id,
    utc,
)
from forwardc.sandbox.checkout.request_checks import (
    CheckoutError,
    RequestFaults,
    check,
    check_kind,
    fixed,
    invalid,
    not_found,
)

TOKENS_TABLE = "checkout.tokens"
# Seconds: 15 minutes (API reference, nas_spec, tokens.yaml).
LIFETIME_SECONDS = 15 * 60
_SCHEMES = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "diners": "Diners Club International",
    "discover": "Discover",
    "jcb": "JCB",
    "unionpay": "China Union Pay",
}


def create_token(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Make a token. Returns the answer of 201; raises `CheckoutError`."""
    kind = body.get("type")
    if kind is None:
        raise invalid("token_type_required", at="type")
    if not isinstance(kind, str) or kind not in tables.TOKENS:
        raise invalid("token_type_invalid", at="type")
    content = _card(account, body) if kind == "card" else _single_value(body, kind)
    now = account.now()
    token = new_id("tok")
    row = {**content, "type": kind, "token": token, "expires_at": now + LIFETIME_SECONDS}
    account.table(TOKENS_TABLE)[token] = {**row, "used": False}
    return {"type": kind, "token": token, "expires_on": utc(row["expires_at"]), **_public(row)}


def metadata(account: CheckoutAccount, token: str) -> dict[str, Any]:
    """The details of a card token, without consuming it. Raises `CheckoutError`."""
    row = account.table(TOKENS_TABLE).get(token)
    if row is None or row["type"] != "card" or row["expires_at"] <= account.now():
        raise not_found()
    shown = _public(row)
    if "billing_address" in shown:
        address = shown["billing_address"]
        shown["billing_address"] = {k: address[k] for k in ("city", "country") if k in address}
    return {"type": "card", "token": token, "expires_on": utc(row["expires_at"]), **shown}


def take_token(account: CheckoutAccount, token: str, kind: str) -> dict[str, Any]:
    """Consume a token of one kind: it is gone afterwards. Raises `CheckoutError`."""
    row: dict[str, Any] | None = account.table(TOKENS_TABLE).get(token)
    if row is None or row["type"] != kind:
        raise CheckoutError(422, "token_invalid", ("token_invalid",))
    if row["expires_at"] <= account.now():
        raise CheckoutError(422, "token_expired", ("token_expired",))
    if row["used"]:
        raise CheckoutError(422, "token_used", ("token_used",))
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


def check_card(faults: RequestFaults, account: CheckoutAccount, body: dict[str, Any]) -> None:
    """Note what the members of a card say together, where each is right by itself."""
    card = None if "number" in faults.by_path else lookup(body["number"])
    if "number" not in faults.by_path and card is None:
        # A real card number has no place in a sandbox.
        faults.add("number", "invalid")
    dated = not {"expiry_month", "expiry_year"} & faults.by_path.keys()
    if dated and (body["expiry_year"], body["expiry_month"]) < account.month():
        faults.add("expiry_year", "invalid")
    cvv = None if "cvv" in faults.by_path else body.get("cvv")
    if card is not None and cvv is not None and len(cvv) != (4 if card.brand == "amex" else 3):
        faults.add("cvv", "invalid")


def _card(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    faults = RequestFaults()
    check(faults, body, tables.TOKENS["card"])
    check_card(faults, account, body)
    faults.stop()
    address = {name: text for name, text in (body.get("billing_address") or {}).items() if text}
    members = ("number", "expiry_month", "expiry_year", "cvv", "name", "phone")
    return {
        **{member: body[member] for member in members if body.get(member) not in (None, {})},
        **({"billing_address": address} if address else {}),
    }


def _single_value(body: dict[str, Any], kind: str) -> dict[str, Any]:
    faults = RequestFaults()
    check(faults, body, tables.TOKENS[kind])
    if faults.by_path:
        raise CheckoutError(422, "request_invalid", ("token_data_invalid",), faults.by_path)
    return {kind: body["token_data"][kind]}


def _public(row: dict[str, Any]) -> dict[str, Any]:
    if row["type"] != "card":
        return {}
    card = lookup(row["number"])
    shown = ("expiry_month", "expiry_year", "name", "billing_address", "phone")
    return {
        **{member: row[member] for member in shown if member in row},
        **(card_members(card) if card else {}),
    }


# --- Instruments

INSTRUMENTS_TABLE = "checkout.instruments"


def create_instrument(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Keep the card of a token, or a card: the answer of 201. Raises `CheckoutError`."""
    faults = RequestFaults()
    check_kind(faults, body, "", tables.INSTRUMENTS)
    if body.get("type") == "card":
        check_card(faults, account, body)
    faults.stop()
    is_card = body["type"] == "card"
    row = keep_card(account, body if is_card else take_token(account, body["token"], "card"))
    row.update(_owner(body))
    return {"id": row["id"], **_answer(row)}


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
    account.table(INSTRUMENTS_TABLE)[row["id"]] = row
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
    del account.table(INSTRUMENTS_TABLE)[instrument]


def revoke_instrument(account: CheckoutAccount, instrument: str) -> dict[str, Any]:
    """Make an instrument unusable for ever: the answer. Raises `CheckoutError` (404, 422)."""
    row = _changeable(account, instrument)
    row["revoked"] = True
    return {"type": "card", "fingerprint": fingerprint(row["number"])}


def find(account: CheckoutAccount, instrument: str) -> dict[str, Any]:
    """The row of an instrument. Raises `CheckoutError` (404, empty)."""
    row: dict[str, Any] | None = account.table(INSTRUMENTS_TABLE).get(instrument)
    if row is None:
        raise not_found()
    return row


def _changeable(account: CheckoutAccount, instrument: str) -> dict[str, Any]:
    row = find(account, instrument)
    if row.get("fixed"):
        raise fixed("id")
    return row


def card_of(row: dict[str, Any]) -> TestCard:
    """The test card of a row. Raises `CheckoutError` for a number that is no test card's."""
    card = lookup(row["number"])
    if card is None:
        raise invalid("card_number_invalid")
    return card


def _owner(body: dict[str, Any]) -> dict[str, Any]:
    """Whose card it is, as far as the body says."""
    owner = {name: body[name] for name in ("account_holder", "customer") if body.get(name)}
    if "customer" in owner:
        owner["customer"] = {"id": new_id("cus"), **owner["customer"]}
    return owner


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "card",
        "fingerprint": fingerprint(row["number"]),
        "expiry_month": row["expiry_month"],
        "expiry_year": row["expiry_year"],
        **card_members(card_of(row)),
        **({"customer": row["customer"]} if "customer" in row else {}),
    }
