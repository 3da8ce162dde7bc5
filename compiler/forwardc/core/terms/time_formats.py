"""How a moment is written: a closed grammar of parts, checked when a destination is.

A format is parts and separators one after the other, read from the left, the longest part first.
The moment is UTC, or UTC shifted by a fixed offset; a zone with a summer time has no place here.

| part | of 2031-02-03T04:05:06.789Z |
|---|---|
| `YYYY`, `YY` | 2031, 31 |
| `MM`, `DD` | 02, 03 |
| `HH`, `mm`, `ss`, `SSS` | 04, 05, 06, 789 |
| `T`, `Z`, `UTC`, `GMT` | themselves |
| a space and `- / . : , _` | themselves |

`YYYYMMDDHHmmss`, traced: six parts, no separator, `20310203040506`.
"""

import re
from datetime import datetime, timedelta
from typing import Final

_PART: Final = re.compile(r"YYYY|YY|MM|DD|HH|mm|SSS|ss|UTC|GMT|[TZ]|[-/.:,_ ]+")
_OFFSET: Final = re.compile(r"([+-])(0[0-9]|1[0-4]):([0-5][0-9])")
_ZULU: Final = frozenset({"Z", "UTC", "GMT"})
_CALENDAR: Final = ("YYYY", "YY", "MM", "DD")
# What a smaller part counts from: minutes without their hour say nothing.
_NEEDS: Final = {"mm": "HH", "ss": "mm", "SSS": "ss"}
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def parts_of(text: str) -> tuple[str, ...] | None:
    """The parts of a format in their order; None where something else stands in it."""
    parts: list[str] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            return None
        parts.append(match[0])
        position = match.end()
    return tuple(parts)


def format_problem(text: str, offset: str | None = None) -> str | None:
    """Why a moment cannot be written so, or None where it can."""
    parts = parts_of(text)
    if parts is None:
        return "has something else than parts of a time and separators"
    of_time = [part for part in parts if part in _CALENDAR or part in ("HH", *_NEEDS)]
    if not of_time:
        return "has no part of a time"
    if twice := next((part for part in of_time if of_time.count(part) > 1), None):
        return f"has `{twice}` twice"
    if "YYYY" in of_time and "YY" in of_time:
        return "has the year twice"
    for part, larger in _NEEDS.items():
        if part in of_time and larger not in of_time:
            return f"has `{part}` without `{larger}`"
    if "MM" in of_time and not {"YYYY", "YY", "DD"} & set(of_time):
        return "has `MM`, the month, without a year or a day: minutes are `mm`"
    if "HH" in of_time and "MM" in of_time and "mm" not in of_time and "ss" in of_time:
        return "has no minutes: they are `mm`"
    if offset not in (None, "+00:00") and _ZULU & set(parts):
        return "says UTC of a time that is shifted"
    return None


def usual_format(text: str) -> str | None:
    """What an author may have meant who knows the formats of another language, or None."""
    meant = text
    for other, part in _ELSEWHERE:
        meant = meant.replace(other, part)
    return meant if meant != text and format_problem(meant) is None else None


# strftime of C; Java and .NET; what is left is minutes written as months behind hours.
_ELSEWHERE: Final = (
    *(("%Y", "YYYY"), ("%y", "YY"), ("%m", "MM"), ("%d", "DD"), ("%H", "HH"), ("%M", "mm")),
    *(("%S", "ss"), ("yyyy", "YYYY"), ("yy", "YY"), ("dd", "DD"), ("hh", "HH"), ("'", "")),
    *(("HH:MM", "HH:mm"), ("HHMM", "HHmm"), ("mmSS", "mmss"), ("mm:SS", "mm:ss")),
)


def is_offset(text: str) -> bool:
    """Whether a text is a fixed offset from UTC, such as `+09:00`."""
    return _OFFSET.fullmatch(text) is not None


def formatted_time(moment: datetime, text: str, *, offset: str = "+00:00") -> str:
    """A moment of UTC in a format that the compiler has checked. Raises `ValueError`."""
    parts, shift = parts_of(text), _OFFSET.fullmatch(offset)
    if parts is None or shift is None:
        raise ValueError("not a format of a time")
    minutes = int(shift[2]) * 60 + int(shift[3])
    local = moment + timedelta(minutes=-minutes if shift[1] == "-" else minutes)
    written = {
        "YYYY": f"{local.year:04d}",
        "YY": f"{local.year % 100:02d}",
        "MM": f"{local.month:02d}",
        "DD": f"{local.day:02d}",
        "HH": f"{local.hour:02d}",
        "mm": f"{local.minute:02d}",
        "ss": f"{local.second:02d}",
        "SSS": f"{local.microsecond // 1000:03d}",
    }
    return "".join(written.get(part, part) for part in parts)


def http_date(moment: datetime) -> str:
    """A moment of UTC as HTTP writes it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.

    The names are English whatever the machine speaks.
    """
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    time = f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {time} GMT"
