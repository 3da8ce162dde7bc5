"""Many runs at once in one process, until it is killed: arguments are a history and a log.

The log tells what has left the process, in order: `sent RUN` and `done RUN`, each on its own line.
"""

import asyncio
import os
import sys

from forwardc.runtime.history.store import open_store
from forwardc.runtime.run.store_journal import StoreJournal
from stored_runs import intent_of, new_run, report_of, result_of


async def forwards(journal: StoreJournal, log: int) -> None:
    while True:
        run = new_run("lookup", "pay")
        await journal.begin(run)
        reports = []
        for step in ("lookup", "pay"):
            number = await journal.intent(run.id, intent_of(run, step))
            os.write(log, f"sent {run.id}/{step}\n".encode())
            await asyncio.sleep(0)
            reports.append(report_of(step))
            await journal.answered(run.id, number, reports[-1])
        await journal.finish(run.id, result_of(run, *reports))
        os.write(log, f"done {run.id}\n".encode())


async def main(history: str, path: str) -> None:
    journal = StoreJournal(open_store(history))
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    await asyncio.gather(*(forwards(journal, log) for _ in range(32)))


asyncio.run(main(*sys.argv[1:]))
