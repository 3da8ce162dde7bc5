"""Writes BENCHMARKS.md from the rows of one run. Measures nothing."""

import os
import platform
from collections.abc import Sequence

from benchmarks.suites import Row, per_destination

_HEAD = """\
# Benchmarks

Written by `make bench`. Absolute times belong to one machine at one moment; on a busy machine the
same row moves by a third. Read the **ratios**: both sides of a ratio ran in turns (A B A B ...) in
the same call, after one run for warmth, and the figure is the median of the ratios of at least 7
pairs (3 for the largest project). Times are processor time, user and system, so that other work on
the machine counts less; forwardc runs on one core. Every command is a whole process, from the start
of the interpreter to its end.

- A destination is 117 lines of YAML, generated: two environments, 4 headers, 3 params, 2 secrets,
  25 body fields, of which 11 are card or billing values.
- The **floor** (`benchmarks/floor.py`) is the least that any Python program does for such a job:
  events of libyaml, validation in Rust against the same schema, two JSON files for each
  destination. It has no positions, expressions, types, rules or diagnostics, and one environment.
  `forwardc build` writes the plan and set-up of two environments and two vaults, asks three
  vaults, and writes coverage, review pages, letters and the manifest: 13 files and 140 kB for each
  destination, against 2 files and 4.5 kB.
- `rebuild` is a build with nothing changed: everything is compiled, compared, and not written.
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
- The rows of histories, of one forward and of the partner API, and no others, are times by the
  clock, since PostgreSQL, sandbox and load work in processes of their own.

"""


# What a row should reach at least, as a ratio.
_LEAST = {
    f"partner API, 64 connections, {name}: calls answered": 0.6 for name in ("SQLite", "PostgreSQL")
}
# What a row may reach at most, and in which unit.
_GOALS = {
    "`forwardc --help`": (2.5, "times an empty Python"),
    "`build` of 100": (4.0, "times the floor"),
    "`diff` of 200 against git, all 200 changed": (3.0, "s"),
    "peak memory, `build` of 1000": (128.0, "MiB"),
    "one forward, without history": (1.5, "times the call by hand"),
    "one forward, history on SQLite": (1.5, "times the call by hand"),
    **{
        f"partner API, 64 connections, {name}: p99": (2.0, "times the bare app")
        for name in ("SQLite", "PostgreSQL")
    },
    "partner API, 60 s under load: errors": (0, "calls"),
    "partner API, 60 s under load: memory at the end": (1.1, "times the memory after a quarter"),
    **{
        f"dashboard, {what}, 1,000,000 runs, {name}": (most, "s")
        for what, most in (("first page over all time", 0.3), ("search by reference", 0.05))
        for name in ("SQLite", "PostgreSQL")
    },
}


def page(rows: Sequence[Row], seconds: float) -> str:
    """The whole page."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    steps = list(per_destination(rows, "build"))
    lines = [
        _HEAD + f"Measured on {machine}; the run took {seconds:.0f} s.",
        "",
        "| what | forwardc | against | theirs | ratio |",
        "|---|---:|---|---:|---:|",
        *(_line(row) for row in rows),
        "",
        "Goals, and what this run says of them:",
        "",
        *(_goal(row) for row in rows if row.what in _GOALS or row.what in _LEAST),
        "",
        "Each further destination costs, between one size and the next (level means linear):",
        "",
        "| job | " + " | ".join(f"to {size}" for size in steps) + " |",
        "|---|" + "---:|" * len(steps),
        *(_slope(rows, job) for job in ("check", "build", "rebuild")),
    ]
    return "\n".join(lines) + "\n"


def _goal(row: Row) -> str:
    if row.what in _LEAST and row.ratio is not None:
        least, found = _LEAST[row.what], row.ratio
        verdict = "met" if found >= least else "missed"
        return f"- {row.what}: at least {least:g} times {row.against}; {verdict} with {found:.3g}."
    most, unit = _GOALS[row.what]
    found = row.ours if unit == row.unit or row.ratio is None else row.ratio
    verdict = "met" if found <= most else "missed"
    against = f" ({row.against})" if row.what.startswith("partner API, 64") else ""
    return f"- {row.what}: at most {most:g} {unit}{against}; {verdict} with {found:.3g}."


def _line(row: Row) -> str:
    theirs = "" if row.theirs is None else _amount(row.theirs, row.unit)
    ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
    ours = _amount(row.ours, row.unit)
    return f"| {row.what} | {ours} | {row.against} | {theirs} | {ratio} |"


def _slope(rows: Sequence[Row], job: str) -> str:
    cells = {size: _amount(step, "s") for size, step in per_destination(rows, job).items()}
    sizes = per_destination(rows, "build")
    return f"| `{job}` | " + " | ".join(cells.get(size, "") for size in sizes) + " |"


def _amount(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:.0f} {unit}"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} µs"
