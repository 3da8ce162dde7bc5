"""Kills a run at every moment, on both databases, and writes what was seen into a document.

The document is its argument: the table replaces what stands between the two marks in it.
"""

import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import postgres
from kills import POINTS, Point, Seen, build_folder, judge, kill_and_resume

START, END = "<!-- kill table -->", "<!-- end of the kill table -->"
HEAD = (
    "| killed at | database | key honoured | record then | requests | effects | record later |",
    "|---|---|---|---|---|---|---|",
)
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

    def one(numbered: tuple[int, Case]) -> str:
        number, (point, database, idempotent) = numbered
        history = str(folder / f"{number}.db") if database == "SQLite" else server.database()
        seen = kill_and_resume(point, builds[idempotent], history)
        judge(seen, idempotent=idempotent)
        return cell((point, database, idempotent), seen)

    with ThreadPoolExecutor(4) as pool:
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
