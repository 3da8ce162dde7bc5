"""A client instead of a key, against the sandbox: in process, over a connection, as a command."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.plan.build_folder import read_plan
from forwardc.plan.model import Plan
from forwardc.runtime.http.connection_pool import LoopbackTransport
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.sandbox.app import create_app
from forwardc.sandbox.checkout.clients import own
from forwardc.sandbox.checkout.made_up_keys import (
    checkout_client_id,
    checkout_client_secret,
    checkout_secret_key,
)
from forwardc.sandbox.checkout.stored_secrets import create_secret
from forwardc.sandbox.credentials import secret
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from forwardc.sandbox.world import World

NAMES = (
    "FORWARDC_VAULT__SANDBOX__CHECKOUT__CLIENT_ID",
    "FORWARDC_VAULT__SANDBOX__CHECKOUT__CLIENT_SECRET",
)
SECRET = {"name": "adyen_api_key", "value": secret("adyen", "adyen_api_key")}
SOURCE = ("--source", "src_visa_network_token00000000")
PARAMS = ("amount=1000", "currency=EUR", "reference=R-1", "return_url=https://shop.example/return")


@pytest.fixture
def connected() -> Iterator[RunningSandbox]:
    """A sandbox that serves on a port of this machine."""
    with start_in_thread() as running:
        yield running


def test_the_made_up_client_follows_the_rule(plan: Plan) -> None:
    look_up = sandbox_resolver(plan, NAMES)
    assert look_up(NAMES[0]) == checkout_client_id()
    assert look_up(NAMES[1]) == checkout_client_secret()
    assert look_up("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY") is None


@pytest.mark.parametrize(
    "names", [(), NAMES[:1], (*NAMES, "FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY")]
)
def test_the_made_up_key_is_the_default(plan: Plan, names: tuple[str, ...]) -> None:
    look_up = sandbox_resolver(plan, names)
    assert look_up("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY") == checkout_secret_key()
    assert look_up(NAMES[0]) is None


def test_in_this_process_and_after_the_vaults_clock_went_on(runner, plan: Plan) -> None:
    now = [1_800_000_000.0]
    world = World(now=lambda: now[0])
    create_secret(own(world), SECRET)
    runner.look_up = sandbox_resolver(plan, NAMES)
    seen: list[str] = []

    class Watching(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request.url.path)
            return await super().handle_async_request(request)

    # The third run finds a token that only the vault knows to be over.
    for seconds in (0, 10, 3600):
        now[0] += seconds
        ran = runner(Watching(create_app(world)))
        assert ran.result is not None, ran.sink.sorted()
        assert ran.result.outcome is Outcome.APPROVED, ran.result.reason
    once, again = ["/connect/token", "/forward"], ["/forward", "/connect/token", "/forward"]
    assert seen == [*once, "/forward", *again]


def test_over_a_connection(runner, plan: Plan, connected: RunningSandbox) -> None:
    create_secret(own(connected.world), SECRET)
    runner.look_up = sandbox_resolver(plan, NAMES)
    ran = runner(LoopbackTransport(connected.url))
    assert ran.result is not None, ran.sink.sorted()
    assert ran.result.outcome is Outcome.APPROVED


def test_a_wrong_client_is_refused(runner, connected: RunningSandbox) -> None:
    ran = runner(LoopbackTransport(connected.url))
    assert (ran.result, ran.codes) == (None, ["FC0826"])
    assert "(invalid_client)" in ran.sink.sorted()[0].message


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of a client are set; what they hold is read by nobody."""
    monkeypatch.delenv("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY", raising=False)
    for name in NAMES:
        monkeypatch.setenv(name, "hush-real-client-7373")


@pytest.mark.parametrize("operation", ["card_cit", "network_token_cit"])
def test_the_run_command_plays_a_client(
    root: Path, chosen: None, capfd: pytest.CaptureFixture[str], operation: str
) -> None:
    where = ("--via", "checkout", "--env", "sandbox", "--sandbox", "--json")
    params = [part for text in PARAMS for part in ("-p", text)]
    build = ("--build", str(root / "build"))
    code = cli(["run", f"adyen.{operation}", *where, *SOURCE, *params, *build])
    out, err = capfd.readouterr()
    assert code == 0, out + err
    assert "hush-real" not in out + err


def test_the_secrets_command_plays_a_client(
    root: Path, chosen: None, connected: RunningSandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    where = ("--via", "checkout", "--env", "sandbox", "--build", str(root / "build"))
    for command, state in (("push", "created"), ("check", "stored")):
        code = cli(["secrets", command, "adyen", *where, "--sandbox", connected.url, "--json"])
        out, _ = capfd.readouterr()
        assert code == 0
        assert {one["state"] for one in json.loads(out)["secrets"]} == {state}


def test_the_secrets_command_tells_why_there_is_no_token(
    root: Path, monkeypatch: pytest.MonkeyPatch, connected: RunningSandbox, capfd
) -> None:
    monkeypatch.setattr(
        "forwardc.cli.secrets.actions.sandbox_resolver",
        lambda *_: dict.fromkeys(NAMES, "wrong").get,
    )
    where = ("--via", "checkout", "--env", "sandbox", "--build", str(root / "build"))
    assert cli(["secrets", "list", *where, "--sandbox", connected.url]) == 1
    assert "FC0826" in capfd.readouterr().err


def test_an_operation_asks_for_no_more_than_it_needs(root: Path) -> None:
    scopes: dict[str, tuple[str, ...]] = {}
    for name in ("adyen", "stripe"):
        found = read_plan(root / "build", "checkout", name, "sandbox", Sink())
        assert found is not None
        instead = found.credentials["api_key"].instead
        assert instead is not None
        assert found.secret_store is not None
        assert found.secret_store.scopes == ("forward:secrets",)
        assert "forwardcdemo.access.sandbox.checkout.com" in found.hosts.vault
        for operation, one in found.operations.items():
            more = one.fallback.ask.scopes if one.fallback else ()
            scopes[f"{name}.{operation}"] = (*instead.oauth.scopes, *more)
    asking = {name for name, wanted in scopes.items() if "vault:instruments" in wanted}
    assert asking == {"adyen.network_token_cit", "adyen.network_token_mit"}
    assert {wanted[0] for wanted in scopes.values()} == {"forward"}
