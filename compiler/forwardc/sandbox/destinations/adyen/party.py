"""Adyen as a destination: `POST /payments` of the Checkout API, v68 to v72, test and live host.

Sources: Adyen's API descriptions (github.com/Adyen/adyen-openapi, July 2026) and its pages on error
codes, API idempotency, result codes, refusal reasons and testing them with the holder name. The
choice of an error code where Adyen's texts leave it open is this sandbox's own.
"""

import hashlib
import re
import secrets
import string
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.credentials import holder, of_basic, with_place
from forwardc.sandbox.destinations.adyen import errors
from forwardc.sandbox.destinations.adyen.errors import AdyenError, AdyenRefusal
from forwardc.sandbox.destinations.adyen.hosts import HOSTS, TEST_HOST
from forwardc.sandbox.destinations.adyen.laxness import LAXNESSES, UNKNOWN_MERCHANT_ACCOUNTS
from forwardc.sandbox.destinations.adyen.request import AdyenInstrument, instrument, read
from forwardc.sandbox.destinations.adyen.schema import DIGITS, VERSIONS
from forwardc.sandbox.destinations.endpoint import (
    UnreadableBodyError,
    answer,
    app_of,
    is_json,
    read_json,
    transport_fault,
)
from forwardc.sandbox.memory import RowKinds
from forwardc.sandbox.money import in_words
from forwardc.sandbox.parties import EmulatedParty, Emulation
from forwardc.sandbox.world import World

# --- What a valid payment is answered

_ALPHABET = string.ascii_uppercase + string.digits
_BRANDS = {"mastercard": "mc", "unionpay": "cup"}

_IDEMPOTENCY = "adyen.idempotency"
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
    behaviour = paid_with.card.behaviour
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


# --- Requests

LIVE_SUFFIX = "-checkout-live.adyenpayments.com"
# Characters (Adyen's page on API idempotency).
LONGEST_IDEMPOTENCY_KEY = 64

# A user of the web service, whom HTTP Basic names where no API key is given.
USER = re.compile(r"ws(?:_[0-9]+)?@Company\.[A-Za-z0-9_.-]+")
_WITHOUT = holder(
    "adyen", ("adyen_api_key", "header x-api-key"), ("adyen_password", "header authorization")
)


def create(world: World) -> Starlette:
    """The app of both hosts, on one world."""

    async def payments(request: Request) -> Response:
        version = _version(request)
        if version is None:
            return _refused(404, "Not Found")
        try:
            _authenticate(request, world)
            return _once(world, request, await request.body(), version)
        except AdyenError as refusal:
            return _error(refusal.error)

    return app_of([Route("/{path:path}", payments, methods=["POST"])], _refused)


def _refused(status: int, words: str) -> Response:
    return _error(errors.of_status(status, words))


def sum_in_words(body: bytes) -> str | None:
    """The sum of a request's body, or None where it names none.

    Adyen takes a sum that is off by a power of ten without a word, so the record says it.
    """
    try:
        amount = read_json(body)["amount"]
        value, currency = amount["value"], amount["currency"]
    except (UnreadableBodyError, LookupError, TypeError):
        return None
    is_counted = isinstance(currency, str) and currency in DIGITS
    if not is_counted or type(value) is not int or not 0 <= value < 2**63:
        return None
    return in_words(value, currency, DIGITS[currency])


def _version(request: Request) -> int | None:
    """The API version in the path; the live host has `/checkout` in front, the test host not."""
    live = _is_live(request)
    if not live and request.url.hostname != TEST_HOST:
        return None
    match = re.fullmatch(rf"{'/checkout' if live else ''}/v([0-9]{{2}})/payments", request.url.path)
    return int(match[1]) if match and int(match[1]) in VERSIONS else None


def _is_live(request: Request) -> bool:
    return (request.url.hostname or "").endswith(LIVE_SUFFIX)


