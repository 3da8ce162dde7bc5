"""Bytes of the disk that a finished forward takes in a history on SQLite, without its answer.

Each forward goes through the sandbox in this process, with a reference and an id of its own.
"""

import asyncio
from pathlib import Path

from benchmarks.runtime import OPERATION, plan_of, request_of
from forwardc.cli.options import IN_PROCESS
from forwardc.cli.sandbox.link import store_secrets, transport_to
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds
from forwardc.runtime.run.run import run
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver


def bytes_of_a_forward(build: Path, history: Path, forwards: int) -> float:
    """The growth of a history by so many forwards, divided by their number."""
    plan = plan_of(build)
    # What is written once is not theirs: tables, and the first page of each.
    asyncio.run(_forward(plan, history, 20))
    before = history.stat().st_size
    asyncio.run(_forward(plan, history, forwards))
    return (history.stat().st_size - before) / forwards


async def _forward(plan: Plan, history: Path, count: int) -> None:
    with open_store(str(history), answer_days=None) as store:
        async with Sender(transport_to(IN_PROCESS)) as sender:
            await store_secrets(plan, OPERATION, sender)
            journal = StoreJournal(store, alone=True)
            means = RunDependencies(sender, VaultKeys(sender), ClockAndIds(), journal)
            look_up = sandbox_resolver(plan)
            for _ in range(count):
                sink = Sink()
                if await run(plan, OPERATION, request_of(), look_up, means, sink) is None:
                    raise RuntimeError(", ".join(found.message for found in sink.sorted()))
