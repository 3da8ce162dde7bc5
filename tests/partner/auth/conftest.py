"""A history on each database, the server's keys, and a clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bearer import Time
from forwardc.partner.auth.keys import ServerKeys, load_keys
from forwardc.runtime.history.store import Store, open_store
from stored_runs import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def store(history_url: str, clock: Clock) -> Iterator[Store]:
    with open_store(history_url, now=clock) as opened:
        yield opened


@pytest.fixture
def file_store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """For what does not depend on the database."""
    with open_store(str(tmp_path / "own.db"), now=clock) as opened:
        yield opened


@pytest.fixture
def keys(tmp_path: Path) -> ServerKeys:
    return load_keys(tmp_path / "server-keys.json", {}.get, history="h.db")


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that make many hashes and measure none."""
    monkeypatch.setattr("forwardc.partner.auth.client_secrets._N", 2**6)
