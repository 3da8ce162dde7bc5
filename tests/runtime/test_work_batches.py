"""Works of one turn are a thread's together; each caller gets its own result."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from forwardc.runtime.work_batches import WorkBatches
from forwardc.runtime.work_executor import WorkExecutor
from patience import LONG_S


@pytest.fixture(params=[False, True], ids=["joined", "may hang"])
def executor(request: pytest.FixtureRequest) -> Iterator[WorkExecutor]:
    made = WorkExecutor("test", 2, may_hang=request.param)
    yield made
    made.close()


@pytest.mark.parametrize("count", [1, 8, 9, 100])
def test_each_caller_gets_its_result_or_what_was_raised(executor: WorkExecutor, count: int) -> None:
    batches, threads = WorkBatches(executor), set[int]()

    def work(number: int) -> int:
        threads.add(threading.get_ident())
        if number % 3 == 2:
            raise KeyError(number)
        return number

    async def ask() -> list[object]:
        asked = (batches.run(lambda number=number: work(number)) for number in range(count))
        return await asyncio.gather(*asked, return_exceptions=True)

    for _ in range(2):
        # A second loop finds nothing of the first one.
        for number, answer in enumerate(asyncio.run(ask())):
            if number % 3 == 2:
                assert isinstance(answer, KeyError)
                assert answer.args == (number,)
            else:
                assert answer == number
    assert threading.get_ident() not in threads


def test_works_of_one_turn_are_handed_over_eight_at_a_time() -> None:
    handed: list[object] = []

    class Counting(WorkExecutor):
        def submit(self, work):  # type: ignore[no-untyped-def]
            handed.append(work)
            return super().submit(work)

    executor = Counting("test", 2)
    batches = WorkBatches(executor)

    async def ask() -> None:
        await asyncio.gather(*(batches.run(lambda: None) for _ in range(20)))

    asyncio.run(ask())
    executor.close()
    assert len(handed) == 3


def test_a_caller_that_leaves_is_not_waited_for(executor: WorkExecutor) -> None:
    batches, begun, go_on = WorkBatches(executor), threading.Event(), threading.Event()
    done: list[str] = []

    def slow() -> str:
        begun.set()
        go_on.wait(LONG_S)
        return "slow"

    async def ask() -> str:
        first = asyncio.create_task(batches.run(slow))
        left = asyncio.create_task(batches.run(lambda: done.append("left")))
        last = asyncio.create_task(batches.run(lambda: "last"))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait, LONG_S)
        first.cancel()
        left.cancel()
        await asyncio.wait((first, left))
        go_on.set()
        return await last

    assert asyncio.run(ask()) == "last"
    assert not done


def test_after_the_end_everybody_is_told(executor: WorkExecutor) -> None:
    executor.close()

    async def ask() -> list[object]:
        batches = WorkBatches(executor)
        asked = (batches.run(lambda: 1) for _ in range(3))
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(answer) for answer in asyncio.run(ask())] == [RuntimeError] * 3
