"""`POST /callbacks/rocketpay`: what is taken, what is refused, and what is answered when."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

import gate
from forwardc.cli.dashboard import _callbacks
from forwardc.core.http.request_target import own_names
from forwardc.core.http.strict_json import StrictJsonError, read_object
from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import Secret
from forwardc.dashboard.app import create
from forwardc.dashboard.views import DashboardSettings
from forwardc.integrations.card_tokens import TokenState
from forwardc.integrations.rocketpay.callbacks import (
    PATH,
    SignatureError,
    callback_routes,
    verified_digest,
)
from forwardc.integrations.rocketpay.signers import shipped_signer
from forwardc.integrations.rocketpay.token_tables import TokenTables
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.records import NewRun, PlannedStep
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.runtime.secret_providers.provider import SecretProviderError

SECRET = shipped_signer("production").secret.variable
Post = Callable[[bytes], httpx.Response]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "history.db")) as opened:
        yield opened


@pytest.fixture
def tables(store: Store) -> TokenTables:
    return TokenTables(store)


class Gate:
    """Calls the route as the Gate does, in this process."""

    def __init__(
        self,
        tables: Any,
        look_up: Callable[[str], str | None] | None = None,
        *,
        app: Starlette | None = None,
    ) -> None:
        given = look_up or {SECRET: gate.SECRET}.get
        self.app = app or Starlette(
            routes=callback_routes(tables, given, [shipped_signer("production")])
        )

    def post(self, body: bytes, method: str = "POST") -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.request(method, PATH, content=body)

        return asyncio.run(call())


@pytest.fixture
def post(tables: TokenTables) -> Post:
    return Gate(tables).post


def pending_run(store: Store, payment_id: str) -> str:
    """A run that waits for what becomes of a payment; its id."""
    run_id = str(uuid4())
    names = (run_id, "sandbox", "direct", "rocketpay", "payout", "payout", "digest", run_id)
    params = {"payment_id": payment_id}
    store.begin(NewRun(*names, (PlannedStep("payout", "direct"),), "test", params=params))
    result = RunResult(run_id, "payout", False, "digest", Outcome.PENDING, None, None, ())
    store.finish(run_id, result)
    return run_id


def count(store: Store) -> int:
    rows: list[tuple[int]] = store.database.read(
        lambda tx: tx.rows("SELECT count(*) FROM callbacks")
    )
    return rows[0][0]


@pytest.mark.parametrize("at", ["root", "general"])
def test_a_callback_is_stored_then_answered(post: Post, tables: TokenTables, at: str) -> None:
    answer = post(gate.body(gate.signed(gate.of_token(), at=at)))
    assert (answer.status_code, answer.json()) == (200, {"status": "stored"})
    record = tables.token(gate.TOKEN)
    assert record
    assert record.facts.state is TokenState.ACTIVE


def test_fields_that_nobody_knows_are_signed_too(post: Post, store: Store) -> None:
    document = gate.signed(gate.of_token(new={"a": [1, True, None, "x"], "b": {}}))
    changed = json.loads(json.dumps(document))
    changed["new"]["a"][3] = "y"
    assert post(gate.body(changed)).status_code == 403
    assert post(gate.body({**document, "more": 1})).status_code == 403
    assert count(store) == 0
    assert post(gate.body(document)).status_code == 200


def test_a_repetition_is_answered_and_stored_once(post: Post, store: Store) -> None:
    document = gate.signed(gate.of_token())
    assert post(gate.body(document)).json() == {"status": "stored"}
    backwards = dict(reversed(document.items()))
    # The same text in other bytes: another order, other spaces, escapes of JSON.
    for body in (gate.body(document), json.dumps(backwards, indent=1).replace("/", "\\/").encode()):
        answer = post(body)
        assert (answer.status_code, answer.json()) == (200, {"status": "repeated"})
    assert count(store) == 1


def test_a_seen_signature_does_not_carry_another_body(post: Post, tables: TokenTables) -> None:
    """`a:x;b:y` is the text of two members, and of one with a semicolon in it."""
    document = gate.signed({"payment": {"description": "x;payment:id:1", "status": "decline"}})
    forged = {"payment": {"description": "x", "id": "1", "status": "decline"}}
    forged["signature"] = document["signature"]
    assert post(gate.body(document)).json() == {"status": "stored"}
    assert post(gate.body(forged)).json() == {"status": "repeated"}


def test_out_of_order(post: Post, tables: TokenTables) -> None:
    for document in (gate.of_token("token_revoke", "revoke"), gate.of_card(), gate.of_token()):
        assert post(gate.body(gate.signed(document))).status_code == 200
    record = tables.token(gate.TOKEN)
    assert record
    assert record.facts.state is TokenState.REVOKED
    assert len(tables.callbacks_of(gate.TOKEN)) == 3


def test_a_token_that_nobody_announced(
    post: Post, tables: TokenTables, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(gate.body(gate.signed(gate.of_card()))).status_code == 200
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("FC0829 ")
    assert gate.TOKEN not in message
    assert tables.token(gate.TOKEN)


UNSIGNED = gate.of_token()
GOOD = gate.signed(UNSIGNED)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gate.body(UNSIGNED), 403),
        (gate.body({**UNSIGNED, "signature": ""}), 403),
        (gate.body({**UNSIGNED, "signature": 1}), 403),
        (gate.body({**UNSIGNED, "signature": "\u00e9" * 88}), 403),
        (gate.body(gate.signed(UNSIGNED, "another secret")), 403),
        (gate.body({**GOOD, "signature": GOOD["signature"].lower()}), 403),
        (gate.body({**GOOD, "token_status": "revoke"}), 403),
        (gate.body({**UNSIGNED, "customer": {"signature": GOOD["signature"]}}), 403),
        (gate.body({**GOOD, "large": 2**63}), 403),
        (gate.body({**GOOD, "note": 1.5}), 400),
        (gate.body({**GOOD, "note": 1e3}), 400),
        (gate.body(GOOD).replace(b"123", b"1.0"), 400),
        (gate.body(GOOD).replace(b"123", b"NaN"), 400),
        (b'{"token_status": "revoke", ' + gate.body(GOOD)[1:], 400),
        (b"", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff", 400),
        (b"\xef\xbb\xbf" + gate.body(GOOD), 400),
        (b'{"a": "\\ud800"}', 400),
        (b'{"a": ' + b"9" * 5000 + b"}", 400),
        (b'{"a": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", 400),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", 400),
        (b" " * (64 * 1024) + gate.body(GOOD), 413),
        (gate.body(gate.signed({**UNSIGNED, "customer": {"id": "4242-4242-4242-4242"}})), 400),
        (gate.body(gate.signed({**UNSIGNED, "project_id": 4242424242424242})), 400),
    ],
)
def test_what_is_refused_leaves_nothing(
    post: Post, store: Store, body: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(body)
    assert (answer.status_code, answer.json()["code"]) == (status, "FC0828")
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("FC0828 ")
    assert count(store) == 0
    for value in (gate.TOKEN, gate.SECRET, "customer_123", GOOD["signature"], "4242"):
        assert value not in message + answer.text


def test_only_post(tables: TokenTables) -> None:
    assert Gate(tables).post(b"", "GET").status_code == 405


def test_while_the_store_is_away_nothing_is_lost(tables: TokenTables) -> None:
    class Away:
        away = True

        def receive(self, callback: Any) -> Any:
            if self.away:
                raise HistoryUnavailableError("/a/path: the history is locked by another process")
            return tables.receive(callback)

    away = Away()
    one = Gate(away)
    body = gate.body(GOOD)
    answer = one.post(body)
    assert answer.status_code == 503
    assert "path" not in answer.text
    away.away = False
    assert one.post(body).json() == {"status": "stored"}


def test_without_the_secret_nothing_is_taken(tables: TokenTables, store: Store) -> None:
    def fails(variable: str) -> str:
        raise SecretProviderError("the source exec does not answer")

    for look_up in ({}.get, fails):
        answer = Gate(tables, look_up).post(gate.body(GOOD))
        assert answer.status_code == 503
        assert SECRET not in answer.text
    assert count(store) == 0


def test_a_new_secret_is_used_at_once(tables: TokenTables) -> None:
    values = {SECRET: "old"}
    one = Gate(tables, values.get)
    assert one.post(gate.body(GOOD)).status_code == 403
    values[SECRET] = gate.SECRET
    assert one.post(gate.body(GOOD)).status_code == 200


def test_callbacks_of_the_vectors(shared: Callable[[str], Path], tables: TokenTables) -> None:
    vectors = json.loads(shared("vectors/rocketpay.json").read_text("utf-8"))["vectors"]
    seen = 0
    for vector in vectors:
        signature = vector["expected"]["signature"]
        one = Gate(tables, {SECRET: vector["secret"]}.get)
        general = {**vector["data"].get("general", {}), "signature": signature}
        for document in (
            {**vector["data"], "signature": signature},
            {**vector["data"], "general": general},
        ):
            answer = one.post(gate.body(document))
            assert answer.status_code == 200, vector["name"]
            seen += 1
            wrong = {**document, "unknown": "x"}
            assert one.post(gate.body(wrong)).status_code == 403
    assert seen >= 40


def test_refused_inputs_of_the_vectors(shared: Callable[[str], Path], post: Post) -> None:
    refused = json.loads(shared("vectors/rocketpay.json").read_text("utf-8"))["refused_inputs"]
    assert refused
    for vector in refused:
        document = {**vector["data"], "signature": GOOD["signature"]}
        assert post(gate.body(document)).status_code == 400


@pytest.mark.parametrize(
    "document",
    [
        {"n" * 900: ["a"] * 15_000},
        {"n" * 900 + str(number): 1 for number in range(60)},
        {str(number): 1 for number in range(6_000)},
    ],
)
def test_an_unsigned_body_costs_little(document: dict[str, Any]) -> None:
    """A sort by PHP's rules compares paths character by character: what it costs has a bound."""
    body = gate.body({**document, "signature": "x"})
    started = process_time()
    with pytest.raises((StrictJsonError, SignatureError)):
        verified_digest(read_object(body), Secret("x"))
    assert process_time() - started < 5


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
documents = st.dictionaries(st.text(max_size=6), values, max_size=6)


