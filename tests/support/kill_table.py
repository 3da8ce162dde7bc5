"""Kills a run at every moment, on both databases, and writes what was seen into a document.

The document is its argument: the table replaces what stands between the two marks in it.
"""

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from queue import SimpleQueue

import postgres
from kills import POINTS, Driver, Point, Seen, build_folder, judge, kill_and_resume

START, END = "<!-- kill table -->", "<!-- end of the kill table -->"
HEAD = (
    "| killed at | database | key honoured | record then | requests | effects | record later |",
    "|---|---|---|---|---|---|---|",
)
_AT_ONCE = 4
Case = tuple[Point, str, bool]


def cell(case: Case, seen: Seen) -> str:
    point, database, idempotent = case
    requests, effects = ("-".join(map(str, counts)) for counts in (seen.requests, seen.effects))
    honoured = "yes" if idempotent else "no"
    cells = (str(point), database, honoured, seen.left, requests, effects, seen.outcome)
    return "| " + " | ".join(cells) + " |"


def rows(server: postgres.Server, folder: Path) -> Iterator[str]:
    builds = {
        honoured: build_folder(folder / f"build-{honoured}", idempotent=honoured)
        for honoured in (True, False)
    }
    cases = list(product(POINTS, ("SQLite", "PostgreSQL"), (True, False)))

    free: SimpleQueue[Driver] = SimpleQueue()

    def one(numbered: tuple[int, Case]) -> str:
        number, (point, database, idempotent) = numbered
        history = str(folder / f"{number}.db") if database == "SQLite" else server.history()
        driver = free.get()
        seen = kill_and_resume(driver, point, builds[idempotent], history)
        free.put(driver)
        judge(seen, idempotent=idempotent)
        return cell((point, database, idempotent), seen)

    with ExitStack() as drivers, ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in range(_AT_ONCE):
            free.put(drivers.enter_context(Driver()))
        yield from pool.map(one, enumerate(cases))


def main(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    with tempfile.TemporaryDirectory() as folder, postgres.server() as server:
        lines = [*HEAD, *rows(server, Path(folder))]
    document.write_text(f"{before}{START}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")
    sys.stdout.write(f"{len(lines) - len(HEAD)} kills, nothing done twice\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
