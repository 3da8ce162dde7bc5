"""The loop that people live in: build and check again, where nothing or one file has changed."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from benchmarks.project import edit, generate
from benchmarks.rows import COLD, NOTHING, Effort, Row, fresh_build, on
from benchmarks.starting import real_project
from benchmarks.timing import Run, in_turns, paired, python

Tell = Callable[[str], object]
_HASH = Path(__file__).with_name("read_and_hash.py")


def unchanged(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """Build and check with nothing changed, against reading and hashing what is compiled."""
    size = max(effort.sizes)
    root = generate(folder / "unchanged", size)
    on(root, "build")()
    hashing = python([str(_HASH), str(root)])
    for job in ("build", "check"):
        pair = paired(on(root, job), hashing, effort.pairs)
        what = f"`{job}` of {size}, unchanged"
        yield Row(what, "reading and hashing the input", pair.ours, pair.theirs, pair.ratio)
    real = real_project(folder / "real-unchanged")
    for job in ("build", "check"):
        pair = paired(on(real, job), python(NOTHING), effort.pairs * 2)
        what = f"`{job}` of the repository's own, unchanged"
        yield Row(what, "`python -c pass`", pair.ours, pair.theirs, pair.ratio)


def edited(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """One destination edited among many, against the cold build of one."""
    one = fresh_build(generate(folder / "one", 1), COLD)
    for size in sorted(effort.sizes)[-2:]:
        root = generate(folder / f"edited{size}", size)
        on(root, "build")()
        jobs = {job: _edited(root, job) for job in ("build", "check")}
        turns = in_turns({**jobs, "one": one}, effort.pairs)
        for job in jobs:
            ours, theirs, ratio = turns.median(job), turns.median("one"), turns.ratio(job, "one")
            what = f"`{job}` of {size}, one edited"
            yield Row(what, "cold `build` of 1", ours, theirs, ratio)


def _edited(root: Path, job: str) -> Run:
    """Do a job each time after another edit: what was there once may still be remembered."""
    command, numbers = on(root, job), count()

    def run() -> None:
        # Written within a microsecond of the processor, which is not the compiler's.
        edit(root, f"{job}-{next(numbers)}")
        command()

    return run
