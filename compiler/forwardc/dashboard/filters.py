"""The filters of a page: read from its address, and written back into links and forms.

What is not a filter, or is none of its values, is refused and never guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from forwardc.core.outcome import Outcome
from forwardc.dashboard.dates import TIMES, read_span
from forwardc.dashboard.desk import Desk, Refused
from forwardc.runtime.history.records import RunFilter, RunState
from forwardc.runtime.history.rollups import normalize_cause
from forwardc.runtime.run.result import Party

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
_LONGEST_SEARCH: Final = 128
_LONGEST_REASON: Final = 300
_HIGHEST_STATUS: Final = 999


@dataclass(frozen=True, slots=True)
class Form:
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


def address(path: str, given: Mapping[str, str], **changes: str) -> str:
    """An address with filters and changes; what is empty is left out."""
    wanted = {name: value for name, value in {**given, **changes}.items() if value}
    return f"{path}?{urlencode(wanted)}" if wanted else path


def read_form(desk: Desk, query: Mapping[str, str], *, time: str, pages: bool = False) -> Form:
    """The filters of an address. `time` is the one that holds where none is named.

    Raises `Refused` with status 400.
    """
    if unknown := set(query) - {*NAMES, *(("after",) if pages else ())}:
        many = "A filter stands" if len(unknown) == 1 else f"{len(unknown)} filters stand"
        raise wrong(f"{many} in it that this page does not have.")
    given = {name: query.get(name, "").strip() for name in NAMES}
    span = read_span(given, time, desk.settings.now())
    given["time"] = span.preset
    known = desk.places()
    return Form(
        given,
        {
            "time": [(value, name) for value, (name, _) in TIMES.items()],
            "vault": _named(known.vaults, given["vault"]),
            "destination": _named(known.destinations, given["destination"]),
            "operation": _named(known.operations, given["operation"]),
            "environment": _environments(known.environments, given["environment"]),
            "outcome": [("", "all"), *((key, text) for key, (text, _) in OUTCOMES.items())],
            "reason": [(cause, cause) for cause in known.causes],
        },
        replace(_filter(given), since=span.since, until=span.until),
        span.words,
        tuple(_chosen(given)),
    )


def _filter(given: Mapping[str, str]) -> RunFilter:
    found = RunFilter(
        vault=_name(given["vault"], "vault"),
        destination=_name(given["destination"], "destination"),
        operation=_name(given["operation"], "operation"),
        status=_status(given["status"]),
        text=read_search(given["find"]),
        cause=_reason(given["reason"]),
    )
    if given["environment"] == _EMULATED:
        found = replace(found, emulated=True)
    elif given["environment"]:
        if not PLACE.match(given["environment"]):
            raise wrong("The environment is not a name.")
        found = replace(found, environment=given["environment"], emulated=False)
    if given["outcome"]:
        found = replace(found, **_one_of(OUTCOMES, given["outcome"], "outcome")[1])
    return found


def _chosen(given: Mapping[str, str]) -> Iterator[str]:
    """The filters beside the time, as a reader sees them in the form."""
    for name, value in given.items():
        if not value or name in ("time", "from", "to"):
            continue
        if name == "outcome":
            value = OUTCOMES[value][0]
        elif value == _EMULATED:
            value = "forwardc sandbox"
        yield f"{'search' if name == 'find' else name}: {value}"


def read_cursor(query: Mapping[str, str]) -> int | None:
    """Where a page of runs begins. Raises `Refused` with status 400."""
    text = query.get("after", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise wrong("The place in the list is not one of ours.")
    return int(text)


def _environments(known: Iterable[str], chosen: str) -> list[Choice]:
    names = dict.fromkeys((*_ALWAYS, *sorted(known), *([chosen] if chosen else [])))
    names.pop(_EMULATED, None)
    places = [(name, name) for name in names]
    return [("", "all"), *places, (_EMULATED, "forwardc sandbox")]


def _named(known: Iterable[str], chosen: str) -> list[Choice]:
    names = sorted({*known, *([chosen] if chosen else [])})
    return [("", "all"), *((name, name) for name in names)]


def _one_of(table: Mapping[str, Any], value: str, what: str) -> Any:
    if value not in table:
        raise wrong(f"The {what} is not one that can be chosen: {', '.join(table)}.")
    return table[value]


def _name(text: str, what: str) -> str | None:
    if text and not NAME.match(text):
        raise wrong(f"The {what} is not a name.")
    return text or None


def _reason(text: str) -> str | None:
    """A reason in the one spelling that is counted, however it is typed."""
    if len(text) > _LONGEST_REASON or not text.isprintable():
        raise wrong(f"A reason has at most {_LONGEST_REASON} printable characters.")
    cause = normalize_cause(text)
    if text and cause is None:
        raise wrong("A reason has a word or a number in it.")
    return cause


def _status(text: str) -> int | None:
    if text and not re.fullmatch(r"[1-9][0-9]{2}", text):
        raise wrong(f"A status is a number from 100 to {_HIGHEST_STATUS}.")
    return int(text) if text else None


def read_search(text: str) -> str | None:
    """What is looked for; None for nothing. Raises `Refused` with status 400."""
    if len(text) > _LONGEST_SEARCH or not text.isprintable():
        raise wrong(f"What is looked for has at most {_LONGEST_SEARCH} printable characters.")
    return text or None


def wrong(text: str) -> Refused:
    """The answer to an address that no page has."""
    return Refused(400, "The address is not right", text)
