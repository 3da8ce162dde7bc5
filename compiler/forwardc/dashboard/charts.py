"""Charts as SVG text: columns over time, bars in a table, and the axes and numbers that they need.

Positions are attributes and colours are classes, so that a strict content security policy allows
both. Widths are shares of the page, so that text keeps its size on a phone.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from forwardc.core.dataclass import dataclass

# Each can be divided by the lines of a chart: below ten into whole numbers.
_SMALL: Final = (1, 2, 3, 4, 6, 8, 10)
_STEPS: Final = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10)


def ceiling(most: float) -> float:
    """The smallest round number that is not below `most`; at least 1."""
    power = 1.0
    while power * 10 < most:
        power *= 10
    steps = _SMALL if power == 1 else _STEPS
    return next(round(step * power) for step in steps if step * power >= most or step == steps[-1])


def marks(top: float, lines: int = 4) -> list[float]:
    """Values to draw lines at, from zero to `top`; whole numbers where the top is small."""
    count = min(lines, int(top)) if top >= 1 else 1
    while count > 1 and top % count:
        count -= 1
    return [top * index / count for index in range(count + 1)]


def percent(part: float, whole: float) -> str:
    """A position or a size for an SVG attribute, such as `12.5%`; 0% of nothing."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.3f}".rstrip("0").rstrip(".") + "%"


def number(value: float) -> str:
    """A count with thousands apart by a narrow space, such as `12 480`."""
    return f"{value:,.0f}".replace(",", "\u202f")


def share(part: int, whole: int) -> str:
    """A part as people read it: `98.2 %`, `< 0.1 %`, and a dash of nothing.

    Never rounded up to all: 99.96 % of a million hides four hundred failures.
    """
    if not whole:
        return "–"
    thousandths = 1_000 * part // whole
    if not thousandths:
        return "0 %" if not part else "< 0.1 %"
    return f"{thousandths // 10}.{thousandths % 10} %" if thousandths < 1_000 else "100 %"


def duration(milliseconds: float | None) -> str:
    """`84 ms`, `1.24 s`, `2 min 5 s`, and a dash where nothing was measured."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1_000
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{number(minutes)} min {rest} s"


# Pixels: as high as a small letter beside it.
_BAR: Final = 10
# Pixels: as high as a line of a table.
_TRACK: Final = 18


def bar(part: int, whole: int, kind: str) -> str:
    """A bar as long as a part of the whole."""
    width = percent(part, whole)
    return (
        f'<svg class="bar" width="100%" height="{_BAR}" aria-hidden="true">'
        f'<rect class="track" width="100%" height="{_BAR}" rx="3"/>'
        f'<rect class="{kind}" width="{width}" height="{_BAR}" rx="3"/></svg>'
    )


def percentiles(p50: float, p95: float, p99: float, top: float) -> str:
    """Three bars in one, from the half of all answers to the slowest hundredth."""
    nested = "".join(
        f'<rect class="{kind}" width="{percent(value, top)}" height="{_TRACK}" rx="3"/>'
        for kind, value in (("p99", p99), ("p95", p95), ("p50", p50))
    )
    return (
        f'<svg class="bar" width="100%" height="{_TRACK}" aria-hidden="true">'
        f'<rect class="track" width="100%" height="{_TRACK}" rx="3"/>{nested}</svg>'
    )


# Pixels of the plot: four lines of the axis stand 45 apart, readable on a phone.
_HEIGHT: Final = 180
# Pixels above the plot, for half a line of the topmost number.
_TOP: Final = 10
# Pixels below the plot, for one line of labels.
_FOOT: Final = 24
# Pixels beside the plot, for a number of six digits.
_AXIS: Final = 44
# Labels that stand beside each other on the narrowest phone.
_MOST_LABELS: Final = 4


@dataclass(frozen=True, slots=True)
class ChartColumn:
    """A stretch of time with its counts, in the order of the series."""

    label: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All forwards of the stretch."""
        return sum(self.counts)


def stacked(columns: Sequence[ChartColumn], series: Sequence[tuple[str, str]], label: str) -> str:
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
    columns: Sequence[ChartColumn], index: int, series: Sequence[tuple[str, str]], top: float
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


def _labels(columns: Sequence[ChartColumn]) -> Iterator[str]:
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
