"""Hosts with the merchant's own prefix: in plans, in their calls, and at the sandbox."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forwardc.cli.main import run as cli

ROOT = Path(__file__).resolve().parents[2]
PROJECT = """forwardc: 1
merchant: {name: Shop}
destinations: destinations
build: build
environments:
  sandbox:
    vaults:
      checkout: {%s}
    settings:
      adyen: {merchant_account: ForwardcECOM}
"""
CHANNEL = "processing_channel_id: pc_sandbox0000000000000000000"
PAY = (
    *("--via", "checkout", "--env", "sandbox", "--no-history"),
    *("--source", "src_visa_network_token00000000"),
    *("-p", "amount=1000", "-p", "currency=EUR", "-p", "reference=R-1"),
    *("-p", "return_url=https://shop.example/return"),
)
CLIENT = ("CLIENT_ID", "CLIENT_SECRET")


@pytest.fixture
def build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[str], dict[str, Any]]:
    """Build a project with these lines of the account, and read its plan for Adyen."""
    (tmp_path / "destinations").mkdir()
    shutil.copy(ROOT / "destinations/adyen.yaml", tmp_path / "destinations")
    monkeypatch.chdir(tmp_path)

    def built(account: str) -> dict[str, Any]:
        (tmp_path / "forwardc.yaml").write_text(PROJECT % account)
        assert cli(["build"]) == 0, capfd.readouterr()
        capfd.readouterr()
        text = (tmp_path / "build/checkout/adyen/sandbox.plan.json").read_text()
        plan: dict[str, Any] = json.loads(text)
        return plan

    return built


@pytest.mark.parametrize("prefix", ["pl-abc123", "shop7"])
def test_api_and_access_get_the_prefix_and_forward_does_not(
    build: Callable[[str], dict[str, Any]], prefix: str
) -> None:
    plan = build(f"{CHANNEL}, prefix: {prefix}")
    assert plan["hosts"]["vault"] == [
        "forward.sandbox.checkout.com",
        f"{prefix}.api.sandbox.checkout.com",
        f"{prefix}.access.sandbox.checkout.com",
    ]
    token_url = plan["credentials"]["api_key"]["or"]["oauth"]["token_url"]
    assert token_url == f"https://{prefix}.access.sandbox.checkout.com/connect/token"
    assert plan["secret_store"]["url"].startswith("https://forward.sandbox.checkout.com/")
    text = json.dumps(plan)
    assert f"{prefix}.forward" not in text
    assert text.count("//api.sandbox") == 0
    assert f"https://{prefix}.api.sandbox.checkout.com/instruments/" in text


def test_without_a_prefix_nothing_changes(build: Callable[[str], dict[str, Any]]) -> None:
    plan = build(CHANNEL)
    assert plan["hosts"]["vault"][1:] == [
        "api.sandbox.checkout.com",
        "access.sandbox.checkout.com",
    ]


def test_a_client_and_an_instrument_are_asked_for_at_the_own_hosts(
    build: Callable[[str], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    build(f"{CHANNEL}, prefix: pl-abc123")
    for name in CLIENT:
        monkeypatch.setenv(f"FORWARDC_VAULT__SANDBOX__CHECKOUT__{name}", "real")
    code = cli(["run", "adyen.network_token_cit", *PAY, "--sandbox"])
    out = capfd.readouterr().out
    assert code == 0, out
    assert "200 from adyen" in out


def test_without_a_channel_nothing_is_built(
    tmp_path: Path, build: Callable[[str], dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    """A key for several channels must name one in each call, so the project has to say it."""
    with pytest.raises(FileNotFoundError):
        build("prefix: shop7")
    assert json.loads((tmp_path / "build/coverage.json").read_text())
    assert cli(["run", "adyen.card_cit", *PAY, "--sandbox"]) == 1
    assert "FC0813" in capfd.readouterr().err


def test_the_channel_is_in_every_request(build: Callable[[str], dict[str, Any]]) -> None:
    operations = build(CHANNEL)["operations"]
    bodies = [step["http"]["body"] for one in operations.values() for step in one["steps"]]
    assert bodies
    assert all("pc_sandbox0000000000000000000" in json.dumps(body) for body in bodies)
