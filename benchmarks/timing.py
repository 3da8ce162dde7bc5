"""Times commands and functions in turns, and measures the memory of a child. Knows no command.

Times are processor time, user and system, of this process and its children: what others do on the
machine counts for much less than in time by the clock.
"""

import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Pair:
    """Processor seconds of two runs in turns: medians, and the median of the ratios."""

    ours: float
    theirs: float
    ratio: float


def command(arguments: Sequence[str], *, code: int = 0) -> Run:
    """A function that runs Python with arguments, and fails on another exit code than `code`."""

    def run() -> None:
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            [sys.executable, *arguments], capture_output=True, check=False
        )
        if done.returncode != code:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.decode()[-500:]}")

    return run


def paired(ours: Run, theirs: Run, pairs: int, *, repeat: int = 1) -> Pair:
    """Run both in turns, once before for warmth. `repeat` calls make one measurement."""
    mine: list[float] = []
    other: list[float] = []
    ours()
    theirs()
    for _ in range(pairs):
        mine.append(_seconds(ours, repeat))
        other.append(_seconds(theirs, repeat))
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    return Pair(statistics.median(mine), statistics.median(other), statistics.median(ratios))


def _seconds(run: Run, repeat: int) -> float:
    start = _processor_time()
    for _ in range(repeat):
        run()
    return (_processor_time() - start) / repeat


def _processor_time() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_mib(arguments: Sequence[str]) -> float:
    """Peak resident memory of Python with arguments, in MiB.

    Measured by a process of its own, since the system keeps one maximum for all children.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_child_mib, (list(arguments),))


def _child_mib(arguments: list[str]) -> float:
    command(arguments)()
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
