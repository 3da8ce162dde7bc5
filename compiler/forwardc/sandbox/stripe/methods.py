"""Payment methods as rows: a card, its API object, its customer, and whether it may be used.

Only cards, and only published test numbers. An attached method is used as often as one likes; one
that was used or detached without a customer is used up. Field names and nulls follow the schema of
2026-09-30.endive; Stripe's own test ids (`pm_card_visa`, `tok_visa`) its testing page (2024) and
public code that maps them.
"""

import hashlib
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup, luhn
from forwardc.sandbox.stripe.account import setting
from forwardc.sandbox.stripe.call import Row, StripeCall, new_id
from forwardc.sandbox.stripe.call import find as find_row
from forwardc.sandbox.stripe.errors import StripeError, card_error, invalid, missing, no_such
from forwardc.sandbox.stripe.filling import CardData, WalletToken
from forwardc.sandbox.stripe.outcomes import attach_decline
from forwardc.sandbox.stripe.param_shapes import ADDRESS_PARTS
from forwardc.sandbox.stripe.params import merged
from forwardc.sandbox.world import World

_NUMBERS = MappingProxyType(
    {
        "visa": "4242424242424242",
        "visa_debit": "4000056655665556",
        "mastercard": "5555555555554444",
        "mastercard_debit": "5200828282828210",
        "amex": "378282246310005",
        "discover": "6011111111111117",
        "visa_chargeDeclined": "4000000000000002",
        "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
        "visa_chargeDeclinedLostCard": "4000000000009987",
        "visa_chargeDeclinedStolenCard": "4000000000009979",
        "chargeDeclinedExpiredCard": "4000000000000069",
        "chargeDeclinedIncorrectCvc": "4000000000000127",
        "chargeDeclinedProcessingError": "4000000000000119",
        "visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
        "chargeCustomerFail": "4000000000000341",
        "authenticationRequiredOnSetup": "4000002500003155",
        "authenticationRequired": "4000002760003184",
        "authenticationRequiredSetupForOffSession": "4000003800000446",
    }
)


def test_number(identifier: str) -> str | None:
    """The card number behind a test id, or None."""
    for prefix in ("pm_card_", "tok_"):
        if identifier.startswith(prefix):
            return _NUMBERS.get(identifier.removeprefix(prefix))
    return None


def test_ids() -> list[str]:
    """All `pm_card_` ids."""
    return [f"pm_card_{name}" for name in _NUMBERS]


# --- The API object

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


