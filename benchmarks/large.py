"""One large destination against one of half its size: where work grows faster than the input."""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.project import generate_large
from benchmarks.rows import COLD, Effort, Row, fresh_build, on
from benchmarks.timing import in_turns

Tell = Callable[[str], object]


def large(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """Many fields in one body, and many steps in one operation, against half as many."""
    for what, most in (("fields", effort.fields), ("steps", effort.steps)):
        roots = [
            generate_large(folder / f"{what}{size}", **{what: size}) for size in (most, most // 2)
        ]
        for job in ("check", "build"):
            whole, half = (
                fresh_build(root, COLD) if job == "build" else on(root, job, COLD) for root in roots
            )
            turns = in_turns({"whole": whole, "half": half}, effort.pairs_of_largest)
            ours, theirs = turns.median("whole"), turns.median("half")
            label = f"`{job}` of one destination with {most:,} {what}"
            yield Row(label, "half as many", ours, theirs, turns.ratio("whole", "half"))
