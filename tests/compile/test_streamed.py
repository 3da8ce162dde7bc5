"""A project of many destinations takes the memory of one: trees go with the destination."""

import errno
import gc
import os
import pty
import sys
from collections.abc import Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from forwardc.cli.main import run as cli
from forwardc.compile import pipeline
from forwardc.compile.ir.program import Program
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.load import ReadDestination, open_project
from forwardc.compile.language.nodes import YamlMap
from forwardc.compile.review import staged_build
from forwardc.compile.review.staged_build import StagedBuild
from forwardc.compile.stages import DestinationTrees, Surroundings, Take, compile_destination
from forwardc.compile.vaults.assess import Assessment
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import as_checkout
from shop_project import ACCOUNTS, SHOP

TREES = (Destination, YamlMap, Program, Assessment)


def project(folder: Path, count: int) -> Path:
    (folder / "destinations").mkdir()
    (folder / "forwardc.yaml").write_text(ACCOUNTS, encoding="utf-8")
    for number in range(count):
        text = SHOP.replace("shop", f"shop{number}")
        (folder / f"destinations/shop{number}.yaml").write_text(text, encoding="utf-8")
    return folder


def trees() -> dict[str, int]:
    """How many objects of each kind of tree there are, without a collection."""
    objects = gc.get_objects()
    return {kind.__name__: sum(type(each) is kind for each in objects) for kind in TREES}


@pytest.mark.parametrize("command", ["check", "build"])
def test_no_tree_outlives_its_destination(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted before each destination but the first, while the collector does nothing."""
    root, left = project(tmp_path, 4), list[dict[str, int]]()

    def counted(
        read: ReadDestination,
        sink: Sink,
        surroundings: Surroundings,
        live: Set[str] | None,
        take: Take | None = None,
    ) -> Any:
        made = compile_destination(read, sink, surroundings, live, take)
        return made[0], DestinationTrees(ReadDestination(read.path, read.files))

    def read(*given: Any, **named: Any) -> ReadDestination:
        left.append(trees())
        return inner(*given, **named)

    inner = pipeline.read_file
    monkeypatch.setattr(pipeline, "read_file", read)
    monkeypatch.setattr(pipeline, "compile_destination", counted)
    gc.collect()
    gc.disable()
    try:
        before = trees()
        sink = Sink()
        if command == "check":
            pipeline.check_project(root, sink)
        else:
            pipeline.build_project(open_project(root, sink), sink, lambda *_: None)
    finally:
        gc.enable()
    assert not sink.has_errors
    assert len(left) == 4
    # What is kept once, of whichever file, is there after the first one.
    assert left[1] == left[2] == left[3]
    assert {**left[3], "YamlMap": 0} == {**before, "YamlMap": 0}


def test_another_build_that_does_not_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path, 1)
    monkeypatch.setattr(staged_build, "PATIENCE_S", 0)
    with StagedBuild(as_checkout(root / "build")) as other:
        other.begin()
        assert cli(["build", "--project", str(root)]) == 1
        said = "".join(capsys.readouterr())
    assert "FC0713" in said
    assert "another build of it is under way" in said
    assert cli(["build", "--project", str(root)]) == 0


def test_who_waits_is_told_for_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, waited = project(tmp_path, 1), list[float]()
    other = StagedBuild(as_checkout(root / "build"))
    other.begin()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        other.__exit__(None, None, None)

    monkeypatch.setattr("forwardc.core.files.folder_lock.time.sleep", sleep)
    assert cli(["build", "--project", str(root)]) == 0
    said = capsys.readouterr().err
    assert said.count("another build of build/ is under way: waiting for it") == 1
    assert len(waited) == 1


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Standard error as a terminal."""
    ours, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(theirs, "w", encoding="utf-8") as screen:
        monkeypatch.setattr(sys, "stderr", screen)
        yield ours
    os.close(ours)


def shown(ours: int) -> str:
    """What stands on the terminal so far."""
    os.set_blocking(ours, False)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError as problem:
        if problem.errno not in (errno.EAGAIN, errno.EIO):
            raise
    return text.decode(errors="replace")


@pytest.mark.parametrize("long", [True, False], ids=["long", "short"])
def test_a_long_build_shows_its_progress_on_a_terminal_only(
    long: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path, 3)
    monkeypatch.setattr("forwardc.cli.build._LONG", 3 if long else 4)
    with monkeypatch.context() as screen, terminal(screen) as ours:
        assert cli(["build", "--no-store", "--project", str(root)]) == 0
        assert ("Compiling" in shown(ours)) is long
    capsys.readouterr()
    assert cli(["build", "--no-store", "--project", str(root)]) == 0
    assert "Compiling" not in "".join(capsys.readouterr())
