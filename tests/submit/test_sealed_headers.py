"""One file a header: what of its value is hashed, and that a sandbox finds it again."""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from forwardc.cli.main import run
from openpgp import Gpg, Made

PROJECT = """\
forwardc: 1
environments:
  sandbox: {vaults: {stripe: {account: acct_1PwTk8nVr4HcYq6D, api_version: 2026-09-30.endive}}}
  production: {vaults: {stripe: {account: acct_1QzTk3mWv7RbXn2L, api_version: 2026-09-30.endive}}}
"""
BANK = """\
forwardc: 1
name: bank
title: A bank with keys in headers
environments: {{production: {{base_url: https://api.bank.example}}}}
{secrets}operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          headers: {{{headers}}}
          json: {{number: "${{card.number}}"}}
        response: {{outcome: by_status}}
"""
SECOND = """\
      again:
        request:
          POST: /again
          headers: {{{headers}}}
          json: {{number: "${{card.number}}"}}
        response: {{outcome: by_status}}
"""
USER, PASSWORD = "till-7", "correct-horse"
OURS = "FORWARDC_SECRET__PRODUCTION__BANK__BANK_"
BASIC = "\"Basic ${base64(secrets.bank_user + ':' + secrets.bank_password)}\""
PAIR = b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass
class SealedProject:
    """A project in a folder, and what `submit` sealed for it."""

    folder: Path
    gpg: Gpg
    good: Made
    key: Path

    def write(self, headers: str, second: str = "") -> None:
        used = [name for name in ("bank_user", "bank_password") if name in headers + second]
        lines = "".join(f"  {name}: {{}}\n" for name in used)
        text = BANK.format(headers=headers, secrets=f"secrets:\n{lines}" if used else "")
        text += SECOND.format(headers=second) if second else ""
        (self.folder / "destinations").mkdir(exist_ok=True)
        (self.folder / "destinations" / "bank.yaml").write_text(text, encoding="utf-8")
        (self.folder / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
        assert run(("build",)) == 0
        approve = ("approve", "stripe", "bank", "--env", "production", "--by", "Ada")
        assert run((*approve, "--psp-ticket", "SUP-1")) == 0

    def submit(self, *more: str) -> int:
        given = ("--key", str(self.key), "--fingerprint", self.good.fingerprint, "--out", "sealed")
        return run(("submit", "stripe", "bank", "--env", "production", *given, *more))

    def hashes(self) -> dict[str, str]:
        return {
            path.name.removesuffix(".encrypted_hashed_key.txt"): self.gpg(
                "--decrypt", given=b64decode(path.read_bytes())
            ).decode()
            for path in sorted((self.folder / "sealed").iterdir())
        }


@pytest.fixture
def project(
    tmp_path: Path, gpg: Gpg, good: Made, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> SealedProject:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv(f"{OURS}USER", USER)
    monkeypatch.setenv(f"{OURS}PASSWORD", PASSWORD)
    return SealedProject(folder, gpg, good, key_file)


def hashed(value: str) -> str:
    return sha256(value.encode()).hexdigest()


Said = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("header", "value", "doubt"),
    [
        (f"Authorization: {BASIC}", PAIR, ""),
        (f"X-Authorization: {BASIC.replace('Basic', 'basic')}", PAIR, ""),
        ('Authorization: "Bearer ${secrets.bank_password}"', PASSWORD, ""),
        ('X-Key: "${secrets.bank_password}"', PASSWORD, ""),
        ('Authorization: "Basic ${secrets.bank_password}"', PASSWORD, ""),
        ('Authorization: "Token ${secrets.bank_password}"', PASSWORD, "and not `Token`"),
        (
            'Authorization: "Token token=${secrets.bank_password}"',
            f"token={PASSWORD}",
            "and not `Token`",
        ),
        (
            'Authorization: "Wizard ${secrets.bank_password}"',
            f"Wizard {PASSWORD}",
            "`Wizard` is no scheme that is known",
        ),
        (
            'X-Key: "${secrets.bank_user}:${secrets.bank_password}"',
            f"{USER}:{PASSWORD}",
            "this is more than one",
        ),
        ('X-Key: "key=${secrets.bank_password}"', f"key={PASSWORD}", "this is more than one"),
        (
            'X-Key: "${base64(secrets.bank_password)}"',
            b64encode(PASSWORD.encode()).decode(),
            "this is more than one",
        ),
    ],
)
def test_what_is_hashed_and_that_the_sandbox_finds_it_again(
    header: str, value: str, doubt: str, project: SealedProject, capfd: Said
) -> None:
    project.write(header)
    capfd.readouterr()
    assert project.submit("--json") == 0
    out, err = capfd.readouterr()
    assert project.hashes() == {f"bank.{header.partition(':')[0]}": hashed(value)}
    (one,) = json.loads(out)["sealed"]
    assert one["confirmed"] is (doubt == "")
    assert ("FC0860" in out + err) is (doubt != "")
    assert doubt in out + err
    for text in (USER, PASSWORD, PAIR, hashed(value)):
        assert text not in out + err
    # Production in the sandbox compares the hash of what a run sends.
    pay = ("run", "bank.pay", "--via", "stripe", "--env", "production", "--source", "pm_card_visa")
    assert run((*pay, "--sandbox", "--no-history")) == 0


@pytest.mark.parametrize("scheme", ["ApiKey", "token"])
def test_a_key_does_not_bring_the_scheme_that_its_header_has(
    scheme: str, project: SealedProject, capfd: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(f'Authorization: "{scheme} ${{secrets.bank_password}}"')
    monkeypatch.setenv(f"{OURS}PASSWORD", f"{scheme.upper()} {PASSWORD}")
    capfd.readouterr()
    assert project.submit() == 1
    err = capfd.readouterr().err
    assert f"FC0816 {OURS}PASSWORD starts with the scheme" in err
    assert PASSWORD not in err


def test_one_value_in_two_steps_is_one_file_and_two_values_are_two(project: SealedProject) -> None:
    bearer = 'Authorization: "Bearer ${secrets.bank_password}", X-Key: "${secrets.bank_user}"'
    project.write(f"Authorization: {BASIC}, X-Key: '${{secrets.bank_user}}'", bearer)
    assert project.submit() == 0
    assert project.hashes() == {
        "bank.Authorization.pay.pay": hashed(PAIR),
        "bank.Authorization.pay.again": hashed(PASSWORD),
        "bank.X-Key": hashed(USER),
    }


def test_a_header_of_strange_letters_has_a_plain_file_name(project: SealedProject) -> None:
    project.write('"X|Key*": "${secrets.bank_password}", "X_Key": "${secrets.bank_user}"')
    assert project.submit() == 0
    assert project.hashes() == {"bank.X_7cKey_2a": hashed(PASSWORD), "bank.X_5fKey": hashed(USER)}


def test_what_differs_in_each_run_has_no_hash(project: SealedProject, capfd: Said) -> None:
    project.write('X-Key: "${secrets.bank_password}-${run.id}"')
    capfd.readouterr()
    assert project.submit() == 1
    assert "FC0816 X-Key is another one in each run" in capfd.readouterr().err
    assert not (project.folder / "sealed").exists()


def test_a_destination_without_keys_says_so(project: SealedProject, capfd: Said) -> None:
    project.write('X-Kind: "1"')
    capfd.readouterr()
    assert project.submit() == 0
    assert "there is nothing to seal" in capfd.readouterr().err


def test_every_file_belongs_to_a_header_of_the_plan(project: SealedProject, capfd: Said) -> None:
    project.write(f"Authorization: {BASIC}, X-A: '${{secrets.bank_user}}', X-B: plain")
    capfd.readouterr()
    assert project.submit("--json") == 0
    rows = json.loads(capfd.readouterr().out)["sealed"]
    assert [(row["header"], row["secrets"], row["places"]) for row in rows] == [
        ("Authorization", ["bank_user", "bank_password"], ["pay.pay"]),
        ("X-A", ["bank_user"], ["pay.pay"]),
    ]
