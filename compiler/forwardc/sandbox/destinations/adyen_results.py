"""What Adyen answers to a valid payment: result code, refusal reason and the rest.

Knows no HTTP status. Sources: Adyen's pages on result codes, refusal reasons and on testing them
with the holder name.
"""

import secrets
import string
from typing import Any

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.destinations.adyen_card import AdyenInstrument

_ALPHABET = string.ascii_uppercase + string.digits
_BRANDS = {"mastercard": "mc", "unionpay": "cup"}

# Result code, refusal reason, its code; the raw reason of the test acquirer follows from them.
Result = tuple[str, str, str]
_AUTHORISED: Result = ("Authorised", "", "")

_BY_BEHAVIOUR: dict[Behaviour, Result] = {
    Behaviour.DECLINE: ("Refused", "Refused", "2"),
    Behaviour.INSUFFICIENT_FUNDS: ("Refused", "Not enough balance", "12"),
    Behaviour.LOST_CARD: ("Refused", "Blocked Card", "5"),
    Behaviour.STOLEN_CARD: ("Refused", "Blocked Card", "5"),
    Behaviour.EXPIRED_CARD: ("Refused", "Expired Card", "6"),
    Behaviour.INCORRECT_CVC: ("Refused", "CVC Declined", "24"),
    Behaviour.PROCESSING_ERROR: ("Error", "Acquirer Error", "4"),
    Behaviour.VELOCITY_EXCEEDED: ("Refused", "Withdrawal count exceeded", "29"),
}
_AUTHENTICATION_REQUIRED: Result = ("Refused", "Authentication required", "38")

# Adyen's own test lever; the last line is this sandbox's, because no documented name gives Pending.
_BY_HOLDER: dict[str, Result] = {
    "DECLINED": ("Refused", "Refused", "2"),
    "REFERRAL": ("Refused", "Referral", "3"),
    "ERROR": ("Error", "Acquirer Error", "4"),
    "BLOCK_CARD": ("Refused", "Blocked Card", "5"),
    "CARD_EXPIRED": ("Refused", "Expired Card", "6"),
    "ISSUER_UNAVAILABLE": ("Refused", "Issuer Unavailable", "9"),
    "NOT_ENOUGH_BALANCE": ("Refused", "Not enough balance", "12"),
    "PENDING": ("Received", "", ""),
    "SANDBOX_PENDING": ("Pending", "", ""),
}


def psp_reference() -> str:
    """A fresh reference: 16 capital letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(16))


def result(request: dict[str, Any], paid_with: AdyenInstrument, now: tuple[int, int]) -> Result:
    """The outcome by test card, holder name and expiry; `now` is (year, month)."""
    behaviour = paid_with.card.at("adyen")
    if behaviour in _BY_BEHAVIOUR:
        return _BY_BEHAVIOUR[behaviour]
    if paid_with.expires < now:
        return _BY_BEHAVIOUR[Behaviour.EXPIRED_CARD]
    if paid_with.holder in _BY_HOLDER:
        return _BY_HOLDER[paid_with.holder]
    if behaviour is not Behaviour.REQUIRES_ACTION:
        return _AUTHORISED
    if request.get("shopperInteraction") in ("ContAuth", "Moto"):
        return _AUTHENTICATION_REQUIRED
    return ("ChallengeShopper" if _native(request) else "RedirectShopper", "", "")


def payment_response(
    request: dict[str, Any], paid_with: AdyenInstrument, outcome: Result, *, version: int
) -> dict[str, Any]:
    """The body of the answer. Nothing of the card but its brand goes back."""
    code, reason, reason_code = outcome
    reference = psp_reference()
    body: dict[str, Any] = {
        "additionalData": _additional_data(paid_with, outcome),
        "pspReference": reference,
        "resultCode": code,
        "amount": request["amount"],
        "merchantReference": request["reference"],
    }
    if reason:
        body |= {"refusalReason": reason, "refusalReasonCode": reason_code}
    if code in ("RedirectShopper", "ChallengeShopper"):
        body["action"] = _action(code, reference)
    if version >= 69:
        body["paymentMethod"] = {"brand": _brand(paid_with), "type": "scheme"}
    return body


def _native(request: dict[str, Any]) -> bool:
    authentication = request.get("authenticationData", {}).get("threeDSRequestData", {})
    return isinstance(authentication, dict) and authentication.get("nativeThreeDS") == "preferred"


def _brand(paid_with: AdyenInstrument) -> str:
    return _BRANDS.get(paid_with.card.brand, paid_with.card.brand)


def _additional_data(paid_with: AdyenInstrument, outcome: Result) -> dict[str, str]:
    checked = paid_with.cvc_sent
    wrong = outcome[2] == "24"
    data = {
        "cvcResult": ("2 No Match" if wrong else "1 Matches") if checked else "0 Unknown",
        "cvcResultRaw": ("N" if wrong else "M") if checked else "",
        "avsResult": "4 AVS not supported for this card type",
        "avsResultRaw": "4",
        "acquirerCode": "TestPmmAcquirer",
        "acquirerReference": psp_reference()[:11],
        "refusalReasonRaw": outcome[1].upper() or "AUTHORISED",
    }
    if outcome[0] == "Authorised":
        data["authCode"] = f"{secrets.randbelow(10**6):06}"
    return data


def _action(code: str, reference: str) -> dict[str, str]:
    if code == "ChallengeShopper":
        return {
            "type": "threeDS2",
            "subtype": "challenge",
            "paymentMethodType": "scheme",
            "token": reference,
        }
    url = f"https://checkoutshopper-test.adyen.com/checkoutshopper/threeDS/redirect?MD={reference}"
    return {"type": "redirect", "method": "GET", "paymentMethodType": "scheme", "url": url}
