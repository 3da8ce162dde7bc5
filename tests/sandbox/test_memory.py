"""The sandbox remembers so much and no more, and is never laxer for what it forgot."""

import asyncio
import json
import string
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.sandbox import app as sandbox_app
from forwardc.sandbox.app import create_app
from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.destinations.rocketpay import party as rocketpay_party
from forwardc.sandbox.destinations.visa import party as visa_party
from forwardc.sandbox.memory import ForgottenGuards, ForgottenRowError
from forwardc.sandbox.parties import emulations, sources
from forwardc.sandbox.serve import load, save
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from forwardc.sandbox.world import World

ROWS = 60
STRIPE = {"Authorization": f"Bearer {stripe_secret_key()}", "Stripe-Version": "2026-09-30.endive"}
CHECKOUT = {"Authorization": f"Bearer {checkout_secret_key()}"}

PAYMENT: Any = SimpleNamespace(project="p", document={"general": {"payment_id": "1"}})

Call = Callable[..., Awaitable[httpx.Response]]


def run(world: World, work: Callable[[Call], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        transport = httpx.ASGITransport(create_app(world))
        async with httpx.AsyncClient(transport=transport) as client:
            return await work(client.request)

    return asyncio.run(go())


async def customer(call: Call, key: str) -> httpx.Response:
    headers = {**STRIPE, "Idempotency-Key": key}
    url = "https://api.stripe.com/v1/customers"
    return await call("POST", url, headers=headers, data={"name": key})


async def payment(call: Call, key: str) -> httpx.Response:
    headers = {**CHECKOUT, "Cko-Idempotency-Key": key}
    source = {"type": "id", "id": "src_" + "visa_approved".ljust(26, "0")}
    body: dict[str, Any] = {"source": source, "amount": 100, "currency": "EUR", "reference": key}
    body["processing_channel_id"] = "pc_sandbox0000000000000000000"
    return await call(
        "POST", "https://api.sandbox.checkout.com/payments", headers=headers, json=body
    )


def counted(world: World) -> int:
    settings = {table for one in emulations().values() for table in one.rows.settings}
    return sum(len(rows) for name, rows in world.tables.items() if name not in settings)


def test_rows_are_bounded_and_the_fixed_sources_stay() -> None:
    world = World(remember=ROWS)
    create_app(world)
    before = sources(world)

    async def work(call: Call) -> None:
        for number in range(2 * ROWS):
            assert (await customer(call, f"key-{number}")).status_code == 200
            assert counted(world) <= ROWS

    run(world, work)
    assert world.forgets
    assert sources(world) == before
    assert "pm_sandbox_visa" in world.table("stripe.payment_methods")


@pytest.mark.parametrize("ask", [customer, payment], ids=["stripe", "checkout"])
def test_a_forgotten_guard_is_refused(ask: Callable[[Call, str], Awaitable[Any]]) -> None:
    world = World(remember=ROWS)

    async def work(call: Call) -> tuple[Any, Any, Any]:
        first = await ask(call, "first")
        again = await ask(call, "first")
        for number in range(2 * ROWS):
            await ask(call, f"key-{number}")
        return first, again, await ask(call, "first")

    first, again, late = run(world, work)
    assert first.is_success
    assert again.json() == first.json()
    assert (late.status_code, late.text) == (
        503,
        "what this request repeats is forgotten: see --remember\n",
    )


def test_what_is_forgotten_is_what_the_vendor_does_not_know() -> None:
    world = World(remember=ROWS)

    async def work(call: Call) -> httpx.Response:
        made = (await customer(call, "first")).json()["id"]
        for number in range(2 * ROWS):
            await customer(call, f"key-{number}")
        return await call("GET", f"https://api.stripe.com/v1/customers/{made}", headers=STRIPE)

    told = run(world, work)
    assert (told.status_code, told.json()["error"]["code"]) == (404, "resource_missing")


def test_a_restart_forgets_no_guard_that_was_forgotten(tmp_path: Path) -> None:
    world, state = World(remember=ROWS), tmp_path / "box.json"

    async def fill(call: Call) -> None:
        for number in range(2 * ROWS):
            await customer(call, f"key-{number}")

    run(world, fill)
    save(world, state)
    later = World(remember=ROWS)
    load(later, state)
    assert run(later, lambda call: customer(call, "key-0")).status_code == 503
    assert run(later, lambda call: customer(call, "new")).status_code == 200


def test_a_state_file_with_other_bits_is_none(tmp_path: Path) -> None:
    state = tmp_path / "box.json"
    for bits in ("no base64", "AAAA", 7):
        state.write_text(json.dumps({"sandbox.forgotten": {"bits": bits}}))
        with pytest.raises(ValueError, match="forgotten guards"):
            load(World(), state)


def test_bodies_that_were_received_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_app, "KEPT_BYTES", 1000)
    world = World()

    async def work(call: Call) -> None:
        for _ in range(10):
            await call(
                "POST",
                "https://psp.example.com/",
                content=b"x" * 300,
                headers={"Content-Type": "text/plain"},
            )

    run(world, work)
    assert len(world.received) == 3


@given(st.lists(st.text(string.ascii_letters + "\ud800é", min_size=1), max_size=50))
def test_no_forgotten_guard_is_missed(names: list[str]) -> None:
    forgotten, again = ForgottenGuards(), ForgottenGuards()
    assert not any(forgotten.has("t", name) for name in names)
    for name in names:
        forgotten.add("t", name)
    again.load(forgotten.dump())
    assert all(known.has("t", name) for known in (forgotten, again) for name in names)


@pytest.mark.parametrize(
    ("table", "use"),
    [
        ("visa.used_tokens", lambda world: visa_party._use_once(world, "token-1")),
        ("rocketpay.payments", lambda world: rocketpay_party._take_payment_id(world, PAYMENT)),
    ],
    ids=["visa", "rocketpay"],
)
def test_what_serves_once_is_a_guard(table: str, use: Callable[[World], None]) -> None:
    world = World()
    use(world)
    (guard,) = world.table(table)
    assert any(table in one.rows.guards for one in emulations().values())
    world.table(table).clear()
    world.forgotten.add(table, guard)
    with pytest.raises(ForgottenRowError):
        use(world)
