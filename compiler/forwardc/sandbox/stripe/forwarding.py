"""The Vault and Forward API: `/v1/forwarding/requests`.

Whatever a destination says, the forwarding request succeeds. What was filled in is hidden in all
that Stripe stores of a request and its answer: by value, so that no name of a field can give it
away. Shapes of the API reference (January 2026): `424242******4242` and `***`; expiry, name and
reference stay clear. Parameters: OpenAPI 2026-09-30.endive.
"""

import re
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

from forwardc.sandbox.filled import mask_filled
from forwardc.sandbox.laxness import Lets
from forwardc.sandbox.masking import HIDDEN, mask_headers, mask_pan
from forwardc.sandbox.stripe import expand, methods
from forwardc.sandbox.stripe.account import CONNECTION_FAILED_402, setting, since
from forwardc.sandbox.stripe.call import StripeCall, StripeEndpoint, new_id, page
from forwardc.sandbox.stripe.errors import StripeError, forwarding_invalid, missing, no_such
from forwardc.sandbox.stripe.filling import SIGNATURE, CardData, FilledBody, fill_body
from forwardc.sandbox.stripe.param_shapes import (
    EXPAND,
    FORWARDING_LIST,
    METADATA,
    ONLY_EXPAND,
    DatedParam,
    ListParam,
    MapParam,
    TextParam,
)
from forwardc.sandbox.stripe.params import merged
from forwardc.sandbox.stripe.registry import OnboardedDestination, find, key_is_submitted
from forwardc.sandbox.world import (
    DestinationBrokenError,
    DestinationTimeoutError,
    DestinationUnreachableError,
    EmulatedAnswer,
    OutboundRequest,
    Pairs,
)

PUBLIC: Final = (
    "card_cvc",
    "card_expiry",
    "card_number",
    "cardholder_name",
    "request_signature",
)
BY_ARRANGEMENT: Final = (
    "network_token_cryptogram",
    "network_token_electronic_commerce_indicator",
    "network_token_expiry",
    "network_token_number",
)
_HEADER: Final = MapParam({"name": TextParam(), "value": TextParam()}, required=("name", "value"))
CREATE: Final = MapParam(
    {
        "payment_method": TextParam(),
        "url": TextParam(),
        "replacements": ListParam(TextParam(choices=PUBLIC + BY_ARRANGEMENT)),
        "request": MapParam({"body": TextParam(), "headers": ListParam(_HEADER)}),
        "metadata": DatedParam(METADATA, since="2024-10-28"),
        "expand": EXPAND,
    },
    required=("payment_method", "url", "replacements"),
)


# --- What may be shown


def redact(text: str, filled: FilledBody, *, is_document: bool = True) -> str:
    """Text without the card's number and CVC, wherever they stand and however they are written."""
    hidden = ((filled.cvc, HIDDEN), (filled.cryptogram, HIDDEN))
    for value, shown in ((filled.number, mask_pan(filled.number or "")), *hidden):
        if value is not None:
            text = mask_filled(text, [value], shown, is_document=is_document)
    return text


def redact_headers(headers: Pairs, filled: FilledBody) -> list[dict[str, str]]:
    """Headers as name and value, credentials hidden whole."""
    return [
        {"name": name, "value": redact(value, filled, is_document=False)}
        for name, value in mask_headers(headers)
    ]


# --- The request that goes to a destination

# Milliseconds that a destination may take: this sandbox's choice, Stripe names none.
TIMEOUT_MS = 15_000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# What belongs to the connection or is Stripe's own is never the caller's.
_NEVER = frozenset(
    "connection content-length host keep-alive proxy-authorization te trailer "
    "transfer-encoding upgrade user-agent".split()
)
_ALWAYS_ENABLED = frozenset({"content-type"})


def check_headers(
    headers: list[tuple[str, str]], enabled: Collection[str] | None, lets: Lets
) -> None:
    """Raise 400 for a header that cannot be sent, or that the destination's config lacks."""
    for at, (name, value) in enumerate(headers):
        param = f"request[headers][{at}]"
        lower = name.lower()
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None or lower in _NEVER:
            raise forwarding_invalid("The header cannot be sent.", param)
        is_enabled = enabled is None or lower in enabled or lower in _ALWAYS_ENABLED
        if not is_enabled and not lets("stripe_unknown_headers", param):
            raise forwarding_invalid("The header is not enabled for this destination.", param)


