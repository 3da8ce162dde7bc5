"""No JSON that a client sends makes a destination fail: every answer is a documented one."""

import asyncio
import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from forwardc.sandbox.app import call, scope_of
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.crypto import rocketpay as gate
from forwardc.sandbox.crypto import visa as token
from forwardc.sandbox.destinations.adyen import party as adyen
from forwardc.sandbox.destinations.rocketpay import party as rocketpay
from forwardc.sandbox.destinations.rocketpay import tokens
from forwardc.sandbox.destinations.rokt import party as rokt
from forwardc.sandbox.destinations.visa import party as visa
from forwardc.sandbox.world import OutboundRequest, World

NOW = 1_790_000_000
SECRET = secret("rocketpay", "rocketpay_secret")
CARD = {"number": "4242424242424242", "expiryMonth": "03", "expiryYear": "2030"}
ADYEN: dict[str, Any] = {
    "amount": {"currency": "EUR", "value": 1},
    "reference": "r",
    "merchantAccount": "M",
    "returnUrl": "https://shop.example",
    "paymentMethod": CARD,
    "mpiData": {"eci": "05"},
    "billingAddress": {"city": "B"},
    "authenticationData": {"threeDSRequestData": {}},
}
ROKT: dict[str, Any] = {"payment": CARD, "reference": "r", "billingAddress": {"city": "B"}}
VISA: dict[str, Any] = {"clientAppID": "a", "encPaymentInstrument": "a.b.c.d.e", "panSource": "X"}
GATE: dict[str, Any] = {
    "general": {"project_id": 1, "payment_id": "p", "signature": "s"},
    "customer": {"id": "c", "ip_address": "203.0.113.9", "project_id": 1, "signature": "s"},
    "payment": {"amount": 1, "currency": "KZT"},
    "card": {"pan": "4242424242424242", "year": 2030, "month": 8, "card_holder": "J", "cvv": "1"},
    "token": tokens.fixed_token("visa_approved"),
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def bent(draw: Callable[..., Any], whole: dict[str, Any]) -> dict[str, Any]:
    """A good body with one member, at the root or below it, replaced by anything."""
    document = copy.deepcopy(whole)
    target = draw(
        st.sampled_from([document, *(v for v in document.values() if v and type(v) is dict)])
    )
    target[draw(st.sampled_from(sorted(target)))] = draw(anything)
    return document


def answer(app: Starlette, url: str, headers: dict[str, str], data: bytes) -> int:
    sent = tuple({"content-type": "application/json", **headers}.items())
    exchange = asyncio.run(call(app, scope_of(OutboundRequest("POST", url, sent, data)), data))
    json.loads(bytes(exchange.body))
    return exchange.status


@given(bent(ADYEN) | anything)
def test_adyen(document: Any) -> None:
    app = adyen.create(World(now=lambda: NOW))
    headers = {"x-api-key": secret("adyen", "adyen_api_key")}
    url = "https://checkout-test.adyen.com/v71/payments"
    status = answer(app, url, headers, json.dumps(document).encode())
    assert status in (200, 400, 403, 422)


@given(bent(ROKT) | anything)
def test_rokt(document: Any) -> None:
    app = rokt.create(World(now=lambda: NOW))
    data = json.dumps(document).encode()
    status = answer(app, "https://x.rokt.example/", {"authorization": "Bearer x"}, data)
    assert status in (200, 402, 422, 400)


@given(bent(VISA) | anything)
def test_visa(document: Any) -> None:
    app = visa.create(World(now=lambda: NOW))
    data = json.dumps(document).encode()
    url = f"https://api.visa.com/vts/provisionedTokens?apiKey={secret('visa', 'visa_api_key')}"
    shared = secret("visa", "visa_shared_key")
    headers = {
        "x-pay-token": token.x_pay_token(secret=shared, timestamp=NOW, url=url, body=data),
        "x-request-id": "0b9a6f1e-3c55-4c2b-9a53-6a4f7d1d2c11",
    }
    assert answer(app, url, headers, data) == 400


@pytest.mark.parametrize(
    ("envelope", "path"),
    [
        ("customer", "/v2/customer/card/tokenize"),
        ("customer", "/v2/customer/card/bytoken"),
        ("customer", "/v2/customer/card/token/revoke"),
        ("general", "/v2/payment/card/sale"),
        ("general", "/v2/payment/card/payout/token"),
        ("general", "/v2/payment/card/verify/token"),
    ],
)
@given(document=bent(GATE))
def test_rocketpay(envelope: str, path: str, document: Any) -> None:
    app = rocketpay.create(World(now=lambda: NOW))
    # What cannot be signed goes out with the old signature, and must be refused all the same.
    with contextlib.suppress(gate.UnsignableBodyError, TypeError):
        document[envelope]["signature"] = gate.sign(document, SECRET)
    data = json.dumps(document).encode()
    status = answer(app, f"https://api.rocketpay.kz{path}", {}, data)
    assert status in (200, 400, 422, 403)
