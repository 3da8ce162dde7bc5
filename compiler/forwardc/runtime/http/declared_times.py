"""Reads the times that another server tells: `Retry-After`, `Date`, `max-age`, lifetimes.

Whatever stands there, nothing raises: what cannot be read counts as absent, and what can is kept
within the caller's bounds.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_WAIT_S: Final = 300.0
"""The most that a server can ask us to wait, in seconds."""
# Seconds before its end at which a token is asked for anew, so that a request on its way then comes
# with a good one; the two clocks may be apart a little. A short-lived one is renewed at its half.
_RENEW_EARLY_S: Final = 60.0
# Seconds. A token is asked for anew each day, whatever is said of its life: so long a
# revoked permission may go unnoticed.
_LONGEST_LIFETIME_S: Final = 86400
# Ten digits of seconds are three hundred years; more of them only cost time to read.
_MOST_DIGITS: Final = 10
_WHOLE: Final = re.compile(r"[0-9]+")
_DECIMAL: Final = re.compile(r"([0-9]+)\.([0-9]+)")
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# The reader takes a year below 100 for one of this century: none of those is meant here.
_YEAR: Final = "[1-9][0-9]{3}"
_CLOCK: Final = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
# No clock on earth is further from UTC than 14 hours.
_ZONE: Final = "(?:GMT|UTC|[+-](?:0[0-9]|1[0-4])[0-5][0-9])"
# RFC 9110, section 5.6.7: IMF-fixdate, RFC 850, and what asctime() of C writes.
_DATES: Final = re.compile(
    rf"[A-Z]{{3}}, [0-9]{{1,2}} {_MONTH} {_YEAR} {_CLOCK} {_ZONE}"
    rf"|[A-Z]{{3,9}}, [0-9]{{1,2}}-{_MONTH}-(?:[0-9]{{2}}|{_YEAR}) {_CLOCK} {_ZONE}"
    rf"|[A-Z]{{3}} {_MONTH} [ 0-9][0-9] {_CLOCK} {_YEAR}",
    re.IGNORECASE,
)
_MAX_AGE: Final = re.compile(r'(?:^|,)\s*max-age\s*=\s*"?([0-9]+)"?\s*(?=,|$)', re.IGNORECASE)


def retry_after(headers: Iterable[tuple[str, str]], now: datetime) -> float | None:
    """The seconds that `Retry-After` asks for (RFC 9110, 10.2.3), from 0 to `LONGEST_WAIT_S`.

    A date counts from the answer's own `Date` where that can be read, else from `now`. None where
    nobody asks. Of several headers the one that asks for most counts.
    """
    pairs = [(name.lower(), value.strip()) for name, value in headers]
    dates = (http_date(value) for name, value in pairs if name == "date")
    told_at = next((date for date in dates if date is not None), now)
    asked = [_asked(value, told_at) for name, value in pairs if name == "retry-after"]
    seconds_asked = [seconds for seconds in asked if seconds is not None]
    return min(max(max(seconds_asked), 0.0), LONGEST_WAIT_S) if seconds_asked else None


def http_date(text: str) -> datetime | None:
    """A date of HTTP in any of its three grammars; None where it is none, or names no moment."""
    if not _DATES.fullmatch(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def max_age(control: str) -> float | None:
    """The seconds of `max-age` in `Cache-Control` (RFC 9111, 5.2.2.1); None without one."""
    match = _MAX_AGE.search(control)
    return None if match is None else float(_whole(match[1]))


def lifetime(value: object) -> int:
    """A lifetime in whole seconds, as JSON tells it: a number, or its digits as text.

    0 for whatever else it is: then nobody knows how long it lasts.
    """
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return max(value, 0)
    if isinstance(value, float) and value >= 0:
        return int(min(value, 10.0**_MOST_DIGITS))
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip(" ")):
        return _whole(value.strip(" "))
    return 0


def renewed_after(seconds: int) -> float:
    """The seconds after asking for something that lasts so long, at which it is asked for anew.

    0 for what lasts for nobody knows how long: it serves whoever asked.
    """
    good_for = min(seconds, _LONGEST_LIFETIME_S)
    return max(good_for - _RENEW_EARLY_S, good_for / 2)


def _asked(text: str, told_at: datetime) -> float | None:
    if _WHOLE.fullmatch(text):
        return float(_whole(text))
    if decimal := _DECIMAL.fullmatch(text):
        return float(_whole(decimal[1]) + (decimal[2].strip("0") != ""))
    date = http_date(text)
    return None if date is None else (date - told_at).total_seconds()


def _whole(digits: str) -> int:
    """ASCII digits as a number; of very many, one that is as good as endless."""
    short = digits.lstrip("0")
    return int(short or "0") if len(short) <= _MOST_DIGITS else 10**_MOST_DIGITS
