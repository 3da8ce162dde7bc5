"""Something that a thread waits for and an event loop does: each on its own would be in the way.

A thread that does many short things gives the interpreter away at each, and gets it back late from
a loop that is busy. Knows no database.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# A loop that has ended, or stands still: the thread does it by itself then.
_PATIENCE_S: Final = 0.05


class LoopTask(Generic[T]):
    """A task that is done once, by whoever comes first."""

    def __init__(self, task: Callable[[], T]) -> None:
        self._task = task
        self._taken = threading.Lock()
        self._done = threading.Event()
        self._result: list[T] = []
        self._problem: BaseException | None = None

    def do(self) -> None:
        """Do the task, unless somebody has begun with it."""
        if not self._taken.acquire(blocking=False):
            return
        try:
            self._result.append(self._task())
        except BaseException as problem:
            self._problem = problem
        finally:
            self._done.set()

    def result(self) -> T:
        """What it came to. Raises what the task raised."""
        if not self._done.wait(_PATIENCE_S):
            self.do()
            self._done.wait()
        if self._problem is not None:
            raise self._problem
        return self._result[0]


def run_on_loop(loop: asyncio.AbstractEventLoop, task: Callable[[], T]) -> T:
    """Do a task on a loop, and wait for it; here where the loop cannot. Raises what it raises."""
    errand = LoopTask(task)
    try:
        loop.call_soon_threadsafe(errand.do)
    except RuntimeError:
        errand.do()
    return errand.result()
