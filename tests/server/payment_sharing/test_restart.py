"""PostgreSQL is killed under load and started again: who asks then gets what is known.

The database and two services are real; the services are in this process, so that fifty calls are at
every stage when it dies.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic

import httpx
import pytest

import postgres
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import open_store
from forwardc.server.payment_sharing.claims import HEARTBEAT_S, LEASE_S
from forwardc.server.settings import ReplaySettings
from patience import until_so
from sharing_house import House, checkout, house

COUNT = 50
INSTRUMENTS = {f"pay-{number}": checkout("visa_approved") for number in range(COUNT)}
# A machine with other work may take its time: half of what a lease lasts that nobody gives back.
SLACK_S = LEASE_S / 2


@pytest.fixture(scope="module")
def own_server() -> Iterator[postgres.Server]:
    """One that may be killed."""
    with postgres.server() as running:
        yield running


@asynccontextmanager
async def process(url: str) -> AsyncIterator[House]:
    """A service with its heartbeat."""
    with open_store(url) as store:
        async with house(store, INSTRUMENTS, replay=ReplaySettings(wait=0.2)) as service:
            mending = asyncio.create_task(service.service.claims.run_heartbeat())
            yield service
            mending.cancel()


async def answered(service: House, reference: str) -> tuple[float, httpx.Response]:
    """What is answered in the end, and how long it was said to be under way."""
    began, still = monotonic(), 0.0
    # As a caller does who is told to ask again.
    while True:
        answer = await service.post(reference)
        slug = "" if answer.status_code == 200 else answer.json()["type"].rpartition("/")[2]
        if slug == "still-running":
            still = monotonic() - began
        elif slug != "unavailable":
            return still, answer
        await asyncio.sleep(0.1)


def test_nobody_waits_for_what_nobody_forwards(
    own_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forwardc.server.payment_sharing.claims._WAITS", (0.1, 0.2))

    async def go(url: str) -> None:
        async with process(url) as first, process(url) as second:
            first.vaults.gate = asyncio.Event()
            held = [asyncio.create_task(first.post(f"pay-{number}")) for number in range(20)]
            await until_so(lambda: len(first.vaults.forwards) == len(held))
            starting = [first.post(f"pay-{number}") for number in range(20, 35)]
            starting += [second.post(f"pay-{number}") for number in range(35, COUNT)]
            rest = [asyncio.create_task(one) for one in starting]
            while len(first.vaults.forwards) + len(second.vaults.forwards) < 22:
                await asyncio.sleep(0)
            await asyncio.to_thread(own_server.crash)
            first.vaults.gate.set()
            early = await asyncio.gather(*held, *rest)
            # What was forwarded has its answer, whether or not there is a database.
            assert {answer.status_code for answer in early[: len(held)]} == {200}
            assert first.service.claims.live.unrecorded
            await asyncio.to_thread(own_server.restart)
            asking = [
                answered(service, f"pay-{number}")
                for number in range(COUNT)
                for service in (first, second)
            ]
            later = await asyncio.gather(*asking)
            assert {answer.status_code for _, answer in later} == {200}
            assert max(still for still, _ in later) < HEARTBEAT_S + SLACK_S
            for number, answer in enumerate(early):
                mine, other = (answer.content for _, answer in later[2 * number : 2 * number + 2])
                assert mine == other
                assert answer.status_code != 200 or answer.content == mine
            # What a process has forwarded itself, it never calls running.
            assert max(still for still, _ in later[: 2 * len(held) : 2]) == 0
            assert first.arrived() + second.arrived() == COUNT
            await first.service.claims.record_owed_ends()
            assert not first.service.claims.live.unrecorded
            assert len(first.store.search(RunFilter(), limit=200).runs) >= COUNT
            assert not first.store.unknown_runs()

    asyncio.run(go(own_server.database()))
