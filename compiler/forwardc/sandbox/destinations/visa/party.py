"""Visa Token Service as a destination: `POST /vts/provisionedTokens`.

Visa's specification is not public: paths, headers and the checked parts come from Visa's own client
(github.com/visa/mcp), developer.visa.com and its community. Answers show the known members of a
real one; `encTokenInfo` is left out, because it would need a token number.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.sandbox.cards import Behaviour
from forwardc.sandbox.credentials import holder, opens, secret
from forwardc.sandbox.crypto import visa
from forwardc.sandbox.crypto.jwe import b64
from forwardc.sandbox.destinations.endpoint import (
    UnreadableBodyError,
    answer,
    app_of,
    is_json,
    read_json,
    transport_fault,
)
from forwardc.sandbox.destinations.shapes import shape_mistakes
from forwardc.sandbox.destinations.visa.hosts import HOSTS
from forwardc.sandbox.destinations.visa.instrument import (
    UnopenedInstrumentError,
    VisaInstrument,
    encryption_key,
    open_instrument,
)
from forwardc.sandbox.destinations.visa.laxness import LAXNESSES
from forwardc.sandbox.destinations.visa.schema import QUERY, REQUEST
from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.memory import RowKinds
from forwardc.sandbox.parties import EmulatedParty, Emulation
from forwardc.sandbox.project import CredentialHolder, MadeUpCredential
from forwardc.sandbox.world import World


def is_hash_of(digest: str, address: str, credentials: Sequence[str]) -> bool:
    """Whether a hash is one of the two forms. `credentials` are what the caller may key it with."""
    plain = b64(hashlib.sha256(address.lower().encode()).digest())
    keyed = (b64(hmac.digest(form.encode(), address.encode(), "sha256")) for form in credentials)
    return any(hmac.compare_digest(digest, form) for form in (plain, *keyed))


# --- Requests

USED_TOKENS = "visa.used_tokens"
PROVISIONED = "visa.provisioned_tokens"
_UUID = re.compile("[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


_KEY_NAMES = ("apiKey", "apikey")
_WITHOUT = CredentialHolder(
    "visa",
    {
        **holder(
            "visa",
            ("visa_api_key", "query apiKey"),
            ("visa_shared_key", "signature"),
            ("visa_encryption_api_key", "body"),
            ("visa_hash_key", "body"),
        ).secrets,
        "visa_encryption_shared_key": MadeUpCredential(
            encryption_key(secret("visa", "visa_encryption_shared_key")), frozenset({"body"})
        ),
    },
)


class VisaError(SandboxError):
    """The request is answered with this error body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(status))
        self.status, self.body = status, body


def create(world: World) -> Starlette:
    """The app of the three hosts, on one world."""

    async def provision(request: Request) -> Response:
        headers = {"x-correlation-id": secrets.token_hex(12)}
        try:
            body = await request.body()
            who = _authenticate(world, request, body)
            content = _provision(world, request, body, who)
        except VisaError as refusal:
            return answer(refusal.status, refusal.body, headers)
        return content if isinstance(content, Response) else answer(201, content, headers)

    return app_of([Route("/vts/provisionedTokens", provision, methods=["POST"])], _nothing_there)


def _nothing_there(status: int, words: str) -> Response:
    """What Visa answers here is not public: the shape is that of its other errors."""
    reason = "resourceNotFound" if status == HTTPStatus.NOT_FOUND else "methodNotAllowed"
    return answer(status, _error_response(status, reason, words))


def _authenticate(world: World, request: Request, body: bytes) -> CredentialHolder:
    """API key, then X-PAY-TOKEN over the exact target and body, then single use: who asks."""
    query = request.url.query
    holders = _by_api_key(world, request, query)
    token = request.headers.get("x-pay-token", "")
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    url = f"https://{request.url.hostname}{raw_path.decode('ascii')}" + (
        f"?{query}" if query else ""
    )
    refusals = [
        (visa.verify(token, secret=shared, url=url, body=body, now=world.now()), caller)
        for caller in holders
        for shared in caller.at("signature")
    ]
    good = next((caller for refusal, caller in refusals if refusal is None), None)
    if good is None:
        reason = refusals[0][0] if refusals else visa.TokenRefusal.MISMATCH
        raise _token_error("9201", "Token Validation Failed", f"x-pay-token {reason}")
    _use_once(world, token)
    return good


def _use_once(world: World, token: str) -> None:
    used = world.table(USED_TOKENS)
    now = world.now()
    for expired in [expired for expired, until in used.items() if until < now]:
        del used[expired]
    if world.guard(USED_TOKENS, token) is not None:
        raise _token_error("9121", "Token already used")
    # Kept for as long as the timestamp can pass, at both ends of the window.
    used[token] = now + 2 * visa.WINDOW_SECONDS


def _by_api_key(world: World, request: Request, query: str) -> tuple[CredentialHolder, ...]:
    """Who has the one `apiKey`, the name case-sensitive; `apikey` passes with a laxness."""
    pairs = parse_qsl(query, keep_blank_values=True)
    keys = [(name, value) for name, value in pairs if name == "apiKey"]
    small = [(name, value) for name, value in pairs if name == "apikey"]
    if small and world.lets("visa_lower_case_apikey", "query"):
        keys += small
    holders = world.holders(request.url.hostname or "", _WITHOUT)
    callers = [
        caller
        for caller in holders
        if len(keys) == 1
        and any(opens(keys[0][1], caller.at(f"query {name}")) for name in _KEY_NAMES)
    ]
    if not callers:
        raise _token_error("9201", "Token Validation Failed", "apiKey")
    return tuple(callers)


