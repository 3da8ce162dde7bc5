"""What the store's client sends, and how it takes every kind of answer. No network."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.build_folder import read_plan
from forwardc.plan.model import Plan
from forwardc.runtime.http.send import Sender
from forwardc.runtime.secret_providers.vault_store import (
    SecretChange,
    StoreClient,
    delete,
    expected_secrets,
    push,
    values_to_store,
)

KEY, VALUE = "sk_sbox_key", "value_of_the_secret"
NOW = "2026-11-20T12:00:00Z"


@pytest.fixture(scope="module")
def plan(build: Path) -> Plan:
    sink = Sink()
    found = read_plan(build, "checkout", "plain", "sandbox", sink)
    assert found is not None, sink.sorted()
    return found


def row(name: str, version: int = 1) -> dict[str, object]:
    return {"name": name, "version": version, "created_at": NOW, "updated_at": NOW}


def listing(*names: str) -> httpx.Response:
    return httpx.Response(200, json={"data": [row(name) for name in names]})


def act(
    plan: Plan, handler: Callable[[httpx.Request], httpx.Response], action=push
) -> tuple[list[SecretChange], list[str], Sink]:
    """Push or delete through a stand-in: the changes, `METHOD URL` of each call, and the sink."""
    calls: list[str] = []
    sink = Sink()

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(f"{request.method} {request.url}")
        assert request.headers["authorization"] == f"Bearer {KEY}"
        given = handler(request)
        return httpx.Response(given.status_code, headers=given.headers, stream=given.stream)

    async def go() -> list[SecretChange]:
        async with Sender(httpx.MockTransport(answer)) as sender:
            assert plan.secret_store is not None
            client = StoreClient(sender, plan.secret_store, plan.hosts.vault, Secret(KEY))
            values = {"values": {"plain_token": Secret(VALUE)}} if action is push else {}
            return await action(client, expected_secrets([plan]), sink=sink, **values)

    return asyncio.run(go()), calls, sink


def test_a_new_secret_is_posted(plan: Plan) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return listing("another")
        assert json.loads(request.content) == {"name": "plain_token", "value": VALUE}
        return httpx.Response(201, json=row("plain_token"))

    changes, calls, sink = act(plan, handler)
    assert [(change.action, change.stored.version) for change in changes] == [("created", 1)]
    base = "https://forward.sandbox.checkout.com/secrets"
    assert calls == [f"GET {base}", f"POST {base}"]
    assert sink.sorted() == []


def test_a_known_secret_is_patched(plan: Plan) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return listing("plain_token")
        assert json.loads(request.content) == {"value": VALUE}
        return httpx.Response(200, json=row("plain_token", 7))

    changes, calls, _ = act(plan, handler)
    assert [(change.action, change.stored.version) for change in changes] == [("updated", 7)]
    assert calls[1] == "PATCH https://forward.sandbox.checkout.com/secrets/plain_token"


@pytest.mark.parametrize("status", [204, 404])
def test_a_deleted_secret_is_gone_whoever_deleted_it(plan: Plan, status: int) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return listing("plain_token") if request.method == "GET" else httpx.Response(status)

    changes, calls, sink = act(plan, handler, delete)
    assert [change.action for change in changes] == ["deleted"]
    assert calls[1] == "DELETE https://forward.sandbox.checkout.com/secrets/plain_token"
    assert sink.sorted() == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(401), "answered 401"),
        (httpx.Response(403), "answered 403"),
        (httpx.Response(429), "answered 429"),
        (httpx.Response(503, text="<html>"), "answered 503"),
        (httpx.Response(302, headers={"location": "https://evil.example"}), "answered 302"),
        (httpx.Response(200, json={"items": []}), "documented form"),
        (httpx.Response(200, text="[" * 100_000), "documented form"),
        (httpx.Response(200, json={"data": [row("a\x1b[31m")]}), "documented form"),
        (httpx.Response(200, json={"data": [row("a", -1)]}), "documented form"),
        (httpx.Response(200, content=b"x" * 2_000_000), "larger"),
    ],
)
def test_without_a_list_nothing_is_changed(plan: Plan, answer: httpx.Response, told: str) -> None:
    changes, calls, sink = act(plan, lambda _: answer)
    assert changes == []
    assert len(calls) == 1
    (problem,) = sink.sorted()
    assert problem.code == "FC0817"
    assert told in problem.message


def test_the_vaults_codes_are_told_and_nothing_else_of_its_answer(plan: Plan) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return listing()
        codes = ["name_required", VALUE, f"bad_{VALUE}", 7, "\x1b[31m"]
        return httpx.Response(422, json={"error_codes": codes, "detail": VALUE})

    changes, _, sink = act(plan, handler)
    assert changes == []
    (problem,) = sink.sorted()
    assert problem.message == "plain_token: the vault answered 422 (name_required)"
    assert VALUE not in repr(sink.sorted())


def test_no_answer_may_mean_that_it_happened(plan: Plan) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return listing()
        raise httpx.ReadTimeout("slow")

    changes, _, sink = act(plan, handler)
    assert changes == []
    (problem,) = sink.sorted()
    assert problem.code == "FC0817"
    assert "no answer came in time" in problem.message
    assert "repeated" in (problem.hint or "")


@pytest.mark.parametrize("value", [" x", "x\n", "a\x00b", "x" * 8193, "é" * 4097])
def test_a_value_that_would_break_a_header_or_the_store_is_refused(plan: Plan, value: str) -> None:
    sink = Sink()
    found = values_to_store(expected_secrets([plan]), {"plain": lambda _: value}, sink)
    assert found == {}
    (problem,) = sink.sorted()
    assert problem.code == "FC0806"
    assert problem.message.startswith("FORWARDC_SECRET__SANDBOX__PLAIN__PLAIN_TOKEN ")
    assert value not in problem.message


def test_the_longest_value_is_taken(plan: Plan) -> None:
    sink = Sink()
    found = values_to_store(expected_secrets([plan]), {"plain": lambda _: "x" * 8192}, sink)
    assert list(found) == ["plain_token"]
    assert sink.sorted() == []
