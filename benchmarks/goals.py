"""What each row should reach, and why it does not where it does not. Measures nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.rows import Row, per_destination

_EMPTY = "times `python -c pass`"
_PKL = "times Pkl 0.28"
_ONE = "times the cold build of 1"
_LIBRARY = "times dataclasses.dataclass"


@dataclass(frozen=True, slots=True)
class Goal:
    """What the ratio of a row, or its figure, may be at most, or with `least` must be at least.

    `wanted` is the harder one. `of` names the unit of the bound; a unit of a row itself, such as s
    or MiB, means its figure. `because` says why it is missed, should it be missed.
    """

    what: str
    required: float
    of: str
    wanted: float | None = None
    against: str = ""
    least: bool = False
    because: str = ""


# Shares of the server's processor time in one call, by samples of its stack under this load.
_PARTS = (
    "of a call's processor time, 19 % send it, as the bare app does, 16 % are the history's "
    "statements and records, 17 % prepare, bind and run, 8 % read, judge and mask the answer, "
    "15 % are HTTP, middleware, endpoint, token and limits, 7 % the event loop, 4 % other threads, "
    "4 % figures and the log, 3 % journal and claims, 3 % the lookup, 2 % the partner's answer: "
    "sending, server, loop and history alone are nine tenths of what the goal allows for a call"
)
_CALL = {
    "SQLite": _PARTS,
    "PostgreSQL": f"{_PARTS}; and a call's dozen statements go there and back one by one",
}

# Shares of processor time by stage, of a build of 100 destinations without its start.
_STAGES = (
    "of a build's processor time, 23 % make review pages, 19 % read YAML and expressions, 17 % ask "
    "the vaults and emit, 12 % compare, write and rename files, 8 % write JSON, 6 % make letters "
    "and checklists, 5 % plans and set-ups: 13 files a destination, against 2 of Pkl's"
)

GOALS = (
    Goal("`forwardc --help`", 2, _EMPTY),
    Goal("`forwardc history`", 9, _EMPTY),
    Goal(
        "`forwardc approvals`",
        9,
        _EMPTY,
        because="click is 3.5 of it, reading the plans 1.5, the classes of plans and lock the rest",
    ),
    Goal(
        "`forwardc check` of the repository's own",
        22,
        _EMPTY,
        because="half of it loads 390 modules and makes their classes and regular expressions",
    ),
    Goal(
        "`forwardc run --sandbox` in process",
        28,
        _EMPTY,
        because="it starts the vault's emulator, a client and a server of HTTP in one process",
    ),
    Goal("making the dataclasses of `check`", 0.2, _LIBRARY),
    Goal("making the dataclasses of `check`, and each `__init__`", 0.5, _LIBRARY),
    *(
        Goal(f"a dataclass of three fields, 1000 times: {use}", 1.1, _LIBRARY)
        for use in ("made", "`==`", "`hash`", "`replace`")
    ),
    Goal("`build` of 1000, unchanged", 3, "times reading and hashing the input"),
    Goal("`build` of the repository's own, unchanged", 3, _EMPTY),
    Goal("`check` of the repository's own, unchanged", 5, _EMPTY),
    *(
        Goal(
            f"`{job}` of {size}, one edited",
            most,
            _ONE,
            because="of each other destination 13 files are looked at, and what the rules across"
            " files need of it is read",
        )
        for size, most in ((100, 1.5), (1000, 2.5))
        for job in ("build", "check")
    ),
    Goal(
        "`check` of 1000",
        2.5,
        _PKL,
        1.5,
        "Pkl 0.28",
        because="a third of it asks three vaults in two environments what they refuse, a quarter"
        " reads expressions and names, an eighth YAML with its places",
    ),
    Goal(
        "plans only of 1000",
        3,
        _PKL,
        2,
        "Pkl 0.28",
        because="three vaults are asked in two environments, and four plans are written",
    ),
    Goal("`build` of 1000", 5, _PKL, 3, "Pkl 0.28", because=_STAGES),
    Goal(
        "`build` of 1",
        12,
        _PKL,
        6,
        "Pkl 0.28",
        because="Pkl is a native image; half of a build of one loads 480 modules of Python, and a"
        " fifth is jinja reading three templates",
    ),
    *(
        Goal(f"calls for each destination, `{job}`, 100 to 1000", 1.02, "times those before")
        for job in ("build", "check")
    ),
    Goal("peak memory, `build` of 1000", 120, "MiB", 90, "floor"),
    Goal("peak memory for each destination, 100 to 1000", 64, "KiB", 20),
    *(
        Goal(f"`{job}` of one destination with {size}", 2.2, "times half as many")
        for size in ("10,000 fields", "1,000 steps")
        for job in ("check", "build")
    ),
    Goal("`diff` of 200 against git, all 200 changed", 3, "s"),
    Goal("one forward, without history", 1.5, "times the call by hand"),
    Goal("one forward, history on SQLite", 1.5, "times the call by hand"),
    Goal("a finished forward in the history, without its answer", 2048, "bytes"),
    *(
        goal
        for name in ("SQLite", "PostgreSQL")
        for against, wanted in (
            ("a bare app with httpx", None),
            ("the same over our connections", 0.75),
        )
        for goal in (
            Goal(
                f"partner API, 64 connections, {name}: calls answered",
                0.6,
                f"times {against}",
                wanted,
                against,
                least=True,
                because=_CALL[name],
            ),
            Goal(
                f"partner API, 64 connections, {name}: p99",
                2,
                f"times {against}",
                None,
                against,
                because=_CALL[name],
            ),
        )
    ),
    Goal("partner API, 60 s under load: errors", 0, "calls"),
    Goal(
        "partner API, 60 s under load: memory at the end", 1.1, "times the memory after a quarter"
    ),
    *(
        Goal(f"dashboard, {what}, 1,000,000 runs, {name}", most, "s")
        for name in ("SQLite", "PostgreSQL")
        for what, most in (("first page over all time", 0.3), ("search by reference", 0.05))
    ),
    Goal(
        "`make quick`",
        40,
        "s",
        because="it has 2,700 tests, and each worker imports and collects for 6 s before the first",
    ),
)
# How much the slope of a job may grow from one step of sizes to the next.
_GROWTH = 1.3


def verdicts(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each goal whose row was measured, and for the growth of each job."""
    for goal in GOALS:
        for row in rows:
            if row.what == goal.what and goal.against in ("", row.against):
                yield _verdict(goal, _figure(goal, row))
    for job in ("check", "plans", "build"):
        steps = list(per_destination(rows, job).items())[-2:]
        if len(steps) == 2 and steps[0][1] > 0:
            (to_middle, early), (to_large, late) = steps
            what = f"each further destination, {job}, up to {to_large:,}"
            yield _verdict(Goal(what, _GROWTH, f"times one up to {to_middle:,}"), late / early)


def _figure(goal: Goal, row: Row) -> float:
    return row.ours if goal.of == row.unit or row.ratio is None else row.ratio


def _verdict(goal: Goal, figure: float) -> str:
    bound = "at least" if goal.least else "at most"
    met = _meets(goal, goal.required, figure)
    text = f"- {goal.what}: {bound} {goal.required:g} {goal.of}; {'met' if met else '**missed**'}"
    text += f" with {figure:.3g}"
    if met and goal.wanted is not None:
        reached = "too" if _meets(goal, goal.wanted, figure) else "not reached"
        text += f", and the wanted {goal.wanted:g} {reached}"
    return f"{text}." if met or not goal.because else f"{text}: {goal.because}."


def _meets(goal: Goal, bound: float, figure: float) -> bool:
    return figure >= bound if goal.least else figure <= bound
