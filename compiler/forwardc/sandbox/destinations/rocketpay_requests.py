"""Reads a request to Rocketpay Gate: shape, project and signature.

Knows no operation's effect. Sources: developers.rocketpay.kz (Gate, tokens), ECOMMPAY's Gate
pages, its SDKs for the signature; facts that only one public client shows are marked where used.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forwardc.sandbox.crypto import rocketpay
from forwardc.sandbox.destinations.bodies import Unreadable, read_json
from forwardc.sandbox.destinations.rocketpay_errors import Refused
from forwardc.sandbox.destinations.shapes import (
    Integer,
    Kind,
    Object,
    Problem,
    Shape,
    Text,
    problems,
)
from forwardc.sandbox.secrets_rule import secret

# A merchant whose shopper comes from here is blocked: this sandbox's choice (RFC 5737, TEST-NET-1).
BLOCKED = ipaddress.ip_network("192.0.2.0/24")


def _open(fields: Mapping[str, Shape], *required: str) -> Object:
    """An object that takes other names too: the documents allow any optional parameter."""
    return Object(fields, required, closed=False)


_SIGNED: dict[str, Shape] = {"project_id": Integer(), "signature": Text()}
_GENERAL = _open(_SIGNED | {"payment_id": Text(1, 255)}, "project_id", "payment_id", "signature")
_SHOPPER: dict[str, Shape] = {"id": Text(1, 255), "ip_address": Text(1)}
_CUSTOMER = _open(_SHOPPER, "id", "ip_address")
_OWNER = _open(_SHOPPER | _SIGNED, "project_id", "id", "signature")
_CREATOR = _open(_SHOPPER | _SIGNED, "project_id", "id", "ip_address", "signature")
_PAYMENT = _open({"amount": Integer(1), "currency": Text(pattern="[A-Z]{3}")})
_CHECKED = _open({"amount": Integer(0), "currency": Text(pattern="[A-Z]{3}")})
_TOKEN_CARD = _open(
    {
        "pan": Text(pattern="[0-9]{12,19}"),
        "year": Integer(2000, 2099),
        "month": Integer(1, 12),
        "card_holder": Text(longest=255),
    },
    "pan",
)
# White-label documents send month and year of a sale as text, the SDKs as integers.
_SALE_CARD = _open(
    {"pan": Text(pattern="[0-9]{12,19}"), "card_holder": Text(), "cvv": Text()}, "pan"
)
_TOKEN = Text()


@dataclass(frozen=True, slots=True)
class Form:
    """The shape of one operation's body, and the object that carries project and signature."""

    envelope: str
    shape: Object


TOKENIZE = Form("customer", _open({"customer": _CREATOR, "card": _TOKEN_CARD}, "customer", "card"))
OF_TOKEN = Form("customer", _open({"customer": _OWNER, "token": _TOKEN}, "customer", "token"))
SALE = Form(
    "general",
    _open(
        {"general": _GENERAL, "card": _SALE_CARD, "customer": _CUSTOMER, "payment": _PAYMENT},
        "general",
        "card",
        "customer",
        "payment",
    ),
)
BY_TOKEN = Form(
    "general",
    _open(
        {"general": _GENERAL, "customer": _CUSTOMER, "payment": _PAYMENT, "token": _TOKEN},
        "general",
        "customer",
        "payment",
        "token",
    ),
)
VERIFY = Form(
    "general",
    _open(
        {"general": _GENERAL, "customer": _CUSTOMER, "payment": _CHECKED, "token": _TOKEN},
        "general",
        "customer",
        "token",
    ),
)


def read(body: bytes, form: Form) -> dict[str, Any]:
    """The signed document. Raises `Refused`."""
    try:
        document = read_json(body)
    except Unreadable:
        raise Refused("2003") from None
    for problem in problems(form.shape, document):
        raise _refusal(problem)
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    _check_signature(document, form.envelope)
    _check_meaning(document)
    return document


def shared_secret() -> str:
    """The project's secret, alike for all projects of the sandbox."""
    return secret("rocketpay", "rocketpay_secret")


def _refusal(problem: Problem) -> Refused:
    if not problem.path:
        return Refused("702")
    return Refused("2004" if problem.kind is Kind.MISSING else "502", problem.path)


def _check_signature(document: dict[str, Any], envelope: str) -> None:
    place = f"{envelope}.signature"
    if document[envelope]["project_id"] < 1:
        raise Refused("2442", f"{envelope}.project_id")
    if not document[envelope]["signature"]:
        raise Refused("3262", place)
    try:
        good = rocketpay.verify(document, document[envelope]["signature"], shared_secret())
    except rocketpay.NotSignable:
        # No two SDKs print such a value alike, so no signature over it can be agreed on.
        raise Refused("702") from None
    if not good:
        raise Refused("3261", place)


def _check_meaning(document: dict[str, Any]) -> None:
    """Rules between members, and addresses."""
    for name, code in (("amount", "3286"), ("currency", "3287")):
        if name not in document.get("payment", {name: None}):
            raise Refused(code, f"payment.{name}")
    address = document["customer"].get("ip_address")
    if address is None:
        return
    try:
        blocked = ipaddress.ip_address(address) in BLOCKED
    except ValueError:
        raise Refused("502", "customer.ip_address") from None
    if blocked:
        raise Refused("303")
