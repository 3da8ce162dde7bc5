"""Works of one turn of an event loop, handed to a thread together.

To wake a thread and to be woken by it costs more than a short question to a file, and each time the
loop waits for the interpreter as well. Sixty calls that come in one turn are eight works of a
thread, and eight turns of the loop in which they are answered. A work that is slow holds up those
of its batch, seven at the most: whoever asks bounds the time of each.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from forwardc.runtime.work_executor import WorkExecutor

T = TypeVar("T")
_Pending: TypeAlias = tuple[Callable[[], Any], "asyncio.Future[Any]"]
_Result: TypeAlias = tuple[Any, BaseException | None]
# Works of one batch: woken an eighth as often, and few enough to be held up by one that is slow.
_MOST: Final = 8


class WorkBatches:
    """Does works in the threads of an executor, for event loops."""

    __slots__ = ("_executor", "_waiting")

    def __init__(self, executor: WorkExecutor) -> None:
        self._executor = executor
        self._waiting: dict[asyncio.AbstractEventLoop, list[_Pending]] = {}

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread. Raises what it raises.

        Raises `RuntimeError` after the executor was closed. One that nobody waits for any more is
        not begun.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = []
            loop.call_soon(self._hand_over, loop)
        waiting.append((work, waiter))
        return await waiter

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting = self._waiting.pop(loop)
        for start in range(0, len(waiting), _MOST):
            batch = waiting[start : start + _MOST]
            try:
                self._executor.submit(partial(_do, loop, batch))
            except RuntimeError as problem:
                _tell(batch, [(None, problem)] * len(batch))


def _do(loop: asyncio.AbstractEventLoop, batch: Sequence[_Pending]) -> None:
    """Do the works, in a thread, and wake the loop once."""
    results = [_result(work, waiter) for work, waiter in batch]
    try:
        loop.call_soon_threadsafe(_tell, batch, results)
    except RuntimeError:
        # The loop is closed: nobody is left who could be told.
        return


def _result(work: Callable[[], Any], waiter: "asyncio.Future[Any]") -> _Result:
    if waiter.done():
        return None, None
    try:
        return work(), None
    except BaseException as problem:
        # Whatever it is, somebody waits to be told.
        return None, problem


def _tell(batch: Sequence[_Pending], results: Sequence[_Result]) -> None:
    for (_, waiter), (result, problem) in zip(batch, results, strict=True):
        if waiter.done():
            continue
        if problem is None:
            waiter.set_result(result)
        else:
            waiter.set_exception(problem)
