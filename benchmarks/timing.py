"""Times commands and functions in turns, and measures the memory of a child. Knows no command.

Times are processor time, user and system, of this process and its children: what others do on the
machine counts for much less than in time by the clock.
"""

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

Run = Callable[[], object]

# Without bytecode each start would compile every module; CI builds without the store.
_UNSET = ("PYTHONDONTWRITEBYTECODE", "CI")


@dataclass(frozen=True, slots=True)
class Pair:
    """Processor seconds of two runs in turns: medians, and the median of the ratios."""

    ours: float
    theirs: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Turns:
    """Processor seconds of several runs in turns, by name: one figure of each for each round."""

    seconds: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """The median of one run."""
        return statistics.median(self.seconds[name])

    def ratio(self, ours: str, theirs: str) -> float:
        """The median of the ratios of two runs, round by round."""
        rounds = zip(self.seconds[ours], self.seconds[theirs], strict=True)
        return statistics.median(a / b for a, b in rounds)


def python(arguments: Sequence[str], *, code: int = 0, folder: Path | None = None) -> Run:
    """A function that runs this Python in a folder, and fails on another exit code than `code`."""
    return command([sys.executable, *arguments], code=code, folder=folder)


def command(words: Sequence[str], *, code: int = 0, folder: Path | None = None) -> Run:
    """A function that runs a program in a folder, and fails on another exit code than `code`."""
    environ = {name: value for name, value in os.environ.items() if name not in _UNSET}

    def run() -> None:
        done = subprocess.run(  # noqa: S603 - our own programs and arguments
            words, capture_output=True, check=False, env=environ, cwd=folder
        )
        if done.returncode != code:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode()[-500:]}")

    return run


def in_turns(runs: Mapping[str, Run], rounds: int, *, repeat: int = 1) -> Turns:
    """Run all in turns, once before for warmth. `repeat` calls make one measurement."""
    for run in runs.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(_seconds(run, repeat))
    return Turns(seconds)


def paired(ours: Run, theirs: Run, pairs: int, *, repeat: int = 1) -> Pair:
    """Run both in turns, once before for warmth. `repeat` calls make one measurement."""
    turns = in_turns({"ours": ours, "theirs": theirs}, pairs, repeat=repeat)
    return Pair(turns.median("ours"), turns.median("theirs"), turns.ratio("ours", "theirs"))


def _seconds(run: Run, repeat: int) -> float:
    start = _processor_time()
    for _ in range(repeat):
        run()
    return (_processor_time() - start) / repeat


def _processor_time() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_mib(words: Sequence[str]) -> float:
    """Peak resident memory of a program, in MiB.

    Measured by a process of its own, since the system keeps one maximum for all children.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_child_mib, (list(words),))


def _child_mib(words: list[str]) -> float:
    command(words)()
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
