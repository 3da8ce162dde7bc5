"""`forwardc watch`: a real process, real changes of files, and what it says in a pipe."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from forwardc.cli.main import run
from forwardc.cli.watched_inputs import InputEvents, WatchedInputs
from patience import LONG_S, until
from stored_projects import DAY, destination, tree, write_project

LEAVES = "safe: shop.payment at stripe (sandbox): leaves"
ROOT = Path(__file__).resolve().parent.parent.parent


class Watched:
    """A running watch, and the lines that it has said so far."""

    def __init__(self, project: Path) -> None:
        command = [sys.executable, "-P", "-m", "forwardc", "watch", "--today", DAY]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "compiler")}
        self._process = subprocess.Popen(
            command,
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._at = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def until_said(self, text: str) -> list[str]:
        """Wait for a line with a text after those that were waited for; all since then."""
        start = self._at

        def is_said() -> bool:
            for number in range(self._at, len(self.lines)):
                if text in self.lines[number]:
                    self._at = number + 1
                    return True
            return False

        until(is_said, lambda: f"{text!r} is not in {self.lines[start:]}")
        return self.lines[start : self._at]

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(LONG_S)
        self._reader.join(LONG_S)
        return code

    def kill(self) -> None:
        """End it in any case."""
        self._process.kill()
        self._process.wait(LONG_S)
        self._reader.join(LONG_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return write_project(tmp_path / "project")


@pytest.fixture
def watched(project: Path) -> Iterator[Watched]:
    running = Watched(project)
    try:
        running.until_said("watching the sources")
        yield running
    finally:
        running.kill()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    # As editors do: a new file takes the place of the old one.
    path.with_suffix(".tmp").write_text(text.replace(old, new))
    path.with_suffix(".tmp").rename(path)


def test_a_change_is_told_for_whom_it_counts_and_a_mistake_ends_nothing(
    project: Path, watched: Watched
) -> None:
    shop = project / "destinations" / "shop.yaml"
    edit(shop, "X-Version", "X-Revision")
    said = watched.until_said("files compiled")
    assert said[0] == "changed: destinations/shop.yaml"
    assert any(
        line.startswith("review: shop.payment at stripe (production): PSP sees") for line in said
    )
    assert any(line.startswith("safe: shop.payment at stripe (sandbox): leaves") for line in said)
    assert "written: stripe/shop/production.plan.json" in said
    assert not [line for line in said if "bank" in line and not line.startswith("  ")]
    before = tree(project)

    edit(shop, "initiator: customer", "initiator: nobody")
    said = watched.until_said("nothing is written")
    assert any("error FC0204" in line for line in said)
    assert tree(project) == before

    edit(shop, "initiator: nobody", "initiator: customer")
    said = watched.until_said("files compiled, 0 written, 0 removed")

    (project / "destinations" / "atlas.yaml").write_text(destination("atlas"))
    said = watched.until_said("files compiled")
    assert "changed: destinations/atlas.yaml" in said
    assert "written: coverage.json" in said
    assert watched.interrupt() == 0
    # Its own writing woke it up not once.
    assert len([line for line in watched.lines if "files compiled" in line]) == 4


def test_settings_evidence_and_approvals_wake_it(project: Path, watched: Watched) -> None:
    edit(project / "forwardc.yaml", "shop: {version: 1}", "shop: {version: 7}")
    assert "changed: forwardc.yaml" in watched.until_said("files compiled")
    (project / "destinations" / "books.txt").write_text("Another attestation\n")
    assert "changed: destinations/books.txt" in watched.until_said("files compiled")
    assert (
        run(
            [
                "approve",
                "stripe",
                "shop",
                "--env",
                "production",
                "--by",
                "ann",
                "--project",
                str(project),
            ]
        )
        == 0
    )
    assert "changed: forwardc.lock" in watched.until_said("files compiled")
    assert watched.interrupt() == 0


def test_evidence_in_a_folder_that_was_not_watched_wakes_it(
    project: Path, watched: Watched
) -> None:
    (project / "papers").mkdir()
    books = project / "destinations" / "books.yaml"
    edit(books, "destinations/books.txt", "papers/books.txt")
    watched.until_said("nothing is written")
    (project / "papers" / "books.txt").write_text("Attestation\n")
    watched.until_said("files compiled")
    (project / "papers" / "books.txt").write_text("Another one\n")
    assert "changed: papers/books.txt" in watched.until_said("files compiled")
    assert watched.interrupt() == 0


def test_a_folder_that_is_made_anew_is_watched_again(project: Path, watched: Watched) -> None:
    """As when another branch is checked out."""
    folder = project / "destinations"
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    watched.until_said("nothing is written")
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    watched.until_said("files compiled")
    edit(folder / "shop.yaml", "Card payments", "All payments")
    watched.until_said("written: stripe/shop/review.html")
    assert watched.interrupt() == 0


def test_what_wakes_it() -> None:
    inputs = WatchedInputs.of(Path("/p"), "a/b", ("papers/x.pdf", "forwardc.lock"))
    assert inputs.folders == {"/p", "/p/a", "/p/a/b", "/p/papers"}
    wakes = ("forwardc.yaml", "forwardc.lock", "a/b/new.yaml", "papers/x.pdf", "a/b")
    assert all(inputs.wakes(f"/p/{path}") for path in wakes)
    sleeps = (
        "build",
        "build/manifest.json",
        "a/b/x.txt",
        "a/b/.x.yaml.swp",
        "papers/y.pdf",
        "x.yaml",
    )
    assert not any(inputs.wakes(f"/p/{path}") for path in sleeps)


def test_without_its_library_it_says_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert run(["watch"]) == 2
    assert "pip install 'forwardc[watch]'" in capsys.readouterr().err


def test_a_failure_of_the_system_ends_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A build folder that cannot be written is told; the next round finds it again."""
    monkeypatch.chdir(project)
    rounds = iter([frozenset({str(project / "forwardc.yaml")})])

    def wait(_: InputEvents) -> frozenset[str]:
        for changed in rounds:
            (project / "build").unlink()
            return changed
        raise KeyboardInterrupt

    (project / "build").write_text("no folder")
    monkeypatch.setattr(InputEvents, "wait", wait)
    assert run(["watch"]) == 0
    said = capsys.readouterr()
    assert "nothing is written" in said.out
    assert "21 files compiled, 21 written" in said.out
