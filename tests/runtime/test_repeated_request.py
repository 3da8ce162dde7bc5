"""A caller's key that comes again: the recorded result, or a refusal, and nothing is sent."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from attempted import APPROVED, PAID, SOURCE, TOKEN
from forwardc.cli.main import run as forwardc
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.runtime.history.records import RunFilter, RunState
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.recovery.resolve import resolve_run
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.retries import RetryPolicy
from forwardc.runtime.run.run import resume, run
from forwardc.runtime.run.run_record import progress_of, request_of
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

EMAIL = "quiet-shopper@example.com"
KEYED = replace(PAID, idempotency_key="order-5150")


@dataclass
class Vault(httpx.AsyncBaseTransport):
    """Forwards everything; `fails` comes in place of an answer."""

    fails: list[Any] = field(default_factory=list)
    status: int = 200
    slow: float = 0
    sent: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.sent += 1
        await asyncio.sleep(self.slow)
        if self.fails:
            raise self.fails.pop(0)
        said = {"status": self.status, "headers": {}, "body": json.dumps(APPROVED)}
        answer = httpx.Response(200, json={"request_id": "fwd_1", "destination_response": said})
        return httpx.Response(200, headers=answer.headers, stream=answer.stream)


@pytest.fixture
def store(history_url: str) -> Iterator[Store]:
    with open_store(history_url) as opened:
        yield opened


@dataclass
class Shop:
    """Runs one request after another, or many at once, as processes of one history."""

    plan: Plan
    store: Store
    vault: Vault = field(default_factory=Vault)
    sink: Sink = field(default_factory=Sink)

    def __call__(
        self, request: RunRequest, operation: str = "card", *, emulated: bool = False
    ) -> RunResult | None:
        self.sink = Sink()
        return asyncio.run(self.one(self.plan, request, operation, self.sink, emulated=emulated))

    async def one(
        self, plan: Plan, request: RunRequest, operation: str, sink: Sink, *, emulated: bool = False
    ) -> RunResult | None:
        async with Sender(self.vault) as sender:
            means = self.means(sender, emulated=emulated)
            return await run(plan, operation, request, sandbox_resolver(plan), means, sink)

    def means(self, sender: Sender, *, emulated: bool = False) -> RunDependencies:
        async def at_once(_: float) -> None:
            return None

        journal = StoreJournal(self.store, emulated)
        return RunDependencies(
            sender, VaultKeys(sender), journal=journal, policy=RetryPolicy(), sleep=at_once
        )

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.sink.sorted()]


@pytest.fixture
def shop(forward: Plan, store: Store) -> Shop:
    return Shop(forward, store)


@pytest.mark.parametrize(("status", "outcome"), [(200, "approved"), (400, "rejected")])
def test_the_same_request_gives_the_recorded_result(shop: Shop, status: int, outcome: str) -> None:
    shop.vault.status = status
    first, again = shop(KEYED), shop(KEYED)
    assert first is not None
    assert again is not None
    assert (first.replayed, again.replayed) == (False, True)
    assert first.outcome == again.outcome == outcome
    assert (again.run_id, again.reason) == (first.run_id, first.reason)
    assert again.steps[0].outputs == first.steps[0].outputs
    assert (shop.vault.sent, shop.codes) == (1, [])


def test_how_a_value_was_typed_does_not_matter(shop: Shop) -> None:
    assert shop(KEYED)
    typed = {"amount": 1000, "currency": "EUR"}
    again = shop(replace(KEYED, texts={}, params=typed))
    assert again is not None
    assert again.replayed


OTHER: dict[str, Callable[[RunRequest], RunRequest]] = {
    "amount": lambda old: replace(old, texts={**old.texts, "amount": "1001"}),
    "currency": lambda old: replace(old, texts={**old.texts, "currency": "USD"}),
    "another param": lambda old: replace(old, texts={**old.texts, "order": "o-1"}),
    "sensitive param": lambda old: replace(old, texts={**old.texts, "email": "x@example.com"}),
    "no sensitive param": lambda old: replace(
        old, texts={name: text for name, text in old.texts.items() if name != "email"}
    ),
    "source": lambda old: replace(old, source="src_" + "z" * 26),
    "kind of source": lambda old: replace(old, source=TOKEN),
    "inputs": lambda old: replace(old, inputs={"cvv_token": TOKEN}),
    "reference": lambda old: replace(old, reference="ORDER-1"),
    "without": lambda old: replace(old, without=frozenset({"card.cvc"})),
}


@pytest.mark.parametrize("what", OTHER)
def test_other_content_is_refused_before_anything_is_sent(shop: Shop, what: str) -> None:
    first = replace(KEYED, texts={**KEYED.texts, "email": EMAIL})
    assert shop(first)
    assert shop(OTHER[what](first)) is None
    assert (shop.vault.sent, shop.codes) == (1, ["FC0834"])
    assert len(shop.store.search(RunFilter()).runs) == 1
    assert EMAIL not in str(shop.sink.sorted())


@pytest.mark.parametrize("what", ["environment", "destination", "operation", "emulated"])
def test_another_world_is_other_content(shop: Shop, what: str) -> None:
    assert shop(KEYED)
    if what == "operation":
        inputs = {"cvv_token": TOKEN}
        assert shop(replace(KEYED, inputs=inputs), "card_with_cvc") is None
    elif what == "emulated":
        assert shop(KEYED, emulated=True) is None
    else:
        # Production would want an approval first: another sandbox has another name as well.
        class_ = {"declared_class": "sandbox"} if what == "environment" else {}
        shop.plan = replace(shop.plan, **{what: "other"}, **class_)
        assert shop(KEYED) is None
    assert (shop.vault.sent, shop.codes) == (1, ["FC0834"])


@pytest.mark.parametrize("journals", [2, 20])
def test_of_many_at_once_one_is_sent(shop: Shop, journals: int) -> None:
    shop.vault.slow = 0.01
    sinks = [Sink() for _ in range(journals)]

    async def all_at_once() -> list[RunResult | None]:
        return await asyncio.gather(*(shop.one(shop.plan, KEYED, "card", sink) for sink in sinks))

    results = asyncio.run(all_at_once())
    assert shop.vault.sent == 1
    assert [result.replayed for result in results if result].count(False) == 1
    for result, sink in zip(results, sinks, strict=True):
        codes = [problem.code for problem in sink.sorted()]
        assert codes == ([] if result else ["FC0835"])
    again = shop(KEYED)
    assert again is not None
    assert again.replayed


def test_a_key_whose_run_sent_nothing_serves_again(shop: Shop) -> None:
    shop.vault.fails = [httpx.ConnectError("no")] * 3
    first = shop(KEYED)
    assert first is not None
    assert first.outcome == "rejected"
    assert shop(replace(KEYED, reference="other")) is None
    assert shop.codes == ["FC0834"]
    second, third = shop(KEYED), shop(KEYED)
    assert second is not None
    assert third is not None
    assert (second.outcome, second.replayed) == ("approved", False)
    assert (third.run_id, third.replayed) == (second.run_id, True)


@pytest.mark.parametrize(("word", "serves"), [("not_sent", True), ("approved", False)])
def test_what_a_person_found_out_decides_about_the_key(shop: Shop, word: str, serves: bool) -> None:
    shop.vault.fails = [httpx.ReadTimeout("no")] * 9
    first = shop(KEYED)
    assert first is not None
    shop.vault.fails = []
    recorded = shop.store.load(first.run_id)
    assert recorded is not None
    assert asyncio.run(resolve_run(shop.store, recorded, word, "ann", None))
    again = shop(KEYED)
    assert again is not None
    assert (again.outcome, again.replayed) == ("approved", not serves)


def test_a_key_whose_run_is_unknown_tells_so_and_sends_nothing(shop: Shop) -> None:
    shop.vault.fails = [httpx.ReadTimeout("no")] * 9
    first = shop(KEYED)
    sent = shop.vault.sent
    again = shop(KEYED)
    assert first is not None
    assert again is not None
    assert first.outcome == again.outcome == "unknown"
    assert again.replayed
    assert shop.vault.sent == sent


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.STOPPED])
def test_a_run_that_has_not_ended_holds_its_key(shop: Shop, state: RunState) -> None:
    assert shop(KEYED)
    shop.store.database.write(lambda tx: tx.run("UPDATE runs SET state = ?", state))
    assert shop(KEYED) is None
    assert (shop.vault.sent, shop.codes) == (1, ["FC0835"])
    assert "run --resume" in str(shop.sink.sorted()[0].hint)


def test_a_key_is_known_as_long_as_its_run_is(shop: Shop) -> None:
    assert shop(KEYED)
    shop.store.database.write(lambda tx: tx.run("DELETE FROM runs"))
    again = shop(KEYED)
    assert again is not None
    assert not again.replayed
    assert shop.vault.sent == 2


def test_a_key_protects_where_the_destination_honours_none(shop: Shop) -> None:
    request = RunRequest(source=SOURCE, idempotency_key="k")
    if shop(request, "twice") is None:
        pytest.fail(str(shop.sink.sorted()))
    sent = shop.vault.sent
    again = shop(request, "twice")
    assert again is not None
    assert again.replayed
    assert shop.vault.sent == sent


def test_nothing_sensitive_is_stored_of_what_was_asked(shop: Shop) -> None:
    assert shop(replace(KEYED, texts={**KEYED.texts, "email": EMAIL}))

    def everything(tx: Any) -> str:
        found = tx.rows("SELECT * FROM runs"), tx.rows("SELECT * FROM steps")
        keys = tx.rows("SELECT * FROM given_keys"), tx.rows("SELECT * FROM withheld_values")
        return repr((found, keys, tx.rows("SELECT * FROM digest_keys")))

    stored = shop.store.database.read(everything)
    assert "order-5150" in stored
    for text in (EMAIL, json.dumps([["params.email", EMAIL]])):
        assert text not in stored
        assert hashlib.sha256(text.encode()).hexdigest() not in stored


def test_a_run_is_continued_with_the_values_that_it_began_with(shop: Shop) -> None:
    shop.vault.fails = [httpx.ReadTimeout("no")] * 9
    first = shop(replace(PAID, texts={**PAID.texts, "email": EMAIL}))
    assert first is not None
    shop.vault.fails = []
    tables = ("UPDATE runs SET state = 'stopped', outcome = NULL", "DELETE FROM attempts")
    for statement in (*tables, "UPDATE steps SET state = 'waiting', outcome = NULL"):
        shop.store.database.write(lambda tx, statement=statement: tx.run(statement))
    sent = shop.vault.sent

    def go_on(email: str) -> RunResult | None:
        recorded = shop.store.load(first.run_id)
        assert recorded is not None
        shop.sink = Sink()
        request = request_of(recorded, RunRequest(texts={"email": email}))

        async def work() -> RunResult | None:
            async with Sender(shop.vault) as sender:
                means = shop.means(sender)
                assert isinstance(means.journal, StoreJournal)
                assert await means.journal.take(first.run_id, "")
                look_up = sandbox_resolver(shop.plan)
                past = progress_of(recorded)
                return await resume(shop.plan, "card", past, request, look_up, means, shop.sink)

        return asyncio.run(work())

    assert go_on("another@example.com") is None
    assert (shop.codes, shop.vault.sent) == (["FC0834"], sent)
    shop.store.stop(first.run_id, "it could not be continued")
    ended = go_on(EMAIL)
    assert ended is not None
    assert ended.outcome == "approved"


BUILD = Path(__file__).resolve().parent.parent.parent / "build"
ADYEN = (
    *("run", "adyen.card_cit", "--via", "checkout", "--env", "sandbox", "--sandbox"),
    *("--source", "src_visa_adyen_approved0000000", "-p", "currency=JPY", "-p", "reference=R-9"),
    *("-p", "return_url=https://shop.example/r", "--idempotency-key", "r-9", "--build", str(BUILD)),
)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = ("--history", str(tmp_path / "h.db"))
    assert forwardc((*ADYEN, *history, "-p", "amount=77")) == 0
    first = capsys.readouterr().out
    assert "nothing was sent" not in first
    assert forwardc((*ADYEN, *history, "-p", "amount=77")) == 0
    again = capsys.readouterr().out
    assert again.splitlines()[0] == first.splitlines()[0]
    assert "recorded before, under the same idempotency key: nothing was sent" in again
    assert forwardc((*ADYEN, *history, "-p", "amount=77", "--json")) == 0
    assert json.loads(capsys.readouterr().out)["replayed"] is True
    assert forwardc((*ADYEN, *history, "-p", "amount=78")) == 1
    assert "FC0834" in capsys.readouterr().err
    stripe = [{"checkout": "stripe", ADYEN[8]: "pm_sandbox_visa"}.get(one, one) for one in ADYEN]
    assert forwardc((*stripe, *history, "-p", "amount=77")) == 1
    assert "FC0834" in capsys.readouterr().err
    assert forwardc((*ADYEN, "--no-history", "-p", "amount=77")) == 1
    assert "FC0811" in capsys.readouterr().err
