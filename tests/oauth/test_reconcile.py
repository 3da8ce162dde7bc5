"""Asking what became of a run, with an access token that the vault gives up on."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.plan.model import load_plan
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.oauth import AccessTokens
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

ROOT = Path(__file__).resolve().parent.parent.parent
PLAN = load_plan((ROOT / "build/checkout/adyen/sandbox.plan.json").read_bytes())
CLIENT = {
    "FORWARDC_VAULT__SANDBOX__CHECKOUT__CLIENT_ID": "ack_hush-client",
    "FORWARDC_VAULT__SANDBOX__CHECKOUT__CLIENT_SECRET": "hush-client-secret-7373",
}
REQUEST = RunRequest(
    source="src_visa_approved0000000000000",
    texts={"amount": "1", "currency": "EUR", "reference": "r", "return_url": "https://s.example"},
)


class Vault(httpx.AsyncBaseTransport):
    """Gives tokens by number, takes those in `good`, and knows one request."""

    def __init__(self, good: Callable[[str], bool]) -> None:
        self.good = good
        self.made = 0
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.answer(request)
        # A fresh, unread response, as a connection gives it.
        return httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/connect/token":
            self.made += 1
            token = {"access_token": f"token-number-{self.made}", "token_type": "Bearer"}
            return httpx.Response(200, json=token | {"expires_in": 3600})
        token = request.headers["authorization"].removeprefix("Bearer ")
        if request.method == "GET":
            self.asked.append(token)
            if not self.good(token):
                return httpx.Response(401)
        body = json.dumps({"resultCode": "Authorised", "pspReference": "P1"})
        inner = {"status": 200, "headers": {}, "body": body}
        return httpx.Response(200, json={"request_id": "fwd_1", "destination_response": inner})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "history.db")) as opened:
        yield opened


def in_doubt(store: Store, vault: Vault, tokens: AccessTokens) -> StepInDoubt:
    """A run of which the record lost its outcome, and kept the vault's request id."""

    async def go() -> str:
        async with Sender(vault) as sender:
            means = RunDependencies(
                sender, VaultKeys(sender), journal=StoreJournal(store), tokens=tokens
            )
            result = await run(PLAN, "card_cit", REQUEST, CLIENT.get, means, Sink())
            assert result
            return result.run_id

    run_id = asyncio.run(go())
    store.database.write(lambda tx: tx.run("UPDATE attempts SET state = 'intent'"))
    store.database.write(lambda tx: tx.run("UPDATE steps SET state = 'intent', outcome = NULL"))
    recorded = store.load(run_id)
    assert recorded
    what = step_in_doubt(PLAN, recorded)
    assert what
    return what


def ask(what: StepInDoubt, vault: Vault, tokens: AccessTokens) -> StepReport:
    async def go() -> StepReport:
        async with Sender(vault) as sender:
            return await reconcile_step(
                what, CLIENT.get, RunDependencies(sender, VaultKeys(sender), tokens=tokens)
            )

    return asyncio.run(go())


def test_a_refused_token_is_renewed_once(store: Store) -> None:
    vault, tokens = Vault(lambda token: token == "token-number-2"), AccessTokens()
    report = ask(in_doubt(store, vault, tokens), vault, tokens)
    assert report.outcome is Outcome.APPROVED
    assert vault.asked == ["token-number-1", "token-number-2"]


def test_a_client_that_is_never_let_in_is_told_after_two(store: Store) -> None:
    vault, tokens = Vault(lambda _: False), AccessTokens()
    what = in_doubt(store, vault, tokens)
    with pytest.raises(StillUnknownError, match="the vault answered 401"):
        ask(what, vault, tokens)
    assert vault.asked == ["token-number-1", "token-number-2"]
