"""Failures of the history and the lookup are counted, and everything else stays as it was."""

import asyncio
from pathlib import Path

import pytest

from forwardc.runtime.history.errors import HistoryConflictError, HistoryUnavailableError
from forwardc.runtime.history.store import open_store
from forwardc.server.directory.payment_directory import DirectoryError, Instrument
from forwardc.server.telemetry.metrics import InstrumentedDirectory, instrumented


class Count:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def fails(problem: Exception) -> object:
    raise problem


def test_a_history_that_is_away_is_counted(tmp_path: Path) -> None:
    count = Count()
    with open_store(str(tmp_path / "history.db")) as store:
        store.database = instrumented(store.database, count)
        store.record("note", "ann", "one")
        assert [event.description for event in store.events()] == ["one"]
        with pytest.raises(HistoryUnavailableError):
            store.database.write(lambda _: fails(HistoryUnavailableError("gone")))
        with pytest.raises(HistoryUnavailableError):
            store.database.new_connection().read(lambda _: fails(HistoryUnavailableError("gone")))
        assert count.times == 2
        # What is contended is done again, and a mistake of ours is another matter.
        with pytest.raises(HistoryConflictError):
            store.database.write(lambda _: fails(HistoryConflictError("busy")))
        with pytest.raises(KeyError):
            store.database.read(lambda _: fails(KeyError("x")))
        assert count.times == 2


class Merchant:
    def __init__(self) -> None:
        self.problem: Exception | None = None
        self.closed = False

    async def find(self, reference: str) -> Instrument | None:
        if self.problem:
            raise self.problem
        return Instrument("stripe", reference)

    async def ready(self) -> None:
        if self.problem:
            raise self.problem

    async def close(self) -> None:
        self.closed = True


def test_a_lookup_that_is_away_is_counted() -> None:
    async def go() -> None:
        count, merchant = Count(), Merchant()
        lookup = InstrumentedDirectory(merchant, count)
        found = await lookup.find("pm_1")
        assert found is not None
        assert found.source == "pm_1"
        merchant.problem = DirectoryError("down")
        with pytest.raises(DirectoryError):
            await lookup.find("pm_1")
        with pytest.raises(DirectoryError):
            await lookup.ready()
        await lookup.close()
        assert (count.times, merchant.closed) == (1, True)

    asyncio.run(go())
