"""A run that is killed at any moment: nothing is done twice, and the record says the truth.

A bounded sample: `tests/support/kill_table.py docs/reliability.md` goes through every moment and
writes the table of that page.
"""

from pathlib import Path
from random import Random

import pytest

from kills import POINTS, Point, build_folder, judge, kill_and_resume

SAMPLE = Random(4).sample(POINTS, 6)  # noqa: S311 - the same six on every machine


@pytest.mark.parametrize("point", SAMPLE, ids=str)
def test_a_killed_run_is_continued_or_left_unknown(
    point: Point, history_url: str, tmp_path: Path
) -> None:
    # Both kinds of destination, in turn.
    idempotent = SAMPLE.index(point) % 2 == 0
    build = build_folder(tmp_path / "build", idempotent=idempotent)
    judge(kill_and_resume(point, build, history_url), idempotent=idempotent)


def test_every_moment_of_three_steps_is_a_point() -> None:
    assert len(POINTS) == len(set(POINTS)) == 31
