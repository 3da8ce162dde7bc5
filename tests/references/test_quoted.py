"""What a person is told to quote was sent to the party he quotes it to, or came from there.

Every shipped operation runs at every vault that carries it, and the answer to each of its steps is
lost in turn. What the texts say is compared with what the parties got, never with our own plan.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashboards import Browser, fresh_settings, text_of
from forwardc.cli.main import run as cli
from forwardc.diagnostics.sink import Sink
from forwardc.partner.dashboard.app import create
from forwardc.partner.dashboard.login import Role
from forwardc.plan.build_dir import read_manifest, read_plan
from forwardc.plan.model import Operation, Plan
from forwardc.plan.terms import Lit, line_parts
from forwardc.runtime.history.records import Filter, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.runtime.policy import retry
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
    "customer_id": "CUSTOMER-5",
    "ip_address": "198.51.100.47",
    "token": "3f" * 32,
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


def shipped() -> Iterator[Case]:
    manifest = read_manifest(BUILD, Sink())
    assert manifest is not None
    for vault, destination, place in sorted(manifest.plans()):
        if place != "sandbox":
            continue
        for name, operation in plan_of(vault, destination).operations.items():
            for step in operation.steps:
                yield Case(vault, destination, name, step.name)


CASES = list(shipped())


def arguments(case: Case, operation: Operation) -> list[str]:
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


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = str(tmp_path / "history.db")
    monkeypatch.setenv("FORWARDC_HISTORY", url)
    # Nobody waits between the attempts of a test.
    monkeypatch.setattr(retry.Policy, "wait", _no_wait)
    return url


def _no_wait(self: retry.Policy, attempts: int, *_: object) -> float | None:
    return 0.0 if attempts < 2 else None


def overhear(monkeypatch: pytest.MonkeyPatch, what: re.Pattern[str]) -> Overheard:
    sandbox = Overheard(lost=what)
    monkeypatch.setattr("forwardc.cli.sandbox_link.transport_to", lambda *_: sandbox)
    return sandbox


def newest(history: str) -> StoredRun:
    with open_store(history) as store:
        found = store.load(store.search(Filter()).runs[0].id)
    assert found is not None
    return found


def pages(history: str, run_id: str) -> list[str]:
    """What the dashboard shows of the run, and of all unknown ones."""
    with open_store(history) as store:
        settings = fresh_settings()
        browser = Browser(create(store, settings), settings).sign_in(Role.VIEWER)
        return [text_of(browser.get(path).text) for path in (f"/runs/{run_id}", "/unknown")]


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


def on_page(page: str) -> Iterator[tuple[str, str, str]]:
    """The same of a page of the dashboard."""
    for question in re.findall(r"Ask (\w+): (.*?)(?=Ask \w+: |No body|$)", page):
        for said in re.findall(r"Quote (.*?)(?: \. |\.)", question[1]):
            for part in said.split(";"):
                found = re.fullmatch(r" *(.+?) *, (sent|given) as .*", part)
                assert found, part
                yield question[0], found[2], found[1]


def check(case: Case, heard: Overheard, found: list[tuple[str, str, str]], plan: Plan) -> None:
    hosts = {plan.vault: plan.hosts.vault, plan.destination: plan.hosts.destination}
    if plan.vault == plan.destination:
        hosts = {plan.vault: (*plan.hosts.vault, *plan.hosts.destination)}
    for who, way, value in found:
        where = heard.got if way.startswith("sent") else heard.gave
        texts = [text for host in hosts[who] for text in where[host]]
        assert any(value in text for text in texts), f"{case}: {who} was never {way} {value!r}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_quoted_to_a_party_was_sent_to_it_or_came_from_it(
    case: Case, history: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of(case.vault, case.destination)
    heard = overhear(monkeypatch, lost(plan, case))
    code = cli(arguments(case, plan.operations[case.operation]))
    ended = capfd.readouterr().out
    assert code == 13, ended
    run = newest(history)
    texts = [ended]
    for command in (["resolve", run.id], ["history", "show", run.id], ["reconcile", run.id]):
        cli(command)
        texts.append(capfd.readouterr().out)
    said = [found for text in texts for found in quoted(text)]
    asked = set(quoted(texts[1]))
    for page in pages(history, run.id):
        # The dashboard says what the command line says, no less and no more.
        assert set(on_page(page)) == asked
    assert asked or not plan.operations[case.operation].payment_reference
    check(case, heard, said, plan)
    # Ours is no name of the payment to a destination that never got it.
    to_destination = {value for who, _, value in said if who == plan.destination}
    assert OURS not in to_destination
