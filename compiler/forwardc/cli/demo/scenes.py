"""The scenes of the demo, and how they are played against one sandbox.

What is run, through which vault, and what must come out is data. Each scene goes the way that
`forwardc run --sandbox` goes: plan out of the build folder, secrets through the API of the vault,
one call of the runtime; what happened comes back as lines.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import click

from forwardc.cli.demo.cards import Stored, store_card
from forwardc.cli.demo.outline import Outline
from forwardc.cli.options import IN_PROCESS
from forwardc.cli.sandbox.link import store_secrets, transport_to
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.render.printable import on_one_line
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import Secret
from forwardc.plan.build_folder import read_plan, read_plans
from forwardc.plan.model import Plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.redaction import Redactor
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult, StepReport
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Scene:
    """One run. `card` names a test card that is stored first; a direct run has none."""

    title: str
    destination: str
    operation: str
    vault: str
    params: Mapping[str, str]
    card: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    expected: Outcome = Outcome.APPROVED

    @property
    def target(self) -> str:
        """The operation as `forwardc run` names it."""
        return f"{self.destination}.{self.operation}"


_PAYMENT: Final = {"amount": "1000", "currency": "EUR"}
_ORDER: Final = {
    **_PAYMENT,
    "reference": 'ORDER-1 "é" {{card_number}}',
    "return_url": "https://shop.example/return",
}
_BILLING: Final = {
    "billing.line1": "1 Example Street",
    "billing.city": "London",
    "billing.postal_code": "NW1 6XE",
    "billing.country": "GB",
}

SCENES: Final = (
    Scene(
        "Stripe through Checkout.com: three steps, the card in the first only",
        *("stripe", "payment", "checkout"),
        _PAYMENT,
        card="visa",
    ),
    Scene(
        "Adyen through Checkout.com, with the CVC; the order's name tries to be a placeholder",
        *("adyen", "card_cit", "checkout"),
        _ORDER,
        card="visa_adyen",
    ),
    Scene(
        "Adyen through Checkout.com: the issuer declines",
        *("adyen", "card_cit", "checkout"),
        {**_ORDER, "reference": "ORDER-2"},
        card="declined",
        expected=Outcome.DECLINED,
    ),
    Scene(
        "Visa through Checkout.com: the vault encrypts the card and signs the request",
        *("visa", "provision", "checkout"),
        {"wallet_account_id": "wallet-42", "email": "shopper@example.com"},
        card="visa",
    ),
    Scene(
        "Rokt through Stripe: the billing address comes from us, as Stripe forwards none",
        *("rokt", "share", "stripe"),
        {"reference": "ORDER-3"},
        card="visa",
        inputs=_BILLING,
    ),
    Scene(
        "Adyen through Stripe: the same YAML, blanks in place of placeholders",
        *("adyen", "card_cit", "stripe"),
        {**_ORDER, "reference": "ORDER-4"},
        card="visa_adyen",
    ),
    Scene(
        "Rocketpay, card information by token: no card data, so no vault",
        *("rocketpay", "card", "direct"),
        {"customer_id": "customer_123"},
    ),
)


_CONTROL: Final = "http://127.0.0.1/_sandbox"
_COLORS: Final = {Outcome.APPROVED: "green", Outcome.DECLINED: "yellow"}


@dataclass(frozen=True, slots=True)
class Played:
    """A scene and what came of it. `received` is the sandbox's masked record."""

    scene: Scene
    stored: Stored | None
    result: RunResult | None
    received: Sequence[Mapping[str, Any]]
    sink: Sink
    secrets: int
    redactor: Redactor
    duration_ms: int

    @property
    def outcome(self) -> str:
        """The outcome's name; `not sent` where the run was refused."""
        return str(self.result.outcome) if self.result else "not sent"

    @property
    def as_expected(self) -> bool:
        """Whether the scene ended as it should."""
        return self.result is not None and self.result.outcome is self.scene.expected

    def shown(self, text: str) -> str:
        """A text of this run as it may be shown."""
        return on_one_line(self.redactor.hide(text))


async def play(build: Path, scenes: Iterable[Scene]) -> list[Played]:
    """Play all scenes in one sandbox."""
    import httpx

    transport = transport_to(IN_PROCESS, read_plans(build, Sink(), "sandbox"))
    async with Sender(transport) as sender, httpx.AsyncClient(transport=transport) as client:
        return [await _play(build, scene, sender, client) for scene in scenes]


