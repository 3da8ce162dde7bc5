"""The command line, killed like `kill -9` at one moment: `KILL_AT` is a moment's name and count.

Only tests start it. It puts itself around the journal, its transactions and the connection; the
program itself has no such switch.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from forwardc.cli.main import run
from forwardc.runtime.history import writes
from forwardc.runtime.sandbox import LoopbackTransport
from forwardc.runtime.store_journal import StoreJournal

_name, _, _count = os.environ["KILL_AT"].rpartition(":")
_seen: Counter[str] = Counter()
# Requests that are no step's, such as those for the vault's key, are not counted.
_step: list[bool] = []


def moment(name: str) -> None:
    _seen[name] += 1
    if name == _name and _seen[name] == int(_count):
        os.kill(os.getpid(), signal.SIGKILL)


def around_method(owner: Any, method: str, before: str, after: str) -> None:
    inner = getattr(owner, method)

    async def told(*arguments: Any) -> Any:
        moment(before)
        result = await inner(*arguments)
        _step[:] = [True] if method == "intent" else []
        moment(after)
        return result

    setattr(owner, method, told)


def inside_transaction(name: str, what: str) -> None:
    inner: Callable[..., Any] = getattr(writes, name)

    def told(*arguments: Any) -> Any:
        result = inner(*arguments)
        moment(what)
        return result

    setattr(writes, name, told)


class Slow(httpx.AsyncByteStream):
    """A body in two halves."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        middle = len(self._body) // 2
        yield self._body[:middle]
        moment("half of the request is sent")
        yield self._body[middle:]
        moment("the request is sent")


def around_connection() -> None:
    inner = LoopbackTransport.handle_async_request

    async def told(self: LoopbackTransport, request: httpx.Request) -> httpx.Response:
        if not _step:
            return await inner(self, request)
        request.stream = Slow(await request.aread())
        answer = await inner(self, request)
        moment("the answer has begun")
        return answer

    LoopbackTransport.handle_async_request = told  # type: ignore[method-assign]


around_method(StoreJournal, "begin", "before the run is recorded", "the run is recorded")
around_method(StoreJournal, "intent", "before the intent is recorded", "the intent is recorded")
around_method(StoreJournal, "answered", "before the answer is recorded", "the answer is recorded")
around_method(StoreJournal, "finish", "before the end is recorded", "the end is recorded")
inside_transaction("intent", "inside the intent's transaction")
inside_transaction("answered", "inside the answer's transaction")
around_connection()
sys.exit(run(sys.argv[1:]))
