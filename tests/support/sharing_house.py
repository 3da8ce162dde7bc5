"""The payment-sharing API over the real sandbox: everything of it but its guards and its tokens."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from forwardc.cli.sandbox.link import store_secrets
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.http.request_target import own_names
from forwardc.runtime.history.store import Store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds
from forwardc.runtime.run.retries import RetryPolicy
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.sandbox.app import create_app
from forwardc.sandbox.world import World
from forwardc.server.directory.payment_directory import DirectoryError, Instrument
from forwardc.server.http.admission import Admission, Networks
from forwardc.server.http.middleware import AccessRules, ConcurrencyLimit, with_middleware
from forwardc.server.http.problems import ProblemError, ProblemKind, handlers
from forwardc.server.oauth.bearer_tokens import Caller
from forwardc.server.oauth.client_permissions import ClientPermissions
from forwardc.server.payment_sharing.answer import ReplayCipher
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess
from forwardc.server.payment_sharing.claims import LEASE_S, ClaimStore
from forwardc.server.payment_sharing.endpoint import EndpointDependencies, routes
from forwardc.server.payment_sharing.forwarder import Forwarder, read_served_plans
from forwardc.server.payment_sharing.payment_forward import PaymentForwarding
from forwardc.server.settings import (
    AdmissionSettings,
    DestinationSettings,
    IssuerSettings,
    LimitSettings,
    ReplaySettings,
)
from forwardc.server.telemetry.calls import CallRecord, NullObserver
from forwardc.server.telemetry.telemetry import Telemetry

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "COM.ROKT.CATALOG"
PATH = "/v1/initiate-payment-sharing"
EMAIL = "jane.roe@example.com"
SEALING = b"k" * 32
SCOPE = "payment-sharing"
TOKEN = "Bearer test-token"
HEADERS = {"Authorization": TOKEN, "Content-Type": "application/json"}
BILLING = {
    "billing.line1": "1 Main Street",
    "billing.city": "Springfield",
    "billing.postal_code": "49007",
    "billing.country": "US",
}


def checkout(label: str, **inputs: str) -> Instrument:
    """An instrument of Checkout.com by the label of a fixed source."""
    source = "src_" + label.ljust(26, "0")
    # The vault has a billing address of its own: what the lookup gives is left out.
    return Instrument("checkout", source, {**BILLING, **inputs}, identifiers={"email": EMAIL})


def stripe(source: str = "pm_card_visa") -> Instrument:
    return Instrument("stripe", source, dict(BILLING), identifiers={"email": EMAIL})


@dataclass
class Known:
    """A lookup in memory. `fails` is what every question raises."""

    instruments: dict[str, Instrument] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: Exception | None = None

    async def find(self, reference: str) -> Instrument | None:
        self.asked.append(reference)
        if self.fails:
            raise self.fails
        return self.instruments.get(reference)

    async def ready(self) -> None:
        if self.fails:
            raise DirectoryError("away")

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class FakeGate:
    """Believes one token, for one client or the one that it names, as strictly as `TokenGate`."""

    scope: frozenset[str] = frozenset({SCOPE})

    async def caller(self, authorization: str | None) -> Caller:
        if authorization is None or not authorization.startswith(TOKEN):
            asks = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise ProblemError(ProblemKind.INVALID_TOKEN, headers=asks)
        if SCOPE not in self.scope:
            asks = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{SCOPE}"'}
            raise ProblemError(ProblemKind.INSUFFICIENT_SCOPE, headers=asks)
        client = authorization.removeprefix(TOKEN).lstrip("-") or "rokt"
        return Caller(client, self.scope, 2_000_000_000)


class AllTerms:
    """Everybody may ask for all that there is."""

    async def permissions_of(self, client_id: str) -> ClientPermissions:
        return ClientPermissions(frozenset({NAME}))


@dataclass
class CountedRates:
    """Limits that never pass their window."""

    used: Counter[str] = field(default_factory=Counter)

    async def take(self, name: str, limit: int, window_s: int) -> float | None:
        if self.used[name] >= limit:
            return float(window_s)
        self.used[name] += 1
        return None

    async def peek(self, name: str, limit: int, window_s: int) -> float | None:
        return float(window_s) if self.used[name] >= limit else None


class Watched(NullObserver):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[CallRecord] = []

    def call(self, told: CallRecord) -> None:
        self.told.append(told)


class Vaults(httpx.AsyncBaseTransport):
    """The sandbox, with what a test puts before it: an answer, an exception, a wait."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.forwards: list[httpx.Request] = []
        self.instead: httpx.Response | Exception | None = None
        self.gate: asyncio.Event | None = None
        self._inner = httpx.ASGITransport(create_app(world))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path not in ("/forward", "/v1/forwarding/requests"):
            return await self._inner.handle_async_request(request)
        await request.aread()
        self.forwards.append(request)
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.instead, Exception):
            raise self.instead
        if self.instead is not None:
            answer = self.instead
            return httpx.Response(
                answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content)
            )
        return await self._inner.handle_async_request(request)


