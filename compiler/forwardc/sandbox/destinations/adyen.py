"""Adyen as a destination: `POST /payments` of the Checkout API, v68 to v72, test and live host.

Knows no vault. Sources: Adyen's API descriptions (github.com/Adyen/adyen-openapi, July 2026) and
its pages on error codes, API idempotency and testing result codes. The choice of an error code
where Adyen's texts leave it open is this sandbox's own.
"""

import hashlib
import hmac
import re
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.destinations.adyen_card import Invalid, instrument
from forwardc.sandbox.destinations.adyen_currencies import DIGITS
from forwardc.sandbox.destinations.adyen_results import payment_response, psp_reference, result
from forwardc.sandbox.destinations.adyen_schema import VERSIONS, payment_request
from forwardc.sandbox.destinations.bodies import Unreadable, answer, read_json
from forwardc.sandbox.destinations.faults import transport_fault
from forwardc.sandbox.destinations.shapes import Kind, Problem, problems
from forwardc.sandbox.money import in_words
from forwardc.sandbox.secrets_rule import secret
from forwardc.sandbox.world import World

TEST_HOST = "checkout-test.adyen.com"
LIVE_SUFFIX = "-checkout-live.adyenpayments.com"
HOSTS = (TEST_HOST, "*.adyenpayments.com")
LONGEST_IDEMPOTENCY_KEY = 64

# Errors of absent members, by path. Anything else of the wrong shape is 702.
_MISSING = {
    "amount": ("100", "Required object 'amount' is not provided."),
    "amount.value": ("137", "Invalid amount specified"),
    "amount.currency": ("138", "Unsupported currency specified"),
    "paymentMethod": ("14_002", "Required object 'paymentMethod' is not provided."),
    "reference": ("130", "Reference Missing"),
    "returnUrl": ("14_030", "Return URL is missing."),
    "billingAddress.city": ("131", "Billing address problem (City)"),
    "billingAddress.street": ("132", "Billing address problem (Street)"),
    "billingAddress.houseNumberOrName": ("133", "Billing address problem (HouseNumberOrName)"),
    "billingAddress.country": ("134", "Billing address problem (Country)"),
    "billingAddress.postalCode": ("134", "Billing address problem (PostalCode)"),
}


def create(world: World) -> Starlette:
    """The app of both hosts, on one world."""

    async def payments(request: Request) -> Response:
        version = _version(request)
        if version is None:
            return _error(Invalid("000", "Not Found", 404, "validation"))
        try:
            _authenticate(request, world)
            return _once(world, request, await request.body(), version)
        except Invalid as refusal:
            return _error(refusal)

    return Starlette(routes=[Route("/{path:path}", payments, methods=["POST"])])


def sum_in_words(body: bytes) -> str | None:
    """The sum of a request's body, or None where it names none.

    Adyen takes a sum that is off by a power of ten without a word, so the record says it.
    """
    try:
        amount = read_json(body)["amount"]
        value, currency = amount["value"], amount["currency"]
    except (Unreadable, LookupError, TypeError):
        return None
    known = isinstance(currency, str) and currency in DIGITS
    if not known or type(value) is not int or not 0 <= value < 2**63:
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
    key = request.headers.get("x-api-key", "")
    expected = secret("adyen", "adyen_api_key")
    known = hmac.compare_digest(key.encode(), expected.encode())
    if not known and not (key and world.lets("adyen_any_api_key", "X-API-Key")):
        raise Invalid("000", "HTTP Status Response - Unauthorized", 401, "security")


