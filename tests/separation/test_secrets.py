"""What sends a secret needs an own approval, and goes where the project says, whatever is built."""

import json
from pathlib import Path

import pytest

PRODUCTION = ("--via", "checkout", "--env", "production")
SANDBOX = ("--via", "checkout", "--env", "sandbox")
LIVE_CHECKOUT = "sk_" + "a" * 27


def approve(door, target: str, env: str = "production") -> None:
    assert door("approve", "checkout", target, "--env", env, "--by", "Ada")[0] == 0


@pytest.mark.costly
@pytest.mark.parametrize("command", [("push",), ("list",), ("check",), ("delete", "--yes")])
def test_production_needs_an_own_approval(command: tuple[str, ...], door) -> None:
    door.give(checkout=LIVE_CHECKOUT, stripe_secret="sk_live_" + "a1B2" * 8)
    code, out = door("secrets", *command, *PRODUCTION)
    assert (code, door.sent) == (1, [])
    assert "FC0814" in out
    approve(door, "adyen.card_cit")
    _, out = door("secrets", *command, *PRODUCTION, *(("adyen",) if command[0] == "push" else ()))
    assert "FC0814" not in out
    assert door.sent


@pytest.mark.costly
def test_an_approval_of_another_destination_pushes_nothing(door) -> None:
    door.give(checkout=LIVE_CHECKOUT)
    approve(door, "adyen.card_cit")
    code, out = door("secrets", "push", *PRODUCTION, "token_vault")
    assert (code, door.sent) == (1, [])
    assert "FC0814 the secret token_vault_key is sent to checkout after an own approval" in out


def test_a_live_secret_is_pushed_to_no_sandbox(door) -> None:
    live = "sk_live_" + "a1B2" * 8
    door.give(stripe_secret=live)
    code, out = door("secrets", "push", *SANDBOX, "stripe")
    assert (code, door.sent) == (1, [])
    assert "FC0845 FORWARDC_SECRET__SANDBOX__STRIPE__STRIPE_API_KEY begins as a credential" in out
    assert live not in out


def test_a_sandbox_that_is_told_apart_needs_none(door) -> None:
    _, out = door("secrets", "push", *SANDBOX, "adyen", "stripe")
    assert "FC08" not in out.replace("FC0817", "")
    assert {request.url.split("/")[2] for request in door.sent} == {"forward.sandbox.checkout.com"}


def test_a_tampered_build_redirects_no_secret(door) -> None:
    for path in Path("build/checkout").glob("*/sandbox.plan.json"):
        text = path.read_text().replace("forward.sandbox.checkout.com", "evil.example")
        path.write_text(text)
    door("secrets", "push", *SANDBOX, "adyen", "stripe")
    assert {request.url.split("/")[2] for request in door.sent} == {"forward.sandbox.checkout.com"}


def test_without_a_project_nobody_knows_where_secrets_may_go(door, tmp_path: Path) -> None:
    Path("forwardc.yaml").unlink()
    code, out = door("secrets", "push", *SANDBOX)
    assert (code, door.sent) == (2, [])
    assert "There is no forwardc.yaml above build/" in out


@pytest.mark.costly
def test_a_key_is_sealed_after_an_own_approval_only(door, tmp_path: Path) -> None:
    pytest.importorskip("pysequoia")
    (tmp_path / "key.asc").write_text("no key")
    arguments = ("submit", "stripe", "adyen", "--env", "production", "--key", "key.asc")
    code, out = door(*arguments, "--out", "sealed")
    assert code == 1
    assert "FC0814 the secret adyen_api_key is sent to stripe after an own approval only" in out
    assert not Path("sealed").exists()
    assert door("approve", "stripe", "adyen", "--env", "production", "--by", "Ada")[0] == 0
    assert "FC0814" not in door(*arguments, "--out", "sealed")[1]


def test_made_up_secrets_of_a_sandbox_need_no_shape(house: Path, capfd) -> None:
    from forwardc.cli.main import run

    assert run(("secrets", "push", *SANDBOX, "--sandbox", "--json")) == 0
    shown = json.loads(capfd.readouterr().out)
    assert "stripe_api_key" in [one["name"] for one in shown["secrets"]]
