"""The command line, killed like `kill -9` at one moment: a moment's name and count.

Only tests start it. It has the program loaded, reads one command in a line of JSON after the other,
and runs each in a process of its own: a fork costs less than loading everything anew. That process
puts itself around the journal, its transactions and the connection; the program itself has no such
switch. What it answers is the exit code, negative for a signal.
"""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpcore

import forked
from forwardc.cli.main import run
from forwardc.runtime.history import writes
from forwardc.runtime.http import connection_pool
from forwardc.runtime.http.connection_pool import LoopbackTransport, RawAnswer
from forwardc.runtime.run.store_journal import StoreJournal

_at: list[str] = []
_seen: Counter[str] = Counter()
# Requests that are no step's, such as those for the vault's key, are not counted.
_step: list[bool] = []


def moment(name: str) -> None:
    _seen[name] += 1
    if _at == [f"{name}:{_seen[name]}"]:
        os.kill(os.getpid(), signal.SIGKILL)


def around_method(owner: Any, method: str, before: str, after: str) -> None:
    inner = getattr(owner, method)

    async def told(*arguments: Any) -> Any:
        moment(before)
        result = await inner(*arguments)
        _step[:] = [True] if method == "intent" else []
        if method == "answered" and _at and _at[0].startswith(after):
            # The last one is recorded with the end of the run, or without it within milliseconds.
            arguments[0].store.inline.close()
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


class Slow:
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
    inner, read = LoopbackTransport.exchange, connection_pool._body_of

    async def begun(answer: httpcore.Response, most: int) -> bytes | None:
        if _step:
            moment("the answer has begun")
        return await read(answer, most)

    async def told(self: LoopbackTransport, outgoing: httpcore.Request, most: int) -> RawAnswer:
        if not _step:
            return await inner(self, outgoing, most)
        body = b"".join([chunk async for chunk in outgoing.stream])  # type: ignore[union-attr]
        outgoing.stream = Slow(body)
        return await inner(self, outgoing, most)

    connection_pool._body_of = begun
    LoopbackTransport.exchange = told  # type: ignore[method-assign]


def watch(at: str) -> None:
    _at.append(at)
    around_method(StoreJournal, "begin", "before the run is recorded", "the run is recorded")
    around_method(StoreJournal, "intent", "before the intent is recorded", "the intent is recorded")
    around_method(
        StoreJournal, "answered", "before the answer is recorded", "the answer is recorded"
    )
    around_method(StoreJournal, "finish", "before the end is recorded", "the end is recorded")
    inside_transaction("record_intent", "inside the intent's transaction")
    inside_transaction("record_answer", "inside the answer's transaction")
    around_connection()


def command(arguments: list[str], at: str | None) -> int:
    """Run a command in a process of its own."""
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        code = 70
        try:
            if at is not None:
                watch(at)
            code = run(arguments)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    forked.load()
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(f"{command(asked['arguments'], asked['at'])}\n")
        sys.stdout.flush()
