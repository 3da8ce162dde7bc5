"""Scheme and country of a card, by one question beside the run: asked once, and waited for by
nobody."""

import asyncio
import json
import shutil
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from attempted import NOW, SOURCE, Notes
from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.digests import approval_digest
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.card_metadata import CardQuestions
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import CardFacts, RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from patience import LONG_S

PROJECT = """\
forwardc: 1
merchant: {{name: Shop of Tests}}
environments:
  sandbox:
    vaults:
      checkout: {{processing_channel_id: pc_abcdefghijklmnopqrstuvwxyz{more}}}
      stripe: {{account: acct_test, api_version: 2026-09-30.endive{more}}}
"""
DESTINATION = """\
forwardc: 1
name: harbour
title: A gateway of tests
docs: https://docs.harbour.example
environments: {sandbox: {base_url: https://sandbox.harbour.example}}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request: {POST: /pay, json: {number: "${card.number}"}}
        response:
          outcome: [{when: "${response.status == 200}", is: approved}]
"""
TOLD = {"scheme": "Visa", "issuer_country": "FR"}
PAID = {
    "request_id": "fwd_1",
    "destination_response": {"status": 200, "headers": {}, "body": '{"brand": "visa"}'},
}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """The plans of a project that lets a vault be asked, and of one that does not."""
    found = {}
    for name, more in (
        ("asks", ", card_details: ask"),
        ("brands", ", card_details: ask"),
        ("silent", ""),
    ):
        root = tmp_path_factory.mktemp(name)
        (root / "destinations").mkdir()
        (root / "forwardc.yaml").write_text(PROJECT.format(more=more))
        told = "outputs: {card_scheme: {at: /brand}}\n          outcome"
        text = DESTINATION.replace("outcome", told) if name == "brands" else DESTINATION
        (root / "destinations" / "harbour.yaml").write_text(text)
        assert cli(["build", "--project", str(root)]) == 0
        for vault in ("checkout", "stripe"):
            path = root / "build" / vault / "harbour" / "sandbox.plan.json"
            found[f"{name} {vault}"] = load_plan(path.read_bytes())
    return found


class Vault(httpx.AsyncBaseTransport):
    """Answers forwards at once, and questions about a card as it is told to."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.waits = asyncio.Event()
        self.waits.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json=PAID)
        self.asked.append(request)
        await self.waits.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)


async def pay(plan: Plan, means: RunDependencies, source: str = SOURCE) -> RunResult:
    sink = Sink()
    look_up = sandbox_resolver(plan)
    result = await run(plan, "pay", RunRequest(source), look_up, means, sink)
    assert result is not None
    assert sink.sorted() == []
    return result


def means_of(vault: Vault, notes: Notes, cards: CardQuestions | None) -> RunDependencies:
    numbers, sender = count(1), Sender(vault)
    ambient = ClockAndIds(lambda: NOW, lambda: UUID(int=next(numbers), version=4), emulated=True)
    return RunDependencies(sender, VaultKeys(sender), ambient, notes, cards=cards)


def told(plan: Plan, *answers: Any, sources: tuple[str, ...] = (SOURCE,)) -> tuple[Vault, Notes]:
    vault, notes = Vault(*answers), Notes()

    async def go() -> None:
        cards = CardQuestions()
        means = means_of(vault, notes, cards)
        for source in sources:
            await pay(plan, means, source)
            await cards.end(LONG_S)

    asyncio.run(go())
    return vault, notes


def test_the_vault_is_asked_once_for_each_source(plans: dict[str, Plan]) -> None:
    other = "src_" + "c" * 26
    answers = [httpx.Response(200, json=TOLD), httpx.Response(200, json={"scheme": "Amex"})]
    vault, notes = told(plans["asks checkout"], *answers, sources=(SOURCE, SOURCE, other))
    assert [request.url.path for request in vault.asked] == [
        f"/instruments/{SOURCE}",
        f"/instruments/{other}",
    ]
    assert [*notes.cards.values()] == [CardFacts("Visa", "FR"), CardFacts("Amex", None)]
    (first, *_) = vault.asked
    assert (first.method, first.url.host) == ("GET", "api.sandbox.checkout.com")
    assert first.headers["authorization"].startswith("Bearer ")


def test_what_an_earlier_run_knows_is_not_asked_again(plans: dict[str, Plan]) -> None:
    vault, notes = Vault(), Notes(known={SOURCE: CardFacts("Visa", "DE")})

    async def go() -> None:
        cards = CardQuestions()
        await pay(plans["asks checkout"], means_of(vault, notes, cards))
        await cards.end(LONG_S)

    asyncio.run(go())
    assert vault.asked == []
    assert [*notes.cards.values()] == [CardFacts("Visa", "DE")]


def test_a_destination_that_tells_the_scheme_alone(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The vault is still asked for the country, and takes away nothing that was told."""
    (tmp_path / "destinations").mkdir()
    shutil.copy(root / "destinations" / "adyen.yaml", tmp_path / "destinations")
    project = PROJECT.format(more=", card_details: ask")
    (tmp_path / "forwardc.yaml").write_text(
        project + "    settings: {adyen: {merchant_account: Shop}}\n"
    )
    monkeypatch.chdir(tmp_path)
    assert cli(["build"]) == 0
    params = ("amount=1", "currency=EUR", "reference=r", "return_url=https://s.example")
    run = ["run", "adyen.card_cit", "--via", "checkout", "--env", "sandbox", "--sandbox", "--json"]
    run += ["--source", "src_visa_adyen_approved0000000"]
    for _ in range(2):
        capfd.readouterr()
        assert cli([*run, *(part for param in params for part in ("-p", param))]) == 0
        ran = json.loads(capfd.readouterr().out)
        assert cli(["history", "show", ran["run_id"], "--json"]) == 0
        (step,) = json.loads(capfd.readouterr().out)["steps"]
        assert (step["scheme"], step["issuing_country"]) == ("visa", "US")


