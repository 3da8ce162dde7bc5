"""Few things lent out to many: in order, to one at a time, and none is ever lost."""

import asyncio

from forwardc.server.directory.postgres_runner import FairQueue


def test_who_waits_longest_comes_next() -> None:
    async def walk() -> list[int]:
        turns, order = FairQueue(["only"]), []

        async def one(number: int) -> None:
            for _ in range(2):
                thing = await turns.take()
                order.append(number)
                await asyncio.sleep(0)
                turns.give(thing)

        await asyncio.gather(*map(one, range(3)))
        return order

    assert asyncio.run(walk()) == [0, 1, 2, 0, 1, 2]


def test_what_is_given_to_somebody_who_leaves_goes_on() -> None:
    async def walk() -> None:
        turns = FairQueue(["only"])
        held = await turns.take()
        leaving = asyncio.create_task(turns.take())
        staying = asyncio.create_task(turns.take())
        await asyncio.sleep(0)
        turns.give(held)
        # It is the first one's now, and the first one is gone before it wakes.
        leaving.cancel()
        assert await staying == "only"
        assert leaving.cancelled()
        turns.give("only")
        assert await turns.take() == "only"

    asyncio.run(walk())


def test_a_waiter_that_left_is_passed_over() -> None:
    async def walk() -> None:
        turns = FairQueue(["only"])
        held = await turns.take()
        gone = asyncio.create_task(turns.take())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        turns.give(held)
        assert await turns.take() == "only"

    asyncio.run(walk())
