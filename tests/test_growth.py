"""One destination, large in one way: calls of a check and a build grow as it does, and no faster.

Calls are counted, and no time: a busy machine changes nothing.
"""

import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from forwardc.compile.language.load import open_project
from forwardc.compile.pipeline import build_project, compile_project
from forwardc.core.diagnostics.sink import Sink
from large_projects import KINDS, write_large_project

DAY = date(2026, 11, 30)
SIZES = (12, 24, 48)
MOST = 1.1
"""The work for each of the last 24, by that for each of the 12 before: quadratic work has 2."""


def counted(work: Callable[[], object]) -> int:
    """How many functions are called by `work`, those written in C included."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def test_a_destination_may_be_large(tmp_path: Path) -> None:
    """No limit of Python's stack, and none of ours below the limits that the reader tells of."""
    for kind, count in (("fields", 10_000), ("steps", 1_000), ("levels", 500)):
        write_large_project(tmp_path / kind, kind, count)
        check(tmp_path / kind)


def check(root: Path) -> None:
    sink = Sink()
    compile_project(root, sink, DAY)
    assert not sink.has_errors, sink.sorted()


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_check_grows_as_the_destination_does(kind: str, tmp_path: Path) -> None:
    for count in (3, *SIZES):
        write_large_project(tmp_path / str(count), kind, count)
    # What is loaded and kept once, whatever is compiled, belongs to no size.
    check(tmp_path / "3")
    roots = [tmp_path / str(count) for count in SIZES]
    small, middle, large = (counted(partial(check, root)) for root in roots)
    assert (large - middle) / 2 <= MOST * (middle - small), (small, middle, large)


def build(root: Path) -> None:
    files: list[str] = []
    sink = Sink()
    build_project(open_project(root, sink), sink, lambda path, _data: files.append(path), DAY)
    assert "manifest.json" in files


@pytest.mark.parametrize(
    "kind", ["fields", "steps", "vault steps", "secrets in a chain", "operations"]
)
def test_a_build_grows_as_the_destination_does(kind: str, tmp_path: Path) -> None:
    for count in (3, *SIZES):
        write_large_project(tmp_path / str(count), kind, count)
    build(tmp_path / "3")
    roots = [tmp_path / str(count) for count in SIZES]
    small, middle, large = (counted(partial(build, root)) for root in roots)
    assert (large - middle) / 2 <= MOST * (middle - small), (small, middle, large)
