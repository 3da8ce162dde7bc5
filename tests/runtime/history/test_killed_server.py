"""A server that is killed with many runs under way: the record knows of all that was sent."""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from forwardc.runtime.history.records import RunState, StepState, StoredRun
from forwardc.runtime.history.store import Store, open_store
from patience import until
from stored_runs import open_runs

ROOT = Path(__file__).resolve().parents[3]
SUPPORT = ROOT / "tests" / "support"


@pytest.mark.parametrize("seed", range(3))
def test_what_was_sent_is_on_the_record(history_url: str, tmp_path: Path, seed: int) -> None:
    open_store(history_url).close()
    log = tmp_path / "log"
    paths = os.pathsep.join((str(ROOT / "compiler"), str(SUPPORT)))
    command = [sys.executable, str(SUPPORT / "busy_server.py"), history_url, str(log)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}) as server:
        _wait_for(log, lines=200)
        time.sleep(Random(seed).uniform(0, 0.2))  # noqa: S311 - the same moments every time
        server.kill()
    with open_store(history_url) as store:
        runs: dict[str, StoredRun] = {}
        for line in log.read_text().splitlines():
            what, _, rest = line.partition(" ")
            run_id, _, step = rest.partition("/")
            found = runs.setdefault(run_id, _loaded(store, run_id))
            if what == "sent":
                assert found.step(step).state is not StepState.WAITING
                assert len(found.step(step).attempts) == 1
            else:
                assert found.summary.state is RunState.DONE
        _is_whole(store, runs)


def _is_whole(store: Store, runs: dict[str, StoredRun]) -> None:
    """What no process finished is open, and nothing is recorded of a step before its turn."""
    left = open_runs(store)
    assert len(left) <= 32
    for run in left:
        first, second = run.steps
        assert first.state is StepState.ANSWERED or second.state is StepState.WAITING
        assert run.id in runs or first.state in (StepState.WAITING, StepState.INTENT)


def _loaded(store: Store, run_id: str) -> StoredRun:
    found = store.load(run_id)
    assert found is not None
    return found


def _wait_for(log: Path, lines: int) -> None:
    until(lambda: log.exists() and log.read_bytes().count(b"\n") >= lines)
