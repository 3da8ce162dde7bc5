"""POST /forward and GET /forward/{id}: checks, sends once, answers, and keeps 14 days.

There is no idempotency: two calls are two outbound calls, whatever header the caller sends
(Checkout.com's idempotency page of 2026-01-07 does not list Forward). A request may go where the
project's plans name; that an account has a list of destinations is an assumption, and so are the
codes of the refusals: no public document shows one. What the vault put in is removed from what it
answers and keeps, by value; the mask `***redacted***` is what its SDKs show for headers.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from forwardc.sandbox.checkout import engine
from forwardc.sandbox.checkout.clients import CheckoutAccount, new_id, utc_offset
from forwardc.sandbox.checkout.engine import resolve
from forwardc.sandbox.checkout.forward_request import ForwardRequest, read
from forwardc.sandbox.checkout.request_checks import invalid, not_found
from forwardc.sandbox.filled import mask_filled
from forwardc.sandbox.laxness import UNKNOWN_DESTINATIONS
from forwardc.sandbox.masking import is_secret_header
from forwardc.sandbox.project import OnboardedRequest, merged_headers
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
    EmulatedAnswer,
    OutboundRequest,
)

_REQUEST = "destination_request"
# What a signature of the vault puts in.
_SIGNED = {
    "visa": frozenset({"x-pay-token"}),
    "dlocal": frozenset({"x-date", "authorization"}),
}


def check_target(account: CheckoutAccount, request: ForwardRequest) -> None:
    """Refuse a URL, method or query that no plan names. Raises `CheckoutError` (422)."""
    fitting = _by_url(account, request)
    if not fitting:
        at = f"{_REQUEST}.url"
        if not account.lets(UNKNOWN_DESTINATIONS, at):
            raise invalid("destination_not_allowed", at=at)
    elif not _by_method(fitting, request):
        at = f"{_REQUEST}.method"
        if not account.lets(UNKNOWN_DESTINATIONS, at):
            raise invalid("destination_not_allowed", at=at)


def check_headers(
    account: CheckoutAccount, request: ForwardRequest, outbound: OutboundRequest
) -> None:
    """Refuse a header that no plan names for this URL. Raises `CheckoutError` (422)."""
    fitting = _by_method(_by_url(account, request), request)
    if not fitting:
        return
    names = {name.lower() for name, _ in outbound.headers}
    if request.signature is not None:
        names -= _SIGNED[request.signature.kind]
    at = f"{_REQUEST}.headers"
    strange = names - merged_headers(fitting)
    if strange and not account.lets("checkout_unknown_headers", at):
        raise invalid("header_not_allowed", at=at)


def _by_url(account: CheckoutAccount, request: ForwardRequest) -> list[OnboardedRequest]:
    names = {name for name, _ in request.query}
    requests = account.world.named(request.url, vault="checkout", live=account.live)
    return [planned for planned in requests if names <= planned.query]


def _by_method(
    named: Sequence[OnboardedRequest], request: ForwardRequest
) -> list[OnboardedRequest]:
    return [planned for planned in named if planned.method == request.method]


# --- What may be shown

REDACTED = "***redacted***"
# What a message is framed by: an answer could not be read without it.
_FRAMING = ("content-length", "date")


def destination_response(answer: EmulatedAnswer, filled: Collection[str]) -> dict[str, object]:
    """The destination's answer as the vault shows it: int status, arrays, and nothing `filled`."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        shown = value if name.lower() in _FRAMING else _hide(value, filled)
        headers.setdefault(_hide(name.title(), filled), []).append(shown)
    body = mask_filled(answer.body.decode("utf-8", "replace"), filled, REDACTED)
    return {"status": answer.status, "headers": headers, "body": body}


def _hide(text: str, filled: Collection[str]) -> str:
    return mask_filled(text, filled, REDACTED, is_document=False)


def shown_headers(request: ForwardRequest, encrypted: Mapping[str, str]) -> dict[str, str]:
    """The request's headers as GET shows them: sensitive and encrypted values are redacted."""
    raw = {
        name: REDACTED if is_secret_header(name) or "secret_" in value else value
        for name, value in request.raw_headers
    }
    return raw | dict.fromkeys(encrypted, REDACTED)


# --- Forwarding

TABLE = "checkout.forwards"
# Seconds: 14 days, as the comments of the SDKs say of the text of a request.
KEPT_SECONDS = 14 * 24 * 3600


async def forward(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Forward one request. Returns the answer of 200; raises `CheckoutError`.

    The answer is 200 whatever the destination said; without any answer of the destination it has
    no `destination_response`.
    """
    request = read(account, body)
    check_target(account, request)
    values = resolve(account, request.source, request.network_token)
    outbound = engine.build(account, request, values)
    check_headers(account, request, outbound)
    answer: dict[str, Any] = {"request_id": new_id("fwd")}
    try:
        response = await account.deliver(outbound)
    except (DestinationUnreachableError, DestinationTimeoutError, DestinationBrokenError):
        pass
    else:
        answer["destination_response"] = destination_response(response, outbound.filled)
    names = {name for name, _ in outbound.headers} - {name for name, _ in request.raw_headers}
    _keep(account, request, answer, sorted(names))
    return answer


def get_forward(account: CheckoutAccount, request_id: str) -> dict[str, Any]:
    """What was forwarded, with the original body. Raises `CheckoutError` (404)."""
    row = account.table(TABLE).get(request_id)
    if row is None or row["kept_until"] <= account.now():
        raise not_found("forward_request_not_found")
    return {name: value for name, value in row.items() if name != "kept_until"}


def _keep(
    account: CheckoutAccount, request: ForwardRequest, answer: dict[str, Any], hidden: list[str]
) -> None:
    row = {
        "request_id": answer["request_id"],
        "entity_id": account.client.entity_id,
        "destination_request": {
            "url": request.url,
            "method": request.method,
            "headers": shown_headers(request, dict.fromkeys(hidden, "")),
            "body": request.body,
        },
        "created_on": utc_offset(account.now()),
        "kept_until": account.now() + KEPT_SECONDS,
    }
    optional = {
        "reference": request.reference,
        "destination_response": answer.get("destination_response"),
    }
    row.update({name: value for name, value in optional.items() if value is not None})
    account.table(TABLE)[answer["request_id"]] = row
