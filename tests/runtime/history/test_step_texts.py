"""What is shown of a step: read as it was written, in little room, and gone with its run."""

import asyncio
import json
import random
import sqlite3
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

import postgres
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.runtime.history import step_texts
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.records import Intent, RunFilter
from forwardc.runtime.history.step_texts import answered_text, pack, read_texts, sent_text, unpack
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, IdempotencyKeys, RunRequest
from forwardc.runtime.run.result import Party, PartyName
from forwardc.runtime.run.run import run
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from stored_runs import complete, intent_of, new_run, report_of

BUILD = Path(__file__).resolve().parents[3] / "build"
# Of a finished forward, without its answer, in bytes: what the docs promise.
MOST_BYTES = 2048
# Runs that fill enough pages for the growth of a file to be theirs.
MANY = 300
# Tables at a server, as they stand in its catalog.
TABLES = "FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
# Text as a request has it: a surrogate alone is no text of UTF-8, and is none of any JSON.
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
NAMES = st.lists(
    st.builds(PartyName, st.sampled_from(Party), st.sampled_from(["sent", "given"]), TEXT, TEXT),
    max_size=3,
).map(tuple)
SHOWN = st.builds(
    ShownRequest, TEXT, TEXT, st.lists(st.tuples(TEXT, TEXT)).map(tuple), st.none() | TEXT
)
INTENTS = st.builds(
    Intent,
    st.just("pay"),
    st.builds(IdempotencyKeys, TEXT, TEXT),
    TEXT,
    SHOWN,
    NAMES,
    st.lists(st.sampled_from(Party), unique=True).map(tuple),
)


@given(INTENTS, NAMES, st.lists(TEXT, max_size=2), st.binary(max_size=200), TEXT)
def test_what_is_read_is_what_was_written(
    intent: Intent, names: tuple[PartyName, ...], hidden: list[str], sample: bytes, run_id: str
) -> None:
    report = report_of(names=names, keyed=(Party.VAULT,), untold=("card.cvc",), log_url="https://x")
    sent, answered = sent_text(intent, run_id), answered_text(report, hidden, run_id)
    assert [unpack(pack(text, sample), sample) for text in (sent, answered)] == [sent, answered]
    before, after = read_texts(sent, None, run_id), read_texts(sent, answered, run_id)
    assert (before.called, before.destination_key) == (intent.called, intent.keys.destination)
    assert (before.request, before.names, before.keyed) == (
        intent.shown,
        intent.names,
        intent.keyed,
    )
    assert (after.request, after.names, after.keyed) == (intent.shown, names, (Party.VAULT,))
    assert (after.sensitive_outputs, after.untold) == (tuple(hidden), ("card.cvc",))
    assert after.log_url == "https://x"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no deflate",
        *(
            pack(text, b"")
            for text in (
                b"[1]",
                b"{",
                b'{"names":7}',
                b'{"keyed":["x"]}',
                b'{"request":[1]}',
                b'{"called":1}',
            )
        ),
    ],
)
def test_a_damaged_text_says_nothing(data: bytes) -> None:
    assert read_texts(unpack(data, b""), unpack(data, b""), "x") == step_texts.StepTexts()


def test_a_run_with_a_damaged_text_is_still_there(store: Store) -> None:
    recorded = complete(store, new_run())
    store.database.write(lambda tx: tx.run("UPDATE steps SET sent = ?, answered = ?", b"x", b"y"))
    loaded = store.load(recorded.id)
    assert loaded is not None
    assert (loaded.steps[0].request, loaded.steps[0].status) == (None, 200)


def test_what_a_later_attempt_sends_is_told_with_what_an_earlier_was_told(store: Store) -> None:
    recorded = new_run()
    store.begin(recorded)
    number = store.intent(recorded.id, recorded.owner, intent_of(recorded))
    answered = report_of(names=(PartyName(Party.VAULT, "given", "/id", "x"),), untold=("card.cvc",))
    store.answered(recorded.id, number, answered)
    store.intent(recorded.id, recorded.owner, intent_of(recorded))
    loaded = store.load(recorded.id)
    assert loaded is not None
    assert (loaded.steps[0].names, loaded.steps[0].untold) == ((), ("card.cvc",))


