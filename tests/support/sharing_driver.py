"""The payment-sharing API in a process of its own, killed like `kill -9` at the moment `KILL_AT`.

Only tests start it: `sharing_driver.py HISTORY SANDBOX`. It prints its address. It puts itself
around claims, journal and connection; the program itself has no such switch.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpcore
import uvicorn

from forwardc.runtime.history import writes
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http.connection_pool import LoopbackTransport, RawAnswer
from forwardc.server.payment_sharing import claim_tables
from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.claims import ClaimStore
from forwardc.server.payment_sharing.forwarder import Forwarder
from sharing_house import checkout, house, stripe

INSTRUMENTS = {
    **{f"pay-{number}": checkout("visa_approved") for number in range(40)},
    "pay-stripe": stripe(),
}


def moment(name: str) -> None:
    if os.environ.get("KILL_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)


def around(owner: Any, method: str, before: str, after: str) -> None:
    inner: Callable[..., Awaitable[Any]] = getattr(owner, method)

    async def told(*arguments: Any) -> Any:
        moment(before)
        result = await inner(*arguments)
        moment(after)
        return result

    setattr(owner, method, told)


def behind(owner: Any, function: str, after: str) -> None:
    """A moment inside a transaction: what it wrote by then is not in force yet."""
    inner: Callable[..., Any] = getattr(owner, function)

    def told(*arguments: Any) -> Any:
        result = inner(*arguments)
        moment(after)
        return result

    setattr(owner, function, told)


class Watched(LoopbackTransport):
    """The way to the sandbox. Only forwards are moments."""

    async def exchange(self, outgoing: httpcore.Request, max_bytes: int) -> RawAnswer:
        if outgoing.url.target not in (b"/forward", b"/v1/forwarding/requests"):
            return await super().exchange(outgoing, max_bytes)
        moment("before it is sent")
        answer = await super().exchange(outgoing, max_bytes)
        moment("the answer is here")
        return answer


async def serve(history: str, sandbox: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with open_store(history) as store:
        async with house(store, INSTRUMENTS, transport=Watched(sandbox)) as open_house:
            config = uvicorn.Config(open_house.app, log_level="critical", lifespan="off")
            sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
            sys.stdout.flush()
            await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    if os.environ.get("ASKS_FIRST"):
        # As an operation with a fallback does: its claim is a transaction of its own.
        Forwarder.asks_first = lambda *_: True  # type: ignore[assignment, method-assign]
    around(ClaimStore, "claim", "before it is claimed", "it is claimed")
    behind(claim_tables, "claim", "the claim is written")
    behind(writes, "begin", "claim, run and intent are written")
    behind(claim_tables, "end", "the end of the claim is written")
    behind(writes, "finish", "all ends are written")
    around(BatchedJournal, "intent", "before the run is begun", "the intent is recorded")
    around(BatchedJournal, "flush", "before the end is recorded", "the end is recorded")
    asyncio.run(serve(*sys.argv[1:]))
