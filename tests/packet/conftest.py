"""A small merchant's project, typed as a person would, and what each command says of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run

Typed = Callable[..., tuple[int, str, str]]
STRIPE, CHECKOUT = "acct_1QzTk3mWv7RbXn2L", "pc_qk7wz3mvr5xtn2bhgyd6ufap4e"
PROJECT = """\
forwardc: 1
merchant: {{name: Shoes of Paris{merchant}}}
environments:
  sandbox:
    vaults:
      stripe: {{account: {test}, api_version: 2026-09-30.endive}}
      checkout: {{processing_channel_id: pc_h4tzr6mwk2vqx7ynb5dgfu3paj}}
  production:
    vaults:
      stripe: {{account: {stripe}, api_version: 2026-09-30.endive}}
      checkout: {{processing_channel_id: {checkout}{prefix}}}
"""
SHOES = """\
forwardc: 1
name: shoes
title: Card payments of a bank
docs: https://docs.bank.example/payments
environments:
  sandbox: {base_url: https://test.bank.example}
  production: {base_url: https://api.bank.example}
secrets:
  bank_key: {description: Key of the bank}
operations:
  payment:
    initiator: customer
    title: A payment, the shopper is there
    steps:
      pay:
        request:
          POST: /payments
          headers: {Authorization: "Bearer ${secrets.bank_key}"}
          json: {number: "${card.number}", month: "${card.expiry.MM}", year: "${card.expiry.YYYY}"}
        response: {outcome: by_status}
"""


@pytest.fixture
def typed(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Typed:
    """Type a command in the folder of the project: exit code, output and remarks."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run(arguments)
        return (code, *capfd.readouterr())

    return call


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., None]:
    """Write the project: `account`s, and the destination."""

    def write(shoes: str = SHOES, **said: str) -> None:
        given = {"test": "acct_1PwTk8nVr4HcYq6D", "stripe": STRIPE, "checkout": CHECKOUT}
        text = PROJECT.format(**{**given, "merchant": "", "prefix": "", **said})
        (tmp_path / "forwardc.yaml").write_text(text, encoding="utf-8")
        (tmp_path / "destinations").mkdir(exist_ok=True)
        (tmp_path / "destinations" / "shoes.yaml").write_text(shoes, encoding="utf-8")

    return write
