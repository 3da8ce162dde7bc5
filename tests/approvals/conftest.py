"""A small project with two vaults in production, compiled as `forwardc build` does."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.compile.pipeline import compile_project
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan, load_plan

PROJECT = """\
forwardc: 1
destinations: destinations
build: build
environments:
  sandbox:
    vaults:
      stripe: {account: acct_1PwTk8nVr4HcYq6D, api_version: 2026-09-30.endive}
    settings:
      adyen: {merchant_account: ForwardcECOM}
  production:
    vaults:
      checkout: {processing_channel_id: pc_qk7wz3mvr5xtn2bhgyd6ufap4e, prefix: vkuhvk4v}
      stripe: {account: acct_1QzTk3mWv7RbXn2L, api_version: 2026-09-30.endive}
    settings:
      adyen: {merchant_account: ForwardcECOM, live_prefix: 1797a841fbb37ca7-forwardc}
"""
Edit = Callable[[str], str]
Compiled = Callable[[Edit, str], Plan]


def write_project(root: Path, folder: Path, edit: Edit = str) -> None:
    (folder / "destinations").mkdir(exist_ok=True)
    (folder / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    text = (root / "destinations" / "adyen.yaml").read_text(encoding="utf-8")
    (folder / "destinations" / "adyen.yaml").write_text(edit(text), encoding="utf-8")


@pytest.fixture(scope="session")
def compiled(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """A function from an edit of `adyen.yaml` and a vault to the plan for production."""

    def plan(edit: Edit, vault: str) -> Plan:
        folder = tmp_path_factory.mktemp("project")
        write_project(root, folder, edit)
        sink = Sink()
        outputs = dict(compile_project(folder, sink).outputs())
        assert [found.message for found in sink.sorted()] == []
        return load_plan(outputs[f"{vault}/adyen/production.plan.json"])

    return plan


@pytest.fixture(scope="session")
def plans(compiled: Compiled) -> dict[str, Plan]:
    """The plans of `adyen.yaml` as it stands, by vault."""
    return {vault: compiled(str, vault) for vault in ("checkout", "stripe")}


@pytest.fixture(scope="session")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a fresh build, not to be changed."""
    from forwardc.compile.review.staged_build import write

    folder = tmp_path_factory.mktemp("built")
    write_project(root, folder)
    write(folder / "build", compile_project(folder, Sink()).outputs())
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project that a test may change, as the working directory."""
    folder = tmp_path / "project"
    shutil.copytree(built, folder)
    monkeypatch.chdir(folder)
    return folder