def outbound_request(
    url: str, headers: list[tuple[str, str]], filled: FilledBody, method: str = "POST"
) -> OutboundRequest:
    """Stripe's own headers, then the caller's. A Content-Type of the caller's wins.

    Another method than `POST` was agreed for the URL.
    """
    body = filled.body
    names = {name.lower() for name, _ in headers}
    media_type = "application/xml" if body.lstrip().startswith("<") else "application/json"
    own = [("User-Agent", "Stripe"), ("Accept", "*/*"), ("Content-Type", media_type)]
    own_headers = [pair for pair in own if pair[0].lower() not in names]
    return OutboundRequest(
        method, url, (*own_headers, *headers), body.encode(), TIMEOUT_MS, filled.values
    )


# --- Endpoints

TABLE = "forwarding_requests"
KIND = "ForwardingRequest"
# Seconds: 30 days (OpenAPI 2026-09-30.endive).
KEPT_SECONDS = 30 * 24 * 60 * 60
_URL = "/v1/forwarding/requests"
_OBJECT = "forwarding.request"
# Characters of a body (OpenAPI 2026-09-30.endive, schema of forwarding requests).
_MAX_RECORDED = 5000
_ALWAYS = frozenset(PUBLIC[:-1])


async def create(call: StripeCall) -> dict[str, Any]:
    """POST /v1/forwarding/requests: fill the body, send it, and tell what came back."""
    params = expand.asked(call, CREATE, _OBJECT)
    row = methods.find(call, params["payment_method"], param="payment_method")
    card = _current(methods.card_of(row))
    outbound, filled = _prepare(call, params, card, row["object"]["card"]["wallet"])
    if "card_cvc" in params["replacements"]:
        methods.use_cvc(row)
    shown = _object(call, params, outbound, filled)
    _rows(call)[shown["id"]] = shown
    answer = await _send(call, outbound)
    shown["request_context"] = {
        "destination_duration": answer.duration_ms,
        # An address of the range for documentation (RFC 5737): nothing was called.
        "destination_ip_address": "203.0.113.10",
    }
    shown["response_details"] = _response(answer, filled)
    return shown


async def retrieve(call: StripeCall) -> dict[str, Any]:
    """GET /v1/forwarding/requests/{id}."""
    expand.asked(call, ONLY_EXPAND, _OBJECT)
    shown: dict[str, Any] | None = _rows(call).get(call.path["id"])
    if shown is None or shown["livemode"] != call.caller.livemode:
        raise no_such(KIND, call.path["id"])
    return shown


async def listed(call: StripeCall) -> dict[str, Any]:
    """GET /v1/forwarding/requests, newest first."""
    rows = [row for row in _rows(call).values() if row["livemode"] == call.caller.livemode]
    asked = expand.asked(call, FORWARDING_LIST, _OBJECT, in_list=True)
    return page(asked, rows[::-1], _URL, KIND)


ENDPOINTS = (
    StripeEndpoint("POST", _URL, "forwarding_request_write", create),
    StripeEndpoint("GET", _URL, "forwarding_request_read", listed),
    StripeEndpoint("GET", _URL + "/{id}", "forwarding_request_read", retrieve),
)


def _rows(call: StripeCall) -> dict[str, Any]:
    """The requests of the last 30 days."""
    rows = call.table(TABLE)
    limit = call.world.now() - KEPT_SECONDS
    for identifier in [key for key, row in rows.items() if row["created"] <= limit]:
        del rows[identifier]
    return rows


def _check_wallet(wallet: dict[str, Any] | None, allowed: Collection[str] = ()) -> None:
    """Link is never forwarded; the tokens of other wallets by arrangement only."""
    if wallet is not None and (wallet["type"] == "link" or wallet["type"] not in allowed):
        raise forwarding_invalid(
            f"A payment method of the wallet {wallet['type']} cannot be forwarded.",
            "payment_method",
        )


def _current(card: CardData) -> CardData:
    """The card as the account updater knows it now."""
    renewal = methods.renewed(card.number)
    if renewal is None:
        return card
    return CardData(renewal.number, card.month, card.year + renewal.years, card.cvc, card.name)


def _prepare(
    call: StripeCall, params: dict[str, Any], card: CardData, wallet: dict[str, Any] | None
) -> tuple[OutboundRequest, FilledBody]:
    """Check everything that can be checked before something is sent."""
    if not setting(call.world, "forwarding_active"):
        raise StripeError(
            400,
            "invalid_request_error",
            "The vault and forward API is currently not accessible with this account.",
            "forwarding_api_inactive",
        )
    if wallet is not None and wallet["type"] == "link":
        _check_wallet(wallet)
    destination = find(call.world, params["url"], livemode=call.caller.livemode)
    _check_replacements(params["replacements"], destination)
    _check_wallet(wallet, destination.wallets)
    request = params.get("request", {})
    headers = [(item["name"], item["value"]) for item in request.get("headers", [])]
    check_headers(headers, destination.headers, call.world.lets)
    _check_destination_key(call, params["url"], headers)
    if "body" not in request:
        raise missing("request[body]")
    filled = fill_body(request["body"], destination, params["replacements"], card)
    signed = [
        (name, _signed(name, value, destination, params["replacements"])) for name, value in headers
    ]
    return outbound_request(params["url"], signed, filled, destination.method), filled


