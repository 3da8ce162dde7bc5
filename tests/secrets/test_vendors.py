"""A key that two destinations share: declared once, stored once, set once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.integrations.rocketpay.signers import shipped_signer, signers_in
from forwardc.plan.build_folder import read_plan, read_plans
from forwardc.plan.digests import approval_digest
from forwardc.plan.secret_names import SecretId, secret_id
from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.sandbox.serve import start_in_thread

PROJECT = """forwardc: 1
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_sandbox0000000000000000000}
      stripe: {account: acct_sandbox, api_version: 2026-09-30.endive}
vendors:
  adyen: {secrets: [adyen_api_key]}
"""
DESTINATION = """forwardc: 1
name: NAME
title: Card payments
environments:
  sandbox: {base_url: https://NAME.example}
secrets:
  adyen_api_key: {OWNERdescription: API key of the company account}
  NAME_token: {description: a token of its own}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers: {X-API-Key: "${secrets.adyen_api_key}", X-Token: "${secrets.NAME_token}"}
          json: {number: "${card.number}"}
        response: {outcome: by_status}
"""
SIGNED = """json: {id: 1}
          sign: {scheme: rocketpay-gate, secret: "${secrets.rocketpay_secret}", into: /signature}"""
Forwardc = Callable[..., tuple[int, str, str]]


def written(root: Path, project: str = PROJECT, owner: str = "owner: adyen, ") -> Path:
    """A project of two destinations that use the vendor's key."""
    (root / "destinations").mkdir(exist_ok=True)
    (root / "forwardc.yaml").write_text(project, encoding="utf-8")
    for name in ("payments", "payouts"):
        text = DESTINATION.replace("NAME", name).replace("OWNER", owner)
        (root / "destinations" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def forwardc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Forwardc:
    """Runs commands in the built project."""
    monkeypatch.chdir(written(tmp_path))
    monkeypatch.setenv("FORWARDC_HISTORY", str(tmp_path / "history.db"))
    assert cli(["build"]) == 0

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        return (cli(arguments), *capfd.readouterr())

    return call


def rows(output: str) -> dict[str, tuple[str | None, str]]:
    return {one["name"]: (one["owner"], one["state"]) for one in json.loads(output)["secrets"]}


def test_a_shared_secret_is_stored_once_under_its_owner(forwardc: Forwardc) -> None:
    at = ("--via", "checkout", "--env", "sandbox", "--json", "--sandbox")
    with start_in_thread() as sandbox:
        code, out, err = forwardc("secrets", "push", *at, sandbox.url)
        assert code == 0, err + out
        assert rows(out) == {
            "adyen_api_key": ("adyen", "created"),
            "payments_token": ("payments", "created"),
            "payouts_token": ("payouts", "created"),
        }
        _, out, _ = forwardc("secrets", "check", "payouts", *at, sandbox.url)
        assert rows(out)["adyen_api_key"] == ("adyen", "stored")
        code, out, _ = forwardc("secrets", "delete", "payouts", "--yes", *at, sandbox.url)
        assert code == 0
        assert rows(out) == {
            "payouts_token": ("payouts", "deleted"),
            "adyen_api_key": ("adyen", "in use"),
        }
        _, out, _ = forwardc("secrets", "delete", "--yes", *at, sandbox.url)
        assert rows(out)["adyen_api_key"] == ("adyen", "deleted")


def test_one_variable_serves_both(forwardc: Forwardc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDC_SECRET__SANDBOX__ADYEN__ADYEN_API_KEY", "the-key")
    for name in ("payments", "payouts"):
        code, _, err = forwardc(
            *("run", name, "--via", "stripe", "--env", "sandbox", "--dry-run"),
            *("--source", "pm_sandbox_visa"),
        )
        assert code == 1
        assert "ADYEN_API_KEY" not in err
        assert f"FORWARDC_SECRET__SANDBOX__{name}__{name}_TOKEN".upper() in err


def test_in_a_sandbox_both_send_the_same_value(forwardc: Forwardc) -> None:
    with start_in_thread() as sandbox:
        for name in ("payments", "payouts"):
            code, out, err = forwardc(
                *("run", name, "--via", "checkout", "--env", "sandbox"),
                *("--source", "src_visa_approved0000000000000", "--sandbox", sandbox.url),
            )
            assert code == 0, out + err
        received = [dict(one.headers) for one in sandbox.world.received]
    assert [one["x-api-key"] for one in received] == [sandbox_secret("adyen", "adyen_api_key")] * 2
    assert len({one["x-token"] for one in received}) == 2


def test_a_setup_file_names_the_owner(forwardc: Forwardc, tmp_path: Path) -> None:
    del forwardc
    setup = json.loads((tmp_path / "build/stripe/payouts/sandbox.setup.json").read_text())
    secrets = {one["name"]: one for one in setup["secrets"]}
    assert secrets["adyen_api_key"]["owner"] == "adyen"
    variable = "FORWARDC_SECRET__SANDBOX__ADYEN__ADYEN_API_KEY"
    assert secrets["adyen_api_key"]["environment_variable"] == variable
    assert "owner" not in secrets["payouts_token"]


def test_whose_key_leaves_is_part_of_what_is_approved(tmp_path: Path) -> None:
    digests = set()
    for vendor in ("adyen", "adyen_group"):
        root = written(tmp_path, PROJECT.replace("  adyen:", f"  {vendor}:"), f"owner: {vendor}, ")
        assert cli(["build", "--project", str(root)]) == 0
        plan = read_plan(root / "build", "stripe", "payments", "sandbox", Sink())
        assert plan is not None
        assert secret_id(plan, "adyen_api_key").owner == vendor
        digests.add(approval_digest(plan, "payment"))
    assert len(digests) == 2


def signs(root: Path, place: str) -> list[SecretId]:
    plans = read_plans(root / "build", Sink(), place)
    return [signer.secret for signer in signers_in(plans, place)]


def test_callbacks_are_verified_with_the_secret_of_its_owner(tmp_path: Path) -> None:
    root = written(tmp_path)
    assert signs(root, "sandbox") == [shipped_signer("sandbox").secret]
    for file in (root / "forwardc.yaml", *(root / "destinations").iterdir()):
        text = file.read_text(encoding="utf-8").replace("adyen_api_key", "rocketpay_secret")
        text = text.replace('json: {number: "${card.number}"}', SIGNED).replace("adyen", "gate")
        file.write_text(
            text.replace("\nname:", "\nintegration: rocketpay\nname:"), encoding="utf-8"
        )
    assert cli(["build", "--project", str(root)]) == 0
    # Both destinations sign with it: a callback that it verifies is about either's runs.
    (signer,) = signers_in(read_plans(root / "build", Sink(), "sandbox"), "sandbox")
    assert signer.secret.variable == "FORWARDC_SECRET__SANDBOX__GATE__ROCKETPAY_SECRET"
    assert signer.destinations == ("payments", "payouts")
    assert signs(root, "production") == [shipped_signer("production").secret]
