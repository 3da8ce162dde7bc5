"""A client of the emulated Checkout.com, without a server in between."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from forwardc.sandbox.app import Sandbox, call, create_app, scope_of
from forwardc.sandbox.checkout.made_up_keys import checkout_public_key, checkout_secret_key
from forwardc.sandbox.laxness import laxnesses
from forwardc.sandbox.world import OutboundRequest, ReceivedRequest, World

CHANNEL = "pc_" + "a" * 26
NOW = 1_790_000_000.0  # 2026-09-21
FORWARD = "https://forward.sandbox.checkout.com"
API = "https://api.sandbox.checkout.com"
ACCESS = "https://access.sandbox.checkout.com"
SECRET = checkout_secret_key()
PUBLIC = checkout_public_key()


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def codes(self) -> list[str]:
        return self.json()["error_codes"]


@dataclass
class Checkout:
    """Calls the vault as a merchant does."""

    world: World
    app: Sandbox = field(init=False)
    FORWARD = FORWARD
    API = API
    ACCESS = ACCESS
    PUBLIC = PUBLIC

    def __post_init__(self) -> None:
        self.app = create_app(self.world)

    def send(
        self, method: str, url: str, content: Any = None, *, key: str = SECRET, **headers: str
    ) -> Reply:
        body = content if isinstance(content, bytes) else b""
        if content is not None and not isinstance(content, bytes):
            body = json.dumps(content).encode()
        given = [("Authorization", f"Bearer {key}")] if key else []
        given += [(name.replace("_", "-"), value) for name, value in headers.items()]
        outbound = OutboundRequest(method, url, tuple(given), body)
        exchange = asyncio.run(call(self.app, scope_of(outbound), body))
        return Reply(exchange.status, dict(exchange.headers), exchange.body.decode())

    def token(self, content: dict[str, Any]) -> str:
        reply = self.send("POST", f"{API}/tokens", content, key=PUBLIC)
        assert reply.status == 201, reply.text
        return reply.json()["token"]

    def card_token(self, number: str = "4242424242424242", **more: Any) -> str:
        card = {"type": "card", "number": number, "expiry_month": 8, "expiry_year": 2030}
        return self.token(card | more)

    def cvv_token(self, cvv: str = "123") -> str:
        return self.token({"type": "cvv", "token_data": {"cvv": cvv}})

    def store(self, name: str, value: str) -> None:
        reply = self.send("POST", f"{FORWARD}/secrets", {"name": name, "value": value})
        assert reply.status == 201, reply.text

    def forward(self, request: dict[str, Any], **more: Any) -> Reply:
        return self.send("POST", f"{FORWARD}/forward", request, **more)

    @staticmethod
    def fixed(label: str) -> str:
        return "src_" + label.ljust(26, "0")

    def request(
        self, body: str = "{}", source: Any = "visa_approved", **more: Any
    ) -> dict[str, Any]:
        """A forward request; `more` joins destination_request."""
        if isinstance(source, str):
            source = {"type": "id", "id": self.fixed(source)}
        destination = {
            "url": "https://psp.example.com/pay",
            "method": "POST",
            "headers": {"raw": {"Content-Type": "application/json"}},
            "body": body,
        }
        return {
            "source": source,
            "processing_channel_id": CHANNEL,
            "destination_request": destination | more,
        }

    def sent(self, body: str, source: Any = "visa_approved", **more: Any) -> str:
        """The body that the destination received."""
        reply = self.forward(self.request(body, source, **more))
        assert reply.status == 200, reply.text
        return self.last.body.decode()

    @property
    def last(self) -> ReceivedRequest:
        return self.world.received[-1]


@pytest.fixture
def vault() -> Checkout:
    return Checkout(World(now=lambda: NOW))


@pytest.fixture
def lenient() -> Checkout:
    return Checkout(World(now=lambda: NOW, lax=frozenset(laxnesses())))
