"""The filters of a page: read from its address, and written back into links and forms.

What is not a filter, or is none of its values, is refused and never guessed. Time is a preset, or
days from and to, which are those of UTC.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from forwardc.core.dataclass import dataclass
from forwardc.core.outcome import Outcome
from forwardc.dashboard.views import PageRefusedError, ViewContext
from forwardc.runtime.history.records import RunFilter, RunState
from forwardc.runtime.history.rollups import normalize_cause
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.run.result import Party

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
class TimeSpan:
    """A stretch of time. `preset` is what a form shows as chosen; `since` counts, `until` not."""

    preset: str
    words: str
    since: str | None = None
    until: str | None = None


def read_span(chosen: Mapping[str, str], usual: str, now: datetime) -> TimeSpan:
    """The span of `time`, `from` and `to`. A day wins over a preset: nobody gives one in vain.

    Raises `PageRefusedError` with status 400.
    """
    first, last = _day(chosen["from"], "from"), _day(chosen["to"], "to")
    preset = chosen["time"] or usual
    if preset not in TIMES:
        raise _wrong(f"The time is not one that can be chosen: {', '.join(TIMES)}.")
    if first or last:
        return _between(first, last)
    if preset == BETWEEN:
        raise _wrong("For a time between days, give the first day, the last day, or both.")
    words, age = TIMES[preset]
    return TimeSpan(preset, words, Timestamp(now - age).text if age else None)


def _between(first: date | None, last: date | None) -> TimeSpan:
    if first and last and last < first:
        raise _wrong("The last day is before the first one.")
    since = f"from {first}" if first else ""
    words = " ".join(part for part in (since, f"to {last}" if last else "", "(UTC)") if part)
    return TimeSpan(
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
        day = date.fromisoformat(text) if _DAY.match(text) and text.isascii() else None
    except ValueError:
        day = None
    if day is None or not date(1000, 1, 1) <= day <= _LAST:
        raise _wrong(f"The day of `{name}` is not written as a date of the calendar: 2026-11-30.")
    return day


def _wrong(text: str) -> PageRefusedError:
    return PageRefusedError(400, "The address is not right", text)


Choice = tuple[str, str]

_ALWAYS: Final = ("production", "sandbox")
_EMULATED: Final = "emulated"
"""Stands for a sandbox of ours, which plays a vendor of any environment."""
PLACE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,63}(?:@[a-z0-9][a-z0-9_]{0,63})?\Z")
OUTCOMES: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "approved": ("approved", {"outcome": Outcome.APPROVED}),
    "declined": ("declined", {"outcome": Outcome.DECLINED}),
    "pending": ("pending", {"outcome": Outcome.PENDING}),
    "rejected-destination": (
        "rejected by the destination",
        {"outcome": Outcome.REJECTED, "rejected_by": Party.DESTINATION},
    ),
    "rejected-vault": (
        "rejected by the vault",
        {"outcome": Outcome.REJECTED, "rejected_by": Party.VAULT},
    ),
    "unknown": ("unknown", {"outcome": Outcome.UNKNOWN}),
    "stopped": ("stopped, can be resumed", {"state": RunState.STOPPED}),
    "running": ("running", {"state": RunState.RUNNING}),
}
NAMES: Final = (
    *("time", "from", "to", "find", "vault", "destination", "operation", "environment"),
    *("outcome", "reason", "status"),
)
"""The filters of a page, alike on every page that has them."""
_USUAL: Final = frozenset({"time", "vault", "destination", "environment", "find"})
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
# Characters. References have up to 80, tokens 64; room for an id of a destination.
_LONGEST_SEARCH: Final = 128
# Characters: a long sentence of a destination; a cause that is counted has fewer.
_LONGEST_REASON: Final = 300
# RFC 9110, section 15: a status has three digits.
_HIGHEST_STATUS: Final = 999


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filters as a form shows them: what is chosen, what can be, what it comes to."""

    chosen: Mapping[str, str]
    choices: Mapping[str, list[Choice]]
    filter: RunFilter
    span: str
    """The chosen time in words."""
    words: tuple[str, ...]
    """What is chosen beside the time, in words."""

    @property
    def unfolded(self) -> bool:
        """Whether a filter is set that not everybody needs."""
        return any(value for name, value in self.chosen.items() if name not in _USUAL)

    def link(self, path: str, **changes: str) -> str:
        """An address with these filters and changes; what is empty is left out."""
        return address(path, self.chosen, **changes)


def address(path: str, chosen: Mapping[str, str], **changes: str) -> str:
    """An address with filters and changes; what is empty is left out."""
    members = {name: value for name, value in {**chosen, **changes}.items() if value}
    return f"{path}?{urlencode(members)}" if members else path


