"""Runs of shipped operations whose answer gets lost, and what the texts then say to quote."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import Lit, line_parts
from forwardc.plan.build_folder import read_plan
from forwardc.plan.model import Plan, PlanOperation
from forwardc.runtime.history.records import RunFilter, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.runtime.run import retries as retry
from overheard import Overheard

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
OURS = "OUR-REFERENCE-1"
# Each value is another one, so that none is found by chance.
PARAMS = {
    "amount": "1999",
    "currency": "EUR",
    "reference": "SHOP-ORDER-2",
    "return_url": "https://shop.example/return",
    "description": "Order of a shop",
    "wallet_account_id": "WALLET-3",
    "email": "shopper@example.com",
    "customer": "CUSTOMER-4",
    "customer_id": "customer_123",
    "ip_address": "198.51.100.47",
    "token": "b8200fb478aae65919b4155b5d5eb964cfcc55585634874de8b1c471b7d56cf9",
    "payment_id": "PAYMENT-6",
}
OPTIONAL = ("shopper_reference",)
SOURCES = {"checkout": "src_visa_approved".ljust(30, "0"), "stripe": "pm_sandbox_visa"}
NETWORK_TOKEN = "src_visa_network_token".ljust(30, "0")


@dataclass(frozen=True)
class Case:
    """One shipped operation at one vault, and the step whose answer is lost."""

    vault: str
    destination: str
    operation: str
    step: str

    def __str__(self) -> str:
        return f"{self.vault}-{self.destination}.{self.operation}-{self.step}"


def plan_of(vault: str, destination: str) -> Plan:
    plan = read_plan(BUILD, vault, destination, "sandbox", Sink())
    assert plan is not None
    return plan


def arguments(case: Case, operation: PlanOperation) -> list[str]:
    given = [name for name in operation.params if name not in OPTIONAL]
    params = [part for name in given for part in ("-p", f"{name}={PARAMS[name]}")]
    source = NETWORK_TOKEN if "network_token" in case.operation else SOURCES.get(case.vault)
    return [
        *("run", f"{case.destination}.{case.operation}", "--via", case.vault, "--env", "sandbox"),
        *("--sandbox", "--reference", OURS, "--build", str(BUILD), *params),
        *(("--source", source) if source else ()),
    ]


def lost(plan: Plan, case: Case) -> re.Pattern[str]:
    """The requests whose answers are lost: to the vault, or to a destination that we call."""
    step = next(s for s in plan.operations[case.operation].steps if s.name == case.step)
    if step.deliver == "direct":
        parts = line_parts(step.destination.url.tree)
        url = "".join(re.escape(str(p.value)) if isinstance(p, Lit) else "[^/]+" for p in parts)
        return re.compile(f"{step.http.method} {url.removeprefix('https://')}")
    hosts = "|".join(map(re.escape, plan.hosts.vault))
    return re.compile(f"POST (?:{hosts})(?:/forward|/v1/forwarding/requests)")


def recorded(monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    """The history of a test, in which nobody waits between attempts."""
    url = str(folder / "history.db")
    monkeypatch.setenv("FORWARDC_HISTORY", url)
    monkeypatch.setattr(retry.RetryPolicy, "wait", _no_wait)
    return url


def _no_wait(self: retry.RetryPolicy, attempts: int, *_: object) -> float | None:
    return 0.0 if attempts < 2 else None


def overhear(monkeypatch: pytest.MonkeyPatch, what: re.Pattern[str]) -> Overheard:
    sandbox = Overheard(lost=what)
    monkeypatch.setattr("forwardc.cli.sandbox.link.transport_to", lambda *_: sandbox)
    return sandbox


def newest(history: str) -> StoredRun:
    with open_store(history) as store:
        found = store.load(store.search(RunFilter()).runs[0].id)
    assert found is not None
    return found


def quoted(text: str) -> Iterator[tuple[str, str, str]]:
    """Party, way and value of everything that the command line says to quote."""
    who = ""
    for line in text.splitlines():
        if asked := re.match(r"  ask (\w+) ", line):
            who = asked[1]
        elif found := re.match(r"    quote +(.+), (sent|given) as ", line):
            yield who, found[2], found[1]
        elif found := re.match(r"  (?:key|name) +(.+), (sent to|given by) (\w+)", line):
            yield found[3], found[2][:4].strip(), found[1]
