"""Tokens and callbacks in both databases: stored once, in any order, and runs that they settle."""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

import gate
from forwardc.core.outcome import Outcome
from forwardc.integrations.card_tokens import (
    Callback,
    CallbackEffect,
    CallbackKind,
    TokenFilter,
    TokenState,
)
from forwardc.integrations.rocketpay.callback_format import read_callback
from forwardc.integrations.rocketpay.callback_runs import CallbackRuns
from forwardc.integrations.rocketpay.token_tables import TokenTables
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.store_journal import StoreJournal


def callback(document: dict[str, Any]) -> Callback:
    return read_callback(document, sha256(gate.body(document)).hexdigest(), gate.DESTINATIONS)


RUNS = CallbackRuns(frozenset(gate.DESTINATIONS))


def resolve_waiting(store: Store) -> tuple[str, ...]:
    return store.database.write(lambda tx: RUNS.resolve_waiting(tx, store.timestamp()))


def outcome(store: Store, run_id: str) -> Outcome | None:
    run = store.load(run_id)
    assert run
    return run.summary.outcome


def test_a_token_and_its_callbacks_are_kept(tables: TokenTables) -> None:
    receipt = tables.receive(callback(gate.of_token()))
    assert (receipt.applied, receipt.stranger) == (CallbackEffect.FIRST_SEEN, False)
    assert tables.receive(callback(gate.of_card())).applied is CallbackEffect.CHANGED
    assert tables.receive(callback(gate.of_card("08/25"))).applied is CallbackEffect.NOTHING_NEW
    record = tables.token(gate.TOKEN)
    assert record
    assert (record.facts.state, record.facts.expires) == (TokenState.ACTIVE, "2030-08")
    assert record.last_request == "request-tokenize"
    history = tables.callbacks_of(gate.TOKEN)
    assert [one.kind for one in history] == [
        CallbackKind.TOKEN,
        CallbackKind.CARD,
        CallbackKind.CARD,
    ]
    assert [one.token for one in tables.callbacks_of(gate.TOKEN, 1)] == [gate.TOKEN]
    assert tables.token(gate.OTHER) is None


def test_the_same_callback_is_stored_once(tables: TokenTables) -> None:
    first = callback(gate.of_token())
    assert not tables.receive(first).repeated
    assert tables.receive(first).repeated
    # The same request with the same state, in another form of the body.
    assert tables.receive(callback(gate.of_token(extra="1"))).repeated
    assert len(tables.callbacks_of(gate.TOKEN)) == 1


def test_another_form_that_tells_more_is_kept(tables: TokenTables) -> None:
    tables.receive(callback(gate.of_token()))
    more = gate.of_token(card={"number": "424242******4242", "exp_month": 8, "exp_year": 2030})
    assert tables.receive(callback(more)).applied is CallbackEffect.CHANGED
    assert tables.receive(callback(more)).repeated


def test_every_order_is_kept_alike(tables: TokenTables) -> None:
    documents = [
        gate.of_token(),
        gate.of_card(),
        gate.of_token("token_revoke", "revoke"),
    ]
    ends = set()
    for number, order in enumerate(itertools.permutations(documents)):
        token = f"{number:064x}"
        for document in order:
            tables.receive(callback({**document, "token": token, "customer": {"id": token}}))
        record = tables.token(token)
        assert record
        ends.add((record.facts.state, record.facts.expires, record.facts.created_at))
    assert ends == {(TokenState.REVOKED, "2030-08", "2026-11-20T13:30:57Z")}


def test_a_token_that_nobody_announced_is_kept_and_told(tables: TokenTables) -> None:
    receipt = tables.receive(callback(gate.of_token("token_revoke", "revoke")))
    assert (receipt.applied, receipt.stranger) == (CallbackEffect.FIRST_SEEN, True)
    record = tables.token(gate.TOKEN)
    assert record
    assert record.facts.state is TokenState.REVOKED


