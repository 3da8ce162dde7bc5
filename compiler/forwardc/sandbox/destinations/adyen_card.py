"""Takes the card out of an Adyen payment request and checks it as Adyen does.

Knows no HTTP and no outcome. Sources: Adyen's API descriptions, its page of error codes, its test
form `test_<value>` of the `encrypted*` fields.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from forwardc.sandbox.cards import TestCard, lookup
from forwardc.sandbox.laxness import Lets

_TEST_FORM = "test_"
_ENCRYPTED = {
    "number": "encryptedCardNumber",
    "expiryMonth": "encryptedExpiryMonth",
    "expiryYear": "encryptedExpiryYear",
    "cvc": "encryptedSecurityCode",
}


class Invalid(Exception):  # noqa: N818 - an answer of the vendor, not a fault of ours
    """The request is refused with a documented error code. The message carries no value."""

    def __init__(self, code: str, message: str, status: int = 422, kind: str = "validation"):
        super().__init__(message)
        self.code, self.message, self.status, self.kind = code, message, status, kind


@dataclass(frozen=True, slots=True)
class Instrument:
    """A checked card. `expires` is (year, month); it may lie in the past."""

    card: TestCard
    expires: tuple[int, int]
    cvc_sent: bool
    network_token: bool
    holder: str = field(repr=False)


def instrument(request: dict[str, Any], *, live: bool, lets: Lets) -> Instrument:
    """The card of a request whose shape was checked before. Raises `Invalid`.

    `lets` is asked for a month of one digit, which the vendor's examples never show.
    """
    method = request["paymentMethod"]
    if method.keys() & {"storedPaymentMethodId", "recurringDetailReference", "encryptedCard"}:
        raise Invalid("800", "Contract not found")
    plain = {name: _plain(method, name, live) for name in _ENCRYPTED}
    card = lookup(plain["number"] or "")
    if card is None:
        raise Invalid("101", "Invalid card number")
    expires = _expiry(plain["expiryMonth"], plain["expiryYear"], lets)
    _check_cvc(plain["cvc"], card)
    network_token = method.get("type") == "networkToken"
    if network_token:
        _check_network_token(request, plain["cvc"])
    return Instrument(
        card, expires, plain["cvc"] is not None, network_token, method.get("holderName", "")
    )


def _plain(method: dict[str, Any], name: str, live: bool) -> str | None:
    """The value of a raw field or of its encrypted twin, or None if neither was sent."""
    raw, encrypted = method.get(name), method.get(_ENCRYPTED[name])
    if encrypted is None:
        return raw if raw is None else str(raw)
    if raw is not None or live or not str(encrypted).startswith(_TEST_FORM):
        # A real client-side encryption cannot be opened here, and live takes no test form.
        raise Invalid("174", "Unable to decrypt data")
    return str(encrypted).removeprefix(_TEST_FORM)


def _expiry(month: str | None, year: str | None, lets: Lets) -> tuple[int, int]:
    short = re.fullmatch(r"[1-9]", month or "")
    if short and lets("adyen_short_month", "paymentMethod.expiryMonth"):
        month = f"0{month}"
    right = re.fullmatch(r"0[1-9]|1[0-2]", month or "") and re.fullmatch(r"20[0-9]{2}", year or "")
    if not right:
        raise Invalid("129", "Expiry Date Invalid")
    return int(year or ""), int(month or "")


def _check_cvc(cvc: str | None, card: TestCard) -> None:
    length = 4 if card.brand == "amex" else 3
    if cvc is not None and not re.fullmatch(rf"[0-9]{{{length}}}", cvc):
        raise Invalid("103", "CVC is not the right length")


def _check_network_token(request: dict[str, Any], cvc: str | None) -> None:
    """A shopper's payment needs cryptogram and ECI; a merchant's has neither.

    The combination of fields is inferred from their descriptions, and so is this refusal.
    """
    if cvc is not None:
        raise Invalid("103", "CVC is not the right length")
    mpi_data = request.get("mpiData", {})
    given = [name in mpi_data for name in ("tokenAuthenticationVerificationValue", "eci")]
    merchant = request.get("shopperInteraction") == "ContAuth"
    if merchant is any(given) or (not merchant and not all(given)):
        raise Invalid("905", "Payment details are not supported", kind="configuration")
