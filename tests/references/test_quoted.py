"""What a person is told to quote was sent to the party he quotes it to, or came from there.

Every shipped operation runs at every vault that carries it, and the answer to each of its steps is
lost in turn. What the texts say is compared with what the parties got, never with our own plan.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import Browser, fresh_settings, text_of
from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.plan.build_folder import read_manifest
from forwardc.plan.model import Plan
from forwardc.runtime.history.store import open_store
from lost_answers import (
    BUILD,
    OURS,
    Case,
    arguments,
    lost,
    newest,
    overhear,
    plan_of,
    quoted,
    recorded,
)
from overheard import Overheard


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


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return recorded(monkeypatch, tmp_path)


def pages(history: str, run_id: str) -> list[str]:
    """What the dashboard shows of the run, and of all unknown ones."""
    with open_store(history) as store:
        settings = fresh_settings()
        browser = Browser(create(store, settings), settings).sign_in(Role.VIEWER)
        return [text_of(browser.get(path).text) for path in (f"/runs/{run_id}", "/unknown")]


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
