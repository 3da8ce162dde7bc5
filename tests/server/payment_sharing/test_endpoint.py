"""Who may call, in which order a call is refused, and what is told of it."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.store import Store, open_store
from forwardc.server.directory.payment_directory import DirectoryError
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.payment_sharing import claim_tables
from forwardc.server.settings import LimitSettings
from patience import until_so
from sharing_house import HEADERS, NAME, PATH, House, checkout, guarded
from sharing_house import house as open_house
from stored_runs import Clock

Serve = Callable[..., Any]
BODY = json.dumps({"partnerPaymentReference": "pay-1", "destination": NAME}).encode()


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    found: str = answer.json()["type"].removeprefix("/problems/")
    return found


async def post(house: House, body: Any = BODY, **headers: str | None) -> httpx.Response:
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    sent = {name: value for name, value in {**HEADERS, **named}.items() if value is not None}
    return await house.client.post(PATH, content=body, headers=sent)


def test_without_a_token(serve: Serve) -> None:
    async def work(house: House) -> None:
        for authorization in (None, "Bearer other", "Basic dXNlcg=="):
            answer = await post(house, authorization=authorization)
            assert (answer.status_code, slug(answer)) == (401, "invalid-token")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert not house.lookup.asked

    serve(work)


def test_without_the_scope(serve: Serve) -> None:
    async def work(house: House) -> None:
        house.dependencies.gate.scope = frozenset({"other"})
        answer = await post(house)
        assert (answer.status_code, slug(answer)) == (403, "insufficient-scope")
        assert 'scope="payment-sharing"' in answer.headers["www-authenticate"]

    serve(work)


@pytest.mark.parametrize(
    "media_type",
    [
        *(None, "", "text/plain", "application/jsonx", "application/json; charset=latin-1"),
        *("application/json, application/json", "application/problem+json"),
    ],
)
def test_another_media_type(serve: Serve, media_type: str | None) -> None:
    async def work(house: House) -> None:
        answer = await post(house, content_type=media_type, authorization=None)
        assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")
        assert answer.headers["accept-post"] == "application/json"

    serve(work)


@pytest.mark.parametrize(
    "media_type", ["application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"']
)
def test_the_same_media_type(serve: Serve, media_type: str) -> None:
    async def work(house: House) -> None:
        assert (await post(house, content_type=media_type)).status_code == 200

    serve(work)


def test_calls_are_limited_for_each_client(serve: Serve) -> None:
    async def work(house: House) -> None:
        for _ in range(2):
            assert (await post(house)).status_code == 200
        answer = await post(house, b"{")
        assert (answer.status_code, slug(answer)) == (429, "too-many-requests")
        assert answer.headers["retry-after"] == "60"
        other = await post(house, authorization="Bearer test-token-other")
        # It is let through to an answer of its own.
        assert other.status_code == 409

    serve(work, limits=LimitSettings(calls_per_minute=2))


def test_misses_are_limited_for_each_client(serve: Serve) -> None:
    async def work(house: House) -> None:
        for _ in range(3):
            assert (await house.post("guess")).status_code == 404
        # A right guess is not told from a wrong one any more.
        for reference in ("guess", "pay-1"):
            answer = await house.post(reference)
            assert (answer.status_code, slug(answer)) == (429, "too-many-requests")
            assert int(answer.headers["retry-after"]) == 3600
        other = {"Authorization": "Bearer test-token-other"}
        assert (await house.post(headers=other)).status_code == 200
        assert len(house.lookup.asked) == 4

    serve(work, limits=LimitSettings(misses_per_hour=3))


def test_the_limits_of_two_processes_are_one(store: Store, history_url: str, clock: Clock) -> None:
    async def go() -> None:
        limits = LimitSettings(calls_per_minute=40, misses_per_hour=1)
        how = {"limits": limits}
        known = {"pay-1": checkout("visa_approved")}
        with open_store(history_url, now=clock) as beside:
            one, two = (RateLimits(each.commits, clock=lambda: 1e9) for each in (store, beside))
            async with (
                open_house(store, known, rates=one, **how) as first,
                open_house(beside, known, rates=two, **how) as second,
            ):
                assert (await first.post("nobody")).status_code == 404
                assert (await second.post()).status_code == 429
                elsewhere = {"headers": {"Authorization": "Bearer test-token-other"}}
                answers = [
                    await house.post(**elsewhere) for _ in range(25) for house in (first, second)
                ]
                assert [answer.status_code for answer in answers].count(200) == 40

    asyncio.run(go())


def test_a_body_that_is_too_large(serve: Serve) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    async def work(house: House) -> None:
        transport = httpx.ASGITransport(guarded(house.app, LimitSettings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for body in (b" " * 65_537, drip()):
                answer = await client.post(PATH, content=body, headers=HEADERS)
                assert (answer.status_code, slug(answer)) == (413, "content-too-large")
            whole = BODY + b" " * (65_536 - len(BODY))
            answer = await client.post(PATH, content=whole, headers=HEADERS)
            assert answer.status_code == 200

    serve(work)


def test_mistakes_are_named(serve: Serve) -> None:
    async def work(house: House) -> None:
        answer = await house.post(None, destination="X", extra="sekret", identifiers={"a": 1})
        assert (answer.status_code, slug(answer)) == (400, "invalid-request")
        assert len(answer.json()["errors"]) == 4
        assert "sekret" not in answer.text
        answer = await post(house, idempotency_key="a b")
        assert answer.json()["errors"][0]["header"] == "Idempotency-Key"

    serve(work)


@pytest.mark.parametrize(
    "reference", ["x'; DROP TABLE runs; --", "${params.reference}", "{{card_number}}", "\u202e"]
)
def test_a_reference_that_is_code_is_only_a_reference(serve: Serve, reference: str) -> None:
    async def work(house: House) -> None:
        assert (await house.post(reference)).status_code == 404
        house.lookup.instruments[reference] = checkout("visa_approved")
        answer = await house.post(reference)
        assert answer.status_code == 200
        (received,) = house.vaults.world.received
        assert json.loads(received.body)["reference"] == reference

    serve(work)


def test_a_lookup_that_is_down(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def work(house: House) -> None:
        house.lookup.fails = DirectoryError("the database cannot be reached")
        answer = await house.post()
        assert (answer.status_code, slug(answer)) == (503, "unavailable")
        assert answer.headers["retry-after"]
        assert "the database cannot be reached" in caplog.text
        assert "database" not in answer.text

    serve(work)


def test_a_vault_that_is_not_built(serve: Serve) -> None:
    async def work(house: House) -> None:
        found = house.lookup.instruments["pay-1"]
        house.lookup.instruments["pay-1"] = replace(found, vault="braintree")
        answer = await house.post()
        assert (answer.status_code, slug(answer)) == (422, "not-forwardable")

    serve(work)


def test_secrets_that_are_missing(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def work(house: House) -> None:
        forwarder = house.service.forwarder
        ways = {key: replace(way, resolver={}.get) for key, way in forwarder.plans.items()}
        house.service.forwarder = replace(forwarder, plans=ways)
        answer = await house.post()
        assert (answer.status_code, slug(answer)) == (422, "not-forwardable")
        assert "retry-after" not in answer.headers
        assert "FC0855 nothing was sent: FC0806" in caplog.text
        house.service.forwarder = forwarder
        assert (await house.post()).status_code == 200

    serve(work)


def test_a_history_that_is_down(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(house: House) -> None:
        async def away(_: object) -> None:
            raise HistoryUnavailableError("the history is locked")

        with monkeypatch.context() as patch:
            patch.setattr(house.store.commits, "write", away)
            answer = await house.post()
            assert (answer.status_code, slug(answer)) == (503, "unavailable")
            assert not house.vaults.forwards
        assert (await house.post()).status_code == 200

    serve(work)


def test_a_history_that_goes_away_while_it_is_forwarded(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        async def away(*_: object) -> None:
            raise HistoryUnavailableError("the disk is full")

        house.vaults.gate = asyncio.Event()
        asking = asyncio.create_task(house.post())
        await until_so(lambda: house.vaults.forwards)
        with monkeypatch.context() as patch:
            patch.setattr(house.store.commits, "write", away)
            patch.setattr("forwardc.server.payment_sharing.claims._WAITS", (0.0, 0.0))
            house.vaults.gate.set()
            # What came is not lost: its caller gets it.
            assert (await asking).status_code == 200
        assert house.arrived() == 1

    serve(work)


def test_an_end_that_is_refused_once_is_recorded_all_the_same(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        refused, end = [HistoryUnavailableError("locked")], claim_tables.end

        def once(*how: Any) -> None:
            if refused:
                raise refused.pop()
            end(*how)

        monkeypatch.setattr(claim_tables, "end", once)
        first = await house.post()
        assert not refused
        again = await house.post()
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"

    serve(work)


def test_a_history_that_is_away_for_a_moment_keeps_the_outcome(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        house.vaults.gate = asyncio.Event()
        asking = asyncio.create_task(house.post())
        await until_so(lambda: house.vaults.forwards)
        refused, write = [HistoryUnavailableError("locked")] * 3, house.store.database.write

        def away(how: Any) -> Any:
            if refused:
                raise refused.pop()
            return write(how)

        monkeypatch.setattr(house.store.database, "write", away)
        monkeypatch.setattr("forwardc.server.payment_sharing.claims._WAITS", (0.05, 0.05, 0.05))
        house.vaults.gate.set()
        first = await asking
        run = house.store.load(first.headers["forwardc-run"])
        assert run is not None
        assert (run.summary.state, run.summary.outcome) == ("done", "approved")
        assert run.steps[0].status == 200
        assert (await house.post()).content == first.content
        assert not refused

    serve(work)


@pytest.mark.parametrize("part", ["lookup", "forwarder", "gate"])
def test_a_mistake_of_ours(
    serve: Serve, part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(house: House) -> None:
        owner, method = {
            "lookup": (house.lookup, "find"),
            "gate": (house.dependencies.gate, "caller"),
            "forwarder": (type(house.service.forwarder), "forward"),
        }[part]

        async def broken(*_: object) -> None:
            raise ZeroDivisionError("pay-1 whisper")

        with monkeypatch.context() as patch:
            patch.setattr(owner, method, broken)
            answer = await house.post()
        assert (answer.status_code, slug(answer)) == (500, "internal-error")
        assert "ZeroDivisionError" in caplog.text
        assert "whisper" not in caplog.text + answer.text
        # Nothing was sent, which the record proves: a repeat forwards.
        assert (await house.post()).status_code == 200

    serve(work)


def test_a_mistake_of_ours_after_the_sending_is_unknown(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(house: House) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr("forwardc.server.payment_sharing.payment_forward.call_outcome", broken)
            answer = await house.post()
        assert (answer.status_code, slug(answer)) == (504, "outcome-unknown")
        assert slug(await house.post()) == "outcome-unknown"
        assert house.arrived() == 1

    serve(work)


def test_keys_that_changed_make_answers_unreadable(serve: Serve) -> None:
    async def work(house: House) -> None:
        from forwardc.server.payment_sharing.answer import ReplayCipher

        first = await house.post()
        house.service.cipher = ReplayCipher((b"z" * 32,))
        answer = await house.post()
        assert (answer.status_code, slug(answer)) == (504, "outcome-unknown")
        assert answer.json()["outcome"] == "approved"
        assert answer.json()["run"] == first.headers["forwardc-run"]
        assert house.arrived() == 1

    serve(work)


def test_what_is_told_of_calls(serve: Serve) -> None:
    async def work(house: House) -> None:
        await house.post()
        await house.post("nobody")
        await post(house, authorization=None)
        approved, missed, stranger = house.watched.told
        assert (approved.status, approved.client_id, approved.vault) == (200, "rokt", "checkout")
        assert (approved.destination, approved.outcome) == (NAME, "approved")
        assert (missed.status, missed.problem, missed.run_id) == (404, "payment-not-found", None)
        assert (stranger.status, stranger.client_id) == (401, None)
        await house.post("pay-broken")
        broken = house.watched.told[-1]
        assert (broken.vault, broken.outcome) == ("checkout", "unknown")
        assert broken.run_id
        assert all(told.duration_ms >= 0 and told.route == PATH for told in house.watched.told)

    serve(work)


def test_nothing_of_a_call_is_logged_by_default(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(house: House) -> None:
        assert (await house.post()).status_code == 200

    caplog.set_level(logging.INFO)
    serve(work)
    assert not caplog.records
