"""The card tokens of Rocketpay Gate: creating, finding, revoking, and the fixed ones.

A token is 64 hexadecimal digits, unique to card and customer; a new expiry date updates it
(developers.rocketpay.kz, tokens). Rows hold published test cards only.
"""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from forwardc.sandbox.cards import lookup
from forwardc.sandbox.destinations.rocketpay.requests import GateError, TokenOwner, behaviour_of
from forwardc.sandbox.world import World

TABLE = "rocketpay.tokens"
CUSTOMER = "customer_123"
ACTIVE, REVOKED, EXPIRED = "active", "revoke", "expiry"
_EXPIRY = (2030, 8)


# No request has this project: fixed tokens belong to their customer in every one.
_EVERY = 0


@dataclass(frozen=True, slots=True)
class _Fixed:
    name: str
    number: str


_FIXED = (
    _Fixed("visa_approved", "4000000000000077"),
    _Fixed("visa_declined", "4111111111111111"),
    _Fixed("visa_payout_approved", "4242424242424242"),
    _Fixed("mastercard_approved", "5555555555554444"),
    _Fixed("visa_requires_action", "4000002760003184"),
    _Fixed("visa_timeout", "4543474002249996"),
    _Fixed("visa_broken", "4658584090000001"),
    _Fixed("mastercard_server_error", "5199992312641465"),
    _Fixed("mastercard_malformed", "2223000010479399"),
    _Fixed("mastercard_not_connected", "5000186622346654"),
)


def fixed_token(name: str) -> str:
    """The token of a fixed card: from its name, never from its number."""
    return sha256(f"forwardc-sandbox:rocketpay:token:{name}".encode()).hexdigest()


def seed(world: World) -> None:
    """Put the fixed tokens into the store, as they are promised, whatever a state file says.

    They belong to `CUSTOMER` in any project, since a project id is the merchant's own.
    """
    for fixed in _FIXED:
        row = new_row(world, TokenOwner(_EVERY, CUSTOMER), fixed.number, _EXPIRY, "JANE ROE")
        world.table(TABLE)[fixed_token(fixed.name)] = row


def is_fixed(row: dict[str, Any]) -> bool:
    """Whether a token is one that every sandbox has: nothing changes it."""
    return bool(row["project_id"] == _EVERY)


def sources() -> list[dict[str, str]]:
    """The fixed tokens: id, brand, last four digits and what the card does. For printing."""
    listed = []
    for fixed in _FIXED:
        card = lookup(fixed.number)
        if card is not None:
            does = behaviour_of(card).value.replace("_", " ")
            token = fixed_token(fixed.name)
            listed.append({"id": token, "brand": card.brand, "last4": card.last4, "does": does})
    return listed


def issue(
    world: World, owner: TokenOwner, number: str, expires: tuple[int, int], holder: str
) -> tuple[str, bool]:
    """The token of a card, and whether it is new; a valid one is kept, with its expiry updated."""
    rows = world.table(TABLE)
    token = valid(world, owner, number)
    if token is not None:
        rows[token]["year"], rows[token]["month"] = expires
        return token, False
    token = secrets.token_hex(32)
    rows[token] = new_row(world, owner, number, expires, holder)
    return token, True


def valid(world: World, owner: TokenOwner, number: str) -> str | None:
    """The valid token that a card has for an owner, or None: one that is over gets a new one."""
    key = (owner.project, owner.customer, number, ACTIVE)
    month = world.month()
    for token, row in world.table(TABLE).items():
        row_key = (row["project_id"], row["customer_id"], row["number"], row["status"])
        if row_key == key and (row["year"], row["month"]) >= month:
            return token
    return None


def find(world: World, token: str, owner: TokenOwner, *, mismatch: str) -> dict[str, Any]:
    """The row of a token. Raises `GateError`, with the code `mismatch` for another customer's."""
    if not re.fullmatch("[0-9a-f]{64}", token):
        raise GateError("3027", "token")
    row: dict[str, Any] | None = world.table(TABLE).get(token)
    if row is None or row["project_id"] not in (_EVERY, owner.project):
        raise GateError("3221", "token")
    if row["customer_id"] != owner.customer:
        raise GateError(mismatch, "customer.id")
    return row


def usable(world: World, row: dict[str, Any]) -> None:
    """Raise `GateError` for a token that is revoked or whose card has expired."""
    if row["status"] != ACTIVE or (row["year"], row["month"]) < world.month():
        raise GateError("3027", "token")


def expire(world: World) -> list[str]:
    """Turn the tokens whose card has expired to `expiry`; those that changed.

    The fixed tokens stay: they belong to no project that could be told.
    """
    month = world.month()
    changed = []
    for token, row in world.table(TABLE).items():
        expired = (row["year"], row["month"]) < month
        if expired and row["status"] == ACTIVE and not is_fixed(row):
            row["status"] = EXPIRED
            changed.append(token)
    return changed


def new_row(
    world: World, owner: TokenOwner, number: str, expires: tuple[int, int], holder: str
) -> dict[str, Any]:
    """The row of a token, made now. Nothing is stored."""
    return {
        "project_id": owner.project,
        "customer_id": owner.customer,
        "number": number,
        "year": expires[0],
        "month": expires[1],
        "holder": holder,
        "status": ACTIVE,
        "created_at": world.now(),
    }
