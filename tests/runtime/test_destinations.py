"""The compiled plans of this repository against the sandbox, in process and over a connection."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.cli.sandbox.link import store_secrets
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.plan.build_folder import read_plan
from forwardc.runtime.http.connection_pool import LoopbackTransport
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult, exit_code
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.sandbox.app import create_app
from forwardc.sandbox.serve import start_in_thread
from forwardc.sandbox.world import World

ADYEN = {
    "amount": "1999",
    "currency": "EUR",
    "reference": 'order "1" {{card_number}}',
    "return_url": "https://shop.example/return",
}
STRIPE = {"amount": "1999", "currency": "eur"}


def at_checkout(label: str) -> str:
    return f"src_{label}".ljust(30, "0")


CASES: list[tuple[str, str, str, str, dict[str, str], int]] = [
    ("checkout", "adyen", "card_cit", at_checkout("visa_approved"), ADYEN, 0),
    ("checkout", "adyen", "card_mit", at_checkout("mastercard_approved"), ADYEN, 0),
    ("checkout", "adyen", "card_cit", at_checkout("visa_declined"), ADYEN, 10),
    ("checkout", "adyen", "card_cit", at_checkout("visa_requires_action"), ADYEN, 14),
    ("checkout", "adyen", "card_cit", at_checkout("visa_timeout"), ADYEN, 13),
    ("checkout", "adyen", "card_cit", at_checkout("visa_broken"), ADYEN, 13),
    ("checkout", "adyen", "card_cit", at_checkout("mastercard_server_error"), ADYEN, 13),
    ("checkout", "adyen", "card_cit", at_checkout("mastercard_malformed"), ADYEN, 13),
    ("checkout", "adyen", "card_cit", at_checkout("nobody"), ADYEN, 11),
    ("checkout", "adyen", "card_cit", at_checkout("visa_approved"), ADYEN | {"amount": "0"}, 0),
    ("checkout", "adyen", "network_token_cit", at_checkout("visa_network_token"), ADYEN, 0),
    ("checkout", "stripe", "payment", at_checkout("visa_approved"), STRIPE, 0),
    ("checkout", "stripe", "payment", at_checkout("visa_requires_action"), STRIPE, 14),
    ("stripe", "adyen", "card_cit", "pm_sandbox_visa", ADYEN, 0),
    ("stripe", "adyen", "card_cit", "pm_sandbox_declined", ADYEN, 10),
    ("stripe", "adyen", "card_cit", "pm_sandbox_timeout", ADYEN, 13),
    ("stripe", "adyen", "card_cit", "pm_sandbox_not_connected", ADYEN, 11),
    ("stripe", "adyen", "card_cit", "pm_sandbox_link", ADYEN, 11),
]


@pytest.fixture(scope="module")
def connected() -> Iterator[Any]:
    """A sandbox that serves on a port of this machine."""
    with start_in_thread() as sandbox:
        yield sandbox


def execute(
    root: Path, transport: httpx.AsyncBaseTransport, case: tuple[str, str, str, str, Any, int]
) -> RunResult:
    vault, destination, operation, source, texts, _ = case
    sink = Sink()
    plan = read_plan(root / "build", vault, destination, "sandbox", sink)
    assert plan is not None, sink.sorted()
    request = RunRequest(source=source, texts=texts)

    async def go() -> RunResult | None:
        async with Sender(transport) as sender:
            await store_secrets(plan, operation, sender)
            means = RunDependencies(sender, VaultKeys(sender), ClockAndIds(emulated=True))
            return await run(plan, operation, request, sandbox_resolver(plan), means, sink)

    result = asyncio.run(go())
    assert result is not None, sink.sorted()
    return result


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[3]}")
def test_in_this_process(root: Path, case: tuple[str, str, str, str, Any, int]) -> None:
    app = create_app(World(hang_seconds=0.1))
    result = execute(root, httpx.ASGITransport(app), case)
    assert exit_code(result) == case[5], result.reason
    assert "4242424242424242" not in repr(result)


@pytest.mark.parametrize("case", CASES[::4], ids=lambda case: f"{case[0]}-{case[1]}-{case[3]}")
def test_over_a_connection(
    root: Path, connected: Any, case: tuple[str, str, str, str, Any, int]
) -> None:
    result = execute(root, LoopbackTransport(connected.url), case)
    assert exit_code(result) == case[5], result.reason


def test_a_suspended_network_token_falls_back_to_the_card(root: Path) -> None:
    source = at_checkout("visa_suspended_token")
    app = create_app(World())
    case = ("checkout", "adyen", "network_token_cit", source, ADYEN, 0)
    result = execute(root, httpx.ASGITransport(app), case)
    assert result.fell_back
    assert result.operation == "card_cit"
    assert result.outcome is Outcome.APPROVED
