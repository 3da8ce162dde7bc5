"""A copy of a destination, with other names of its own, works at the sandbox beside the first."""

import re
from pathlib import Path

import pytest

from forwardc.cli.main import run

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("adyen", "visa", "stripe", "rocketpay")
PROJECT = """forwardc: 1
merchant: {name: Copies}
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_sandbox0000000000000000000}
      stripe: {account: acct_sandbox, api_version: 2026-09-30.endive}
    settings:
      adyen: {merchant_account: FirstECOM}
      adyen_two: {merchant_account: SecondECOM}
      visa: {relationship_id: 1-2, client_app_id: first}
      visa_two: {relationship_id: 3-4, client_app_id: second}
      rocketpay: {project_id: 123}
      rocketpay_two: {project_id: 124}
"""
MONEY = ("-p", "amount=1000", "-p", "currency=EUR")
ORDER = (*MONEY, "-p", "reference=R-1", "-p", "return_url=https://shop.example/r")
WALLET = ("-p", "wallet_account_id=w-1", "-p", "email=a@shop.example")
TOKEN = "b8200fb478aae65919b4155b5d5eb964cfcc55585634874de8b1c471b7d56cf9"
RUNS = {
    "adyen.card_cit": ("checkout", "--source", "src_visa_adyen_approved0000000", *ORDER),
    "adyen.card_mit": ("stripe", "--source", "pm_sandbox_visa", *ORDER),
    "visa.provision": ("checkout", "--source", "src_visa_approved0000000000000", *WALLET),
    "stripe.payment": ("checkout", "--source", "src_visa_approved0000000000000", *MONEY),
    "rocketpay.card": ("direct", "-p", "customer_id=customer_123", "-p", f"token={TOKEN}"),
}


def copied(text: str, name: str) -> str:
    """The destination under another name, and each of its secrets under another name, too."""
    secrets = re.findall(r"^  (\w+):", text.partition("\nsecrets:")[2].partition("\n\n")[0], re.M)
    assert secrets
    for secret in sorted(secrets, key=len, reverse=True):
        text = re.sub(rf"\b{secret}\b", f"{name}_{secrets.index(secret)}", text)
    return re.sub(r"(?m)^name: \w+", f"name: {name}", text)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copies")
    (folder / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "destinations").mkdir()
    for name in COPIED:
        text = (ROOT / f"destinations/{name}.yaml").read_text(encoding="utf-8")
        for to, written in ((name, text), (f"{name}_two", copied(text, f"{name}_two"))):
            (folder / f"destinations/{to}.yaml").write_text(written, encoding="utf-8")
    assert run(["build", "--project", str(folder)]) == 0
    return folder


@pytest.fixture
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project)
    return project


@pytest.mark.parametrize("copy", ["", "_two"])
@pytest.mark.parametrize("target", RUNS)
def test_both_are_approved(
    inside: Path, capsys: pytest.CaptureFixture[str], target: str, copy: str
) -> None:
    name, _, operation = target.partition(".")
    vault, *options = RUNS[target]
    where = ("--via", vault, "--env", "sandbox", "--sandbox", "--no-history")
    code = run(["run", f"{name}{copy}.{operation}", *where, *options])
    out, err = capsys.readouterr()
    assert code == 0, out + err
