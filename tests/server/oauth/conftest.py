"""The server's keys, and a clock of seconds."""

from pathlib import Path

import pytest

from bearer import Time
from forwardc.server.oauth.server_keys import ServerKeys, load_keys


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def keys(tmp_path: Path) -> ServerKeys:
    return load_keys(tmp_path / "server-keys.json", {}.get, history="h.db")


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that make many hashes and measure none."""
    monkeypatch.setattr("forwardc.server.oauth.clients._N", 2**6)
