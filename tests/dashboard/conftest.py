"""A dashboard over a recorded history."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import RUNS, Browser, fresh_settings
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from recorded import Recorded, recording


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a history with all runs, written once."""
    folder = tmp_path_factory.mktemp("history")
    with recording(folder) as history:
        for told in sorted(RUNS, key=lambda one: -one.ago):
            history.add(told)
    return folder / "history.db"


@pytest.fixture
def recorded(written: Path, tmp_path: Path) -> Iterator[Recorded]:
    """A copy of that history, open."""
    shutil.copy(written, tmp_path)
    with recording(tmp_path) as history:
        yield history


@pytest.fixture
def stranger(recorded: Recorded) -> Browser:
    """A browser that has not signed in."""
    settings = fresh_settings()
    return Browser(create(recorded.store, settings), settings)


@pytest.fixture
def viewer(stranger: Browser) -> Browser:
    return stranger.sign_in(Role.VIEWER)


@pytest.fixture
def admin(recorded: Recorded) -> Browser:
    settings = fresh_settings()
    return Browser(create(recorded.store, settings), settings).sign_in(Role.ADMIN)
