"""`forwardc sandbox` as a person uses it: started, interrupted, refused."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import forked
from patience import LONG_S

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
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline().rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), timeout=LONG_S).close()
        process.send_signal(signal.SIGINT)
        _, remarks = process.communicate(timeout=LONG_S)
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


PROJECT = """forwardc: 1
merchant: {name: Newcomer}
environments:
  sandbox:
    vaults: {checkout: {processing_channel_id: pc_sandbox0000000000000000000}}
"""
DESTINATION = """forwardc: 1
name: quux
title: Quux
docs: https://quux.example/docs
environments:
  sandbox: {base_url: "https://in.quux-gate.com/v9"}
secrets:
  quux_key: {description: Key}
operations:
  put:
    initiator: customer
    steps:
      put:
        request:
          PUT: /cards
          headers: {Authorization: "Bearer ${secrets.quux_key}", X-Quux-Mode: fast}
          json: {pan: "${card.number}", note: ""}
        response:
          outcome: by_status
"""


def forwardc(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return forked.forwardc(arguments, folder, ENVIRONMENT)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, str]]:
    """The first line and the address of a sandbox that is started in a folder."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout
        first = process.stdout.readline().strip()
        try:
            yield first, first.rpartition(" ")[2]
        finally:
            process.terminate()
            process.communicate(timeout=LONG_S)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "destinations").mkdir()
    (tmp_path / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "destinations/quux.yaml").write_text(DESTINATION, encoding="utf-8")
    built = forwardc(tmp_path, "build")
    assert built.returncode == 0, built.stdout
    return tmp_path


RUN = ("run", "quux.put", "--via", "checkout", "--env", "sandbox", "--no-history")
SOURCE = ("--source", "src_visa_approved0000000000000")
ORDER = ("amount=1000", "currency=EUR", "reference=R-1", "return_url=https://shop.example/r")
WALLET = ("wallet_account_id=w-1", "email=a@shop.example")


@pytest.fixture(scope="module")
def everything() -> Iterator[str]:
    """The address of a sandbox of this repository's own project."""
    with serving(ROOT) as (_, url):
        yield url


def test_without_a_project_the_first_line_names_the_laxness(tmp_path: Path) -> None:
    with serving(tmp_path) as (first, _):
        assert "unknown_destinations" in first


def test_a_project_is_onboarded_and_a_new_build_is_noticed(project: Path) -> None:
    with serving(project) as (first, url):
        assert "unknown_destinations" not in first
        assert forwardc(project, *RUN, "--sandbox", url, *SOURCE).returncode == 0
        file = project / "destinations/quux.yaml"
        moved = file.read_text(encoding="utf-8").replace("/v9", "/v10")
        file.write_text(moved, encoding="utf-8")
        # What runs is what was built.
        assert forwardc(project, *RUN, "--sandbox", url, *SOURCE).returncode == 0
        assert forwardc(project, "build").returncode == 0
        assert forwardc(project, *RUN, "--sandbox", url, *SOURCE).returncode == 0


def test_a_project_is_found_above_the_working_directory(project: Path) -> None:
    with serving(project / "destinations") as (first, url):
        assert "unknown_destinations" not in first
        assert forwardc(project, *RUN, "--sandbox", url, *SOURCE).returncode == 0


def test_a_sandbox_of_another_project_refuses(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    with serving(other) as (_, url):
        done = forwardc(project, *RUN, "--sandbox", url, *SOURCE)
    assert done.returncode != 0
    assert "approved" not in done.stdout


def test_what_is_built_and_damaged_is_told(project: Path) -> None:
    (project / "build/manifest.json").write_text("{}", encoding="utf-8")
    done = forwardc(project, "sandbox", "--port", "0")
    assert done.returncode == 2
    assert "FC0702" in done.stderr
    assert "--build" in done.stderr


@pytest.mark.parametrize(
    ("target", "vault", "source", "params"),
    [
        ("stripe.payment", "checkout", "src_visa_approved0000000000000", ORDER[:2]),
        ("adyen.card_cit", "checkout", "src_visa_adyen_approved0000000", ORDER),
        ("adyen.card_cit", "stripe", "pm_sandbox_visa", ORDER),
        ("visa.provision", "checkout", "src_visa_approved0000000000000", WALLET),
        ("token_vault", "stripe", "pm_sandbox_visa", ("customer=c-1",)),
    ],
)
def test_what_runs_in_the_process_runs_at_a_served_sandbox_of_the_project(
    everything: str, target: str, vault: str, source: str, params: tuple[str, ...]
) -> None:
    given = [word for param in params for word in ("-p", param)]
    options = ("--via", vault, "--env", "sandbox", "--no-history", "--source", source, *given)
    for sandbox in (("--sandbox",), ("--sandbox", everything)):
        done = forwardc(ROOT, "run", target, *options, *sandbox)
        assert done.returncode == 0, done.stdout + done.stderr
