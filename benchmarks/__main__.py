"""`python -m benchmarks`: measures everything and writes BENCHMARKS.md."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import suites
from benchmarks.report import page

PAGE = suites.ROOT / "BENCHMARKS.md"


def rows(effort: suites.Effort, folder: Path) -> Iterator[suites.Row]:
    """Every measurement, in the order of the page."""
    yield from suites.start(effort)
    yield from suites.compiling(effort, folder)
    yield from suites.mistaken(effort, folder)
    yield from suites.differing(effort, folder)
    yield from suites.memory(effort, folder)
    yield from suites.running(effort, folder)
    yield from suites.looping(effort, folder)
    yield from suites.serving(effort, folder)
    yield from suites.remembering(effort, folder)


def main() -> None:
    """Measure, show each row when it is there, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small projects; write no page")
    quick = parser.parse_args().quick
    effort = (
        suites.Effort((1, 10, 50), 3, 3, 50, 20, 20_000, 5, 2, 2.0, 8.0)
        if quick
        else suites.Effort()
    )
    started = time.monotonic()
    found: list[suites.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(effort, Path(folder)):
            found.append(row)
            ratio = "" if row.ratio is None else f"{row.ratio:6.1f} x {row.against}"
            sys.stdout.write(f"{row.what:60} {row.ours:10.4f} {row.unit:3} {ratio}\n")
            sys.stdout.flush()
    text = page(found, time.monotonic() - started)
    if quick:
        sys.stdout.write(text)
    else:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
