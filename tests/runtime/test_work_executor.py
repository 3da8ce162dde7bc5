"""Work off an event loop: one module does it, bounded, and nobody waits for ever."""

import ast
import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import pytest

from forwardc.runtime import work_executor
from forwardc.runtime.work_executor import WorkExecutor, run_blocking
from patience import LONG_S
from syntax import nodes_of

PACKAGE = Path(work_executor.__file__).parents[1]
VARIABLE = ContextVar("VARIABLE", default="")
# Names by which work is given to threads in other ways.
OTHER_WAYS = {"to_thread", "run_in_executor", "run_in_threadpool", "ThreadPoolExecutor", "Thread"}


@pytest.fixture(params=[False, True], ids=["joined", "may hang"])
def executor(request: pytest.FixtureRequest) -> Iterator[WorkExecutor]:
    made = WorkExecutor("test", 2, may_hang=request.param)
    yield made
    made.close()


def test_work_is_done_in_a_thread_with_the_callers_context(executor: WorkExecutor) -> None:
    async def work() -> tuple[str, str]:
        VARIABLE.set("mine")
        return await executor.run(lambda: (threading.current_thread().name, VARIABLE.get()))

    name, value = asyncio.run(work())
    assert name.startswith("test")
    assert value == "mine"


def test_the_caller_gets_what_was_raised(executor: WorkExecutor) -> None:
    def fails() -> None:
        raise KeyError("x")

    async def work() -> None:
        await executor.run(fails)

    with pytest.raises(KeyError):
        asyncio.run(work())


def test_there_are_no_more_threads_than_were_allowed(executor: WorkExecutor) -> None:
    lock, both, now, most = threading.Lock(), threading.Barrier(2, timeout=LONG_S), 0, 0

    def step() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        # Steps go on in pairs: one thread alone would wait here for ever.
        both.wait()
        time.sleep(0.01)
        with lock:
            now -= 1

    async def work() -> None:
        await asyncio.gather(*(executor.run(step) for _ in range(20)))

    asyncio.run(work())
    assert most == 2


def test_work_of_a_cancelled_caller_that_has_not_begun_is_dropped(executor: WorkExecutor) -> None:
    go, done = threading.Event(), []

    async def work() -> None:
        held = [asyncio.create_task(executor.run(go.wait)) for _ in range(2)]
        waits = asyncio.create_task(executor.run(done.append, 1))
        await asyncio.sleep(0)
        waits.cancel()
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*held)
        await executor.run(lambda: None)

    asyncio.run(work())
    assert done == []


def test_a_closed_one_takes_nothing(executor: WorkExecutor) -> None:
    executor.submit(lambda: None)
    executor.close()
    executor.close()
    with pytest.raises(RuntimeError):
        executor.submit(lambda: None)


def test_each_thread_closes_what_is_its_own() -> None:
    closed = []
    executor = WorkExecutor("test", 3, may_hang=True, at_thread_end=lambda: closed.append(1))
    executor.submit(lambda: None)
    executor.close()
    assert closed == [1, 1, 1]


def test_a_thread_that_hangs_does_not_hold_up_the_end_of_the_process() -> None:
    script = (
        "import threading\n"
        "from forwardc.runtime.work_executor import WorkExecutor\n"
        "executor = WorkExecutor('test', 1, may_hang=True)\n"
        "begun = threading.Event()\n"
        "executor.submit(lambda: (begun.set(), threading.Event().wait()))\n"
        "assert begun.wait(60)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=2 * LONG_S)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(executor: WorkExecutor) -> None:
    executor.submit(lambda: None).result(LONG_S)
    child = os.fork()
    if child == 0:
        os._exit(executor.submit(lambda: 7).result(LONG_S))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_the_shared_one_serves_any_loop() -> None:
    assert [asyncio.run(run_blocking(abs, -2)) for _ in range(2)] == [2, 2]


def test_nothing_else_gives_work_to_threads() -> None:
    """Named anywhere but here: two ways would bound, trace and end work in two manners.

    A sandbox shares no code with us, the command line and the compiler have no event loop to
    stand still, and a source of secrets bounds one call that may hang for ever, in a thread that
    is left behind.
    """
    named = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path != Path(work_executor.__file__)
        and not {*path.relative_to(PACKAGE).parts}
        & {"sandbox", "cli", "compile", "secret_providers"}
        for node in nodes_of(path)
        if (isinstance(node, ast.Name) and node.id in OTHER_WAYS)
        or (isinstance(node, ast.Attribute) and node.attr in OTHER_WAYS)
        or (isinstance(node, ast.alias) and node.name in OTHER_WAYS)
    }
    assert not named
