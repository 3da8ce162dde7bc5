"""How numbers are written, and where a chart draws its lines."""

import pytest

from forwardc.dashboard.charts import (
    ChartColumn,
    ceiling,
    duration,
    marks,
    number,
    percent,
    share,
    stacked,
)


@pytest.mark.parametrize(
    ("part", "whole", "written"),
    [
        (0, 0, "–"),
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (2, 3, "66.6 %"),
        (999_600, 1_000_000, "99.9 %"),
        (1, 1_000_000, "< 0.1 %"),
    ],
)
def test_a_share_is_never_rounded_up(part: int, whole: int, written: str) -> None:
    assert share(part, whole) == written


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (None, "–"),
        (0, "0 ms"),
        (999, "999 ms"),
        (1_240, "1.24 s"),
        (59_900, "59.9 s"),
        (125_000, "2 min 5 s"),
    ],
)
def test_a_duration_is_written_as_people_say_it(milliseconds: int | None, written: str) -> None:
    assert duration(milliseconds) == written


def test_thousands_stand_apart() -> None:
    assert number(1_234_567) == "1\u202f234\u202f567"


@pytest.mark.parametrize("most", [0, 1, 2, 5, 7, 11, 85, 112, 999, 1_000, 12_345, 7_654_321])
def test_an_axis_ends_above_what_it_shows_and_not_far_above(most: int) -> None:
    top = ceiling(most)
    lines = marks(top)
    assert max(most, 1) <= top <= max(1.7 * most, 1)
    assert lines[0] == 0
    assert lines[-1] == top
    assert all(line == int(line) for line in lines)


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(1, 3, "33.333%"), (1, 2, "50%"), (1, 0, "0%")]
)
def test_a_position_is_a_share_of_the_page(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


def test_what_a_chart_is_told_stays_text() -> None:
    drawn = stacked([ChartColumn('<b a="1">', (1,))], [("approved", "<i>")], '"><script>')
    assert not any(opened in drawn for opened in ("<b", "<i>", "<script"))
    assert "&lt;b a=&quot;1&quot;&gt;: 1 &lt;i&gt;" in drawn
