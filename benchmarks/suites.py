"""The measurements: what is compared with what, and for how long. Knows no clock and no page.

Every figure is a ratio against something measured in turn with it, in the same call.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from benchmarks.history import measured
from benchmarks.loopback import forwards
from benchmarks.project import add_header, commit, generate
from benchmarks.runtime import binding, forwarding
from benchmarks.serving import Stand, endured, served
from benchmarks.timing import Run, command, paired, peak_mib

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "schemas" / "destination.schema.json"
FLOOR = Path(__file__).with_name("floor.py")
NOTHING = ("-c", "pass")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, in processor seconds unless `unit` says otherwise.

    `theirs` and `ratio` are None where there is nothing to compare with.
    """

    what: str
    against: str
    ours: float
    theirs: float | None = None
    ratio: float | None = None
    unit: str = "s"
    job: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is run: the sizes of the projects, and the pairs for each size."""

    sizes: tuple[int, ...] = (1, 10, 100, 1000)
    pairs: int = 9
    pairs_of_largest: int = 3
    repeat: int = 200
    compared: int = 200
    recorded: int = 1_000_000
    forwards: int = 40
    turns: int = 5
    turn_s: float = 4.0
    endured_s: float = 60.0

    def pairs_for(self, size: int) -> int:
        """Pairs of one size: fewer for the largest, since each takes many seconds."""
        return self.pairs_of_largest if size == max(self.sizes) else self.pairs


def start(effort: Effort) -> Iterator[Row]:
    """Commands that should answer at once, against Python doing nothing."""
    for arguments in (("--version",), ("--help",), ("explain", "FC0302")):
        pair = paired(_forwardc(*arguments), command(NOTHING), effort.pairs * 2)
        what = f"`forwardc {' '.join(arguments)}`"
        yield Row(what, "`python -c pass`", pair.ours, pair.theirs, pair.ratio)


def compiling(effort: Effort, folder: Path) -> Iterator[Row]:
    """Build, check and rebuild of projects of every size, against the floor.

    The largest is built only, to keep the whole run short.
    """
    for size in effort.sizes:
        root = generate(folder / f"p{size}", size)
        pairs = effort.pairs_for(size)
        yield _against_floor("build", root, size, pairs, _fresh_build(root))
        if size < max(effort.sizes):
            yield _against_floor("check", root, size, pairs, _on(root, "check"))
            yield _against_floor("rebuild", root, size, pairs, _on(root, "build"))


def mistaken(effort: Effort, folder: Path) -> Iterator[Row]:
    """A check that finds one mistake in one file, against the same project without it."""
    size = sorted(effort.sizes)[-2]
    good, bad = generate(folder / "good", size), generate(folder / "bad", size, mistakes=1)
    pair = paired(_on(bad, "check", code=1), _on(good, "check"), effort.pairs)
    what = f"`check` of {size} destinations, one with a mistake"
    yield Row(what, "the same without it", pair.ours, pair.theirs, pair.ratio)


def differing(effort: Effort, folder: Path) -> Iterator[Row]:
    """What changed since a commit: one header of one destination, or of every destination."""
    size = effort.compared
    same = generate(folder / "same", size)
    _on(same, "build")()
    commit(same)
    nothing = _on(same, "diff")
    for what, changed in (("one changed", 1), (f"all {size} changed", size)):
        root = folder / f"changed{changed}"
        shutil.copytree(same, root)
        add_header(root, changed)
        _on(root, "build")()
        pair = paired(_on(root, "diff", code=3), nothing, effort.pairs_of_largest)
        label = f"`diff` of {size} against git, {what}"
        yield Row(label, "nothing changed", pair.ours, pair.theirs, pair.ratio)


def memory(effort: Effort, folder: Path) -> Iterator[Row]:
    """Peak memory of a build from nothing, of the smallest and the largest project."""
    for size in (min(effort.sizes), max(effort.sizes)):
        root = generate(folder / f"m{size}", size)
        ours = peak_mib(["-P", "-m", "forwardc", "build", "--project", str(root)])
        theirs = peak_mib([str(FLOOR), str(root), str(SCHEMA), "build"])
        what = f"peak memory, `build` of {size}"
        yield Row(what, "floor", ours, theirs, ours / theirs, unit="MiB")


def running(effort: Effort, folder: Path) -> Iterator[Row]:
    """Binding a compiled request, and the whole way through the sandbox for context."""
    root = generate(folder / "run", 1)
    _on(root, "build")()
    bind, by_hand = binding(root / "build")
    pair = paired(bind, by_hand, effort.pairs, repeat=effort.repeat)
    yield Row("bind one request", "`json.dumps` by hand", pair.ours, pair.theirs, pair.ratio)
    forward = forwarding(root / "build")
    pair = paired(forward, bind, effort.pairs)
    yield Row("a run through the sandbox in process, masked report included", "-", pair.ours)


def looping(effort: Effort, folder: Path) -> Iterator[Row]:
    """One forward over loopback against the same call by hand, by the clock."""
    root = generate(folder / "loop", 1)
    _on(root, "build")()
    for what, loop in forwards(root / "build", folder, effort.pairs, effort.forwards):
        against = "the same call by hand with httpx"
        yield Row(f"one forward, {what}", against, loop.ours, loop.theirs, loop.ratio)


def serving(effort: Effort, folder: Path) -> Iterator[Row]:
    """The partner API under load: turns against a bare app, and one long turn."""
    references = round(3_000 * (effort.turns * effort.turn_s * 2 + effort.endured_s + 8))
    for name, url in _histories(folder, "served"):
        home = folder / f"serve-{name}"
        home.mkdir()
        with Stand(home, url, references) as stand:
            yield from _turns(stand, effort, name)
            if name == "SQLite":
                yield from _long_turn(stand, effort)


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


def remembering(effort: Effort, folder: Path) -> Iterator[Row]:
    """A history of a million runs: pages of the dashboard and searches, by the clock."""
    for name, url in _histories(folder, "remembered"):
        for asked in measured(url, effort.recorded, effort.pairs):
            what = f"{asked.what}, {effort.recorded:,} runs, {name}"
            yield Row(what, "-", asked.median_ms / 1000)


def _histories(folder: Path, what: str) -> Iterator[tuple[str, str]]:
    yield "SQLite", str(folder / f"{what}.db")
    # The server of the tests is no module of a package.
    sys.path.append(str(ROOT / "tests" / "support"))
    with import_module("postgres").server() as running:
        yield "PostgreSQL", running.database()


def per_destination(rows: Sequence[Row], job: str) -> dict[int, float]:
    """Processor seconds for each further destination between one size and the next."""
    found = {row.size: row.ours for row in rows if row.job == job}
    sizes = sorted(found)
    return {b: (found[b] - found[a]) / (b - a) for a, b in pairwise(sizes)}


def _against_floor(job: str, root: Path, size: int, pairs: int, ours: Run) -> Row:
    theirs = command([str(FLOOR), str(root), str(SCHEMA), job])
    pair = paired(ours, theirs, pairs)
    what = f"`{job}` of {size}"
    return Row(what, "floor", pair.ours, pair.theirs, pair.ratio, job=job, size=size)


def _fresh_build(root: Path) -> Run:
    build = _on(root, "build")

    def run() -> None:
        # Removing a folder is not the compiler's work, and too quick to matter here.
        shutil.rmtree(root / "build", ignore_errors=True)
        build()

    return run


def _on(root: Path, job: str, *, code: int = 0) -> Run:
    return _forwardc(job, "--project", str(root), code=code)


def _forwardc(*arguments: str, code: int = 0) -> Run:
    return command(["-P", "-m", "forwardc", *arguments], code=code)
