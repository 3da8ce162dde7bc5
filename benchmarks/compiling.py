"""The compiler over generated projects, beside the floor, Pkl and jrsonnet; its growth and memory.

Every build and check here is cold: the store is not asked.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import run

from benchmarks.peers.peer import Peer, UnequalError, job, peers, prove_equal, prove_refusals
from benchmarks.project import add_header, commit, generate
from benchmarks.rows import COLD, FLOOR, SCHEMA, Effort, Row, fresh_build, on
from benchmarks.timing import Run, Turns, command, in_turns, paired, peak_mib, python

Tell = Callable[[str], object]
PLANS = Path(__file__).with_name("plans.py")
_LABELS = {"build": "`build`", "check": "`check`", "rebuild": "`rebuild`", "plans": "plans only"}
# With whom each job is compared.
_JOBS = {
    "check": ("floor", "Pkl 0.28"),
    "plans": ("Pkl 0.28",),
    "build": ("floor", "Pkl 0.28", "jrsonnet"),
    "rebuild": ("floor",),
}


def cold(effort: Effort, folder: Path, tell: Tell) -> Iterator[Row]:
    """Build and check of projects of every size, in turns with whoever does the same job."""
    others = list(_proved(folder, tell))
    for size in effort.sizes:
        root = generate(folder / f"p{size}", size)
        ours = {
            "check": on(root, "check", COLD),
            "plans": python(["-P", str(PLANS), str(root)]),
        }
        ours["build"] = fresh_build(root, COLD)
        if size < max(effort.sizes):
            ours["rebuild"] = on(root, "build", COLD)
        theirs: dict[str, Run] = {"floor": python([str(FLOOR), str(root), str(SCHEMA), "build"])}
        for peer in others:
            target = folder / f"{peer.name}-{size}"
            theirs[peer.name] = command(job(peer, target, size))
        turns = in_turns(ours | theirs, effort.pairs_for(size))
        _prove_plans(root)
        for peer in others:
            prove_equal(folder / f"{peer.name}-{size}" / "out", root / "floor")
        yield from _compared(turns, size)


def _compared(turns: Turns, size: int) -> Iterator[Row]:
    for name, others in _JOBS.items():
        for against in others:
            if {name, against} <= turns.seconds.keys():
                ours, theirs = turns.median(name), turns.median(against)
                what = f"{_LABELS[name]} of {size}"
                ratio = turns.ratio(name, against)
                yield Row(what, against, ours, theirs, ratio, job=name, size=size)


def _prove_plans(root: Path) -> None:
    for path in (root / "plans").rglob("*.json"):
        if path.read_bytes() != (root / "build" / path.relative_to(root / "plans")).read_bytes():
            raise UnequalError(f"{path.name} alone is another than with all that is built")


def _proved(folder: Path, tell: Tell) -> Iterator[Peer]:
    for peer in peers(tell):
        prove_refusals(peer, folder)
        yield peer


def counted(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """Calls of functions for each further destination: the same number every time.

    Counted by Python's own profiler, calls of built-in functions included, with one hash seed.
    """
    for name in ("build", "check"):
        calls = {size: _calls(folder, name, size) for size in effort.sizes[-3:]}
        (small, fewest), (middle, some), (large, most) = calls.items()
        late, early = (most - some) / (large - middle), (some - fewest) / (middle - small)
        what = f"calls for each destination, `{name}`, {middle} to {large}"
        yield Row(what, f"{small} to {middle}", late, early, late / early, unit="calls")


# Without the collector: when it comes, and so what it calls, is another matter each time.
_COUNT = """\
import cProfile, gc, pstats, sys
from forwardc.__main__ import main
gc.disable()
profile = cProfile.Profile()
try:
    profile.runcall(main)
except SystemExit as ends:
    if ends.code:
        raise
finally:
    sys.stderr.write(f"\\n{pstats.Stats(profile).total_calls}")
"""


def _calls(folder: Path, name: str, size: int) -> int:
    root = generate(folder / f"c{size}", size)
    shutil.rmtree(root / "build", ignore_errors=True)
    done = run(  # noqa: S603 - ours
        [sys.executable, "-P", "-c", _COUNT, name, "--project", str(root), COLD],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "0"},
    )
    return int(done.stderr.rpartition("\n")[2])


def mistaken(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """A check that finds one mistake in one file, against the same project without it."""
    size = sorted(effort.sizes)[-2]
    good, bad = generate(folder / "good", size), generate(folder / "bad", size, mistakes=1)
    pair = paired(on(bad, "check", code=1), on(good, "check"), effort.pairs)
    what = f"`check` of {size} destinations, one with a mistake"
    yield Row(what, "the same without it", pair.ours, pair.theirs, pair.ratio)


def differing(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """What changed since a commit: one header of one destination, or of every destination."""
    size = effort.compared
    same = generate(folder / "same", size)
    on(same, "build")()
    commit(same)
    nothing = on(same, "diff")
    for what, changed in (("one changed", 1), (f"all {size} changed", size)):
        root = folder / f"changed{changed}"
        shutil.copytree(same, root)
        add_header(root, changed)
        on(root, "build")()
        pair = paired(on(root, "diff", code=3), nothing, effort.pairs_of_largest)
        label = f"`diff` of {size} against git, {what}"
        yield Row(label, "nothing changed", pair.ours, pair.theirs, pair.ratio)


def memory(effort: Effort, folder: Path, tell: Tell) -> Iterator[Row]:
    """Peak memory of a build from nothing, and what each further destination adds to it."""
    sizes = (min(effort.sizes), *sorted(effort.sizes)[-2:])
    others = [peer for peer in peers(tell) if peer.name.startswith("Pkl")]
    found: dict[int, float] = {}
    for size in sizes:
        root = generate(folder / f"m{size}", size)
        build = [sys.executable, "-P", "-m", "forwardc", "build", "--project", str(root)]
        ours = found[size] = peak_mib(build)
        theirs = {"floor": [sys.executable, str(FLOOR), str(root), str(SCHEMA), "build"]}
        theirs |= {peer.name: job(peer, folder / f"m-{peer.name}-{size}", size) for peer in others}
        for against, words in theirs.items():
            mib = peak_mib(words)
            yield Row(f"peak memory, `build` of {size}", against, ours, mib, ours / mib, unit="MiB")
    middle, large = sizes[1:]
    slope = (found[large] - found[middle]) * 1024 / (large - middle)
    yield Row(f"peak memory for each destination, {middle} to {large}", "-", slope, unit="KiB")
