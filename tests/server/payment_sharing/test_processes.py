"""Real processes on one history: at once, and one that is killed in the middle."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import postgres
from forwardc.runtime.history.records import RunFilter, StepState
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http.connection_pool import LoopbackTransport
from forwardc.sandbox.serve import RunningSandbox, start_in_thread
from patience import LONG_S
from sharing_driver import INSTRUMENTS
from sharing_house import EMAIL, HEADERS, NAME, PATH, ROOT, house

DRIVER = Path(__file__).parents[2] / "support" / "sharing_driver.py"


@contextmanager
def process(
    history: str, sandbox: RunningSandbox, kill_at: str = "", *, asks_first: bool = False
) -> Iterator[tuple[str, int]]:
    """A server's address and process id. `asks_first`: it claims before it runs."""
    paths = os.pathsep.join((str(ROOT / "compiler"), str(DRIVER.parent)))
    environment = {**os.environ, "PYTHONPATH": paths, "KILL_AT": kill_at}
    environment |= {"ASKS_FIRST": "1"} if asks_first else {}
    command = [sys.executable, str(DRIVER), history, sandbox.url]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        try:
            assert running.stdout is not None
            address = running.stdout.readline().strip()
            assert address, running.stderr.read() if running.stderr else ""
            yield address, running.pid
        finally:
            running.kill()
            running.wait()


def forwards(sandbox: RunningSandbox) -> list[str]:
    """The references that reached the destination."""
    return [
        one.body.decode().partition('"reference":')[2].partition(",")[0].strip(' "')
        for one in sandbox.world.received
    ]


def body(reference: str) -> dict[str, object]:
    known = {"email": EMAIL}
    return {
        "partnerPaymentReference": reference,
        "destination": NAME,
        "customerIdentifiers": known,
    }


def test_two_processes_on_one_postgresql(postgres_server: postgres.Server) -> None:
    history = postgres_server.history()

    async def ask(addresses: tuple[str, str]) -> list[list[httpx.Response]]:
        async with httpx.AsyncClient(timeout=LONG_S) as client:

            async def both(reference: str) -> list[httpx.Response]:
                return await asyncio.gather(
                    *(
                        client.post(address + PATH, json=body(reference), headers=HEADERS)
                        for address in addresses * 3
                    )
                )

            return await asyncio.gather(*(both(f"pay-{number}") for number in range(12)))

    with (
        start_in_thread() as sandbox,
        process(history, sandbox) as (first, _),
        process(history, sandbox) as (second, _),
    ):
        groups = asyncio.run(ask((first, second)))
        for group in groups:
            assert {answer.status_code for answer in group} == {200}, group[0].text
            assert len({answer.content for answer in group}) == 1
            assert sum("idempotent-replayed" not in answer.headers for answer in group) == 1
        assert sorted(forwards(sandbox)) == sorted(f"pay-{number}" for number in range(12))
    with open_store(history) as store:
        assert len(store.search(RunFilter()).runs) == 12


MOMENTS = (
    ("before it is claimed", 200, 1),
    # In one transaction: whoever dies in it has claimed nothing.
    ("the claim is written", 200, 1),
    ("claim, run and intent are written", 200, 1),
    ("it is claimed", 504, 0),
    ("the intent is recorded", 504, 0),
    ("before it is sent", 504, 0),
    ("the answer is here", 504, 1),
    ("before the end is recorded", 504, 1),
    ("the end of the claim is written", 504, 1),
    ("all ends are written", 504, 1),
    ("the end is recorded", 200, 1),
)
ON_POSTGRESQL = {"claim, run and intent are written", "the answer is here", "the end is recorded"}


@pytest.mark.parametrize(("moment", "status", "arrived"), MOMENTS, ids=[m[0] for m in MOMENTS])
def test_killed_in_the_middle(tmp_path: Path, moment: str, status: int, arrived: int) -> None:
    killed(str(tmp_path / "history.db"), moment, status, arrived)


@pytest.mark.parametrize(
    ("moment", "status", "arrived"), [row for row in MOMENTS if row[0] in ON_POSTGRESQL]
)
def test_killed_on_postgresql(
    postgres_server: postgres.Server, moment: str, status: int, arrived: int
) -> None:
    killed(postgres_server.history(), moment, status, arrived)


@pytest.mark.parametrize(
    ("moment", "status", "arrived"),
    [
        ("the claim is written", 200, 1),
        ("it is claimed", 200, 1),
        ("the intent is recorded", 504, 0),
    ],
)
def test_killed_where_the_claim_comes_before_the_run(
    tmp_path: Path, moment: str, status: int, arrived: int
) -> None:
    killed(str(tmp_path / "history.db"), moment, status, arrived, asks_first=True)


def killed(
    history: str, moment: str, status: int, arrived: int, *, asks_first: bool = False
) -> None:
    """A process dies at a moment; another one is asked for the same payment three times."""
    with start_in_thread() as sandbox:
        with process(history, sandbox, moment, asks_first=asks_first) as (address, pid):
            with pytest.raises(httpx.TransportError):
                httpx.post(address + PATH, json=body("pay-1"), headers=HEADERS, timeout=LONG_S)
            assert os.waitpid(pid, 0)[1] == signal.SIGKILL
        answers = asyncio.run(_ask_another(history, sandbox, "pay-1"))
        assert {answer.status_code for answer in answers} == {status}, answers[0].text
        assert len(sandbox.world.received) == arrived
        assert len({answer.headers["forwardc-run"] for answer in answers}) == 1
    with open_store(history) as store:
        run = store.load(answers[0].headers["forwardc-run"])
        assert run is not None
        # Where the process died beside its last write, the run's end may be there, and is told.
        settled = run.summary.outcome == "approved"
        assert settled or moment != "the end is recorded"
        assert settled == (answers[0].json().get("outcome") == "approved" or status == 200)
        # The answer of the only step can be on the disk a moment before the end is.
        is_known = settled or run.steps[-1].state == StepState.ANSWERED
        assert [run.id for run in store.unknown_runs()] == ([] if is_known else [run.id])


async def _ask_another(
    history: str, sandbox: RunningSandbox, reference: str
) -> list[httpx.Response]:
    with open_store(history) as store:
        transport = LoopbackTransport(sandbox.url)
        async with house(store, INSTRUMENTS, transport=transport) as another:
            return [await another.post(reference) for _ in range(3)]