def _authenticate(request: Request, world: World) -> None:
    """The API key, or a user's password by HTTP Basic."""
    key = request.headers.get("x-api-key")
    name = "Authorization" if key is None else "X-API-Key"
    credential = request.headers.get(name, "")
    texts = of_basic(credential, USER) if key is None else (key,)
    holders = world.holders(request.url.hostname or "", _WITHOUT)
    openers = with_place(holders, f"header {name.lower()}", *texts)
    if not openers and not (credential and world.lets("adyen_any_api_key", name)):
        raise AdyenError(errors.UNAUTHORIZED)


def _accounts(world: World, request: Request) -> frozenset[str] | None:
    """The merchant accounts that the project's plans name at this host, None for any.

    A plan whose account is a value of each run names any.
    """
    host = (request.url.hostname or "").lower()
    plans = [plan for plan in world.project.requests if plan.host == host] if world.project else []
    named = [plan.constants.get("/merchantAccount") for plan in plans]
    return None if None in named else frozenset(map(str, named))


def _once(world: World, request: Request, body: bytes, version: int) -> Response:
    """Answer, and answer alike when an idempotency key comes again with the same body.

    Another body under a used key is refused; Adyen does not document that case.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY:
        raise AdyenError(errors.IDEMPOTENCY_KEY)
    rows = world.table(_IDEMPOTENCY)
    digest = hashlib.sha256(request.url.path.encode() + b"\n" + body).hexdigest()
    row = world.guard(_IDEMPOTENCY, key) if key is not None else None
    if row is None:
        try:
            paid = _pay(world, request, body, version)
        except AdyenError as refusal:
            row = {"status": refusal.error.status, "body": _error_body(refusal.error)}
        else:
            if isinstance(paid, Response):
                return paid
            row = {"status": 200, "body": paid}
        row["digest"] = digest
        if key is not None and row["status"] < 500:
            rows[key] = row
    if row["digest"] != digest:
        raise AdyenError(errors.ALREADY)
    return answer(row["status"], row["body"], _headers(row["body"], key))


def _pay(world: World, request: Request, body: bytes, version: int) -> dict[str, Any] | Response:
    """The body of a 200, or the broken answer that the test card asks for. Raises `AdyenError`."""
    if not is_json(request):
        raise AdyenError(errors.NOT_JSON)
    document = read(body, version)
    accounts = _accounts(world, request)
    is_ours = accounts is None or document["merchantAccount"] in accounts
    if not is_ours and not world.lets(UNKNOWN_MERCHANT_ACCOUNTS, "merchantAccount"):
        raise AdyenError(errors.MERCHANT_ACCOUNT)
    paid_with = instrument(document, live=_is_live(request), lets=world.lets)
    behaviour = paid_with.card.behaviour
    fault = transport_fault(behaviour)
    if fault is not None:
        return fault
    if behaviour is Behaviour.SERVER_ERROR:
        raise AdyenError(errors.SERVER)
    outcome = result(document, paid_with, world.month())
    return payment_response(document, paid_with, outcome, version=version)


def _error(error: AdyenRefusal) -> Response:
    return answer(error.status, _error_body(error))


def _error_body(error: AdyenRefusal) -> dict[str, Any]:
    content: dict[str, Any] = {
        "status": error.status,
        "errorCode": error.code,
        "message": error.message,
        "errorType": error.kind,
    }
    # The documented 400 and 401 come from before the platform and have no reference.
    if error.status in (403, 422, 500):
        content["pspReference"] = psp_reference()
    return content


def _headers(content: dict[str, Any], key: str | None) -> dict[str, str]:
    headers = {} if key is None else {"Idempotency-Key": key}
    if "pspReference" in content:
        headers["pspReference"] = content["pspReference"]
    return headers


def _start(world: World) -> EmulatedParty:
    return EmulatedParty("adyen", HOSTS, create(world), in_words=sum_in_words)


EMULATION = Emulation(_start, laxnesses=LAXNESSES, rows=RowKinds(guards=frozenset({_IDEMPOTENCY})))
