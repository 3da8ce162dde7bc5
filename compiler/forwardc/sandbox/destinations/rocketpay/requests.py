"""Reads a request to Rocketpay Gate: the shapes as data, the project, the signature, the refusals.

Sources: developers.rocketpay.kz (tokens), ECOMMPAY's Gate pages and SDKs, its public list of
response codes, and the manual of another white label (two-step purchase; card-to-card, for the
paths of `payout` and of payments by token); `auth` itself is named in one public client. Marked
`unconfirmed` is what only one public client shows, and what follows a documented pattern and stands
nowhere. The JSON around a code is that of the documented callbacks (`errors` with code, message,
field): no source shows the body of a refused request.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from forwardc.sandbox.cards import Behaviour, TestCard
from forwardc.sandbox.credentials import holder
from forwardc.sandbox.crypto import rocketpay
from forwardc.sandbox.destinations.endpoint import UnreadableBodyError, read_json
from forwardc.sandbox.destinations.rocketpay.hosts import HOST
from forwardc.sandbox.destinations.shapes import (
    IntegerShape,
    JsonShape,
    MistakeKind,
    ObjectShape,
    OneOfShape,
    ShapeMistake,
    TextShape,
    shape_mistakes,
)
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.world import World

MESSAGES = {
    "303": "Access denied",
    "501": "Internal error",
    "502": "Validation error",
    "702": "Malformed request",
    "2003": "Invalid JSON string",
    "2004": "Required field not provided",
    "2442": "Project ID not found",
    "3020": "Period of card validity is required for the project",
    "3021": "Card expired",
    "3024": "Invalid Payment ID",
    "3027": "Invalid token provided",
    "3101": "Card not found",
    "3141": "CVV is required",
    "3162": "Cardholder is required",
    "3221": "Card token not found",
    "3241": "Customer not found",
    "3261": "Invalid signature",
    "3262": "Empty signature",
    "3286": "The property amount is required",
    "3287": "The property currency is required",
}
# 400 is the documented status for missing data and bad signatures; the others stand here.
_STATUSES = {"303": 403, "501": 500, "702": 422, "2003": 422}


class GateError(SandboxError):
    """The request is refused with this code; `field` is the dotted path, never a value."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code, self.field = code, field

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUSES.get(self.code, 400)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return error_body(MESSAGES[self.code], self.code, self.field)


def error_body(message: str, code: str = "", field: str = "") -> dict[str, Any]:
    """The body of a refusal; what is empty is left out."""
    named = {"code": code, "message": message, "field": field}
    return {
        "status": "error",
        "errors": [{name: value for name, value in named.items() if value}],
    }


# --- Forms, as data


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


# --- Reading

_WITHOUT = holder("rocketpay", ("rocketpay_secret", "signature"))

# A merchant whose shopper comes from here is blocked: this sandbox's choice (RFC 5737, TEST-NET-1).
BLOCKED = ipaddress.ip_network("192.0.2.0/24")


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whose token it is: a customer of a project."""

    project: int
    customer: str


@dataclass(frozen=True, slots=True)
class GateRequest:
    """A request that was checked: its body, its form, and the secret that it is signed with."""

    document: dict[str, Any] = field(repr=False)
    form: GateForm
    secret: str = field(repr=False)

    @property
    def project(self) -> int:
        """The project that asks."""
        project: int = self.document[self.form.envelope]["project_id"]
        return project

    @property
    def owner(self) -> TokenOwner:
        """Whose token it is about: the customer's, within the project."""
        return TokenOwner(self.project, self.document["customer"]["id"])


def read(world: World, body: bytes, form: GateForm) -> GateRequest:
    """The signed request. Raises `GateError`."""
    try:
        document = read_json(body)
    except UnreadableBodyError:
        raise GateError("2003") from None
    for problem in shape_mistakes(form.shape, document):
        raise _refusal(problem)
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    secret = _signed_with(shared_secrets(world), document, form.envelope)
    _check_meaning(document)
    for name, code in form.card_members:
        # A member that is there but of the wrong kind is the card's own problem.
        if document["card"].get(name) in (None, ""):
            raise GateError(code, f"card.{name}")
    return GateRequest(document, form, secret)


def shared_secrets(world: World) -> tuple[str, ...]:
    """The secrets that sign at this host, alike for all projects of the Gate."""
    return tuple(text for owner in world.holders(HOST, _WITHOUT) for text in owner.at("signature"))


def _refusal(problem: ShapeMistake) -> GateError:
    if not problem.path:
        return GateError("702")
    return GateError("2004" if problem.kind is MistakeKind.MISSING else "502", problem.path)


def _signed_with(secrets: tuple[str, ...], document: dict[str, Any], envelope: str) -> str:
    """The secret of the signature. Raises `GateError`."""
    place, signature = f"{envelope}.signature", document[envelope]["signature"]
    if document[envelope]["project_id"] < 1:
        raise GateError("2442", f"{envelope}.project_id")
    if not signature:
        raise GateError("3262", place)
    try:
        openers = [secret for secret in secrets if rocketpay.verify(document, signature, secret)]
    except rocketpay.UnsignableBodyError:
        # No two SDKs print such a value alike, so no signature over it can be agreed on.
        raise GateError("702") from None
    if not openers:
        raise GateError("3261", place)
    return openers[0]


def _check_meaning(document: dict[str, Any]) -> None:
    """Rules between members, and addresses."""
    payment = document.get("payment", TOGETHER)
    for name, code in TOGETHER.items():
        # A form without a payment takes any member of this name: it need be no object.
        if isinstance(payment, Mapping) and name not in payment:
            raise GateError(code, f"payment.{name}")
    address = document["customer"].get("ip_address")
    if address is None:
        return
    try:
        blocked = ipaddress.ip_address(address) in BLOCKED
    except ValueError:
        raise GateError("502", "customer.ip_address") from None
    if blocked:
        raise GateError("303")


# Of this card its own test page says otherwise.
_OWN_BEHAVIOURS = MappingProxyType({"4111111111111111": Behaviour.DECLINE})


def behaviour_of(card: TestCard) -> Behaviour:
    """What a test card does at the Gate."""
    return _OWN_BEHAVIOURS.get(card.number, card.behaviour)
