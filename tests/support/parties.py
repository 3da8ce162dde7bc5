"""Right requests to each emulated destination, so that a test can spoil one thing in them."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette

import adyen_request
from forwardc.sandbox.app import call, scope_of
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.crypto import rocketpay as gate
from forwardc.sandbox.crypto import visa as pay_token
from forwardc.sandbox.destinations import echo
from forwardc.sandbox.destinations.adyen import party as adyen
from forwardc.sandbox.destinations.rocketpay import party as rocketpay
from forwardc.sandbox.destinations.rocketpay import tokens
from forwardc.sandbox.destinations.rokt import party as rokt
from forwardc.sandbox.destinations.visa import party as visa
from forwardc.sandbox.world import OutboundRequest, World
from visa_request import encrypted

NOW = adyen_request.NOW
Json = Any
JSON = ("Content-Type", "application/json")
_SHOPPER = {"id": tokens.CUSTOMER, "ip_address": "203.0.113.9"}
_CARD = {"pan": "4242424242424242", "year": 2030, "month": 8, "card_holder": "JANE ROE"}


@dataclass(frozen=True)
class Party:
    """One destination: its app, a right request, and how the request is signed."""

    create: Callable[[World], Starlette]
    url: str
    right: Callable[[], Json]
    headers: tuple[tuple[str, str], ...] = (JSON,)
    sign: Callable[[bytes, str], tuple[tuple[str, str], ...]] = field(default=lambda *_: ())
    envelope: str = ""

    def body(self, document: Json) -> bytes:
        """The bytes of a document, signed inside where the party wants it so."""
        if self.envelope and isinstance(document, dict):
            holder = document.get(self.envelope)
            if isinstance(holder, dict) and holder.get("signature") == "":
                try:
                    signature = gate.sign(document, secret("rocketpay", "rocketpay_secret"))
                except (gate.UnsignableBodyError, TypeError):
                    # What cannot be signed must be refused, whatever stands there.
                    signature = "A" * 88
                document = document | {self.envelope: holder | {"signature": signature}}
        return json.dumps(document).encode()


def ask(
    party: Party,
    body: bytes,
    *,
    url: str = "",
    method: str = "POST",
    headers: tuple[tuple[str, str], ...] | None = None,
    world: World | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in small letters, and body of the answer to one request."""
    url = url or party.url
    sent = party.headers if headers is None else headers
    outbound = OutboundRequest(method, url, (*sent, *party.sign(body, url)), body)
    app = party.create(world or World(now=lambda: NOW))
    exchange = asyncio.run(call(app, scope_of(outbound), body))
    return exchange.status, {k.lower(): v for k, v in exchange.headers}, bytes(exchange.body)


def _pay_token(body: bytes, url: str) -> tuple[tuple[str, str], ...]:
    shared = secret("visa", "visa_shared_key")
    token = pay_token.x_pay_token(secret=shared, timestamp=int(NOW), url=url, body=body)
    return (("x-pay-token", token),)


def _gate(path: str, envelope: str, **more: Json) -> Party:
    signed = {"project_id": 123, "signature": ""}

    def right() -> Json:
        if envelope == "customer":
            return {"customer": _SHOPPER | signed} | more
        general = signed | {"payment_id": "p-1"}
        payment = {"amount": 1250, "currency": "KZT"}
        return {"general": general, "customer": _SHOPPER, "payment": payment} | more

    return Party(rocketpay.create, f"https://api.rocketpay.kz{path}", right, envelope=envelope)


def _visa() -> Json:
    card = {"accountNumber": "4242424242424242", "cvv2": "123"}
    return {"clientAppID": "app-1", "encPaymentInstrument": encrypted(card)}


def _rokt() -> Json:
    card = {"number": "4242424242424242", "expiryMonth": "03", "expiryYear": "2030", "cvc": "123"}
    return {"payment": card, "reference": "r-1", "billingAddress": {"city": "B"}}


def _adyen() -> Json:
    address = {"city": "B", "country": "DE", "houseNumberOrName": "1", "postalCode": "1"}
    return adyen_request.body(
        billingAddress=address | {"street": "S"},
        shopperName={"firstName": "J", "lastName": "R"},
        mpiData={"eci": "05"},
    )


_APPROVED = tokens.fixed_token("visa_approved")
PARTIES: dict[str, Party] = {
    "adyen": Party(adyen.create, adyen_request.TEST_URL, _adyen, (JSON, adyen_request.KEY)),
    "visa": Party(
        visa.create,
        f"https://cert.api.visa.com/vts/provisionedTokens?apiKey={secret('visa', 'visa_api_key')}",
        _visa,
        (JSON, ("x-request-id", "0b9a6f1e-3c55-4c2b-9a53-6a4f7d1d2c11")),
        _pay_token,
    ),
    "rokt": Party(
        rokt.create, "https://cards.rokt.example/v1", _rokt, (JSON, ("Authorization", "Bearer x"))
    ),
    "gate tokenize": _gate("/v2/customer/card/tokenize", "customer", card=_CARD),
    "gate card": _gate("/v2/customer/card/bytoken", "customer", token=_APPROVED),
    "gate revoke": _gate("/v2/customer/card/token/revoke", "customer", token=_APPROVED),
    "gate sale": _gate("/v2/payment/card/sale", "general", card=_CARD | {"cvv": "123"}),
    "gate hold": _gate("/v2/payment/card/auth", "general", card=_CARD | {"cvv": "123"}),
    "gate payout": _gate("/v2/payment/card/payout", "general", card=_CARD),
    "gate sale by token": _gate("/v2/payment/card/sale/token", "general", token=_APPROVED),
    "gate hold by token": _gate("/v2/payment/card/auth/token", "general", token=_APPROVED),
    "gate payout by token": _gate("/v2/payment/card/payout/token", "general", token=_APPROVED),
    "gate verify": _gate("/v2/payment/card/verify/token", "general", token=_APPROVED),
    "echo": Party(echo.create, "https://new.partner.example/v1", lambda: {"a": 1}),
}


def host_of(party: Party) -> str:
    """The host of a party's right request."""
    return urlsplit(party.url).hostname or ""
