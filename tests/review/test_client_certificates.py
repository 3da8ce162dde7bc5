"""Where a vault has to present a client certificate, its set-up and its letter say so."""

import pytest
from click.testing import CliRunner

from forwardc.cli.build import command as build
from shop_project import SHOP

CHECKOUT = "checkout: {processing_channel_id: pc_abcdefghijklmnopqrstuvwxyz}"
ACCOUNTS = f"""forwardc: 1
merchant: {{name: Shop of Tests}}
environments:
  sandbox: {{vaults: {{{CHECKOUT}, stripe: {{account: acct_1}}}}}}
"""
WITH = SHOP.replace(
    "secrets:\n",
    'client_certificate: {certificate: "${secrets.pair}", key: "${secrets.pair}"}\n'
    "secrets:\n  pair: {description: Certificate and key as PEM}\n",
)
ASKED = (
    "please say whether you can present a client certificate (mutual TLS) to"
    " https://api.shop.example/payments: the destination asks for one, and we give you certificate"
    " and key apart"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files of `build/` with a certificate below `with/`, and without below `none/`."""
    files: dict[str, str] = {}
    for name, text in (("with", WITH), ("none", SHOP)):
        folder = tmp_path_factory.mktemp(name)
        (folder / "destinations").mkdir()
        (folder / "destinations" / "shop.yaml").write_text(text, encoding="utf-8")
        (folder / "forwardc.yaml").write_text(ACCOUNTS, encoding="utf-8")
        assert CliRunner().invoke(build, ["--project", str(folder)]).exit_code == 0
        files |= {
            f"{name}/{path.relative_to(folder / 'build')}": path.read_text("utf-8")
            for path in (folder / "build").rglob("*.*")
        }
    return files


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
def test_the_vault_is_asked(built: dict[str, str], vault: str) -> None:
    assert ASKED in built[f"with/{vault}/shop/submission.md"]
    assert '"client_certificates": [' in built[f"with/{vault}/shop/sandbox.setup.json"]
    # It is no secret of the vault's store, and none that the runtime needs for this plan.
    assert '"pair"' not in built[f"with/{vault}/shop/sandbox.plan.json"]
    assert "presents a client certificate" in built[f"with/{vault}/shop/review.html"]


def test_without_one_nobody_is(built: dict[str, str]) -> None:
    said = [path for path, text in built.items() if "client certificate" in text]
    assert {path.partition("/")[0] for path in said} == {"with"}


def test_nothing_else_of_a_plan_changes(built: dict[str, str]) -> None:
    """But for the notes: what leaves through a vault is the same."""
    for vault in ("checkout", "stripe"):
        with_, without = (
            built[f"{name}/{vault}/shop/sandbox.plan.json"].partition('"steps"')[2]
            for name in ("with", "none")
        )
        assert with_ == without