def test_the_token_that_changed_last_comes_first(tables: TokenTables) -> None:
    for token in (gate.TOKEN, gate.OTHER):
        tables.receive(callback(gate.of_token(token=token)))
    tables.receive(callback(gate.of_card()))
    assert [record.facts.token for record in tables.search(TokenFilter()).tokens] == [
        gate.TOKEN,
        gate.OTHER,
    ]
    assert len(tables.search(TokenFilter(), limit=1).tokens) == 1


def test_callbacks_at_the_same_time_lose_nothing(tables: TokenTables) -> None:
    documents = [gate.of_card(f"08/{year}") for year in range(27, 47)] + [gate.of_token()]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: tables.receive(callback(one)), documents * 2))
    record = tables.token(gate.TOKEN)
    assert record
    assert (record.facts.expires, record.facts.state) == ("2046-08", TokenState.ACTIVE)
    assert len(tables.callbacks_of(gate.TOKEN)) == len(documents)


@pytest.mark.parametrize("waits", [Outcome.PENDING, Outcome.UNKNOWN])
@pytest.mark.parametrize(
    ("status", "becomes"), [("success", Outcome.APPROVED), ("decline", Outcome.DECLINED)]
)
def test_a_payment_settles_its_run(
    store: Store, tables: TokenTables, start_run, waits: Outcome, status: str, becomes: Outcome
) -> None:
    run_id = start_run(waits, payment_id="payment-1")
    other = start_run(waits, payment_id="payment-2")
    receipt = tables.receive(callback(gate.of_payment("payment-1", status)))
    assert (receipt.applied, receipt.resolved) == (CallbackEffect.RESOLVED, (run_id,))
    assert (outcome(store, run_id), outcome(store, other)) == (becomes, waits)
    (event,) = store.events(run_id)
    assert (event.kind, event.by) == ("callback", "rocketpay")


def test_a_run_is_also_found_by_its_reference(store: Store, tables: TokenTables, start_run) -> None:
    run_id = start_run(Outcome.PENDING, reference="payment-1")
    assert tables.receive(callback(gate.of_payment("payment-1"))).resolved == (run_id,)
    assert outcome(store, run_id) is Outcome.APPROVED


def test_what_is_under_way_settles_nothing(store: Store, tables: TokenTables, start_run) -> None:
    run_id = start_run(Outcome.PENDING, payment_id="payment-1")
    for status in ("processing", "awaiting 3ds result", "error"):
        assert not tables.receive(callback(gate.of_payment(status=status))).resolved
    assert outcome(store, run_id) is Outcome.PENDING


def test_a_settled_run_stays_so(store: Store, tables: TokenTables, start_run) -> None:
    run_id = start_run(Outcome.PENDING, payment_id="payment-1")
    tables.receive(callback(gate.of_payment(status="success")))
    assert not tables.receive(callback(gate.of_payment(status="decline"))).resolved
    assert not tables.receive(callback(gate.of_payment(status="processing"))).resolved
    assert outcome(store, run_id) is Outcome.APPROVED
    rejected = start_run(Outcome.REJECTED, payment_id="payment-3")
    assert tables.receive(callback(gate.of_payment("payment-3"))).resolved == ()
    assert outcome(store, rejected) is Outcome.REJECTED


def test_two_runs_of_one_payment_are_left_to_a_person(
    store: Store, tables: TokenTables, start_run
) -> None:
    runs = tuple(start_run(Outcome.UNKNOWN, payment_id="payment-1") for _ in range(2))
    receipt = tables.receive(callback(gate.of_payment()))
    assert (receipt.resolved, receipt.undecided) == ((), runs)
    assert resolve_waiting(store) == ()
    assert {outcome(store, run_id) for run_id in runs} == {Outcome.UNKNOWN}
    for run_id, other in (runs, runs[::-1]):
        (event,) = store.events(run_id)
        assert event.description.startswith(
            f"approved, of this run or of {other}, which named the same"
        )


