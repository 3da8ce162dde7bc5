"""Threads for work that blocks: the one way off an event loop.

Each kind of work has an executor with a name and a number of threads of its own, so that a kind
that is slow holds up nothing but itself; work without a kind goes to `run_blocking`. A caller that
is cancelled no longer waits: work that has begun goes on to its end, work that has not is dropped.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_Task: TypeAlias = tuple[Future[Any], Callable[[], Any]]

# Threads that wait, for a file, a secret provider or a page's rows, and hardly compute: as many
# as asyncio's own default executor has at the most.
_SHARED_THREADS: Final = 32
# Seconds that the end of an executor waits for threads that may hang. A disk that has not answered
# by then is given up, and the process can end.
_PARTING_S: Final = 2.0


class WorkExecutor:
    """At most `threads` threads for one kind of work. They begin with the first work.

    With `may_hang` nobody waits for a thread that does not come back, not even the end of the
    process; `at_thread_end` is called in each such thread when it ends, to close what is its own.
    Every method may be called from any thread.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        *,
        may_hang: bool = False,
        at_thread_end: Callable[[], object] = lambda: None,
    ) -> None:
        def new_pool() -> Executor:
            if may_hang:
                return _DaemonPool(name, threads, at_thread_end)
            return ThreadPoolExecutor(threads, name)

        self._new_pool = new_pool
        self._pool: Executor | None = None
        self._pid = 0
        self._closed = False
        # Two threads that submit the first works at once must not make two pools.
        self._making = Lock()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work`, done in a thread. Raises what it raises.

        It sees the context variables of the caller, such as the span of a trace.
        """
        call = partial(copy_context().run, work, *args, **kwargs)
        return await asyncio.wrap_future(self.submit(call))

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have `work` done in a thread, and do not wait. Raises `RuntimeError` after `close`."""
        if self._closed:
            raise RuntimeError("the executor was closed")
        if self._pool is None or self._pid != os.getpid():
            self._pool = self._begin()
        return self._pool.submit(work)

    def close(self, *, drop: bool = False) -> None:
        """Take no more work, and wait for what was taken; with `drop` only for what has begun.

        Blocks. A repeat does nothing.
        """
        self._closed = True
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=drop)

    def _begin(self) -> Executor:
        with self._making:
            # A forked process has the pool of its parent, and none of its threads.
            if self._pool is None or self._pid != os.getpid():
                self._pool, self._pid = self._new_pool(), os.getpid()
            return self._pool


_SHARED: Final = WorkExecutor("forwardc-work", _SHARED_THREADS)


async def run_blocking(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of `work`, done in a thread that the whole process shares. Raises what it raises.

    For work that waits for seconds at the most, and that is not bounded by an executor of its own.
    """
    return await _SHARED.run(work, *args, **kwargs)


class _DaemonPool(Executor):
    """Threads that the end of the process does not wait for, as `ThreadPoolExecutor`'s are."""

    def __init__(self, name: str, threads: int, at_thread_end: Callable[[], object]) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._closed = False
        self._threads = [
            Thread(target=self._serve, args=(at_thread_end,), name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if self._closed:
            raise RuntimeError("the executor was closed")
        future: Future[T] = Future()
        self._tasks.put((future, partial(work, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End each thread when it has done what was asked for before, and wait a little for it."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._tasks.put(None)
        until = monotonic() + _PARTING_S
        for thread in self._threads if wait else ():
            thread.join(max(0.0, until - monotonic()))

    def _serve(self, at_thread_end: Callable[[], object]) -> None:
        while (task := self._tasks.get()) is not None:
            _do(*task)
            # While a thread waits, it holds nothing of the work before.
            del task
        at_thread_end()


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as problem:
        # Whatever it is, somebody waits to be told.
        future.set_exception(problem)
    else:
        future.set_result(result)
