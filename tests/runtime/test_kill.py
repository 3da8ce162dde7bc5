"""A run that is killed at any moment: nothing is done twice, and the record says the truth.

Every moment on both databases, with a destination that honours our key or with one that does not,
by a seed. `tests/support/kill_table.py docs/reliability.md` goes through all of them with both, and
writes the table of that page.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from kills import POINTS, Driver, Point, build_folder, judge, kill_and_resume

# Half of the moments for each kind of destination; the other half on the other database.
HONOURED = frozenset(Random(4).sample(POINTS, len(POINTS) // 2))  # noqa: S311 - the same everywhere


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    with Driver() as running:
        yield running


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_killed_run_is_continued_or_left_unknown(
    point: Point, driver: Driver, history_url: str, tmp_path: Path
) -> None:
    idempotent = (point in HONOURED) is history_url.startswith("sqlite")
    build = build_folder(tmp_path / "build", idempotent=idempotent)
    judge(kill_and_resume(driver, point, build, history_url), idempotent=idempotent)


def test_every_moment_of_three_steps_is_a_point() -> None:
    assert len(POINTS) == len(set(POINTS)) == 31