def test_what_was_remembered_holds_with_its_transaction_only(store: Store) -> None:
    class _GivenUpError(Exception):
        pass

    def fails(tx: Transaction) -> None:
        tx.remember("plan", 1)
        assert tx.recall("plan") == 1
        raise _GivenUpError

    def around(tx: Transaction) -> None:
        with pytest.raises(_GivenUpError):
            tx.savepoint(fails)
        assert tx.recall("plan") is None
        tx.remember("other", 2)

    with pytest.raises(_GivenUpError):
        store.database.write(fails)
    store.database.write(around)
    assert store.database.read(lambda tx: (tx.recall("plan"), tx.recall("other"))) == (None, 2)


def letters(dice: random.Random, count: int) -> str:
    """No digits: one number in ten would pass for a card's."""
    return "".join(dice.choices(ascii_lowercase, k=count))


def forward(url: str, count: int) -> list[str]:
    """Forward so many payments, each with values of its own; those of the last."""
    dice = random.Random(7)  # noqa: S311 - the same runs every time
    sink = Sink()
    plan = read_plan(BUILD, "checkout", "adyen", "sandbox", sink)
    assert plan is not None, sink.sorted()

    def answer(request: httpx.Request) -> httpx.Response:
        answered = {"resultCode": "Authorised", "pspReference": letters(dice, 16).upper()}
        nested = {"status": 200, "headers": {}, "body": json.dumps(answered)}
        told_by = {"request_id": f"fwd_{letters(dice, 26)}", "destination_response": nested}
        return httpx.Response(200, json={"data": []} if request.method == "GET" else told_by)

    async def go(store: Store) -> list[str]:
        values: list[str] = []
        async with Sender(httpx.MockTransport(answer)) as sender:
            journal = StoreJournal(store)
            means = RunDependencies(sender, VaultKeys(sender), ClockAndIds(), journal=journal)
            for _ in range(count):
                values = [
                    f"R-{letters(dice, 12)}",
                    letters(dice, 26),
                    f"https://{letters(dice, 9)}",
                ]
                reference, source, page = values
                texts = {"amount": "1050", "currency": "EUR", "return_url": page}
                texts["reference"] = reference
                asked = RunRequest(source=f"src_{source}", reference=reference, texts=texts)
                problems = Sink()
                done = await run(plan, "card_cit", asked, sandbox_resolver(plan), means, problems)
                assert done is not None, problems.sorted()
        return values

    with open_store(url, answer_days=None) as store:
        return asyncio.run(go(store))


@pytest.mark.costly
def test_a_finished_forward_takes_two_kilobytes(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    forward(str(path), MANY)
    before = path.stat().st_size
    forward(str(path), 2 * MANY)
    assert (path.stat().st_size - before) / (2 * MANY) <= MOST_BYTES


@pytest.mark.costly
def test_a_finished_forward_takes_two_kilobytes_at_a_server(
    postgres_server: postgres.Server,
) -> None:
    url = postgres_server.database()
    open_store(url).close()
    with psycopg.connect(url, autocommit=True) as server:
        # The most there can be: no row version that was replaced is ever cleared away.
        for (table,) in server.execute("SELECT oid::regclass::text " + TABLES).fetchall():
            server.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
        forward(url, MANY)
        before = _size(server)
        forward(url, 2 * MANY)
        assert (_size(server) - before) / (2 * MANY) <= MOST_BYTES


def _size(server: psycopg.Connection[Any]) -> int:
    row = server.execute("SELECT sum(pg_total_relation_size(oid))::bigint " + TABLES).fetchone()
    assert row is not None
    return int(row[0])


def test_no_value_of_a_run_outlives_it(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    values = forward(str(path), 1)
    with open_store(str(path)) as store:
        loaded = store.load(store.search(RunFilter()).runs[0].id)
        assert loaded is not None
        assert all(value in str(loaded.steps[0].request) for value in values)
        store.database.write(lambda tx: tx.run("DELETE FROM runs"))
        samples = store.database.read(lambda tx: tx.rows("SELECT text FROM samples"))
        assert all(b"merchantAccount" in text for (text,) in samples)
    with sqlite3.connect(path) as database:
        database.execute("VACUUM")
    rest = path.read_bytes()
    assert [value for value in values if value.encode() in rest] == []
