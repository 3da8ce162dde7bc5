"""Which tests `make quick` runs: those of an edit loop, in less than 40 seconds on two cores.

The rule, so that nobody has to keep a list of tests:

1. A file is left out that starts something, by what it imports (`STARTING`): a process, a server, a
   database, a browser. So is one that builds whole projects (`BUILDING`), and what is checked when
   something is handed on (`ELSEWHERE`).
2. A test is left out that is `costly`, `slow` or `fuzz`, or about PostgreSQL.
3. Of a test's parameters three are taken: the first, one in the middle, the last.
4. A property has a fifth of its examples (the profile `quick` of `tests/conftest.py`).

`tests/test_quick.py` holds that every room is still covered. What it leaves out, `make test` runs.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pytest

TESTS: Final = Path(__file__).resolve().parents[1]
# Modules whose import says that a test starts something.
STARTING: Final = (
    *("attempted", "boto3", "browser", "clients", "dashboards", "forked", "kills", "loopback"),
    *("moto", "playwright", "postgres", "real_runs", "recipes", "schemathesis", "serving"),
    *("sharing_house", "starlette", "subprocess", "uvicorn"),
)
# Modules of tests/support/ that make a project and build it.
BUILDING: Final = ("approved_build", "arranged", "diff_project", "large_projects", "shop_project")
# Folders and files, with the moment at which their tests are asked.
ELSEWHERE: Final = {
    "approvals": "before an approval changes hands: each test builds a project",
    "clients": "when a vendor's client is raised",
    "field": "when a report from the field is closed",
    "frozen": "when a format changes",
    "packet": "before something is handed to a vendor",
    "sandbox/checkout": "when the emulation changes",
    "sandbox/destinations": "when the emulation changes",
    "sandbox/stripe": "when the emulation changes",
    "submit": "before something is handed to a vendor",
    "test_demo.py": "it runs the demo",
    "test_mutants.py": "it tests the tests",
    "test_wheel.py": "when a release is made",
}
_IMPORTS = re.compile(rf"^(?:import|from) (?:{'|'.join((*STARTING, *BUILDING))})\b", re.MULTILINE)
_STARTS = re.compile(r"start_in_thread|os\.fork\(")
_SAMPLE: Final = 3
"""Of a test's parameters: the first, one in the middle, the last."""


def is_quick(path: Path) -> bool:
    """Whether tests of a file are run by `make quick`."""
    place = path.relative_to(TESTS)
    if ELSEWHERE.keys() & {part.as_posix() for part in (place, *place.parents)}:
        return False
    text = path.read_text(encoding="utf-8")
    return not (_IMPORTS.search(text) or _STARTS.search(text))


def files() -> list[Path]:
    """The files that `make quick` takes tests from."""
    return [path for path in sorted(TESTS.rglob("test_*.py")) if is_quick(path)]


def chosen(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests that `make quick` runs, in their order."""
    quick = [item for item in items if not _is_left_out(item)]
    tests = groupby(quick, lambda item: item.nodeid.partition("[")[0])
    return [item for _, alike in tests for item in sample(list(alike))]


def _is_left_out(item: pytest.Item) -> bool:
    names: Sequence[str] = getattr(item, "fixturenames", ())
    return (
        any(item.get_closest_marker(name) for name in ("costly", "slow", "fuzz"))
        or "postgres_server" in names
        or "postgres" in item.name.partition("[")[2]
    )


def sample(alike: list[Any]) -> list[Any]:
    """A few of many, spread evenly, with both ends."""
    if len(alike) <= _SAMPLE:
        return alike
    return [alike[round(at * (len(alike) - 1) / (_SAMPLE - 1))] for at in range(_SAMPLE)]