@dataclass
class House:
    """One process of the API, and what a test may look at."""

    app: Starlette
    client: httpx.AsyncClient
    service: PaymentForwarding
    dependencies: EndpointDependencies
    lookup: Known
    vaults: Vaults
    watched: Watched
    rates: Any
    store: Store

    async def post(self, reference: str = "pay-1", **more: Any) -> httpx.Response:
        headers = {**HEADERS, **more.pop("headers", {})}
        body: dict[str, Any] = {"partnerPaymentReference": reference, "destination": NAME}
        if identifiers := more.pop("identifiers", {"email": EMAIL}):
            body["customerIdentifiers"] = identifiers
        return await self.client.post(PATH, content=json.dumps({**body, **more}), headers=headers)

    def arrived(self) -> int:
        """How many requests have reached the destination."""
        return len(self.vaults.world.received)


def guarded(app: ASGIApp, limits: LimitSettings) -> ASGIApp:
    """An application behind the server's own middleware, for callers of this machine."""
    rules = AccessRules(
        own_names("127.0.0.1", ()), Admission(AdmissionSettings()), Networks(()), limits
    )
    return with_middleware(app, rules, ConcurrencyLimit(limits.in_flight), Telemetry())


@asynccontextmanager
async def house(
    store: Store,
    instruments: Mapping[str, Instrument],
    *,
    world: World | None = None,
    replay: ReplaySettings | None = None,
    limits: LimitSettings | None = None,
    rates: Any = None,
    policy: RetryPolicy | None = None,
    lease_s: float = LEASE_S,
    transport: httpx.AsyncBaseTransport | None = None,
    terms: Any = None,
    build: Path = ROOT / "build",
    run: str = "rokt.share",
    sleep: Callable[[float], Awaitable[None]] | None = None,
    clock: Callable[[], float] = monotonic,
) -> AsyncIterator[House]:
    """A running service. `transport` is another way to a sandbox than the one in this process.

    Its runs wait for nothing, or with `sleep`, by their own `clock`.
    """
    sink, vaults = Sink(), Vaults(world or World())
    mapped = {NAME: DestinationSettings(run=run, reference_param="reference")}
    ways = read_served_plans(build, "sandbox", mapped, sandbox_resolver, sink)
    assert not sink.has_errors, [problem.message for problem in sink.sorted()]

    async def no_wait(_: float) -> None:
        await asyncio.sleep(0)

    async with Sender(transport or vaults) as sender:
        for way in ways.values():
            await store_secrets(way.plan, way.operation, sender)
        journal = StoreJournal(store, emulated=True)
        ambient = ClockAndIds(now=lambda: store.timestamp().at)
        means = RunDependencies(
            *(sender, VaultKeys(sender), ambient, journal, policy or RetryPolicy()),
            sleep=sleep or no_wait,
            clock=clock,
        )
        lookup, watched = Known(dict(instruments)), Watched()
        limits, rates = limits or LimitSettings(), rates or CountedRates()
        service = PaymentForwarding(
            directory=lookup,
            forwarder=Forwarder(ways, means),
            claims=ClaimStore(store, ClaimingProcess(journal.owner, "sandbox", True, lease_s)),
            cipher=ReplayCipher((SEALING,)),
            rates=rates,
            replay=replay or ReplaySettings(),
            limits=limits,
            destinations=(NAME,),
            observer=watched,
        )
        dependencies = EndpointDependencies(
            FakeGate(), rates, service, limits, IssuerSettings(), watched, terms or AllTerms()
        )
        app = Starlette(routes=routes(dependencies), exception_handlers=dict(handlers()))
        calls = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=calls, base_url="http://127.0.0.1") as client:
            yield House(app, client, service, dependencies, lookup, vaults, watched, rates, store)
            await service.drain(5)
