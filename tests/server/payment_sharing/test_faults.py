"""A share whose database fails at any one of its calls: its answer is not lost, and sent once."""

import asyncio
from collections.abc import Callable

import pytest

from faults import Faults
from forwardc.runtime.history.records import RunFilter, RunState
from forwardc.runtime.history.store import Store
from forwardc.server.payment_sharing.claims import ClaimStore
from sharing_house import House, checkout, house

INSTRUMENTS = {f"pay-{number}": checkout("visa_approved") for number in range(500)}
HOW = {
    "once": {},
    "answer lost": {"after": True},
    "away from then on": {"lasting": True},
    "taken, then away": {"after": True, "lasting": True},
}


async def share(open_house: House, name: str, fail: Callable[[], None], heal: Callable[[], None]):
    """The answer of a share that meets a fault, and the one of a repeat after a heartbeat."""
    before = open_house.arrived()
    fail()
    first = await open_house.post(name)
    heal()
    claims: ClaimStore = open_house.service.claims
    await claims.record_owed_ends()
    again = await open_house.post(name)
    assert open_house.arrived() - before <= 1, "it was sent twice"
    assert not claims.live.unrecorded
    if again.status_code == 200:
        assert open_house.arrived() - before == 1
        run = open_house.store.load(again.headers["forwardc-run"])
        assert run is not None
        assert (run.summary.state, run.summary.outcome) == (RunState.DONE, "approved")
    if first.status_code == 200:
        assert again.content == first.content, "an answer was lost"
    return first, again


@pytest.mark.parametrize("how", HOW.values(), ids=list(HOW))
def test_at_every_call_of_the_database(
    store: Store, how: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.server.payment_sharing.claims._WAITS", (0.0, 0.0, 0.0))
    faults = Faults(store.database)

    async def go() -> None:
        async with house(store, INSTRUMENTS) as open_house:
            faults.arm(0)
            assert (await open_house.post("pay-0")).status_code == 200
            count = faults.end()
            assert count > 10
            for at in range(1, count + 1):
                first, again = await share(
                    open_house,
                    f"pay-{at}",
                    lambda at=at: faults.arm(at, **how),  # type: ignore[misc]
                    faults.end,
                )
                assert first.status_code in (200, 503), at
                # Its process lives: it knows what became of it.
                assert again.status_code == 200, at
            states = {run.state for run in store.search(RunFilter(), limit=500).runs}
            assert states <= {RunState.DONE, RunState.STOPPED}

    asyncio.run(go())


@pytest.mark.parametrize("after", [False, True])
def test_without_memory_at_every_call_of_the_database(
    store: Store, after: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What no database says: a mistake of ours as far as anybody can tell."""
    monkeypatch.setattr("forwardc.server.payment_sharing.claims._WAITS", (0.0, 0.0, 0.0))
    faults = Faults(store.database, MemoryError)

    async def go() -> None:
        async with house(store, INSTRUMENTS) as open_house:
            faults.arm(0)
            assert (await open_house.post("pay-0")).status_code == 200
            for at in range(1, faults.end() + 1):
                first, again = await share(
                    open_house,
                    f"pay-{at}",
                    lambda at=at: faults.arm(at, after=after),  # type: ignore[misc]
                    faults.end,
                )
                assert first.status_code in (200, 500, 503, 504), at
                assert again.status_code in (200, 504), at
                if first.status_code == 504 or again.status_code == 504:
                    assert again.status_code == 504, at

    asyncio.run(go())
    assert "MemoryError" not in caplog.text or "FC9901" in caplog.text