def _signed(
    name: str, value: str, destination: OnboardedDestination, replacements: list[str]
) -> str:
    """A header's value, of one that the vault signs in its stand-in."""
    if name.lower() not in destination.signed or PUBLIC[-1] not in replacements:
        return value
    if value != PUBLIC[-1]:
        # An empty value would unset the parameter, so that a header has no blank.
        text = f"The header {name} must hold {PUBLIC[-1]} to be signed."
        raise forwarding_invalid(text, "request[headers]")
    return SIGNATURE


def _check_replacements(replacements: list[str], destination: OnboardedDestination) -> None:
    if not replacements:
        raise missing("replacements")
    agreed = destination.replacements
    refused = [name for name in replacements if name not in _ALWAYS and name not in agreed]
    if refused:
        # Wallet tokens and signatures are set up for a destination by arrangement: the account has
        # what the project's plans were built with, and nothing else.
        raise forwarding_invalid(
            f"The config of this account does not support: {', '.join(refused)}.", "replacements"
        )


def _check_destination_key(call: StripeCall, url: str, headers: list[tuple[str, str]]) -> None:
    """Stripe compares the destination's key with the digest that was submitted for it."""
    if key_is_submitted(call.world, url, headers, livemode=call.caller.livemode):
        return
    if call.world.lets("stripe_unsubmitted_keys", "request[headers]"):
        return
    host = urlsplit(url).hostname
    raise forwarding_invalid(
        f"No header holds the API key that was submitted for {host}.", "request[headers]"
    )


async def _send(call: StripeCall, outbound: OutboundRequest) -> EmulatedAnswer:
    """Deliver. Raises 402, 502 or 504 by the point of failure (basil, 2025-03-31)."""
    try:
        return await call.world.deliver(outbound)
    except DestinationUnreachableError:
        if since(call.version, CONNECTION_FAILED_402):
            raise _upstream(402, "retryable_upstream_error") from None
        raise _upstream(502, "upstream_connection_error") from None
    except DestinationTimeoutError:
        raise _upstream(504, "upstream_connection_timeout") from None
    except DestinationBrokenError:
        raise _upstream(502, "upstream_connection_error") from None


_UPSTREAM_TEXTS = {
    "retryable_upstream_error": "No connection to the destination endpoint could be made, and "
    "nothing was sent: the request can be retried.",
    "upstream_connection_error": "Stripe did not receive a response from the destination "
    "endpoint. This typically indicates a problem with the destination endpoint, rather than "
    "with Stripe.",
    "upstream_connection_timeout": "The request to the destination endpoint timed out. This "
    "typically indicates a problem with the destination endpoint, rather than with Stripe.",
}


def _upstream(status: int, code: str) -> StripeError:
    return StripeError(
        status,
        "invalid_request_error" if status == 402 else "api_error",
        _UPSTREAM_TEXTS[code],
        f"forwarding_api_{code}",
        executed=True,
    )


def _object(
    call: StripeCall, params: dict[str, Any], outbound: OutboundRequest, filled: FilledBody
) -> dict[str, Any]:
    """The API object before an answer is there."""
    sent = redact_headers(outbound.headers, filled)
    own = len(outbound.headers) - len(params.get("request", {}).get("headers", []))
    return {
        "id": new_id("fwdreq"),
        "object": "forwarding.request",
        "created": call.now,
        "livemode": call.caller.livemode,
        "metadata": merged({}, params.get("metadata", {})),
        "payment_method": params["payment_method"],
        "replacements": params["replacements"],
        "request_context": None,
        "request_details": {
            "body": redact(outbound.body.decode(), filled)[:_MAX_RECORDED],
            # The caller's headers come first, then Stripe's Content-Type (API reference).
            "headers": sent[own:]
            + [header for header in sent[:own] if header["name"] == "Content-Type"],
            "http_method": outbound.method,
        },
        "response_details": None,
        "url": params["url"],
    }


def _response(answer: EmulatedAnswer, filled: FilledBody) -> dict[str, Any]:
    """The destination's answer, without the card, cut at the 5000 characters of the schema."""
    body = answer.body.decode("utf-8", "replace")
    return {
        "body": redact(body, filled)[:_MAX_RECORDED],
        "headers": redact_headers(answer.headers, filled),
        "status": answer.status,
    }
