"""A project of two destinations, compiled once, whose secrets Checkout.com stores."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run as cli

PROJECT = """\
forwardc: 1
environments:
  sandbox:
    vaults:
      checkout: {processing_channel_id: pc_h4tzr6mwk2vqx7ynb5dgfu3paj}
      stripe: {account: acct_1PwTk8nVr4HcYq6D, api_version: 2026-09-30.endive}
"""
SHOP = """\
forwardc: 1
name: shop
title: A shop with an API key and a key for encryption
environments:
  sandbox: {base_url: https://shop.example}
secrets:
  shop_api_key: {description: API key}
  shop_shared_key: {description: shared secret, as_key: sha256_base64url}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          headers: {X-Key: "${secrets.shop_api_key}"}
          json:
            card: ${jwe(card.number, key=secrets.shop_shared_key, alg='A256GCMKW', enc='A256GCM')}
"""
PLAIN = """\
forwardc: 1
name: plain
title: A destination with one token
environments:
  sandbox: {base_url: https://plain.example}
secrets:
  plain_token: {description: token}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          headers: {Authorization: "Bearer ${secrets.plain_token}"}
          json: {number: "${card.number}"}
"""


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of the two destinations."""
    root = tmp_path_factory.mktemp("project")
    (root / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    (root / "destinations").mkdir()
    for name, text in (("shop", SHOP), ("plain", PLAIN)):
        (root / "destinations" / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert cli(["build", "--project", str(root)]) == 0
    return root / "build"


Forwardc = Callable[..., tuple[int, str, str]]


@pytest.fixture
def secrets(build: Path, capfd: pytest.CaptureFixture[str]) -> Forwardc:
    """Run `forwardc secrets` against the build folder: exit code, output and remarks."""

    def call(*arguments: str, via: str = "checkout") -> tuple[int, str, str]:
        capfd.readouterr()
        options = ("--via", via, "--env", "sandbox", "--build", str(build))
        code = cli(["secrets", *arguments, *options])
        return (code, *capfd.readouterr())

    return call
