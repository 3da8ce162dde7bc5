"""`make mutants`: tries a sample of mistakes in each file, and says which the tests do not see.

Ends with 0 where the tests see enough of every file's, with 1 where they do not, or where the time
did not reach for a file: it is NOT MEASURED then, and never counted as good.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from mutants.measure import Result, Wanted, measured
from mutants.targets import TARGETS

SEED: Final = 10
SAMPLE: Final = 40


def results(options: argparse.Namespace, folder: Path) -> Iterator[Result]:
    """Each file's result, as soon as it is there."""
    files = options.files or list(TARGETS)
    ends = time.monotonic() + options.minutes * 60
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        wanted = Wanted(options.seed, None if options.all else options.sample, ends)
        work = partial(measured, folder=folder, wanted=wanted)
        for future in as_completed([pool.submit(work, file) for file in files]):
            yield future.result()


def main() -> int:
    """Measure, and say what came of it."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("files", nargs="*", choices=[*TARGETS, []], help="files of the table")
    parser.add_argument("--all", action="store_true", help="every mutant, not a sample")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants of each file")
    parser.add_argument("--minutes", type=float, default=30.0, help="the longest it may take")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 8))
    options = parser.parse_args()
    started = time.monotonic()
    good = True
    _say("| file | killed | equivalent | by time-out | rate | seconds |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for result in results(options, Path(folder)):
            good &= result.good
            _say(result.row())
            sys.stderr.writelines(result.survivors())
            sys.stderr.flush()
    _say(f"{(time.monotonic() - started) / 60:.1f} minutes, seed {options.seed}")
    return 0 if good else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
