"""What one measurement says, how much is measured, and the commands that are measured."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path

from benchmarks.timing import Run, python

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "schemas" / "destination.schema.json"
FLOOR = Path(__file__).with_name("floor.py")
NOTHING = ("-c", "pass")
COLD = "--no-store"
"""What `check` and `build` are told, so that they ask no store."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, in processor seconds unless `unit` says otherwise.

    `theirs` and `ratio` are None where there is nothing to compare with. `job` and `size` tell the
    table of growth which rows are one job over projects of several sizes.
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
    fields: int = 10_000
    steps: int = 1000

    def pairs_for(self, size: int) -> int:
        """Pairs of one size: fewer for the largest, since each takes many seconds."""
        return self.pairs_of_largest if size == max(self.sizes) else self.pairs


SMALL = Effort((1, 10, 50), 3, 3, 50, 20, 20_000, 5, 2, 2.0, 8.0, 400, 40)


def forwardc(*arguments: str, code: int = 0, folder: Path | None = None) -> Run:
    """A function that runs `forwardc` as a whole process."""
    return python(["-P", "-m", "forwardc", *arguments], code=code, folder=folder)


def on(root: Path, job: str, *options: str, code: int = 0) -> Run:
    """A function that does one job in the folder of a project."""
    return forwardc(job, *options, code=code, folder=root)


def fresh_build(root: Path, *options: str) -> Run:
    """A function that builds a project whose folder of outputs is not there.

    What was built before is put beside the project, to be removed with all that is measured here:
    ext4 gives nobody the inode of a file that was removed in the last minutes, and after 13,000 of
    them it searches 0.4 ms for that of each new one, which takes 0.05 ms without.
    """
    build, numbers = on(root, "build", *options), count()

    def run() -> None:
        with suppress(FileNotFoundError):
            (root / "build").rename(root.with_name(f"{root.name}-built-{next(numbers)}"))
        build()

    return run


def per_destination(rows: Sequence[Row], job: str) -> dict[int, float]:
    """Processor seconds for each further destination between one size and the next."""
    times = {row.size: row.ours for row in rows if job and row.job == job}
    return {b: (times[b] - times[a]) / (b - a) for a, b in pairwise(sorted(times))}
