"""A run that is killed at any moment: nothing is done twice, and the record says the truth.

Every moment on both databases, with a destination that honours our key and with one that does not.
`tests/support/kill_table.py docs/reliability.md` writes the table of that page.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kills import POINTS, Driver, Point, build_folder, judge, kill_and_resume


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    with Driver() as running:
        yield running


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    folder = tmp_path_factory.mktemp("builds")
    return {
        honoured: build_folder(folder / str(honoured), idempotent=honoured)
        for honoured in (True, False)
    }


@pytest.mark.parametrize("idempotent", [True, False], ids=["honoured", "not-honoured"])
@pytest.mark.parametrize("point", POINTS, ids=str)
def test_a_killed_run_is_continued_or_left_unknown(
    point: Point, idempotent: bool, driver: Driver, builds: dict[bool, Path], history_url: str
) -> None:
    seen = kill_and_resume(driver, point, builds[idempotent], history_url)
    judge(seen, idempotent=idempotent)


def test_every_moment_of_three_steps_is_a_point() -> None:
    assert len(POINTS) == len(set(POINTS)) == 31