def billing(held: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Billing details after a change of what was given, with every part named."""
    new = {**held, **change}
    address = change.get("address", held.get("address")) or {}
    if change.get("address") and held.get("address"):
        address = {**held["address"], **change["address"]}
    return {
        "address": {name: address.get(name) for name in ADDRESS_PARTS},
        **{name: new.get(name) for name in _BILLING_TEXTS},
    }


def _shown_card(card: CardData, preferred: str | None) -> dict[str, Any]:
    test_card = lookup(card.number)
    brand = test_card.brand if test_card is not None else "unknown"
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
        "funding": test_card.funding if test_card is not None else "unknown",
        "generated_from": None,
        "last4": card.number[-4:],
        # A preference that the card cannot follow is passed over.
        "networks": {"available": [brand], "preferred": preferred if preferred == brand else None},
        "regulated_status": None,
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


# --- Rows

TABLE = "payment_methods"
KIND = "PaymentMethod"
# Years from now that a card may expire in: this sandbox's choice, no document names it.
_FURTHEST_YEARS = 50
_RAW = (
    "Sending credit card numbers directly to the Stripe API is generally unsafe. To enable testing "
    "raw card data APIs, see "
    "https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis."
)


def find(call: StripeCall, identifier: str, *, param: str | None) -> Row:
    """The row of a payment method of the caller's mode. Raises `resource_missing`.

    Stripe's test ids (`pm_card_visa`) are a fresh card on each use, and so are the sandbox's fixed
    sources, which are there in both modes.
    """
    row: Row | None = call.table(TABLE).get(identifier)
    if row is not None and row["fixed"]:
        return row
    number = test_number(identifier)
    if row is None and number is not None and not call.caller.livemode:
        return fresh_row(call.world, identifier, number)
    stored = find_row(call, TABLE, KIND, identifier, param)
    _forget_old_cvc(call, stored)
    return stored


def fresh_row(world: World, identifier: str, number: str, name: str | None = None) -> Row:
    """A row for a test card that nobody created: it expires in three years and has a CVC."""
    year = world.month()[0] + 3
    test_card = lookup(number)
    # American Express alone has four digits: Diners and JCB begin with 3 as well.
    cvc = "1234" if test_card is not None and test_card.brand == "amex" else "123"
    card = CardData(number, 3, year, cvc, name)
    details = {"billing_details": {"name": name}}
    return row_of(method_object(identifier, int(world.now()), card, details), card) | {
        "fixed": True
    }


def card_of(row: Row) -> CardData:
    """The card of a row, with its CVC if that is still there."""
    held = row["card"]
    name = row["object"]["billing_details"]["name"]
    token = WalletToken(**held["token"]) if held.get("token") else None
    return CardData(held["number"], held["month"], held["year"], held["cvc"], name, token)


def use_cvc(row: Row) -> None:
    """Take the CVC away: it serves the first request that uses it, a failed one included.

    That of a fixed source stays, as each of its uses stands for a card that was just entered.
    """
    if not row["fixed"]:
        row["card"]["cvc"] = None


def consume(row: Row) -> None:
    """The method was used without a customer: it may not be used again, a fixed one may."""
    row["consumed"] = not row["fixed"]


def given_card(call: StripeCall, card: dict[str, Any]) -> CardData:
    """The card of the parameters: raw, or a test token. Raises 400 and 402."""
    if "token" in card:
        number = test_number(card["token"])
        if number is None or call.caller.livemode:
            raise no_such("token", card["token"], param="card[token]")
        return card_of(fresh_row(call.world, "", number))
    for name in ("number", "exp_month", "exp_year"):
        if name not in card:
            raise missing(f"card[{name}]")
    if not setting(call.world, "raw_card_access"):
        raise invalid(_RAW, status=402)
    check_expiry(call.world, card["exp_month"], card["exp_year"])
    return CardData(card["number"], card["exp_month"], card["exp_year"], card.get("cvc"), None)


def accepted(card: CardData) -> TestCard:
    """The published test card of this number. Raises 402 for any other, and for a bad CVC."""
    if re.fullmatch(r"[0-9]{12,19}", card.number) is None or not luhn(card.number):
        raise card_error("incorrect_number", "Your card number is incorrect.", "number")
    test_card = lookup(card.number)
    if test_card is None:
        text = "The sandbox takes published test card numbers only."
        raise card_error("incorrect_number", text, "number")
    lengths = "[0-9]{3,4}" if test_card.brand == "amex" else "[0-9]{3}"
    if card.cvc is not None and re.fullmatch(lengths, card.cvc) is None:
        raise card_error("invalid_cvc", "Your card's security code is invalid.", "cvc")
    return test_card


def check_expiry(world: World, month: int, year: int) -> None:
    """Raise 402 for an expiry that is over, or that no calendar has."""
    this_year, this_month = world.month()
    past_month = year == this_year and month < this_month
    if not this_year <= year <= this_year + _FURTHEST_YEARS:
        text = "Your card's expiration year is invalid."
        raise card_error("invalid_expiry_year", text, "exp_year")
    if not 1 <= month <= 12 or past_month:
        text = "Your card's expiration month is invalid."
        raise card_error("invalid_expiry_month", text, "exp_month")


def _forget_old_cvc(call: StripeCall, row: Row) -> None:
    seconds = setting(call.world, "cvc_seconds")
    if seconds and row["object"]["created"] + seconds <= call.now:
        use_cvc(row)


# --- Customers of a method

_USED_UP = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer "
    "attachment, shared with a connected account without Customer attachment, or was detached from "
    "a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach "
    "it to a Customer first."
)


def used_up() -> StripeError:
    """A payment method that may not be used again (text seen in public code)."""
    return invalid(_USED_UP, param="payment_method")


def check_attachable(row: Row) -> None:
    """Raise for a method that cannot be attached: 400 used up, 402 a card that is declined."""
    if row["consumed"]:
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was "
            "detached from a Customer, and may not be used again."
        )
    why = attach_decline(card_of(row).number)
    if why is not None:
        cause = {} if why.decline_code is None else {"decline_code": why.decline_code}
        raise card_error(why.code, why.message, **cause)


def attach(call: StripeCall, row: Row, customer: str, *, verify: bool = True) -> Row:
    """The row as it is attached: of Stripe's test ids and the fixed sources a copy of its own.

    With `verify` the bank is asked, which uses the CVC. Raises as `check` does, and 400 for a
    method of another customer.
    """
    held = row["object"]["customer"]
    if held == customer:
        return row
    if held is not None:
        raise invalid("The payment method you provided has already been attached to a customer.")
    check_attachable(row)
    if row["fixed"]:
        row = deepcopy(row) | {"fixed": False}
        row["object"]["id"] = new_id("pm")
        row["object"]["created"] = call.now
        row["object"]["livemode"] = call.caller.livemode
    call.table(TABLE)[row["object"]["id"]] = row
    row["object"]["customer"] = customer
    if verify:
        verified(row)
    return row


def verified(row: Row) -> None:
    """The bank has checked the card: what it said stays, the CVC does not."""
    if card_of(row).cvc is not None:
        row["object"]["card"]["checks"]["cvc_check"] = "pass"
    use_cvc(row)


def release(row: Row) -> dict[str, Any]:
    """Take the method from its customer: nobody may use it again."""
    row["object"]["customer"] = None
    row["consumed"] = True
    shown: dict[str, Any] = row["object"]
    return shown


# --- The account updater


@dataclass(frozen=True, slots=True)
class CardRenewal:
    """What an account updater knows of a card: the new number and how many years it adds."""

    number: str = field(repr=False)
    years: int


# This card is replaced before it is forwarded.
RENEWED: Mapping[str, CardRenewal] = MappingProxyType(
    {"5200828282828210": CardRenewal("5555555555554444", 4)}
)


def renewed(number: str) -> CardRenewal | None:
    """The renewal of this card by the account updater, or None if the card is current."""
    return RENEWED.get(number)