def _provision(
    world: World, request: Request, body: bytes, who: CredentialHolder
) -> dict[str, Any] | Response:
    _check_query(world, request.url.query)
    document = _read(request, body)
    _check_email(document, who)
    try:
        instrument = open_instrument(
            document["encPaymentInstrument"],
            credentials=who.at("body"),
            pan_source=document.get("panSource", ""),
            lets=world.lets,
        )
    except UnopenedInstrumentError as reason:
        message = "Input for encPaymentInstrument is invalid or inconsistent with the profile."
        raise _invalid(message, "encPaymentInstrument", str(reason)) from None
    behaviour = instrument.card.behaviour
    fault = transport_fault(behaviour)
    if fault is not None:
        return fault
    _check_outcome(world, instrument)
    content = _provisioned(instrument)
    world.table(PROVISIONED)[content["vProvisionedTokenID"]] = content
    return content


def _check_query(world: World, query: str) -> None:
    """Each parameter once, and none that no public text names."""
    pairs = parse_qsl(query, keep_blank_values=True)
    if "apikey" in dict(pairs) and world.lets("visa_lower_case_apikey", "query"):
        pairs = [("apiKey" if name == "apikey" else name, value) for name, value in pairs]
    if len(dict(pairs)) != len(pairs):
        raise _invalid("A parameter of the query stands twice.", "query")
    for problem in shape_mistakes(QUERY, dict(pairs)):
        location = problem.path or "query"
        raise _invalid(f"Input for {location} is invalid.", location, str(problem.kind))


def _check_email(document: dict[str, Any], who: CredentialHolder) -> None:
    name = "clientWalletAccountEmailAddressHash"
    digest, address = document.get(name), document.get("clientWalletAccountEmailAddress")
    if digest and address and not is_hash_of(digest, address, who.at("body")):
        raise _invalid(f"Input for {name} is invalid.", name, "not the hash of the address")


def _read(request: Request, body: bytes) -> dict[str, Any]:
    if not is_json(request):
        raise _invalid("The content type is not JSON.", "content-type")
    if not _UUID.fullmatch(request.headers.get("x-request-id", "")):
        raise _invalid("The header is not a UUID.", "x-request-id")
    try:
        document = read_json(body)
    except UnreadableBodyError as wrong:
        raise _invalid("The body is not JSON.", "body", str(wrong)) from None
    for problem in shape_mistakes(REQUEST, document):
        location = problem.path or "body"
        raise _invalid(f"Input for {location} is invalid.", location, str(problem.kind))
    assert isinstance(document, dict)  # noqa: S101 - the shape said so
    return document


def _check_outcome(world: World, instrument: VisaInstrument) -> None:
    """What the issuer says. The reasons' names are this sandbox's own."""
    behaviour = instrument.card.behaviour
    if behaviour is Behaviour.SERVER_ERROR:
        raise VisaError(500, _error_response(500, "internalServiceFailure", "Service failed."))
    if instrument.card.brand != "visa":
        raise VisaError(403, _error_response(403, "cardNotEligible", "The card is not eligible."))
    expired = instrument.expires and instrument.expires < world.month()
    if expired or behaviour not in (Behaviour.APPROVE, Behaviour.REQUIRES_ACTION):
        raise VisaError(403, _error_response(403, "declined", "The issuer declined."))


def _provisioned(instrument: VisaInstrument) -> dict[str, Any]:
    """The body of 201. A card that asks for authentication gives an inactive token."""
    active = instrument.card.behaviour is Behaviour.APPROVE
    token_info: dict[str, Any] = {
        "tokenStatus": "ACTIVE" if active else "INACTIVE",
        "last4": f"{secrets.randbelow(10**4):04}",
    }
    if instrument.expires is not None:
        year, month = instrument.expires
        token_info["expirationDate"] = {"month": f"{month:02}", "year": str(year)}
    return {
        "vProvisionedTokenID": secrets.token_hex(16),
        "vPanEnrollmentID": secrets.token_hex(16),
        "paymentInstrument": {
            "last4": instrument.card.last4,
            "paymentType": {"cardBrand": "VISA"},
            "paymentAccountReference": "V" + secrets.token_hex(14).upper(),
        },
        "tokenInfo": token_info,
    }


def _token_error(code: str, message: str, info: str = "") -> VisaError:
    status = {"status": 401, "code": code, "severity": "ERROR", "message": message, "info": info}
    return VisaError(401, {"responseStatus": status})


def _invalid(message: str, location: str, info: str = "") -> VisaError:
    body = _error_response(400, "invalidParameter", message)
    detail = {"location": location} | ({"message": info} if info else {})
    body["errorResponse"]["details"] = [detail]
    return VisaError(400, body)


def _error_response(status: int, reason: str, message: str) -> dict[str, Any]:
    return {"errorResponse": {"status": status, "message": message, "reason": reason}}


def _start(world: World) -> EmulatedParty:
    return EmulatedParty("visa", HOSTS, create(world))


EMULATION = Emulation(_start, laxnesses=LAXNESSES, rows=RowKinds(guards=frozenset({USED_TOKENS})))
