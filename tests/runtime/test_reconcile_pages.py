"""A vault's list is searched by ids: pages overlap, stand still, and hold what nobody can use."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import load_plan
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.recovery.reconcile import (
    StepInDoubt,
    StillUnknownError,
    reconcile_step,
    step_in_doubt,
)
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import StepReport
from forwardc.runtime.run.run import run
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

ROOT = Path(__file__).resolve().parent.parent.parent
PLAN = load_plan((ROOT / "build/stripe/adyen/sandbox.plan.json").read_bytes())
REQUEST = RunRequest(
    source="pm_sandbox_visa",
    texts={"amount": "1", "currency": "EUR", "reference": "r", "return_url": "https://s.example"},
)
Pages = list[dict[str, Any]]


@dataclass
class Vault(httpx.AsyncBaseTransport):
    """Loses every answer; lists the pages of a script by their cursors, the last one for ever."""

    pages: Pages = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadTimeout("lost")
        self.asked.append(request.url.params.get("starting_after"))
        page = self.pages[min(len(self.asked), len(self.pages)) - 1]
        answer = httpx.Response(200, json=page)
        return httpx.Response(200, headers=answer.headers, stream=answer.stream)


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[StepInDoubt]:
    """A run whose answer was lost."""
    with open_store(str(tmp_path / "history.db")) as store:
        yield _lost(store)


def _lost(store: Store) -> StepInDoubt:
    async def go() -> str:
        async with Sender(Vault()) as sender:
            means = RunDependencies(sender, VaultKeys(sender), journal=StoreJournal(store))
            result = await run(PLAN, "card_cit", REQUEST, sandbox_resolver(PLAN), means, Sink())
            assert result
            assert result.outcome == "unknown"
            return result.run_id

    recorded = store.load(asyncio.run(go()))
    assert recorded
    what = step_in_doubt(PLAN, recorded)
    assert what
    return what


def find(what: StepInDoubt, vault: Vault) -> StepReport:
    async def go() -> StepReport:
        async with Sender(vault) as sender:
            means = RunDependencies(sender, VaultKeys(sender))
            return await reconcile_step(what, sandbox_resolver(PLAN), means)

    return asyncio.run(go())


def item(what: StepInDoubt, known_as: object, ours: bool = True, result: str = "Refused") -> Any:
    said = json.dumps({"pspReference": "P1", "resultCode": result})
    whole = {
        "url": (what.stored.called or "").partition(" ")[2],
        "metadata": {"forwardc_run": what.run.id if ours else "another"},
        "response_details": {"status": 200, "headers": [], "body": said},
    }
    return whole if known_as is None else whole | {"id": known_as}


def page(*items: Any, more: object = False) -> dict[str, Any]:
    return {"object": "list", "data": list(items), "has_more": more}


@pytest.mark.parametrize("known_as", ["fwdreq_7", 7, "7", "\u2028"])
def test_a_request_that_several_pages_show_is_one(lost: StepInDoubt, known_as: object) -> None:
    ours, other = item(lost, known_as), item(lost, "fwdreq_o", ours=False)
    pages = [page(other, ours, more=True), page(ours, other, more=True), page(ours, ours)]
    vault = Vault(pages)
    assert find(lost, vault).outcome == "declined"
    assert vault.asked == [None, str(known_as), "fwdreq_o"]


UNFIT: dict[str, tuple[Callable[[StepInDoubt], Pages], str, int]] = {
    "two requests": (lambda w: [page(item(w, "a"), item(w, "b"))], "lists 2 requests", 1),
    "two requests on two pages": (
        lambda w: [page(item(w, "a"), more=True), page(item(w, "b"))],
        "lists 2 requests",
        2,
    ),
    "one with two ends": (
        lambda w: [page(item(w, "a"), more=True), page(item(w, "a", result="Authorised"))],
        "twice, with different content",
        2,
    ),
    "one without its id": (lambda w: [page(item(w, None))], "without its id", 1),
    "one whose id is true": (lambda w: [page(item(w, True))], "without its id", 1),
    "one whose id is empty": (lambda w: [page(item(w, ""))], "without its id", 1),
    "a cursor that stands still": (
        lambda w: [page(item(w, "a"), item(w, "z", ours=False), more=True)],
        "does not move on",
        2,
    ),
    "a circle": (
        lambda w: [
            page(item(w, name, ours=False), more=True) for name in ("a", "b", "c", "b", "x")
        ],
        "does not move on",
        4,
    ),
    "an empty page in between": (
        lambda w: [page(item(w, "a"), more=True), page(more=True)],
        "does not tell where",
        2,
    ),
    "a last item without an id": (
        lambda w: [page(item(w, "a"), item(w, None, ours=False), more=True)],
        "does not tell where",
        1,
    ),
    "no end that is told": (lambda w: [{"data": [item(w, "a")]}], "another form", 1),
    "an end as text": (lambda w: [page(item(w, "a"), more="false")], "another form", 1),
    "no list": (lambda _: [{"data": {}, "has_more": False}], "another form", 1),
    "nothing": (lambda _: [page()], "lists no request", 1),
    "odd items": (lambda _: [page(None, [], "x", 7, {"id": {}})], "lists no request", 1),
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_is_not_certain_stays_unknown(lost: StepInDoubt, name: str) -> None:
    pages, reason, asked = UNFIT[name]
    vault = Vault(pages(lost))
    with pytest.raises(StillUnknownError, match=reason):
        find(lost, vault)
    assert len(vault.asked) == asked
