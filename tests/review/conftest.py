"""Compiles a small project in a folder of its own, or copies this one into a git repository."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from diff_project import DAY, git
from forwardc.cli.build import command as build
from forwardc.compile.pipeline import compile_project
from forwardc.core.diagnostics.sink import Sink
from shop_project import ACCOUNTS, SHOP, Project


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[..., Project]:
    """Compile a project of one destination, with other files beside it."""

    def go(
        shop: str = SHOP,
        accounts: str = ACCOUNTS,
        today: date | None = date(2026, 11, 20),
        files: dict[str, str] | None = None,
    ) -> Project:
        given = {"forwardc.yaml": accounts, "destinations/shop.yaml": shop} | (files or {})
        for name, text in given.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        sink = Sink()
        return Project(compile_project(tmp_path, sink, today), sink)

    return go


@pytest.fixture(scope="session")
def committed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project, built and committed; not to be changed."""
    folder = tmp_path_factory.mktemp("committed")
    shutil.copytree(root / "destinations", folder / "destinations")
    shutil.copy(root / "forwardc.yaml", folder)
    assert CliRunner().invoke(build, ["--project", str(folder), *DAY]).exit_code == 0
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "First")
    return folder


@pytest.fixture
def project(committed: Path, tmp_path: Path) -> Path:
    """A copy of the committed project that a test may change."""
    folder = tmp_path / "project"
    shutil.copytree(committed, folder)
    return folder
