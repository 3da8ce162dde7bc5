"""A store on each database, with a clock that a test can turn."""

from collections.abc import Iterator

import pytest

from forwardc.runtime.history.store import Store, open_store
from stored_runs import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(history_url: str, clock: Clock) -> Iterator[Store]:
    """An empty history, on both databases."""
    with open_store(history_url, now=clock) as opened:
        yield opened