def test_what_the_run_itself_told_in_part_is_asked_for(plans: dict[str, Plan]) -> None:
    part = CardFacts("visa", None)
    whole = CardFacts("visa", "FR")
    for known, told_by_run, asked in (
        (part, True, 1),
        (part, False, 0),
        (whole, True, 0),
        (None, True, 1),
    ):
        vault = Vault(httpx.Response(200, json=TOLD))
        notes = Notes(known={SOURCE: known} if known else {})

        async def go(vault: Vault, notes: Notes, told_by_run: bool) -> None:
            cards = CardQuestions()
            plan = plans["brands checkout" if told_by_run else "asks checkout"]
            await pay(plan, means_of(vault, notes, cards))
            await cards.end(LONG_S)

        asyncio.run(go(vault, notes, told_by_run))
        assert len(vault.asked) == asked, (known, told_by_run)


def test_nobody_waits_for_it(plans: dict[str, Plan]) -> None:
    vault, notes = Vault(httpx.Response(200, json=TOLD)), Notes()

    async def go() -> None:
        vault.waits.clear()
        cards = CardQuestions()
        result = await asyncio.wait_for(
            pay(plans["asks checkout"], means_of(vault, notes, cards)), LONG_S
        )
        # The run has ended, and been recorded, before the vault has said a word.
        assert result.outcome == "approved"
        assert "finish" in [what for what, *_ in notes.told]
        assert cards.pending
        await cards.end(0.05)
        assert not cards.pending

    asyncio.run(go())
    assert notes.cards == {}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401),
        httpx.Response(403, json={"error": "no"}),
        httpx.Response(404),
        httpx.Response(429),
        httpx.Response(500, text="oops"),
        httpx.Response(200, text="no JSON"),
        httpx.Response(200, json={"scheme": "4242424242424242", "issuer_country": "Mars"}),
        httpx.Response(200, json={"scheme": {"a": 1}, "issuer_country": ["FR"]}),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("gone"),
        ValueError("ours"),
    ],
    ids=lambda answer: getattr(answer, "status_code", type(answer).__name__),
)
def test_a_question_that_fails_changes_nothing(plans: dict[str, Plan], answer: Any) -> None:
    vault, notes = told(plans["asks checkout"], answer, sources=(SOURCE, SOURCE))
    assert notes.cards == {}
    assert [result.outcome for result in notes.results] == ["approved", "approved"]
    # Neither the same card nor, after a refusal, another one is asked about at once.
    assert len(vault.asked) == 1


def test_a_vault_that_refuses_is_left_alone(plans: dict[str, Plan]) -> None:
    sources = tuple(f"src_{letter * 26}" for letter in "abcdef")
    vault, _ = told(plans["asks checkout"], httpx.Response(403), sources=sources)
    assert len(vault.asked) == 1


def test_nothing_is_asked_where_nobody_lets_it(plans: dict[str, Plan]) -> None:
    vault, notes = told(plans["silent checkout"])
    assert (vault.asked, notes.cards) == ([], {})
    assert plans["silent checkout"].card is None
    token = "tok_" + "b" * 26
    vault, _ = told(plans["asks checkout"], sources=(token,))
    assert vault.asked == []


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
def test_an_approval_covers_the_question(plans: dict[str, Plan], vault: str) -> None:
    asks, silent = plans[f"asks {vault}"], plans[f"silent {vault}"]
    assert approval_digest(asks, "pay") != approval_digest(silent, "pay")
    assert asks.card is not None
    elsewhere = replace(asks.card.http, method="DELETE")
    changed = replace(asks, card=replace(asks.card, http=elsewhere))
    assert approval_digest(changed, "pay") != approval_digest(asks, "pay")
