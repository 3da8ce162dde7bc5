"""Axes: round numbers to draw lines at, and durations as people say them. Knows no chart."""

from typing import Final

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
