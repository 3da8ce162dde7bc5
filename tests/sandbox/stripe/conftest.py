"""A bench for the emulated Stripe: one world with a stopped clock and a destination to script."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.stripe.party import create
from forwardc.sandbox.stripe.seed import seed
from forwardc.sandbox.world import EmulatedAnswer, OutboundRequest, World
from stripe_contract import FILES, Judge

START = 1_790_000_000.0  # September 2026
JSON = (("Content-Type", "application/json"),)
FORWARD = "/v1/forwarding/requests"
DEMO = "https://forwarding-api-demo.stripedemos.com/tokens"


class Bench:
    """Talks to the app as a client does. `sent` is what left for destinations."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.time = START
        self.world = World(now=lambda: self.time, send=self._deliver)
        seed(self.world)
        self.app = create(self.world)
        self.sent: list[OutboundRequest] = []
        self.answer: EmulatedAnswer | Exception = EmulatedAnswer(200, JSON, b'{"ok":true}', 12)

    async def _deliver(self, outbound: OutboundRequest) -> EmulatedAnswer:
        self.sent.append(outbound)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def request(
        self,
        method: str,
        path: str,
        form: Any = None,
        headers: dict[str, str] | None = None,
        client: tuple[str, int] = ("127.0.0.1", 50_000),
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=client)
        sent = {"Authorization": f"Bearer {stripe_secret_key()}"} | (headers or {})
        content = None
        if form is not None:
            content = form if isinstance(form, str) else urlencode(flat(form))
            sent = {"Content-Type": "application/x-www-form-urlencoded"} | sent
        base = "https://api.stripe.com"
        async with httpx.AsyncClient(transport=transport, base_url=base) as session:
            answer = await session.request(method, path, content=content, headers=sent)
        self._judge(method, path, answer)
        return answer

    def _judge(self, method: str, path: str, answer: httpx.Response) -> None:
        """Every answer of the emulated API must be one that Stripe could give."""
        whole = answer.headers["content-type"] == "application/json" and answer.content[-1:] == b"}"
        if path.startswith("/v1/") and whole:
            problems = self.judge.problems(
                method, urlsplit(path).path, answer.status_code, answer.json()
            )
            assert problems == []

    def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(self.request("GET", path, headers=named))

    def query(self, path: str, form: Any, **headers: str) -> httpx.Response:
        """A GET with parameters."""
        return self.get(f"{path}?{urlencode(flat(form))}", **headers)

    def call(self, method: str, path: str, **headers: str) -> httpx.Response:
        """A call without parameters."""
        return asyncio.run(self.request(method, path, headers=headers))

    def delete(self, path: str) -> httpx.Response:
        return asyncio.run(self.request("DELETE", path))

    def post(self, path: str, form: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(self.request("POST", path, form, named))

    def switch(self, name: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return asyncio.run(
            self.request("POST", f"/_sandbox/stripe/{name}", json.dumps(body), headers)
        )

    def card(self, number: str = "4242424242424242", **extra: Any) -> dict[str, Any]:
        card = {"number": number, "exp_month": "03", "exp_year": "2030", "cvc": "737"}
        form = {"type": "card", "card": card, "billing_details": {"name": "Jane Roe"}}
        answer = self.post("/v1/payment_methods", form | extra)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def forward(
        self,
        body: Any,
        replacements: str = "card_number card_expiry card_cvc cardholder_name",
        *,
        method: str = "pm_card_visa",
        url: str = DEMO,
        sends: dict[str, str] | None = None,
        **headers: str,
    ) -> httpx.Response:
        request: dict[str, Any] = {"body": body if isinstance(body, str) else json.dumps(body)}
        if sends:
            request["headers"] = [{"name": name, "value": sends[name]} for name in sends]
        form = {
            "payment_method": method,
            "url": url,
            "replacements": replacements.split(),
            "request": request,
        }
        return self.post(FORWARD, form, **headers)

    def left(self) -> Any:
        """The JSON body of the last request that left."""
        return json.loads(self.sent[-1].body)


def flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested data as the pairs of a form, lists indexed, as Stripe's own libraries write it."""
    if isinstance(value, dict):
        items = [(f"{name}[{key}]" if name else key, item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{name}[{at}]", item) for at, item in enumerate(value)]
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return [(name, text)]
    return [pair for key, item in items for pair in flat(item, key)]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """By the vendor's contracts where they are there, and always by its client's types."""
    folder = Path(__file__).resolve().parents[4] / "shared" / "contracts"
    return Judge([folder / name for name in FILES if (folder / name).exists()])


@pytest.fixture(scope="session")
def new_bench(judge: Judge) -> Callable[[], Bench]:
    """A bench for each example of a property."""
    return lambda: Bench(judge)


@pytest.fixture
def bench(judge: Judge) -> Bench:
    return Bench(judge)


@pytest.fixture(scope="session")
def flat_form() -> Callable[[dict[str, Any]], str]:
    """Nested data as the text of a form."""
    return lambda tree: urlencode(flat(tree))


@pytest.fixture(scope="session")
def follows_contract(shared: Callable[[str], Path], judge: Judge) -> Callable[[str, Any], None]:
    """A check that an answer is valid for the real API's published schema of that name."""
    assert [shared(f"contracts/{name}") for name in FILES]

    def check(name: str, answer: Any) -> None:
        assert judge.by_name(name, answer) == []

    return check