async def _play(build: Path, scene: Scene, sender: Sender, client: "httpx.AsyncClient") -> Played:
    started = perf_counter()
    sink, redactor = Sink(), Redactor()
    stored = await store_card(scene.vault, scene.card, client) if scene.card else None
    await client.delete(f"{_CONTROL}/received")
    result, secrets = None, 0
    plan = read_plan(build, scene.vault, scene.destination, "sandbox", sink)
    if plan is not None:
        await store_secrets(plan, scene.operation, sender)
        secrets = len(plan.operations[scene.operation].stored_secrets)
        redactor.hide_values(_sensitive(plan, scene))
        means = RunDependencies(sender, VaultKeys(sender), ClockAndIds(emulated=True))
        request = await _request(scene, stored, client)
        result = await run(plan, scene.operation, request, sandbox_resolver(plan), means, sink)
    received = (await client.get(f"{_CONTROL}/received")).json()["data"]
    took = round((perf_counter() - started) * 1000)
    return Played(scene, stored, result, received, sink, secrets, redactor, took)


def _sensitive(plan: Plan, scene: Scene) -> dict[str, Secret]:
    """What the plan wants masked, also where a destination tells what it received."""
    inputs = plan.operations[scene.operation].inputs
    sensitive = {name for name, spec in (*plan.params.items(), *inputs.items()) if spec.sensitive}
    values = {**scene.params, **scene.inputs}
    return {name: Secret(value) for name, value in values.items() if name in sensitive}


async def _request(scene: Scene, stored: Stored | None, client: "httpx.AsyncClient") -> RunRequest:
    request = RunRequest(texts=scene.params, inputs=scene.inputs)
    if stored:
        return replace(request, source=stored.source, inputs={**scene.inputs, **stored.inputs})
    # Without a vault the card is at the destination, under a token that it gave out earlier.
    sources = (await client.get(f"{_CONTROL}/sources")).json()["data"]
    tokens = [row["id"] for row in sources if row["vault"] == scene.destination]
    return replace(request, texts={**scene.params, "token": tokens[0]})


def lines(played: Played, number: int, of: int) -> Iterator[str]:
    """What a scene showed: card, requests, outcome, time."""
    scene, result = played.scene, played.result
    yield click.style(f"{number}/{of}  {scene.title}", bold=True)
    yield f"  forwardc run {scene.target} --via {scene.vault} --env sandbox --sandbox ..."
    if played.stored:
        yield f"  card: {played.stored.description}, kept as {played.stored.source}"
    if played.secrets:
        yield f"  secrets stored at {scene.vault}: {played.secrets}"
    if result is None:
        yield from (f"  {finding.code} {finding.message}" for finding in played.sink.sorted())
    received = iter(played.received)
    for step in result.steps if result else ():
        yield ""
        yield from _step(played, step, next(received, None))
    yield ""
    yield f"  {_verdict(played)} in {played.duration_ms} ms"


def _step(played: Played, step: StepReport, received: Mapping[str, Any] | None) -> Iterator[str]:
    scene, layout = played.scene, Outline(played.shown, " " * 4)
    yield f"  step {step.name}"
    if step.deliver == "direct":
        yield _label(f"  no card data: {scene.destination} is called directly")
    elif step.request:
        yield _label(f"  {scene.vault} received")
        shown = step.request
        yield from layout.request(shown.method, shown.url, shown.headers, shown.body)
    if received is None:
        yield _label(f"  {scene.destination} received nothing")
        return
    yield _label(f"  {scene.destination} received")
    url = f"https://{received['host']}{received['target']}"
    headers = [(name, value) for name, value in received["headers"]]
    yield from layout.request(received["method"], url, headers, received["body"])
    if received["sum"]:
        yield f"    sum: {played.redactor.text(received['sum'])}"
    yield _label(f"  and answered {step.status} in {step.duration_ms} ms{_outputs(step)}")


def _label(text: str) -> str:
    return click.style(on_one_line(text), fg="cyan")


def _outputs(step: StepReport) -> str:
    texts = [f"{name} {value}" for name, value in step.outputs.items() if value is not None]
    return f": {', '.join(texts)}" if texts else ""


def _verdict(played: Played) -> str:
    color = _COLORS.get(played.result.outcome, "red") if played.result else "red"
    shown = click.style(played.outcome, fg=color, bold=True)
    return shown if played.as_expected else f"{shown}, but {played.scene.expected} was expected"
