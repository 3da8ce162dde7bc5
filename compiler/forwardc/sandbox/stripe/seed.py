"""The fixed cards of the Stripe vault: the same ids in every sandbox.

Each use is as the first: they keep their CVC, but for one that never has it, are never used up, and
are what they were at each start.
"""

from typing import Any

from forwardc.sandbox.stripe.methods import fresh_row, test_ids
from forwardc.sandbox.world import World

_CARDS = (
    ("pm_sandbox_visa", "4242424242424242", "approved"),
    ("pm_sandbox_mastercard", "5555555555554444", "approved"),
    ("pm_sandbox_amex", "378282246310005", "approved"),
    ("pm_sandbox_declined", "4000000000000002", "declined"),
    ("pm_sandbox_insufficient_funds", "4000000000009995", "declined, insufficient funds"),
    ("pm_sandbox_requires_action", "4000002760003184", "asks for authentication"),
    ("pm_sandbox_processing", "30123456789019", "stays in processing"),
    ("pm_sandbox_renewed", "5200828282828210", "renewed by the account updater"),
    ("pm_sandbox_timeout", "4543474002249996", "the destination does not answer"),
    ("pm_sandbox_server_error", "5199992312641465", "the destination answers 5xx"),
    ("pm_sandbox_malformed", "2223000010479399", "the destination's answer is malformed"),
    ("pm_sandbox_broken", "4658584090000001", "the destination ends the connection"),
    ("pm_sandbox_not_connected", "5000186622346654", "the destination cannot be reached"),
)
_SPENT = ("pm_sandbox_cvc_spent", "4242424242424242", "approved; its CVC is used up")
_LINK = ("pm_sandbox_link", "4242424242424242", "a Link wallet: may not be forwarded")
_LINK_WALLET: dict[str, Any] = {"type": "link", "link": {}, "dynamic_last4": None}
# Device numbers of wallets; cryptogram and ECI are made up. The guide (May 2026) tells of them by
# a `tokenization_type`, which the schema does not have.
_WALLETS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "pm_sandbox_google_pay",
        "4000000000000077",
        "a token of Google Pay: forwarded by arrangement only",
        {"type": "google_pay", "google_pay": {}},
    ),
    (
        "pm_sandbox_apple_pay",
        "5555555555554444",
        "a token of Apple Pay: forwarded by arrangement only",
        {"type": "apple_pay", "apple_pay": {}},
    ),
)
_TOKEN = {"cryptogram": "AgAAAAAABk4DWZ4C28yUQAAAAAA=", "eci": "05"}
HOLDER = "Sandbox Customer"
TABLE = "stripe.payment_methods"


def seed(world: World) -> None:
    """Put the fixed cards into the state, in the place of those of an earlier start."""
    table = world.table(TABLE)
    for identifier, number, _ in (*_CARDS, _SPENT, _LINK):
        table[identifier] = fresh_row(world, identifier, number, HOLDER)
    table[_SPENT[0]]["card"]["cvc"] = None
    table[_SPENT[0]]["object"]["card"]["checks"]["cvc_check"] = "pass"
    table[_LINK[0]]["object"]["card"]["wallet"] = dict(_LINK_WALLET)
    for identifier, number, _, wallet in _WALLETS:
        table[identifier] = fresh_row(world, identifier, number, HOLDER)
        table[identifier]["object"]["card"]["wallet"] = {**wallet, "dynamic_last4": number[-4:]}
        table[identifier]["card"] |= {"cvc": None, "token": dict(_TOKEN)}


def sources(world: World) -> list[dict[str, str]]:
    """What can be forwarded: id, brand, last four digits and what it does. For printing."""
    rows = world.table(TABLE)
    wallets = [row[:3] for row in _WALLETS]
    fixed = [
        {"id": identifier, "does": does, **_face(rows[identifier]["object"]["card"])}
        for identifier, _, does in (*_CARDS, _SPENT, _LINK, *wallets)
        if identifier in rows
    ]
    stripes = [{"id": identifier, "does": "Stripe's own test id"} for identifier in test_ids()]
    return fixed + stripes


def _face(card: dict[str, str]) -> dict[str, str]:
    return {"brand": card["brand"], "last4": card["last4"]}
