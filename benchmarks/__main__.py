"""`python -m benchmarks [NAME ...]`: measures the suites with these names, or all of them.

A whole run writes BENCHMARKS.md; a part of one is shown.
"""

import argparse
import compileall
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import suites
from benchmarks.report import figures, page
from benchmarks.rows import ROOT, SMALL, Effort, Row

PAGE = ROOT / "BENCHMARKS.md"


def main() -> None:
    """Measure, show each row when it is there, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small projects; write no page")
    parser.add_argument("name", nargs="*", help=", ".join(suites.SUITES))
    options = parser.parse_args()
    names = tuple(options.name) or tuple(suites.SUITES)
    if unknown := set(names) - set(suites.SUITES):
        parser.error(f"there is no {', '.join(sorted(unknown))}: {', '.join(suites.SUITES)}")
    started = time.monotonic()
    measured: list[Row] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder))
        effort = SMALL if options.quick else Effort()
        for row in suites.rows(names, effort, Path(folder), notes.append):
            measured.append(row)
            _say(row)
    seconds = time.monotonic() - started
    if options.quick or options.name:
        sys.stdout.write(f"\n{figures(measured, notes, seconds)}")
    else:
        PAGE.write_text(page(measured, notes, seconds), encoding="utf-8")


def _prepare(folder: Path) -> None:
    """Compile forwardc to bytecode, and give it a cache folder of its own."""
    compileall.compile_dir(ROOT / "compiler", quiet=2)
    compileall.compile_dir(ROOT / "benchmarks", quiet=2)
    # What forwardc remembers of other projects, or of the last run, says nothing of this one.
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")


def _say(row: Row) -> None:
    ratio = "" if row.ratio is None else f"{row.ratio:6.1f} x {row.against}"
    sys.stdout.write(f"{row.what:60} {row.ours:10.4f} {row.unit:3} {ratio}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
