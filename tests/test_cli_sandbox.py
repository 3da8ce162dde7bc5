"""`forwardc sandbox` as a person uses it: started, interrupted, refused."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from interrupts import hear_interrupts

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
COMMAND = [sys.executable, "-P", "-m", "forwardc", "sandbox"]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_it_serves_until_it_is_interrupted() -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        preexec_fn=hear_interrupts,
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline().rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        process.send_signal(signal.SIGINT)
        _, remarks = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in remarks


def test_a_port_in_use_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [*COMMAND, "--port", str(taken.getsockname()[1])],
            capture_output=True,
            text=True,
            check=False,
            env=ENVIRONMENT,
        )
    assert done.returncode == 2
    assert "Cannot serve on port" in done.stderr


def test_a_file_that_holds_no_state_is_reported(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("nonsense", encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "--port", "0", "--state", state],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 2
    assert "--state" in done.stderr


def test_an_unknown_laxness_is_refused_with_the_known_ones() -> None:
    done = subprocess.run(
        [*COMMAND, "--port", "0", "--lax", "everything"],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 2
    assert "--lax" in done.stderr
    assert "checkout_secret_dots" in " ".join(done.stderr.split())
