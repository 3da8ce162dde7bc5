"""Writes BENCHMARKS.md from the rows of one run. Measures nothing."""

import os
import platform
from collections.abc import Sequence

from benchmarks.goals import verdicts
from benchmarks.peers.install import JRSONNET, PKL
from benchmarks.peers.mistakes import MISTAKES
from benchmarks.rows import Row, per_destination

_HEAD = """\
# Benchmarks

Written by `make bench`; `make bench NAMES="start cold"` measures a part and shows it. Absolute
times belong to one machine at one moment; on a busy machine the same row moves by a third. Read the
**ratios**: both sides of a ratio ran in turns (A B A B ...) in the same call, after one run for
warmth, and the figure is the median of the ratios of at least 7 pairs (3 for the largest project).
Times are processor time, user and system, so that other work on the machine counts less; forwardc
runs on one core. Every command is a whole process, from the start of the interpreter to its end,
with bytecode of every module.

- A destination is 117 lines of YAML, generated: two environments, 4 headers, 3 params, 2 secrets,
  25 body fields, of which 11 are card or billing values.
- **Pkl** (native) and **jrsonnet** are given the same definitions in their own languages, with
  closed types, patterns, enums, exactly-one-of and the rule that a used secret is declared
  (`benchmarks/peers/`). Before they are timed they have refused {mistakes} mistakes that
  `forwardc check` refuses, and given the same as the floor, file by file. They write two JSON files
  for each destination, without positions, stages, vaults or reviews. jrsonnet has no command here:
  its row holds a start of Python.
- The **floor** (`benchmarks/floor.py`) is the least that any Python program does for that job:
  events of libyaml, validation in Rust against our schema, the rule of secrets, two files.
- `forwardc build` writes the plan and set-up of two environments and two vaults, asks three
  vaults, and writes coverage, review pages, letters and the manifest: 13 files and 140 kB for each
  destination, against 2 files and 4.5 kB. *Plans only* writes 4 files.
- *Cold* is without the store, and nothing is in `build/`. `rebuild` is without the store, too:
  everything is compiled, compared, and not written. *Unchanged* and *edited* are with it; each edit
  is another one.
- *Calls* are counted by Python's profiler: the same number on every machine.
- `diff` compares `build/`, fresh after one header more, with the `build/` of the last commit: 800
  plans where all 200 destinations changed.
- A history holds finished runs of 90 days over 2 vaults and 5 destinations; a page of the dashboard
  is whole, from the request to its HTML, without a socket between.
- One forward is a run of one step against a sandbox behind a socket. By hand: one client, the same
  body and key, both answers read; with a history, as many rows on the disk as the run writes.
- The partner API runs as one process with OAuth, allow list, limits, a lookup by SQL, replays and
  history on; every call asks for a new reference. The bare app is a Starlette route on the same
  server, loop and parser that makes the same outbound call and nothing else. With httpx it is what
  a person writes; httpx's pool slows down with the calls under way, which our own connections
  (`runtime/http/connection_pool.py`) do not, so that the same app over these is the harder
  measure. The vault behind all answers at once, and the load comes from a process of its own.
- The rows of histories, of one forward, of the partner API and of `make quick`, and no others, are
  times by the clock, since PostgreSQL, sandbox, load and tests work in processes of their own.

""".replace("{mistakes}", str(len(MISTAKES)))


def page(rows: Sequence[Row], notes: Sequence[str], seconds: float) -> str:
    """The whole page. `notes` say what was left out, and why."""
    return _HEAD + figures(rows, notes, seconds)


def figures(rows: Sequence[Row], notes: Sequence[str], seconds: float) -> str:
    """The tables of the page, and what they say of the goals."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    lines = [
        f"Measured on {machine}, with {PKL} and {JRSONNET}; the run took {seconds:.0f} s.",
        "",
        "| what | forwardc | against | theirs | ratio |",
        "|---|---:|---|---:|---:|",
        *(_line(row) for row in rows),
        "",
        *(f"Left out: {note}.\n" for note in dict.fromkeys(notes)),
        "Goals, and what this run says of them:",
        "",
        *verdicts(rows),
        *_growth(rows),
    ]
    return "\n".join(lines) + "\n"


def _growth(rows: Sequence[Row]) -> list[str]:
    steps = list(per_destination(rows, "build"))
    if not steps:
        return []
    return [
        "",
        "Each further destination costs, between one size and the next (level means linear):",
        "",
        "| job | " + " | ".join(f"to {size}" for size in steps) + " |",
        "|---|" + "---:|" * len(steps),
        *(_slope(rows, job, steps) for job in ("check", "plans", "build", "rebuild")),
    ]


def _line(row: Row) -> str:
    theirs = "" if row.theirs is None else _amount(row.theirs, row.unit)
    ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
    ours = _amount(row.ours, row.unit)
    return f"| {row.what} | {ours} | {row.against} | {theirs} | {ratio} |"


def _slope(rows: Sequence[Row], job: str, sizes: Sequence[int]) -> str:
    cells = {size: _amount(step, "s") for size, step in per_destination(rows, job).items()}
    return f"| `{job}` | " + " | ".join(cells.get(size, "") for size in sizes) + " |"


def _amount(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:.0f} {unit}"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} µs"
