"""Commands that people wait for: on the repository's own destinations, against `python -c pass`."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.rows import COLD, NOTHING, ROOT, Effort, Row, forwardc, on
from benchmarks.timing import Run, paired, python

Tell = Callable[[str], object]
_RUN = ("run", "rokt.share", "--via", "checkout", "--env", "sandbox", "--sandbox")
_REQUEST = ("--source", "src_visa_approved0000000000000", "--param", "reference=ORDER-1001")


def start(effort: Effort, folder: Path, _tell: Tell) -> Iterator[Row]:
    """The start of commands, and the jobs that a start decides."""
    # The repository's own have no approvals; with some, `check` reads the lock with its models.
    unapproved = real_project(folder / "unapproved")
    root = real_project(folder / "real")
    history = str(folder / "start.db")
    run = (*_RUN, "--build", str(root / "build"), *_REQUEST, "--history", history)
    forwardc(*run)()
    approve = ("approve", "checkout", "stripe.payment", "--env", "production", "--by", "Ada Moreau")
    on(root, *approve)()
    jobs: dict[str, Run] = {
        "`forwardc --version`": forwardc("--version"),
        "`forwardc --help`": forwardc("--help"),
        "`forwardc explain FC0302`": forwardc("explain", "FC0302"),
        "`forwardc history`": forwardc("history", "--history", history),
        "`forwardc approvals`": forwardc("approvals", "--build", str(root / "build")),
        "`forwardc check` of the repository's own": on(unapproved, "check", COLD),
        "`forwardc run --sandbox` in process": forwardc(*run),
    }
    for what, job in jobs.items():
        pair = paired(job, python(NOTHING), effort.pairs * 2)
        yield Row(what, "`python -c pass`", pair.ours, pair.theirs, pair.ratio)


def real_project(root: Path) -> Path:
    """A copy of the repository's destinations with their `build/`, outside of any checkout."""
    root.mkdir()
    shutil.copy(ROOT / "forwardc.yaml", root)
    for name in ("destinations", "build"):
        shutil.copytree(ROOT / name, root / name)
    return root
