"""The time that a page covers: a preset, or days from and to. Days are those of UTC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from forwardc.dashboard.desk import Refused
from forwardc.runtime.history.timestamps import Timestamp

BETWEEN: Final = "dates"
TIMES: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "24h": ("last 24 hours", timedelta(hours=24)),
    "7d": ("last 7 days", timedelta(days=7)),
    "30d": ("last 30 days", timedelta(days=30)),
    "90d": ("last 90 days", timedelta(days=90)),
    "all": ("all time", None),
    BETWEEN: ("between days", None),
}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_LAST: Final = date(9999, 12, 30)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time. `preset` is what a form shows as chosen; `since` counts, `until` not."""

    preset: str
    words: str
    since: str | None = None
    until: str | None = None


def read_span(given: Mapping[str, str], usual: str, now: datetime) -> Span:
    """The span of `time`, `from` and `to`. A day wins over a preset: nobody gives one in vain.

    Raises `Refused` with status 400.
    """
    first, last = _day(given["from"], "from"), _day(given["to"], "to")
    preset = given["time"] or usual
    if preset not in TIMES:
        raise _wrong(f"The time is not one that can be chosen: {', '.join(TIMES)}.")
    if first or last:
        return _between(first, last)
    if preset == BETWEEN:
        raise _wrong("For a time between days, give the first day, the last day, or both.")
    words, age = TIMES[preset]
    return Span(preset, words, Timestamp(now - age).text if age else None)


def _between(first: date | None, last: date | None) -> Span:
    if first and last and last < first:
        raise _wrong("The last day is before the first one.")
    since = f"from {first}" if first else ""
    words = " ".join(part for part in (since, f"to {last}" if last else "", "(UTC)") if part)
    return Span(
        BETWEEN,
        words,
        _midnight(first) if first else None,
        _midnight(last + timedelta(days=1)) if last else None,
    )


def _midnight(day: date) -> str:
    return Timestamp(datetime(day.year, day.month, day.day, tzinfo=UTC)).text


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text) if _DAY.match(text) and text.isascii() else None
    except ValueError:
        found = None
    if found is None or not date(1000, 1, 1) <= found <= _LAST:
        raise _wrong(f"The day of `{name}` is not written as a date of the calendar: 2026-11-30.")
    return found


def _wrong(text: str) -> Refused:
    return Refused(400, "The address is not right", text)
