"""Payment methods: `/v1/payment_methods`, as the vault's stored cards and as a destination.

Knows nothing of forwarding and payments. Only cards, and only published test numbers.
"""

import re
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup, luhn
from forwardc.sandbox.stripe.account import setting
from forwardc.sandbox.stripe.call import StripeCall
from forwardc.sandbox.stripe.errors import card_error, invalid, missing, no_such
from forwardc.sandbox.stripe.filling import CardData, WalletToken
from forwardc.sandbox.stripe.method_object import method_object, row_of
from forwardc.sandbox.stripe.store import Row
from forwardc.sandbox.stripe.store import find as find_row
from forwardc.sandbox.stripe.testids import test_number
from forwardc.sandbox.world import World

TABLE = "payment_methods"
KIND = "PaymentMethod"
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
    found = find_row(call, TABLE, KIND, identifier, param)
    _forget_old_cvc(call, found)
    return found


def fresh_row(world: World, identifier: str, number: str, name: str | None = None) -> Row:
    """A row for a test card that nobody created: it expires in three years and has a CVC."""
    year = world.month()[0] + 3
    known = lookup(number)
    # American Express alone has four digits: Diners and JCB begin with 3 as well.
    cvc = "1234" if known is not None and known.brand == "amex" else "123"
    card = CardData(number, 3, year, cvc, name)
    given = {"billing_details": {"name": name}}
    return row_of(method_object(identifier, int(world.now()), card, given), card) | {"fixed": True}


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
    known = lookup(card.number)
    if known is None:
        text = "The sandbox takes published test card numbers only."
        raise card_error("incorrect_number", text, "number")
    lengths = "[0-9]{3,4}" if known.brand == "amex" else "[0-9]{3}"
    if card.cvc is not None and re.fullmatch(lengths, card.cvc) is None:
        raise card_error("invalid_cvc", "Your card's security code is invalid.", "cvc")
    return known


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
