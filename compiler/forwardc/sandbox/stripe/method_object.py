"""The API object of a payment method. Knows no request.

Field names and nulls follow the schema of 2026-09-30.endive.
"""

import hashlib
from typing import Any

from forwardc.sandbox.cards import lookup
from forwardc.sandbox.stripe.filling import CardData
from forwardc.sandbox.stripe.params import merged
from forwardc.sandbox.stripe.store import Row
from forwardc.sandbox.stripe.tables.shared import ADDRESS_PARTS

_BILLING_TEXTS = ("email", "name", "phone", "tax_id")


def row_of(shown: dict[str, Any], card: CardData) -> Row:
    """The row of an object: beside it the card, which the API never shows."""
    held = {"number": card.number, "month": card.month, "year": card.year, "cvc": card.cvc}
    return {"object": shown, "card": held, "fixed": False, "consumed": False}


def method_object(
    identifier: str, created: int, card: CardData, params: dict[str, Any], *, livemode: bool = False
) -> dict[str, Any]:
    """A new payment method of a card and the parameters of its creation."""
    preferred = params.get("card", {}).get("networks", {}).get("preferred")
    return {
        "id": identifier,
        "object": "payment_method",
        "allow_redisplay": params.get("allow_redisplay", "unspecified"),
        "billing_details": billing({}, params.get("billing_details", {})),
        "card": _shown_card(card, preferred),
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": livemode,
        "metadata": merged({}, params.get("metadata", {})),
        "type": "card",
    }


def billing(held: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Billing details after a change of what was given, with every part named."""
    new = {**held, **given}
    address = given.get("address", held.get("address")) or {}
    if given.get("address") and held.get("address"):
        address = {**held["address"], **given["address"]}
    return {
        "address": {name: address.get(name) for name in ADDRESS_PARTS},
        **{name: new.get(name) for name in _BILLING_TEXTS},
    }


def _shown_card(card: CardData, preferred: str | None) -> dict[str, Any]:
    known = lookup(card.number)
    brand = known.brand if known is not None else "unknown"
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "unchecked" if card.cvc else None,
        },
        "country": "US",
        "display_brand": brand,
        "exp_month": card.month,
        "exp_year": card.year,
        "fingerprint": hashlib.sha256(f"sandbox:{card.number}".encode()).hexdigest()[:16],
        "funding": known.funding if known is not None else "unknown",
        "generated_from": None,
        "last4": card.number[-4:],
        # A preference that the card cannot follow is passed over.
        "networks": {"available": [brand], "preferred": preferred if preferred == brand else None},
        "regulated_status": None,
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
