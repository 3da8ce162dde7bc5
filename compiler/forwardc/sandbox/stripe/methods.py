"""Payment methods: `/v1/payment_methods`, as the vault's stored cards and as a destination.

Knows nothing of forwarding and payments. Only cards, and only published test numbers.
"""

import hashlib
import re
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup, luhn
from forwardc.sandbox.stripe.account import setting
from forwardc.sandbox.stripe.call import Call, Endpoint
from forwardc.sandbox.stripe.errors import card_error, invalid, missing, no_such
from forwardc.sandbox.stripe.filling import CardData
from forwardc.sandbox.stripe.ids import new_id
from forwardc.sandbox.stripe.outcomes import fail_in_transport
from forwardc.sandbox.stripe.params import Free, Items, Metadata, Shape, Text, Whole, read
from forwardc.sandbox.stripe.testids import test_number
from forwardc.sandbox.world import World

TABLE = "stripe.payment_methods"
KIND = "PaymentMethod"
_FURTHEST_YEARS = 50

ADDRESS = Shape(
    dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), Text())
)
BILLING = Shape(
    {"address": ADDRESS, "email": Text(), "name": Text(), "phone": Text(), "tax_id": Text()}
)
_NETWORKS = Shape({"preferred": Text(choices=("cartes_bancaires", "mastercard", "visa"))})
_CARD = Shape(
    {
        "number": Text(),
        "exp_month": Whole(),
        "exp_year": Whole(),
        "cvc": Text(),
        "token": Text(),
        "networks": _NETWORKS,
    }
)
_CREATE = Shape(
    {
        "type": Text(),
        "card": _CARD,
        "billing_details": BILLING,
        "metadata": Metadata(),
        "allow_redisplay": Text(choices=("always", "limited", "unspecified")),
        "customer": Text(),
        "payment_method": Text(),
        "radar_options": Shape({"session": Text()}),
        "expand": Items(Free()),
    },
    required=("type",),
)
_RETRIEVE = Shape({"expand": Items(Free())})


async def create(call: Call) -> dict[str, Any]:
    """POST /v1/payment_methods."""
    params = read(_CREATE, call.params)
    if params["type"] != "card":
        raise invalid("The sandbox knows payment methods of the type card only.", param="type")
    for other, kind in (("customer", "customer"), ("payment_method", KIND)):
        if other in params:
            raise no_such(kind, params[other], param=other)
    if "card" not in params:
        raise missing("card")
    card = _given_card(call, params["card"])
    test_card = _accepted(card)
    if call.forwarded:
        fail_in_transport(test_card.at("stripe"))
    return _store(call, card, params)


async def retrieve(call: Call) -> dict[str, Any]:
    """GET /v1/payment_methods/{id}."""
    read(_RETRIEVE, call.params)
    row = find(call, call.path["id"], param=None)
    shown: dict[str, Any] = row["object"]
    return shown


ENDPOINTS = (
    Endpoint("POST", "/v1/payment_methods", "payment_method_write", create),
    Endpoint("GET", "/v1/payment_methods/{id}", "payment_method_read", retrieve),
)


def find(call: Call, identifier: str, *, param: str | None) -> dict[str, Any]:
    """The row of a payment method of the caller's mode. Raises `resource_missing`.

    Stripe's test ids (`pm_card_visa`) are a fresh card on each use. The sandbox's fixed sources
    are there in both modes.
    """
    row = call.world.table(TABLE).get(identifier)
    if row is not None and (row["fixed"] or row["object"]["livemode"] == call.caller.livemode):
        found: dict[str, Any] = row
        _forget_old_cvc(call, found)
        return found
    number = test_number(identifier)
    if number is None or call.caller.livemode:
        raise no_such(KIND, identifier, param=param)
    return fresh_row(call.world, identifier, number)


def fresh_row(
    world: World, identifier: str, number: str, name: str | None = None
) -> dict[str, Any]:
    """A row for a test card that nobody created: it expires in three years and has a CVC."""
    year = world.month()[0] + 3
    card = CardData(number, 3, year, "1234" if number.startswith("3") else "123", name)
    return _row(
        _object(identifier, int(world.now()), card, {"billing_details": {"name": name}}), card
    )