@pytest.mark.fuzz
@given(
    st.dictionaries(st.text(max_size=6), values, max_size=6), st.sampled_from(["root", "general"])
)
def test_what_the_sandbox_signs_is_verified(document: dict[str, Any], at: str) -> None:
    document.pop("general", None)
    document.pop("signature", None)
    try:
        body = gate.body(gate.signed(document, at=at))
        read = read_object(body)
    except ValueError:
        return
    assert len(verified_digest(read, Secret(gate.SECRET))) == 64
    with pytest.raises(SignatureError):
        verified_digest({**read, "unknown field": "x"}, Secret(gate.SECRET))


def test_nothing_is_logged_of_a_good_callback(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="forwardc"):
        post(gate.body(GOOD))
    assert not [record for record in caplog.records if record.name.startswith("forwardc")]


def test_the_dashboard_takes_them_without_a_session(store: Store, tables: TokenTables) -> None:
    door = Gate(tables)
    mounted = callback_routes(tables, {SECRET: gate.SECRET}.get, [shipped_signer("production")])
    door.app = create(store, DashboardSettings(own_names("127.0.0.1", ["here"])), mounted)
    assert door.post(gate.body(GOOD)).json() == {"status": "stored"}
    assert door.post(gate.body(UNSIGNED)).status_code == 403
    # A name that nobody allowed is not answered, whatever it asks for.
    door.app = create(store, DashboardSettings(own_names("127.0.0.1")), mounted)
    assert door.post(gate.body(GOOD)).status_code == 421


