"""`forwardc dashboard` as a person uses it: started, opened, interrupted, refused."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from forwardc.runtime.history.store import open_store
from patience import LONG_S

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
COMMAND = [sys.executable, "-P", "-m", "forwardc", "dashboard"]


def refused(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
        timeout=LONG_S,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_the_printed_link_signs_in_once(tmp_path: Path) -> None:
    open_store(str(tmp_path / ".forwardc/history.db")).close()
    with subprocess.Popen(
        [*COMMAND, "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout
        shown = [process.stdout.readline() for _ in range(3)]
        found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/login\?code=(\S+)\n", shown[2])
        assert found
        with httpx.Client(base_url=found[1], trust_env=False, timeout=LONG_S) as client:
            assert client.get("/").headers["location"] == "/login"
            assert client.post("/login", data={"code": found[2]}).status_code == 303
            page = client.get("/").text
            assert client.post("/login", data={"code": found[2]}).status_code == 403
        process.send_signal(signal.SIGINT)
        rest, remarks = process.communicate(timeout=LONG_S)
    assert "No forwards here" in page
    assert "viewer" in page
    assert process.returncode == 0
    # Nothing that was asked is written down.
    assert rest + remarks == ""


def test_a_port_in_use_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = refused("--port", str(taken.getsockname()[1]), cwd=tmp_path)
    assert "FC0827" in told
    assert not (tmp_path / ".forwardc").exists()


def test_an_address_of_another_machine_is_reported(tmp_path: Path) -> None:
    assert "FC0827" in refused("--host", "192.0.2.1", "--port", "0", cwd=tmp_path)


def test_a_history_that_is_none_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look" * 40)
    assert "FC0819" in refused("--port", "0", "--history", "notes.txt", cwd=tmp_path)
