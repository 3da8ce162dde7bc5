"""What a thread lets an event loop do while it waits: once, by whoever can.

A thread that does many short works gives the interpreter away at each, and gets it back late from a
loop that is busy: the loop itself gives nothing away. `make bench` has what that saves.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# Seconds that the thread waits for a loop to begin: one that has ended or stands still never does,
# and the thread does the task by itself then.
_PATIENCE_S: Final = 0.05


class LoopTask(Generic[T]):
    """A task that is done once, by whoever comes first."""

    def __init__(self, task: Callable[[], T]) -> None:
        self._task = task
        # Taken for good by whoever does the task: the loop and the waiting thread may come at once.
        self._begun = threading.Lock()
        self._done = threading.Event()
        self._result: list[T] = []
        self._problem: BaseException | None = None

    def execute(self) -> None:
        """Do the task, unless somebody has begun with it."""
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._result.append(self._task())
        except BaseException as problem:
            self._problem = problem
        finally:
            self._done.set()

    def result(self) -> T:
        """The result of the task, for the thread that waits. Raises what the task raised."""
        if not self._done.wait(_PATIENCE_S):
            self.execute()
            self._done.wait()
        if self._problem is not None:
            raise self._problem
        return self._result[0]


def run_on_loop(loop: asyncio.AbstractEventLoop, task: Callable[[], T]) -> T:
    """The result of a task that a loop does, or this thread where the loop cannot.

    Raises what the task raises.
    """
    loop_task = LoopTask(task)
    try:
        loop.call_soon_threadsafe(loop_task.execute)
    except RuntimeError:
        loop_task.execute()
    return loop_task.result()