def test_the_dashboard_of_a_sandbox_takes_its_callbacks_apart(
    store: Store, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, gate.SECRET)
    played = sandbox_secret("rocketpay", "rocketpay_secret")
    for sandbox, right, wrong in ((True, played, gate.SECRET), (False, gate.SECRET, played)):
        routes, _ = _callbacks(store, root / "build", "production", None, sandbox=sandbox)
        app = Starlette(routes=routes)
        post = Gate(None, app=app).post
        assert post(gate.body(gate.signed(gate.of_token(), wrong))).status_code == 403
        assert post(gate.body(gate.signed(gate.of_token(), right))).json() == {"status": "stored"}
        assert TokenTables(store, emulated=sandbox).token(gate.TOKEN)
        assert bool(TokenTables(store).token(gate.TOKEN)) is not sandbox


def test_a_payment_of_two_runs_is_told(
    store: Store, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    runs = [pending_run(store, "payment-1") for _ in range(2)]
    assert post(gate.body(gate.signed(gate.of_payment()))).status_code == 200
    (record,) = caplog.records
    assert record.getMessage().startswith("FC0824 ")
    assert record.getMessage().endswith(", ".join(runs))


@pytest.mark.parametrize("is_let_through", [True, False])
def test_an_id_that_a_not_card_param_sent_comes_back(
    store: Store, tables: TokenTables, is_let_through: bool
) -> None:
    """A shop's own number that looks like a card: what was let out is let in, and nothing else."""
    number = "4242" * 4
    run_id = pending_run(store, number)
    known = frozenset({"payment_id"} if is_let_through else ())
    signer = replace(shipped_signer("production"), let_through=known)
    mounted = callback_routes(tables, {SECRET: gate.SECRET}.get, [signer])
    call = Gate(tables, app=Starlette(routes=mounted)).post
    told = gate.of_payment(number, operation={"request_id": "request-1", "status": "success"})
    assert call(gate.body(gate.signed(told))).status_code == (200 if is_let_through else 400)
    run = store.load(run_id)
    assert run is not None
    outcome = Outcome.APPROVED if is_let_through else Outcome.PENDING
    assert run.summary.outcome is outcome
    other = gate.of_payment("payment-2", operation={"request_id": number, "status": "success"})
    assert call(gate.body(gate.signed(other))).status_code == 400
