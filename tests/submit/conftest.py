"""A gpg of its own for these tests, one good key, and a project with keys to seal."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forwardc.cli.main import run as cli
from openpgp import Gpg, Made, made

PROJECT = """\
forwardc: 1
environments:
  production:
    vaults:
      stripe: {account: acct_1QzTk3mWv7RbXn2L, api_version: 2026-09-30.endive}
      checkout: {processing_channel_id: pc_qk7wz3mvr5xtn2bhgyd6ufap4e}
"""
SHOP = """\
forwardc: 1
name: shop
title: A shop with a key in three kinds of header
environments:
  production: {base_url: https://shop.example}
secrets:
  shop_api_key: {description: API key}
  shop_token: {description: token}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          headers:
            X-Key: ${secrets.shop_api_key}
            X-Same-Key: ${secrets.shop_api_key}
            Authorization: Bearer ${secrets.shop_token}
          json: {number: "${card.number}"}
        response: {outcome: by_status}
"""
BASIC = """\
forwardc: 1
name: basic
title: A destination with HTTP Basic authentication
environments:
  production: {base_url: https://basic.example}
secrets:
  basic_key: {description: API key}
operations:
  pay:
    initiator: customer
    steps:
      pay:
        request:
          POST: /pay
          headers: {Authorization: "Basic ${base64(secrets.basic_key + ':')}"}
          json: {number: "${card.number}"}
        response: {outcome: by_status}
"""


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build folder of the two destinations."""
    root = tmp_path_factory.mktemp("project")
    (root / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    (root / "destinations").mkdir()
    for name, text in (("shop", SHOP), ("basic", BASIC)):
        (root / "destinations" / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert cli(["build", "--project", str(root)]) == 0
    for name in ("shop", "basic"):
        given = ("--env", "production", "--by", "Ada", "--project", str(root))
        assert cli(["approve", "stripe", name, *given]) == 0
    return root / "build"


@pytest.fixture
def submit(build: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `forwardc submit stripe` against the build folder: exit code, output and remarks."""

    def call(destination: str, *arguments: str, vault: str = "stripe") -> tuple[int, str, str]:
        capfd.readouterr()
        options = ("--env", "production", "--build", str(build))
        code = cli(["submit", vault, destination, *options, *arguments])
        return (code, *capfd.readouterr())

    return call


@pytest.fixture(scope="session")
def gpg() -> Iterator[Gpg]:
    """gpg as an independent maker of keys and reader of messages."""
    if shutil.which("gpg") is None:
        pytest.skip("needs gpg, which reads apart from our library what was sealed")
    # The agent's socket needs a short path.
    home = tempfile.mkdtemp(prefix="gpg-")
    yield Gpg(home)
    subprocess.run(
        ["gpgconf", "--kill", "gpg-agent"], env={**os.environ, "GNUPGHOME": home}, check=False
    )
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def good(gpg: Gpg) -> Made:
    """A key of the vault's kind: an encryption subkey of RSA with 4096 bits."""
    return made(gpg, "good", gpg.make("good", "rsa2048", "cert,sign", "rsa4096 encr never"))


@pytest.fixture
def key_file(good: Made, tmp_path: Path) -> Path:
    path = tmp_path / "key.asc"
    path.write_bytes(good.public)
    return path
