"""What a thread lets an event loop do: once, by whoever can, whatever becomes of the loop."""

import asyncio
import threading

import pytest

from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.loop_task import run_on_loop
from forwardc.runtime.history.store import Store
from patience import LONG_S
from rated import RefusedError, add, names


def test_the_loop_does_it() -> None:
    async def go() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        done = await asyncio.to_thread(run_on_loop, loop, threading.get_ident)
        return done, threading.get_ident()

    done, ours = asyncio.run(go())
    assert done == ours


def test_what_it_raises_is_the_threads() -> None:
    def task() -> None:
        raise RefusedError

    async def go() -> None:
        with pytest.raises(RefusedError):
            await asyncio.to_thread(run_on_loop, asyncio.get_running_loop(), task)

    asyncio.run(go())


def test_a_loop_that_stands_still_or_has_ended_is_not_waited_for() -> None:
    times: list[int] = []
    done = threading.Event()

    def task() -> int:
        times.append(1)
        done.set()
        return threading.get_ident()

    async def stand_still() -> int:
        loop = asyncio.get_running_loop()
        doing = asyncio.ensure_future(asyncio.to_thread(run_on_loop, loop, task))
        await asyncio.sleep(0)
        # The loop stands still until somebody else has done it.
        assert done.wait(LONG_S)
        return await doing

    assert asyncio.run(stand_still()) != threading.get_ident()
    ended = asyncio.new_event_loop()
    ended.close()
    assert run_on_loop(ended, task) == threading.get_ident()
    assert len(times) == 2


def test_many_writes_of_a_loop_that_reads_by_itself(store: Store) -> None:
    """Reading on the loop takes the connection that the thread holds meanwhile."""

    async def go() -> None:
        for turn in range(5):
            works = (store.commits.write(add(f"{turn}-{number}")) for number in range(40))
            waiting = [asyncio.ensure_future(work) for work in works]
            await asyncio.sleep(0)
            names(store)
            await asyncio.gather(*waiting)

    asyncio.run(go())
    assert len(names(store)) == 200


def test_closing_on_the_loop_whose_writes_wait(store: Store) -> None:
    async def go() -> list[int]:
        works = [store.commits.write(add(str(number), number)) for number in range(40)]
        waiting = [asyncio.ensure_future(work) for work in works]
        await asyncio.sleep(0)
        store.commits.close()
        return await asyncio.gather(*waiting)

    assert asyncio.run(go()) == list(range(40))
    assert len(names(store)) == 40


def test_a_loop_that_is_left_with_many_writes(store: Store) -> None:
    async def go() -> None:
        for number in range(40):
            store.commits.write_behind(add(str(number)), pytest.fail)

    asyncio.run(go())
    store.commits.close()
    assert len(names(store)) == 40


def test_one_of_many_that_raises(store: Store) -> None:
    def refuse(tx: Transaction) -> None:
        add("refused")(tx)
        raise RefusedError

    async def go() -> list[object]:
        works = [store.commits.write(add(str(number), number)) for number in range(40)]
        return await asyncio.gather(*works, store.commits.write(refuse), return_exceptions=True)

    *came, refused = asyncio.run(go())
    assert came == list(range(40))
    assert isinstance(refused, RefusedError)
    assert len(names(store)) == 40
