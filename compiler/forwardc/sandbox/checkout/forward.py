"""POST /forward and GET /forward/{id}: checks, sends once, answers, and keeps 14 days.

Knows no template. There is no idempotency: two calls are two outbound calls, whatever header the
caller sends (Checkout.com's idempotency page of 2026-01-07 does not list Forward).
"""

from typing import Any

from forwardc.sandbox.checkout import engine, onboarding
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.forward_request import ForwardRequest, read
from forwardc.sandbox.checkout.placeholders import resolve
from forwardc.sandbox.checkout.problems import not_found
from forwardc.sandbox.checkout.redact import destination_response, shown_headers
from forwardc.sandbox.checkout.rows import new_id, utc_offset
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
)

TABLE = "checkout.forwards"
KEPT_SECONDS = 14 * 24 * 3600


async def forward(account: CheckoutAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Forward one request. Returns the answer of 200; raises `CheckoutError`.

    The answer is 200 whatever the destination said; without any answer of the destination it has
    no `destination_response`.
    """
    request = read(account, body)
    onboarding.check_target(account, request)
    values = resolve(account, request.source, request.network_token)
    outbound = engine.build(account, request, values)
    onboarding.check_headers(account, request, outbound)
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