@pytest.mark.parametrize("later", [False, True])
def test_of_two_runs_the_one_whose_request_is_named_is_settled(
    store: Store, tables: TokenTables, start_run, later: bool
) -> None:
    if later:
        tables.receive(callback(gate.of_payment()))
    first, second = (
        start_run(Outcome.PENDING, payment_id="payment-1", request_id=request)
        for request in ("request-payment-1", "request-2")
    )
    settled = (
        resolve_waiting(store) if later else tables.receive(callback(gate.of_payment())).resolved
    )
    assert settled == (first,)
    assert (outcome(store, first), outcome(store, second)) == (Outcome.APPROVED, Outcome.PENDING)
    # What the payment comes to later is the first run's, too.
    assert resolve_waiting(store) == ()
    receipt = tables.receive(callback(gate.of_payment(status="refunded")))
    assert (receipt.resolved, receipt.undecided) == ((), (second,))
    assert outcome(store, second) is Outcome.PENDING
    assert first in store.events(second)[0].description


@pytest.mark.parametrize("emulated", [False, True])
def test_a_sandbox_settles_its_own_runs_only(store: Store, start_run, emulated: bool) -> None:
    real, played = (
        start_run(Outcome.PENDING, payment_id="payment-1", emulated=one) for one in (False, True)
    )
    tables = TokenTables(store, emulated=emulated)
    receipt = tables.receive(callback(gate.of_payment()))
    assert (receipt.resolved, receipt.undecided) == ((played if emulated else real,), ())
    assert outcome(store, real if emulated else played) is Outcome.PENDING
    assert resolve_waiting(store) == ()


@pytest.mark.parametrize("emulated", [False, True])
def test_a_waiting_run_hears_no_callback_of_the_other_side(
    store: Store, start_run, emulated: bool
) -> None:
    run_id = start_run(payment_id="payment-1", emulated=emulated)
    TokenTables(store, emulated=not emulated).receive(callback(gate.of_payment()))
    store.lease(run_id, "test", -1)
    assert resolve_waiting(store) == ()
    TokenTables(store, emulated=emulated).receive(callback(gate.of_payment()))
    assert outcome(store, run_id) is Outcome.APPROVED


def test_a_sandbox_does_not_change_what_the_gate_told(store: Store) -> None:
    gates, played = TokenTables(store), TokenTables(store, emulated=True)
    assert played.receive(callback(gate.of_token("token_revoke", "revoke"))).stranger
    assert gates.token(gate.TOKEN) is None
    # The very same text, from the other side, is no repetition.
    for tables in (gates, played):
        assert not tables.receive(callback(gate.of_token())).repeated
        assert tables.receive(callback(gate.of_token())).repeated
    told = gates.token(gate.TOKEN)
    assert told
    assert (told.facts.state, told.emulated) == (TokenState.ACTIVE, False)
    assert len(gates.callbacks_of(gate.TOKEN)) == 1
    assert len(played.callbacks_of(gate.TOKEN)) == 2
    assert [one.emulated for one in gates.search(TokenFilter()).tokens] == [False, True]


def test_tokens_are_found_and_paged(tables: TokenTables) -> None:
    tokens = [f"{number:064x}" for number in range(5)]
    for token in tokens:
        customer = {"id": f"customer-{token[-1]}"}
        tables.receive(callback(gate.of_token(token=token, customer=customer)))
    tables.receive(callback(gate.of_token("token_revoke", "revoke", token=tokens[2])))

    def found(wanted: TokenFilter, **page: int | None) -> list[str]:
        return [one.facts.token for one in tables.search(wanted, **page).tokens]

    assert found(TokenFilter(state=TokenState.REVOKED)) == [tokens[2]]
    assert (
        found(TokenFilter(text=tokens[1])) == found(TokenFilter(text="customer-1")) == [tokens[1]]
    )
    assert found(TokenFilter(text="customer")) == found(TokenFilter(emulated=True)) == []
    seen: list[str] = []
    cursor: int | None = None
    for size in (2, 2, 1):
        page = tables.search(TokenFilter(), cursor=cursor, limit=2)
        assert len(page.tokens) == size
        seen += [one.facts.token for one in page.tokens]
        cursor = page.cursor
    assert cursor is None
    assert seen == [tokens[2], tokens[4], tokens[3], tokens[1], tokens[0]]