def read_form(
    context: ViewContext, query: Mapping[str, str], *, time: str, pages: bool = False
) -> FilterForm:
    """The filters of an address. `time` is the one that holds where none is named.

    Raises `PageRefusedError` with status 400.
    """
    if unknown := set(query) - {*NAMES, *(("after",) if pages else ())}:
        many = "A filter stands" if len(unknown) == 1 else f"{len(unknown)} filters stand"
        raise address_error(f"{many} in it that this page does not have.")
    chosen = {name: query.get(name, "").strip() for name in NAMES}
    span = read_span(chosen, time, context.settings.now())
    chosen["time"] = span.preset
    places = context.places()
    return FilterForm(
        chosen,
        {
            "time": [(value, name) for value, (name, _) in TIMES.items()],
            "vault": _named(places.vaults, chosen["vault"]),
            "destination": _named(places.destinations, chosen["destination"]),
            "operation": _named(places.operations, chosen["operation"]),
            "environment": _environments(places.environments, chosen["environment"]),
            "outcome": [("", "all"), *((key, text) for key, (text, _) in OUTCOMES.items())],
            "reason": [(cause, cause) for cause in places.causes],
        },
        replace(_filter(chosen), since=span.since, until=span.until),
        span.words,
        tuple(_chosen(chosen)),
    )


def _filter(chosen: Mapping[str, str]) -> RunFilter:
    run_filter = RunFilter(
        vault=_name(chosen["vault"], "vault"),
        destination=_name(chosen["destination"], "destination"),
        operation=_name(chosen["operation"], "operation"),
        status=_status(chosen["status"]),
        text=read_search(chosen["find"]),
        cause=_reason(chosen["reason"]),
    )
    if chosen["environment"] == _EMULATED:
        run_filter = replace(run_filter, emulated=True)
    elif chosen["environment"]:
        if not PLACE.match(chosen["environment"]):
            raise address_error("The environment is not a name.")
        run_filter = replace(run_filter, environment=chosen["environment"], emulated=False)
    if chosen["outcome"]:
        run_filter = replace(run_filter, **_one_of(OUTCOMES, chosen["outcome"], "outcome")[1])
    return run_filter


def _chosen(chosen: Mapping[str, str]) -> Iterator[str]:
    """The filters beside the time, as a reader sees them in the form."""
    for name, value in chosen.items():
        if not value or name in ("time", "from", "to"):
            continue
        if name == "outcome":
            value = OUTCOMES[value][0]
        elif value == _EMULATED:
            value = "forwardc sandbox"
        yield f"{'search' if name == 'find' else name}: {value}"


def read_cursor(query: Mapping[str, str]) -> int | None:
    """Where a page of runs begins. Raises `PageRefusedError` with status 400."""
    text = query.get("after", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise address_error("The place in the list is not one of ours.")
    return int(text)


def _environments(used: Iterable[str], chosen: str) -> list[Choice]:
    names = dict.fromkeys((*_ALWAYS, *sorted(used), *([chosen] if chosen else [])))
    names.pop(_EMULATED, None)
    places = [(name, name) for name in names]
    return [("", "all"), *places, (_EMULATED, "forwardc sandbox")]


def _named(used: Iterable[str], chosen: str) -> list[Choice]:
    names = sorted({*used, *([chosen] if chosen else [])})
    return [("", "all"), *((name, name) for name in names)]


def _one_of(table: Mapping[str, Any], value: str, label: str) -> Any:
    if value not in table:
        raise address_error(f"The {label} is not one that can be chosen: {', '.join(table)}.")
    return table[value]


def _name(text: str, label: str) -> str | None:
    if text and not NAME.match(text):
        raise address_error(f"The {label} is not a name.")
    return text or None


def _reason(text: str) -> str | None:
    """A reason in the one spelling that is counted, however it is typed."""
    if len(text) > _LONGEST_REASON or not text.isprintable():
        raise address_error(f"A reason has at most {_LONGEST_REASON} printable characters.")
    cause = normalize_cause(text)
    if text and cause is None:
        raise address_error("A reason has a word or a number in it.")
    return cause


def _status(text: str) -> int | None:
    if text and not re.fullmatch(r"[1-9][0-9]{2}", text):
        raise address_error(f"A status is a number from 100 to {_HIGHEST_STATUS}.")
    return int(text) if text else None


def read_search(text: str) -> str | None:
    """What is looked for; None for nothing. Raises `PageRefusedError` with status 400."""
    if len(text) > _LONGEST_SEARCH or not text.isprintable():
        raise address_error(
            f"What is looked for has at most {_LONGEST_SEARCH} printable characters."
        )
    return text or None


def address_error(text: str) -> PageRefusedError:
    """The answer to an address that no page has."""
    return PageRefusedError(400, "The address is not right", text)
