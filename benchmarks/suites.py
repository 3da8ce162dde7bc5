"""The suites by name: what is measured together, in the order of the page. Knows no page."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from subprocess import run

from benchmarks.compiling import cold, counted, differing, memory, mistaken
from benchmarks.dataclass_making import dataclass_making
from benchmarks.document_reading import document_reading
from benchmarks.forward_bytes import bytes_of_a_forward
from benchmarks.history import measured
from benchmarks.large import large
from benchmarks.loopback import forwards
from benchmarks.project import generate
from benchmarks.rebuilding import edited, unchanged
from benchmarks.rows import ROOT, Effort, Row, on
from benchmarks.runtime import binding, forwarding
from benchmarks.serving import Stand, beside, endured, served
from benchmarks.starting import start
from benchmarks.timing import paired

Tell = Callable[[str], object]
# Forwards that fill enough pages of a history for its growth to be theirs.
_FORWARDS = 50
Suite = Callable[[Effort, Path, Tell], Iterator[Row]]


def running(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """Binding a compiled request, and the whole way through the sandbox for context."""
    root = generate(folder / "run", 1)
    on(root, "build")()
    bind, by_hand = binding(root / "build")
    pair = paired(bind, by_hand, effort.pairs, repeat=effort.repeat)
    yield Row("bind one request", "`json.dumps` by hand", pair.ours, pair.theirs, pair.ratio)
    forward = forwarding(root / "build")
    pair = paired(forward, bind, effort.pairs)
    yield Row("a run through the sandbox in process, masked report included", "-", pair.ours)


def looping(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """One forward over loopback against the same call by hand, by the clock."""
    root = generate(folder / "loop", 1)
    on(root, "build")()
    for what, loop in forwards(root / "build", folder, effort.pairs, effort.forwards):
        against = "the same call by hand with httpx"
        yield Row(f"one forward, {what}", against, loop.ours, loop.theirs, loop.ratio)
    size = bytes_of_a_forward(root / "build", folder / "bytes.db", max(effort.repeat, _FORWARDS))
    yield Row("a finished forward in the history, without its answer", "-", size, unit="bytes")


def serving(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """The partner API under load: turns against a bare app, and one long turn."""
    references = round(3_000 * (effort.turns * effort.turn_s * 2 + effort.endured_s + 8))
    for name, url in _histories(folder, "served"):
        home = folder / f"serve-{name}"
        home.mkdir()
        with Stand(home, url, references) as stand:
            yield from _turns(stand, effort, name)
            if name == "SQLite":
                yield from _long_turn(stand, effort)
                yield from _by_the_loop(stand, effort, folder, references)


def _turns(stand: Stand, effort: Effort, name: str) -> Iterator[Row]:
    sides = {"a bare app with httpx": stand.pooled, "the same over our connections": stand.bare}
    for against, port in sides.items():
        found = served(stand, port, effort.turns, effort.turn_s)
        ours, theirs = found.ours, found.theirs
        calls = f"partner API, 64 connections, {name}: calls answered"
        yield Row(calls, against, ours.per_second, theirs.per_second, found.throughput, unit="/s")
        slow = f"partner API, 64 connections, {name}: p99"
        yield Row(slow, against, ours.p99, theirs.p99, found.p99)


def _long_turn(stand: Stand, effort: Effort) -> Iterator[Row]:
    found = endured(stand, effort.endured_s)
    what = f"partner API, {effort.endured_s:g} s under load"
    yield Row(f"{what}: calls answered", "-", found.figures.answered, unit="calls")
    yield Row(f"{what}: errors", "-", found.figures.errors, unit="calls")
    growth = found.late / found.early
    yield Row(
        f"{what}: memory at the end", "after a quarter", found.late, found.early, growth, "MiB"
    )


def _by_the_loop(stand: Stand, effort: Effort, folder: Path, references: int) -> Iterator[Row]:
    """What it saves that the loop does large batches of the history's works, not the thread."""
    home = folder / "serve-by-thread"
    home.mkdir()
    history = str(folder / "by-thread.db")
    with Stand(home, history, references, "benchmarks.by_thread") as other:
        found = beside(stand, other, effort.turns, effort.turn_s)
    what, against = "partner API, history's works by the loop", "by the writing thread"
    ours, theirs = found.ours.per_second, found.theirs.per_second
    yield Row(f"{what}: calls answered", against, ours, theirs, found.throughput, unit="/s")
    yield Row(f"{what}: p99", against, found.ours.p99, found.theirs.p99, found.p99)


def remembering(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """A history of a million runs: pages of the dashboard and searches, by the clock."""
    for name, url in _histories(folder, "remembered"):
        for asked in measured(url, effort.recorded, effort.pairs):
            what = f"{asked.what}, {effort.recorded:,} runs, {name}"
            yield Row(what, "-", asked.median_ms / 1000)


def _histories(folder: Path, what: str) -> Iterator[tuple[str, str]]:
    yield "SQLite", str(folder / f"{what}.db")
    # The server of the tests is no module of a package.
    sys.path.append(str(ROOT / "tests" / "support"))
    with import_module("postgres").server() as database:
        yield "PostgreSQL", database.database()


def quick_tests(_effort: Effort, _folder: Path, tell: Tell) -> Iterator[Row]:
    """The tests that a developer waits for, by the clock and once, since they use every core."""
    make = shutil.which("make")
    if make is None:
        tell("`make quick` is left out: there is no make")
        return
    started = time.monotonic()
    done = run([make, "quick"], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - ours
    seconds = time.monotonic() - started
    if done.returncode:
        tell("`make quick` is left out: its tests fail")
    else:
        yield Row("`make quick`", "-", seconds)


SUITES: dict[str, Suite] = {
    "start": start,
    "dataclasses": dataclass_making,
    "documents": document_reading,
    "unchanged": unchanged,
    "edited": edited,
    "cold": cold,
    "counted": counted,
    "memory": memory,
    "large": large,
    "mistaken": mistaken,
    "diff": differing,
    "run": running,
    "forward": looping,
    "partner": serving,
    "history": remembering,
    "quick": quick_tests,
}


def rows(names: tuple[str, ...], effort: Effort, folder: Path, tell: Tell) -> Iterator[Row]:
    """The rows of these suites, in their order; files of one are gone before the next begins."""
    for name in names:
        with tempfile.TemporaryDirectory(dir=folder) as own:
            yield from SUITES[name](effort, Path(own), tell)
