"""Tries the mutants of one file and counts what became of them."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mutants.lists import equivalents, known
from mutants.mutant import Mutant, mutants, sample, written
from mutants.targets import TARGETS
from mutants.workshop import Fate, Workshop, copied, warm

ROOT: Final = Path(__file__).resolve().parents[3]
GOOD: Final = 0.85
_SHORTEST_LIMIT_S: Final = 20.0
_TIMES_AS_LONG: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which mutants: so many by this seed (all where `most` is None), until a moment.

    `ends` is of `time.monotonic`, which is one clock for all processes of a machine.
    """

    seed: int
    most: int | None
    ends: float


@dataclass(slots=True)
class Result:
    """What became of the sample of one file."""

    file: str
    equivalent: int = 0
    fates: list[tuple[Mutant, Fate]] = field(default_factory=list)
    once_unseen: list[tuple[Mutant, Fate]] = field(default_factory=list)
    left: int = 0
    took_s: float = 0.0
    broken: bool = False

    @property
    def killed(self) -> int:
        """How many the tests saw."""
        return sum(fate is not Fate.SURVIVED for _, fate in self.fates)

    @property
    def good(self) -> bool:
        """Whether all were tried and the tests saw enough."""
        seen_now = all(fate is not Fate.SURVIVED for _, fate in self.once_unseen)
        enough = self.killed >= GOOD * len(self.fates)
        return not self.left and not self.broken and enough and seen_now

    def survivors(self) -> Iterator[str]:
        """Each one as a place, and as what it changed."""
        for mutant, fate in (*self.once_unseen, *self.fates):
            if fate is Fate.SURVIVED:
                place = f"{mutant.file}:{mutant.line} {mutant.scope} ({mutant.turn})"
                yield f"survived: {place}\n  - {mutant.old}\n  + {mutant.new}\n"

    def row(self) -> str:
        """The line of a table."""
        tried, timeouts = len(self.fates), sum(fate is Fate.TIMEOUT for _, fate in self.fates)
        rate = f"{100 * self.killed / tried:.0f} %" if tried and not self.left else "NOT MEASURED"
        if self.broken:
            rate = "NOT MEASURED: the tests fail without a mutant"
        counts = f"{self.killed} of {tried} | {self.equivalent} | {timeouts}"
        return f"| `{self.file}` | {counts} | {rate} | {self.took_s:.0f} |"


def measured(file: str, folder: Path, wanted: Wanted, root: Path = ROOT) -> Result:
    """Try the sample of one file in this worker's copy of the checkout."""
    started = time.monotonic()
    shop = Workshop(_own_copy(folder, root))
    source = (root / "compiler" / "forwardc" / file).read_text(encoding="utf-8")
    found = mutants(file, source)
    chosen = found if wanted.most is None else sample(found, wanted.seed, wanted.most)
    same = equivalents()
    trials = [mutant for mutant in chosen if mutant.key not in same]
    result = Result(file, len(chosen) - len(trials))
    if shop.tried(file, source, TARGETS[file], wanted.ends - started) is not Fate.SURVIVED:
        result.broken = True
        return result
    limit = max(_SHORTEST_LIMIT_S, _TIMES_AS_LONG * (time.monotonic() - started))
    sampled = [(mutant, written(mutant, source)) for mutant in trials]
    for fates, tried in ((result.once_unseen, known(file, source)), (result.fates, sampled)):
        for number, (mutant, text) in enumerate(tried):
            if time.monotonic() > wanted.ends:
                result.left += len(tried) - number
                break
            fates.append((mutant, shop.tried(file, text, TARGETS[file], limit)))
    result.took_s = time.monotonic() - started
    return result


def _own_copy(folder: Path, root: Path) -> Path:
    mine = folder / str(os.getpid())
    if not mine.exists():
        mine.mkdir()
        warm()
        return copied(root, mine)
    return mine / "checkout"