def card_of(row: dict[str, Any]) -> CardData:
    """The card of a row, with its CVC if that is still there."""
    held = row["card"]
    name = row["object"]["billing_details"]["name"]
    return CardData(held["number"], held["month"], held["year"], held["cvc"], name)


def use_cvc(row: dict[str, Any]) -> None:
    """Take the CVC away: it serves the first request that uses it, a failed one included."""
    row["card"]["cvc"] = None


def _forget_old_cvc(call: Call, row: dict[str, Any]) -> None:
    seconds = setting(call.world, "cvc_seconds")
    if seconds and row["object"]["created"] + seconds <= call.now:
        use_cvc(row)


def _given_card(call: Call, card: dict[str, Any]) -> CardData:
    """The card of the parameters: raw, or a test token."""
    if "token" in card:
        number = test_number(card["token"])
        if number is None or call.caller.livemode:
            raise no_such("token", card["token"], param="card[token]")
        return card_of(fresh_row(call.world, "", number))
    for name in ("number", "exp_month", "exp_year"):
        if name not in card:
            raise missing(f"card[{name}]")
    if not setting(call.world, "raw_card_access"):
        raise invalid(
            "Sending credit card numbers directly to the Stripe API is generally unsafe. To "
            "enable testing raw card data APIs, see "
            "https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis.",
            status=402,
        )
    _check_expiry(call, card["exp_month"], card["exp_year"])
    return CardData(card["number"], card["exp_month"], card["exp_year"], card.get("cvc"), None)


def _check_expiry(call: Call, month: int, year: int) -> None:
    this_year, this_month = call.world.month()
    past_month = year == this_year and month < this_month
    if not this_year <= year <= this_year + _FURTHEST_YEARS:
        text = "Your card's expiration year is invalid."
        raise card_error("invalid_expiry_year", text, "exp_year")
    if not 1 <= month <= 12 or past_month:
        text = "Your card's expiration month is invalid."
        raise card_error("invalid_expiry_month", text, "exp_month")


def _accepted(card: CardData) -> TestCard:
    """The published test card of this number. Raises 402 for any other, and for a bad CVC."""
    if re.fullmatch(r"[0-9]{12,19}", card.number) is None or not luhn(card.number):
        raise card_error("incorrect_number", "Your card number is incorrect.", "number")
    known = lookup(card.number)
    if known is None:
        text = "The sandbox takes published test card numbers only."
        raise card_error("incorrect_number", text, "number")
    lengths = "[0-9]{3,4}" if known.brand == "amex" else "[0-9]{3}"
    if card.cvc is not None and re.fullmatch(lengths, card.cvc) is None:
        raise card_error("invalid_cvc", "Your card's security code is invalid.", "cvc")
    return known


def _store(call: Call, card: CardData, params: dict[str, Any]) -> dict[str, Any]:
    shown = _object(new_id("pm"), call.now, card, params, livemode=call.caller.livemode)
    call.world.table(TABLE)[shown["id"]] = _row(shown, card)
    return shown


def _row(shown: dict[str, Any], card: CardData) -> dict[str, Any]:
    held = {"number": card.number, "month": card.month, "year": card.year, "cvc": card.cvc}
    return {"object": shown, "card": held, "fixed": False, "consumed": False}


def _object(
    identifier: str, created: int, card: CardData, params: dict[str, Any], *, livemode: bool = False
) -> dict[str, Any]:
    """The API object. Field names and nulls follow the schema of 2026-09-30."""
    return {
        "id": identifier,
        "object": "payment_method",
        "allow_redisplay": params.get("allow_redisplay", "unspecified"),
        "billing_details": _billing(params.get("billing_details", {})),
        "card": _shown_card(card, params.get("card", {}).get("networks", {}).get("preferred")),
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": livemode,
        "metadata": params.get("metadata", {}),
        "type": "card",
    }


def _billing(given: dict[str, Any]) -> dict[str, Any]:
    address = given.get("address", {})
    return {
        "address": {name: address.get(name) for name in ADDRESS.fields},
        **{name: given.get(name) for name in ("email", "name", "phone", "tax_id")},
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
        "networks": {"available": [brand], "preferred": preferred},
        "regulated_status": None,
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
