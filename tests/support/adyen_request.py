"""Requests to Adyen's /payments in the sandbox, as tests send them."""

import asyncio
import json
from typing import Any

from forwardc.sandbox.app import InProcessExchange, call, scope_of
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.destinations.adyen.party import create
from forwardc.sandbox.world import OutboundRequest, World

TEST_URL = "https://checkout-test.adyen.com/v71/payments"
LIVE_URL = "https://1797a841fbb37ca7-Company-checkout-live.adyenpayments.com/checkout/v71/payments"
KEY = ("X-API-Key", secret("adyen", "adyen_api_key"))
NOW = 1_790_000_000.0  # September 2026
TAVV = "AgEAAAAAAIR8CQrXSohbQAAAAAA="


def body(**changes: Any) -> dict[str, Any]:
    card = {
        "type": "scheme",
        "number": "4111111111111111",
        "expiryMonth": "03",
        "expiryYear": "2030",
        "cvc": "737",
        "holderName": "Jane Roe",
    }
    request = {
        "amount": {"currency": "EUR", "value": 1250},
        "reference": "order-7",
        "merchantAccount": "SandboxECOM",
        "returnUrl": "https://shop.example/back",
        "paymentMethod": card | changes.pop("card", {}),
    }
    merged = request | changes
    return {name: value for name, value in merged.items() if value is not None}


def network_token(**changes: Any) -> dict[str, Any]:
    card = dict.fromkeys((), "") | {
        "type": "networkToken",
        "number": "5555555555554444",
        "expiryMonth": "03",
        "expiryYear": "2030",
    }
    mpi_data = {"tokenAuthenticationVerificationValue": TAVV, "eci": "05"}
    return body(paymentMethod=card, mpiData=mpi_data) | changes


def post(
    world: World,
    content: Any,
    *headers: tuple[str, str],
    url: str = TEST_URL,
    key: bool = True,
) -> tuple[InProcessExchange, Any]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = (("Content-Type", "application/json"), *headers, *((KEY,) if key else ()))
    outbound = OutboundRequest("POST", url, sent, data)
    exchange = asyncio.run(call(create(world), scope_of(outbound), data))
    return exchange, json.loads(bytes(exchange.body))
