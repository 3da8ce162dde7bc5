"""Plans that a ConfigMap mounts are links: a server takes them where its settings say so."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = """\
[run]
environment = "{environment}"
build = "{build}"
[destinations.CARDS]
run = "adyen.card_cit"
reference_param = "reference"
[lookup]
kind = "csv"
file = "cards.csv"
[plans]
mounted = {mounted}
"""
CARDS = """\
reference,vault,source,param.amount,param.currency,param.return_url
9f0c7ad2-51b7-4c7e-8a51-7d2f0a6f6d1e,checkout,src_{},1000,EUR,https://shop.example/return
"""
Check = Callable[[Path, bool, str], tuple[int, str]]


@pytest.fixture
def mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as Kubernetes mounts it, with the build folder of this repository."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "work" / "cards.csv").write_text(CARDS.format("a" * 26), encoding="utf-8")
    inside = tmp_path / "mount" / "..2026_11_30_08_00_00.1"
    shutil.copytree(ROOT / "build", inside / "build")
    (tmp_path / "mount" / "..data").symlink_to(inside.name)
    (tmp_path / "mount" / "build").symlink_to("..data/build")
    return tmp_path / "mount"


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    def call(build: Path, mounted: bool, environment: str = "sandbox") -> tuple[int, str]:
        told = str(mounted).lower()
        text = SETTINGS.format(build=build, mounted=told, environment=environment)
        Path("server.toml").write_text(text, encoding="utf-8")
        code = run(("serve", "--check", "--settings", "server.toml"))
        return code, "".join(capsys.readouterr())

    return call


def test_plans_that_are_said_to_be_mounted_are_served(mount: Path, check: Check) -> None:
    code, told = check(mount / "build", True, "sandbox")
    assert code == 0, told
    assert "CARDS: adyen.card_cit through checkout" in told


def test_a_link_that_nobody_speaks_of_is_refused(mount: Path, check: Check) -> None:
    code, told = check(mount / "build", False, "sandbox")
    assert code == 1
    assert "FC0118" in told
    assert "[plans] mounted = true" in told


@pytest.mark.parametrize("mounted", [True, False])
def test_the_lock_lies_beside_the_folder_as_it_is_named(
    mounted: bool, mount: Path, check: Check
) -> None:
    """A lock at the end of a link is not looked for, and a linked one needs the same word."""
    inside = mount / "..data" / "forwardc.lock"
    inside.write_text("damaged", encoding="utf-8")
    build = mount / "build" if mounted else mount / "..data" / "build"
    code, told = check(build, mounted, "production")
    assert code == 1
    # Beside `build`, the link, is no lock yet; beside the folder itself is the damaged one.
    assert ("FC0705" in told) is not mounted, told
    if mounted:
        (mount / "forwardc.lock").symlink_to("..data/forwardc.lock")
        assert "FC0705" in check(build, True, "production")[1]


def test_what_is_mounted_is_plain_at_its_end(mount: Path, check: Check) -> None:
    manifest = mount / "..data" / "build" / "manifest.json"
    manifest.unlink()
    os.mkfifo(manifest)
    code, told = check(mount / "build", True, "sandbox")
    assert code == 1
    assert "it is a pipe" in told