def _once(world: World, request: Request, body: bytes, version: int) -> Response:
    """Answer, and answer alike when an idempotency key comes again with the same body.

    Another body under a used key is refused; Adyen does not document that case.
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY:
        raise Invalid("702", "The idempotency key is not valid", 400)
    rows = world.table("adyen.idempotency")
    digest = hashlib.sha256(request.url.path.encode() + b"\n" + body).hexdigest()
    row = rows.get(key) if key is not None else None
    if row is None:
        try:
            paid = _pay(world, request, body, version)
        except Invalid as refusal:
            row = {"status": refusal.status, "body": _error_body(refusal)}
        else:
            if isinstance(paid, Response):
                return paid
            row = {"status": 200, "body": paid}
        row["digest"] = digest
        if key is not None and row["status"] < 500:
            rows[key] = row
    if row["digest"] != digest:
        raise Invalid("704", "Request already processed or in progress")
    return answer(row["status"], row["body"], _headers(row["body"], key))


def _pay(world: World, request: Request, body: bytes, version: int) -> dict[str, Any] | Response:
    """The body of a 200, or the broken answer that the test card asks for. Raises `Invalid`."""
    document = _read(request, body, version)
    paid_with = instrument(document, live=_is_live(request), lets=world.lets)
    behaviour = paid_with.card.at("adyen")
    fault = transport_fault(behaviour)
    if fault is not None:
        return fault
    if behaviour is Behaviour.SERVER_ERROR:
        raise Invalid("905", "Payment details are not supported", 500, "configuration")
    outcome = result(document, paid_with, world.month())
    return payment_response(document, paid_with, outcome, version=version)


def _read(request: Request, body: bytes, version: int) -> dict[str, Any]:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Invalid("702", "The content type is not JSON", 400)
    try:
        document = read_json(body)
    except Unreadable as wrong:
        raise Invalid("702", f"Unexpected input: {wrong}", 400) from None
    for problem in problems(payment_request(version), document):
        raise _refusal(problem)
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    if not re.fullmatch(r"[A-Za-z0-9_]+", document["merchantAccount"]):
        raise Invalid("901", "Invalid Merchant Account", 403, "security")
    _check_meaning(document)
    return document


def _refusal(problem: Problem) -> Invalid:
    if problem.path == "merchantAccount":
        return Invalid("901", "Invalid Merchant Account", 403, "security")
    if problem.kind is Kind.MISSING and problem.path in _MISSING:
        return Invalid(*_MISSING[problem.path])
    return Invalid("702", f"Unexpected input: {problem.path or 'body'}: {problem.kind}", 400)


def _check_meaning(document: dict[str, Any]) -> None:
    """What the descriptions say in words only."""
    amount = document["amount"]
    if amount["value"] < 0:
        raise Invalid("137", "Invalid amount specified")
    if amount["currency"] not in DIGITS:
        raise Invalid("138", "Unsupported currency specified")
    if not document["reference"]:
        raise Invalid("130", "Reference Missing")
    if not document["returnUrl"]:
        raise Invalid(*_MISSING["returnUrl"])
    if document.get("storePaymentMethod") and "shopperReference" not in document:
        raise Invalid("000", "Recurring payments require a shopperReference")
    address = document.get("billingAddress")
    if address is not None:
        _check_address(address)


def _check_address(address: dict[str, Any]) -> None:
    for name in ("city", "street", "houseNumberOrName"):
        if not address[name]:
            raise Invalid(*_MISSING[f"billingAddress.{name}"])
    if not re.fullmatch("[A-Z]{2}", address["country"]):
        raise Invalid(*_MISSING["billingAddress.country"])
    if address["country"] in ("US", "CA") and not address.get("stateOrProvince"):
        raise Invalid("135", "Billing address problem (StateOrProvince)")


def _error(refusal: Invalid) -> Response:
    return answer(refusal.status, _error_body(refusal))


def _error_body(refusal: Invalid) -> dict[str, Any]:
    content: dict[str, Any] = {
        "status": refusal.status,
        "errorCode": refusal.code,
        "message": refusal.message,
        "errorType": refusal.kind,
    }
    # The documented 400 and 401 come from before the platform and have no reference.
    if refusal.status in (403, 422, 500):
        content["pspReference"] = psp_reference()
    return content


def _headers(content: dict[str, Any], key: str | None) -> dict[str, str]:
    headers = {} if key is None else {"Idempotency-Key": key}
    if "pspReference" in content:
        headers["pspReference"] = content["pspReference"]
    return headers
