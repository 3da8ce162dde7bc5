"""Bars that lie: the share of a row in a table, and the percentiles of a latency.

Knows numbers and classes of colours; the words stand beside, in the table.
"""

from typing import Final

from forwardc.dashboard.charts.scale import percent

_BAR: Final = 10
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
