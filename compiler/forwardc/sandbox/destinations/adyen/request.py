"""Reads a request to Adyen's /payments: JSON, the shape of its version, and the card inside.

The rules are the tables of `schema` and `errors`. Sources: Adyen's API descriptions, its page of
error codes, its test form `test_<value>` of the `encrypted*` fields.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.destinations.adyen import errors
from forwardc.sandbox.destinations.adyen.errors import AdyenError, AdyenRefusal
from forwardc.sandbox.destinations.adyen.schema import (
    CARD_FIELDS,
    CVC_DIGITS,
    NEEDED,
    STORED,
    AdyenCardField,
    payment_request,
)
from forwardc.sandbox.destinations.endpoint import UnreadableBodyError, read_json
from forwardc.sandbox.destinations.shapes import MistakeKind, ShapeMistake, shape_mistakes
from forwardc.sandbox.laxness import Lets

_TEST_FORM = "test_"
_WRONG: dict[str, AdyenRefusal] = {
    "number": errors.CARD_NUMBER,
    "expiryMonth": errors.EXPIRY,
    "expiryYear": errors.EXPIRY,
    "cvc": errors.CVC,
}
# What may be left out.
_OPTIONAL = frozenset({"cvc"})


@dataclass(frozen=True, slots=True)
class AdyenInstrument:
    """A checked card. `expires` is (year, month); it may lie in the past."""

    card: TestCard
    expires: tuple[int, int]
    cvc_sent: bool
    network_token: bool
    holder: str = field(repr=False)


def instrument(request: dict[str, Any], *, live: bool, lets: Lets) -> AdyenInstrument:
    """The card of a request whose shape was checked before. Raises `AdyenError`.

    `lets` is asked for a month of one digit, which the vendor's examples never show.
    """
    method = request["paymentMethod"]
    if any(name in method for name in STORED):
        raise AdyenError(errors.CONTRACT)
    plain = {card_field.name: _plain(method, card_field, live) for card_field in CARD_FIELDS}
    if re.fullmatch("[1-9]", plain["expiryMonth"] or "") and lets(
        "adyen_short_month", "paymentMethod.expiryMonth"
    ):
        plain["expiryMonth"] = f"0{plain['expiryMonth']}"
    for card_field in CARD_FIELDS:
        _check_form(plain[card_field.name], card_field)
    card = lookup(plain["number"] or "")
    if card is None:
        raise AdyenError(errors.CARD_NUMBER)
    cvc = plain["cvc"]
    if cvc is not None and len(cvc) != CVC_DIGITS.get(card.brand, 3):
        raise AdyenError(errors.CVC)
    network_token = method.get("type") == "networkToken"
    if network_token:
        _check_network_token(request, cvc)
    expires = int(plain["expiryYear"] or ""), int(plain["expiryMonth"] or "")
    return AdyenInstrument(
        card, expires, cvc is not None, network_token, method.get("holderName", "")
    )


def _plain(method: dict[str, Any], card_field: AdyenCardField, live: bool) -> str | None:
    """The value of a raw field or of its encrypted twin, or None if neither was sent."""
    raw, encrypted = method.get(card_field.name), method.get(card_field.encrypted)
    if encrypted is None:
        return raw if raw is None else str(raw)
    if raw is not None or live or not str(encrypted).startswith(_TEST_FORM):
        # A real client-side encryption cannot be opened here, and live takes no test form.
        raise AdyenError(errors.ENCRYPTED)
    return str(encrypted).removeprefix(_TEST_FORM)


def _check_form(value: str | None, card_field: AdyenCardField) -> None:
    if value is None and card_field.name in _OPTIONAL:
        return
    if re.fullmatch(card_field.pattern, value or "") is None:
        raise AdyenError(_WRONG[card_field.name])


def _check_network_token(request: dict[str, Any], cvc: str | None) -> None:
    """A shopper's payment needs cryptogram and ECI; a merchant's has neither.

    The combination of fields is inferred from their descriptions, and so is this refusal.
    """
    if cvc is not None:
        raise AdyenError(errors.CVC)
    mpi_data = request.get("mpiData", {})
    present = [name in mpi_data for name in ("tokenAuthenticationVerificationValue", "eci")]
    merchant = request.get("shopperInteraction") == "ContAuth"
    if merchant is any(present) or (not merchant and not all(present)):
        raise AdyenError(errors.NOT_SUPPORTED)


# --- The request


def read(body: bytes, version: int) -> dict[str, Any]:
    """The checked document. Raises `AdyenError`."""
    try:
        document = read_json(body)
    except UnreadableBodyError as wrong:
        raise AdyenError(errors.unreadable(str(wrong))) from None
    for problem in shape_mistakes(payment_request(version), document):
        raise AdyenError(_error(problem))
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    for path, error in errors.EMPTY.items():
        if _at(document, path) == "":
            raise AdyenError(error)
    for needed in NEEDED:
        if _at(document, needed.at) in needed.values and not _at(document, needed.needs):
            raise AdyenError(errors.MISSING[needed.needs])
    return document


def _error(problem: ShapeMistake) -> AdyenRefusal:
    match problem.kind:
        case MistakeKind.MISSING:
            refusal = errors.MISSING.get(problem.path)
        case MistakeKind.VALUE:
            refusal = errors.VALUE.get(problem.path)
        case _:
            refusal = None
    return refusal or errors.unexpected(problem.path, problem.kind)


def _at(document: dict[str, Any], path: str) -> object:
    """What stands at a dotted path, None where nothing does."""
    member: Any = document
    for name in path.split("."):
        member = member.get(name) if isinstance(member, dict) else None
    return member