def test_a_payment_of_another_destination_is_not_touched(tables: TokenTables, start_run) -> None:
    start_run(Outcome.PENDING, payment_id="payment-1", destination="stripe")
    assert tables.receive(callback(gate.of_payment("payment-1"))).resolved == ()


def test_a_callback_that_is_faster_than_the_answer(
    store: Store, tables: TokenTables, start_run
) -> None:
    run_id = start_run(payment_id="payment-1")
    assert not tables.receive(callback(gate.of_payment())).resolved
    assert resolve_waiting(store) == ()
    # The process that sent it died: its lease ends, and nobody records an answer.
    assert store.lease(run_id, "test", -1)
    assert resolve_waiting(store) == (run_id,)
    assert outcome(store, run_id) is Outcome.APPROVED
    assert resolve_waiting(store) == ()


@pytest.mark.parametrize("answer", [Outcome.PENDING, Outcome.UNKNOWN])
def test_a_run_that_ends_after_its_callback(
    store: Store, tables: TokenTables, start_run, answer: Outcome
) -> None:
    run_id = start_run(payment_id="payment-1")
    tables.receive(callback(gate.of_payment()))
    journal = StoreJournal(store, owner="test", hooks=(RUNS,))
    result = RunResult(run_id, "payout", False, "digest", answer, None, None, ())
    asyncio.run(journal.finish(run_id, result))
    assert outcome(store, run_id) is Outcome.APPROVED


def test_a_revocation_is_settled_by_its_request(
    store: Store, tables: TokenTables, start_run
) -> None:
    run_id = start_run(Outcome.PENDING, request_id="request-token_revoke")
    payment = start_run(Outcome.PENDING, request_id="request-token_revoke", payment_id="payment-9")
    receipt = tables.receive(callback(gate.of_token("token_revoke", "revoke")))
    assert receipt.resolved == (run_id,)
    assert outcome(store, run_id) is Outcome.APPROVED
    assert outcome(store, payment) is Outcome.PENDING


def test_old_callbacks_are_deleted_and_tokens_stay(store: Store, tables: TokenTables) -> None:
    tables.receive(callback(gate.of_token()))
    later = Store(store.database, lambda: datetime(2026, 12, 30, tzinfo=UTC))
    later.prune(30, "test")
    assert tables.callbacks_of(gate.TOKEN) == []
    assert tables.token(gate.TOKEN)
    assert tables.receive(callback(gate.of_token())).applied is CallbackEffect.NOTHING_NEW


def test_a_clock_that_jumps_back_changes_no_order(store: Store) -> None:
    def at(day: int) -> TokenTables:
        return TokenTables(Store(store.database, lambda: datetime(2026, 11, day, tzinfo=UTC)))

    at(20).receive(callback(gate.of_token(token=gate.OTHER)))
    at(1).receive(callback(gate.of_token()))
    at(1).receive(callback(gate.of_token("token_revoke", "revoke")))
    assert [record.facts.token for record in at(1).search(TokenFilter()).tokens] == [
        gate.TOKEN,
        gate.OTHER,
    ]
    assert [one.status for one in at(1).callbacks_of(gate.TOKEN)] == ["active", "revoke"]


def test_tokens_of_an_older_history_are_the_gates(no_history_url: str) -> None:
    statement = (
        "INSERT INTO tokens (token, state, first_seen_at, updated_at, changed_by, masked_number)"
        " VALUES (?, 'active', 'then', 'now', 7, '424242******4242')"
    )
    with open_store(no_history_url, migrations=MIGRATIONS[:3]) as old:
        old.database.write(lambda tx: tx.run(statement, gate.TOKEN))
    with open_store(no_history_url) as new:
        record = TokenTables(new).token(gate.TOKEN)
        assert record
        assert (record.facts.state, record.facts.masked_number) == ("active", "424242******4242")
        assert (record.emulated, record.first_seen_at) == (False, "then")
        assert TokenTables(new, emulated=True).token(gate.TOKEN) is None
        assert TokenTables(new).receive(callback(gate.of_token())).applied is CallbackEffect.CHANGED
