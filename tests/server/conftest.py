"""A history on each database or in a file, with a clock that a test can turn."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from forwardc.runtime.history.store import Store, open_store
from stored_runs import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(history_url: str, clock: Clock) -> Iterator[Store]:
    with open_store(history_url, now=clock) as opened:
        yield opened


@pytest.fixture
def file_store(tmp_path: Path, empty_history: Path, clock: Clock) -> Iterator[Store]:
    """For what does not depend on the database."""
    shutil.copy(empty_history, tmp_path / "own.db")
    with open_store(str(tmp_path / "own.db"), now=clock) as opened:
        yield opened
