"""The example of an own token vault reaches its fields through both vaults in the sandbox."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from forwardc.cli.main import run as cli
from forwardc.sandbox.serve import start_in_thread

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("vault", "source"),
    [("checkout", "src_visa_adyen_approved0000000"), ("stripe", "pm_card_visa")],
)
def test_it_runs_and_every_field_is_filled(vault: str, source: str) -> None:
    with start_in_thread() as sandbox:
        code = cli(
            [
                *("run", "token_vault.tokenize", "--via", vault, "--env", "sandbox"),
                *("--source", source, "-p", "customer=customer-42"),
                *("--build", str(ROOT / "build"), "--sandbox", sandbox.url),
            ]
        )
        (received,) = sandbox.world.received
    assert code == 0
    assert received.host == "sandbox.token-vault.example"
    assert dict(received.headers)["authorization"].startswith("Bearer ")
    body = json.loads(received.body)
    assert body["metadata"] == {"customer": "customer-42"}
    assert set(body["card"]) >= {"number", "exp_month", "exp_year"}
    # The sandbox's own card at Stripe has no name: a blank that no name fills stays blank.
    assert all(value for field, value in body["card"].items() if field != "name")


@pytest.mark.parametrize(
    ("today", "code", "said"),
    [
        ("2027-08-31", 0, "no mistakes"),
        ("2027-09-01", 0, "warning FC0709 the attestation ends on 2027-10-31"),
        ("2027-11-01", 1, "error FC0709 the attestation lapsed on 2027-10-31"),
    ],
)
def test_its_evidence_is_for_a_year(today: str, code: int, said: str) -> None:
    from forwardc.cli.check import command

    options = ["--project", str(ROOT), "--today", today]
    result = CliRunner().invoke(command, options, standalone_mode=False)
    assert result.return_value == code
    assert said in result.output
