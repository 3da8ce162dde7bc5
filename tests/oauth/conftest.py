"""A plan whose vault takes an OAuth client, and a vault that is a function."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.oauth import AccessTokens
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver

PLANS = Path(__file__).parent.parent / "runtime" / "plans"
ACCESS = "access.sandbox.checkout.com"
CLIENT = {
    "FORWARDC_VAULT__SANDBOX__CHECKOUT__CLIENT_ID": "ack_hush-client",
    "FORWARDC_VAULT__SANDBOX__CHECKOUT__CLIENT_SECRET": "hush-client-secret-7373",
}


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The hand-made plan of Checkout.com, which takes a client as well as a key."""
    data = json.loads((PLANS / "forward.json").read_bytes())
    client = {"client_id": "client_id", "client_secret": "client_secret"}
    url = f"https://{ACCESS}/connect/token"
    oauth = {"token_url": url, **client, "scopes": ["forward"]}
    data["credentials"]["api_key"]["or"] = {"oauth": oauth}
    data["operations"]["card_with_cvc"]["fallback"]["ask"]["scopes"] = ["vault:instruments"]
    data["hosts"]["vault"].append(ACCESS)
    return load_plan(json.dumps(data).encode())


class Clock:
    """Seconds, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Vault(httpx.AsyncBaseTransport):
    """Makes tokens by number, takes those in `good`, and forwards everything."""

    lifetime: object = 3600
    good: Callable[[str], bool] = lambda _: True
    made: list[dict[str, list[str]]] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    instrument: str = "active"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        answer = self.answer(request)
        # A fresh, unread response, as a connection gives it.
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        if request.url.host == ACCESS:
            return self.token(request)
        self.used.append(request.headers["authorization"])
        if not self.good(self.used[-1].removeprefix("Bearer ")):
            return httpx.Response(401)
        if request.method == "GET":
            return httpx.Response(200, json={"state": self.instrument})
        body = json.dumps({"resultCode": "Authorised", "pspReference": "1"})
        inner = {"status": 200, "headers": {}, "body": body}
        return httpx.Response(200, json={"request_id": "fwd_1", "destination_response": inner})

    def token(self, request: httpx.Request) -> httpx.Response:
        self.made.append(parse_qs(request.content.decode()))
        answer = {"access_token": f"token-number-{len(self.made)}", "token_type": "Bearer"}
        text = json.dumps(answer | {"expires_in": "here"}).replace('"here"', self.told())
        return httpx.Response(200, text=text)

    def told(self) -> str:
        """The lifetime as JSON text; `bytes` are that text already."""
        if isinstance(self.lifetime, bytes):
            return self.lifetime.decode()
        return json.dumps(self.lifetime)


@dataclass
class Ran:
    """What one run gave."""

    result: RunResult | None
    sink: Sink

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.sink.sorted()]


@dataclass
class Runner:
    """Runs operations one after another with the same tokens and clock."""

    plan: Plan
    clock: Clock = field(default_factory=Clock)
    look_up: SecretResolver = CLIENT.get

    def __post_init__(self) -> None:
        self.tokens = AccessTokens(self.clock)

    def __call__(self, transport: httpx.AsyncBaseTransport, operation: str = "card") -> Ran:
        sink = Sink()
        params = {"amount": "1000", "currency": "EUR"}
        inputs = {"cvv_token": "tok_" + "b" * 26} if operation == "card_with_cvc" else {}
        source = "src_visa_approved0000000000000"
        request = RunRequest(source=source, inputs=inputs, texts=params)

        async def go() -> RunResult | None:
            async with Sender(transport) as sender:
                means = RunDependencies(sender, VaultKeys(sender), tokens=self.tokens)
                return await run(self.plan, operation, request, self.look_up, means, sink)

        return Ran(asyncio.run(go()), sink)


@pytest.fixture
def runner(plan: Plan) -> Runner:
    """Runs with a client, under a clock that stands still."""
    return Runner(plan)


@pytest.fixture
def vault() -> Callable[..., Vault]:
    """Makes a vault."""
    return Vault
