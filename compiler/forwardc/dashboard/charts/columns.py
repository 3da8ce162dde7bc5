"""Outcomes over time: a column for each stretch of time, stacked by outcome.

Knows numbers and labels. Widths are shares of the page, so that text keeps its size on a phone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from forwardc.dashboard.charts.scale import ceiling, marks, number, percent

_HEIGHT: Final = 180
_TOP: Final = 10
_FOOT: Final = 24
_AXIS: Final = 44
_MOST_LABELS: Final = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A stretch of time with its counts, in the order of the series."""

    label: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All forwards of the stretch."""
        return sum(self.counts)


def stacked(columns: Sequence[Column], series: Sequence[tuple[str, str]], label: str) -> str:
    """The chart. `series` are the class of the colour and the name of each part, from below."""
    top = ceiling(max((column.total for column in columns), default=1))
    parts = [
        f'<div class="chart" role="img" aria-label="{escape(label, quote=True)}">',
        _axis(top),
        f'<svg class="plot" width="100%" height="{_HEIGHT + _TOP + _FOOT}" aria-hidden="true">',
        *_lines(top),
        *(part for index, _ in enumerate(columns) for part in _column(columns, index, series, top)),
        *_labels(columns),
        "</svg></div>",
    ]
    return "".join(parts)


def _axis(top: float) -> str:
    texts = "".join(
        f'<text x="{_AXIS - 8}" y="{_y(value, top) + 4:g}" text-anchor="end">{number(value)}</text>'
        for value in marks(top)
    )
    height = _HEIGHT + _TOP + _FOOT
    return f'<svg class="axis" width="{_AXIS}" height="{height}" aria-hidden="true">{texts}</svg>'


def _lines(top: float) -> Iterator[str]:
    for value in marks(top):
        y = _y(value, top)
        kind = "base" if value == 0 else "grid"
        yield f'<line class="{kind}" x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>'


def _column(
    columns: Sequence[Column], index: int, series: Sequence[tuple[str, str]], top: float
) -> Iterator[str]:
    column, slots = columns[index], len(columns)
    gap = 0.18 if slots > 1 else 0.4
    x, width = percent(index + gap / 2, slots), percent(1 - gap, slots)
    said = [
        f"{number(count)} {name}"
        for (_, name), count in zip(series, column.counts, strict=True)
        if count
    ]
    yield f"<g><title>{escape(column.label)}: {escape(', '.join(said) or 'none')}</title>"
    # The whole height answers to the pointer, also where a column is one pixel high.
    yield f'<rect class="hit" x="{percent(index, slots)}" width="{percent(1, slots)}" '
    yield f'y="{_TOP}" height="{_HEIGHT}"/>'
    done = 0
    for (kind, _), count in zip(series, column.counts, strict=True):
        if count:
            upper, lower = _y(done + count, top), _y(done, top)
            yield f'<rect class="{kind}" x="{x}" width="{width}" y="{upper:.2f}" '
            yield f'height="{max(lower - upper, 1):.2f}"/>'
            done += count
    yield "</g>"


def _labels(columns: Sequence[Column]) -> Iterator[str]:
    count = len(columns)
    every = max(1, -(-count // _MOST_LABELS))
    for index in range(0, count, every):
        middle = index + 0.5
        # The outer labels lean inwards, where they would leave the chart.
        anchor = "start" if middle / count < 0.12 else "end" if middle / count > 0.88 else "middle"
        x = "0" if anchor == "start" else "100%" if anchor == "end" else percent(middle, count)
        y = _TOP + _HEIGHT + 17
        text = escape(columns[index].label)
        yield f'<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _y(value: float, top: float) -> float:
    return _TOP + _HEIGHT * (1 - value / top)
