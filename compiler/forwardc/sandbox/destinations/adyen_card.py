"""Takes the card out of an Adyen payment request and checks it as Adyen does.

Knows no HTTP and no outcome. Sources: Adyen's API descriptions, its page of error codes, its test
form `test_<value>` of the `encrypted*` fields.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.destinations import adyen_errors as errors
from forwardc.sandbox.destinations.adyen_errors import AdyenError, AdyenRefusal
from forwardc.sandbox.destinations.adyen_schema import (
    CARD_FIELDS,
    CVC_DIGITS,
    STORED,
    AdyenCardField,
)
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
    plain = {one.name: _plain(method, one, live) for one in CARD_FIELDS}
    if re.fullmatch("[1-9]", plain["expiryMonth"] or "") and lets(
        "adyen_short_month", "paymentMethod.expiryMonth"
    ):
        plain["expiryMonth"] = f"0{plain['expiryMonth']}"
    for one in CARD_FIELDS:
        _check_form(plain[one.name], one)
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


def _plain(method: dict[str, Any], one: AdyenCardField, live: bool) -> str | None:
    """The value of a raw field or of its encrypted twin, or None if neither was sent."""
    raw, encrypted = method.get(one.name), method.get(one.encrypted)
    if encrypted is None:
        return raw if raw is None else str(raw)
    if raw is not None or live or not str(encrypted).startswith(_TEST_FORM):
        # A real client-side encryption cannot be opened here, and live takes no test form.
        raise AdyenError(errors.ENCRYPTED)
    return str(encrypted).removeprefix(_TEST_FORM)


def _check_form(value: str | None, one: AdyenCardField) -> None:
    if value is None and one.name in _OPTIONAL:
        return
    if re.fullmatch(one.pattern, value or "") is None:
        raise AdyenError(_WRONG[one.name])


def _check_network_token(request: dict[str, Any], cvc: str | None) -> None:
    """A shopper's payment needs cryptogram and ECI; a merchant's has neither.

    The combination of fields is inferred from their descriptions, and so is this refusal.
    """
    if cvc is not None:
        raise AdyenError(errors.CVC)
    mpi_data = request.get("mpiData", {})
    given = [name in mpi_data for name in ("tokenAuthenticationVerificationValue", "eci")]
    merchant = request.get("shopperInteraction") == "ContAuth"
    if merchant is any(given) or (not merchant and not all(given)):
        raise AdyenError(errors.NOT_SUPPORTED)
