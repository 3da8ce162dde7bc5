"""The fixed instruments of the Checkout.com vault, with the same ids in every process.

Each use is as the first: nothing changes them, and they are what they were at each start. A `tok_`
cannot be fixed: it is single use and lives 15 minutes.
"""

from dataclasses import dataclass

from forwardc.sandbox.cards import lookup
from forwardc.sandbox.checkout import network_tokens
from forwardc.sandbox.checkout.clients import CheckoutAccount, fixed_id, own
from forwardc.sandbox.checkout.instruments import INSTRUMENTS_TABLE
from forwardc.sandbox.world import World

EXPIRY = (8, 2030)
_ADDRESS = {
    "address_line1": "221B Baker Street",
    "city": "London",
    "state": "London",
    "zip": "NW1 6XE",
    "country": "GB",
}


@dataclass(frozen=True, slots=True)
class _Fixed:
    label: str
    number: str
    holder: bool = True
    enrolment: str = ""


_INSTRUMENTS = (
    _Fixed("visa_approved", "4242424242424242"),
    _Fixed("visa_adyen_approved", "4111111111111111"),
    _Fixed("mastercard_approved", "5555555555554444"),
    _Fixed("amex_approved", "378282246310005"),
    _Fixed("visa_without_holder", "4000056655665556", holder=False),
    _Fixed("visa_network_token", "4111111111111111", enrolment="active"),
    _Fixed("visa_suspended_token", "4111111111111111", enrolment="suspended"),
    _Fixed("mastercard_network_token", "5436031030606378", enrolment="active"),
    _Fixed("visa_declined", "4000000000000002"),
    _Fixed("visa_insufficient_funds", "4000000000009995"),
    _Fixed("visa_requires_action", "4000002760003184"),
    _Fixed("visa_timeout", "4543474002249996"),
    _Fixed("visa_broken", "4658584090000001"),
    _Fixed("mastercard_server_error", "5199992312641465"),
    _Fixed("mastercard_malformed", "2223000010479399"),
    _Fixed("mastercard_not_connected", "5000186622346654"),
)


def seed(world: World) -> None:
    """Put the fixed instruments into the vault, in the place of those of an earlier start."""
    account = own(world)
    for fixed in _INSTRUMENTS:
        _put(account, fixed)


def sources() -> list[dict[str, str]]:
    """What can be forwarded: id, brand, last four digits and what it does. For printing."""
    listed = []
    for fixed in _INSTRUMENTS:
        card = lookup(fixed.number)
        if card is not None:
            token = f", network token {fixed.enrolment}" if fixed.enrolment else ""
            does = card.behaviour.value.replace("_", " ") + token
            source = fixed_id("src", fixed.label)
            listed.append({"id": source, "brand": card.brand, "last4": card.last4, "does": does})
    return listed


def _put(account: CheckoutAccount, fixed: _Fixed) -> None:
    month, year = EXPIRY
    row = {
        "id": fixed_id("src", fixed.label),
        "number": fixed.number,
        "expiry_month": month,
        "expiry_year": year,
        "revoked": False,
        "fixed": True,
    }
    if fixed.holder:
        row |= {"name": "Sherlock Holmes", "billing_address": dict(_ADDRESS)}
    if fixed.enrolment:
        token_id = fixed_id("nt", fixed.label)
        token = network_tokens.provision(account, row, fixed.enrolment, token_id)
        if token is not None:
            token["fixed"] = True
        row["network_token_id"] = token_id
    account.table(INSTRUMENTS_TABLE)[str(row["id"])] = row
