"""What Rocketpay Gate takes, as data: paths, envelopes, members, lengths, choices.

Knows no HTTP and no effect. Sources: developers.rocketpay.kz (tokens), ECOMMPAY's Gate pages and
the manual of another white label (two-step purchase; card-to-card, for the paths of `payout` and
of payments by token); `auth` itself is named in one public client. Marked `unconfirmed` is what
only one public client shows, and what follows a documented pattern and stands nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from forwardc.sandbox.destinations.shapes import (
    IntegerShape,
    JsonShape,
    ObjectShape,
    OneOfShape,
    TextShape,
)


def _open(fields: Mapping[str, JsonShape], *required: str) -> ObjectShape:
    """An object that takes other names too: the documents allow any optional parameter."""
    return ObjectShape(fields, required, closed=False)


_SIGNED: Final[dict[str, JsonShape]] = {"project_id": IntegerShape(), "signature": TextShape()}
_SHOPPER: Final[dict[str, JsonShape]] = {"id": TextShape(1, 255), "ip_address": TextShape(1)}
_CURRENCY: Final = TextShape(pattern="[A-Z]{3}")

GENERAL: Final = _open(
    _SIGNED | {"payment_id": TextShape(1, 255)}, "project_id", "payment_id", "signature"
)
CUSTOMER: Final = _open(_SHOPPER, "id", "ip_address")
OWNER: Final = _open(_SHOPPER | _SIGNED, "project_id", "id", "signature")
CREATOR: Final = _open(_SHOPPER | _SIGNED, "project_id", "id", "ip_address", "signature")
PAYMENT: Final = _open({"amount": IntegerShape(1), "currency": _CURRENCY})
CHECKED: Final = _open({"amount": IntegerShape(0), "currency": _CURRENCY})
_YEAR: Final = IntegerShape(2000, 2099)
_MONTH: Final = IntegerShape(1, 12)
_NUMBER: Final[dict[str, JsonShape]] = {
    "pan": TextShape(pattern="[0-9]{12,19}"),
    "card_holder": TextShape(longest=255),
}
TOKEN_CARD: Final = _open(_NUMBER | {"year": _YEAR, "month": _MONTH}, "pan")
# White-label documents send month and year of a payment as text, the SDKs as integers.
PAYMENT_CARD: Final = _open(
    _NUMBER
    | {
        "year": OneOfShape((_YEAR, TextShape(pattern="20[0-9]{2}"))),
        "month": OneOfShape((_MONTH, TextShape(pattern="0?[1-9]|1[0-2]"))),
        "cvv": TextShape(pattern="(?:[0-9]{3,4})?"),
    },
    "pan",
)


@dataclass(frozen=True, slots=True)
class GateForm:
    """One operation: where project and signature stand, and the shape of its body.

    `kind` is the type of the payment in callbacks; `card_members` are the members of `card` that
    the operation asks for, each with the Gate's code where it is absent or empty.
    """

    name: str
    path: str
    envelope: str
    shape: ObjectShape
    kind: str = ""
    card_members: tuple[tuple[str, str], ...] = ()
    unconfirmed: str = ""


def _of_customer(
    name: str, path: str, fields: Mapping[str, JsonShape], *members: tuple[str, str], why: str = ""
) -> GateForm:
    return GateForm(name, path, "customer", _open(fields, *fields), "", members, why)


def _by_card(name: str, path: str, kind: str, *members: tuple[str, str], why: str = "") -> GateForm:
    fields = {"general": GENERAL, "card": PAYMENT_CARD, "customer": CUSTOMER, "payment": PAYMENT}
    return GateForm(name, path, "general", _open(fields, *fields), kind, members, why)


def _by_token(name: str, path: str, kind: str, why: str = "") -> GateForm:
    fields: dict[str, JsonShape] = {
        "general": GENERAL,
        "customer": CUSTOMER,
        "payment": PAYMENT,
        "token": TextShape(),
    }
    return GateForm(name, path, "general", _open(fields, *fields), kind, unconfirmed=why)


_EXPIRY: Final = (("year", "3020"), ("month", "3020"))
_HOLDER: Final = ("card_holder", "3162")
_CVV: Final = ("cvv", "3141")
_PATTERN: Final = "the path follows that of payout"

TOKENIZE: Final = _of_customer(
    "tokenize", "/v2/customer/card/tokenize", {"customer": CREATOR, "card": TOKEN_CARD}, *_EXPIRY
)
CARD: Final = _of_customer(
    "card",
    "/v2/customer/card/bytoken",
    {"customer": OWNER, "token": TextShape()},
    why="the path is seen in one public client",
)
REVOKE: Final = _of_customer(
    "revoke",
    "/v2/customer/card/token/revoke",
    {"customer": OWNER, "token": TextShape()},
    why="the path is seen in one public client, the Gate's page on callbacks names another",
)
SALE: Final = _by_card("sale", "/v2/payment/card/sale", "purchase", *_EXPIRY, _HOLDER, _CVV)
HOLD: Final = _by_card(
    "hold",
    "/v2/payment/card/auth",
    "auth",
    *_EXPIRY,
    _HOLDER,
    _CVV,
    why="the path is seen in one public client",
)
# Whose card is credited types no CVV.
PAYOUT: Final = _by_card("payout", "/v2/payment/card/payout", "payout", *_EXPIRY, _HOLDER)
SALE_BY_TOKEN: Final = _by_token(
    "sale by token", "/v2/payment/card/sale/token", "purchase", _PATTERN
)
HOLD_BY_TOKEN: Final = _by_token("hold by token", "/v2/payment/card/auth/token", "auth", _PATTERN)
PAYOUT_BY_TOKEN: Final = _by_token("payout by token", "/v2/payment/card/payout/token", "payout")
VERIFY: Final = GateForm(
    "verify by token",
    "/v2/payment/card/verify/token",
    "general",
    _open(
        {"general": GENERAL, "customer": CUSTOMER, "payment": CHECKED, "token": TextShape()},
        "general",
        "customer",
        "token",
    ),
    "verification",
    unconfirmed="the path is no source's",
)

BY_CARD: Final = (SALE, HOLD, PAYOUT)
BY_TOKEN: Final = (SALE_BY_TOKEN, HOLD_BY_TOKEN, PAYOUT_BY_TOKEN, VERIFY)

TOGETHER: Final[Mapping[str, str]] = MappingProxyType({"amount": "3286", "currency": "3287"})
"""Members of `payment` that must stand together, with the code where one is absent."""
