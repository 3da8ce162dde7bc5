"""Who did what, the newest first, and whether what stands there is what was written."""

import re
from typing import Final

from forwardc.dashboard.dates import TIMES, read_span
from forwardc.dashboard.desk import Asked, Desk, Page
from forwardc.dashboard.filters import address, read_cursor, read_search, wrong
from forwardc.runtime.history.records import EventFilter

_ROWS: Final = 50
_NAMES: Final = ("kind", "by", "time", "from", "to")
_KIND: Final = re.compile(r"[a-z][a-z-]{0,39}\Z")


def audit(desk: Desk, asked: Asked) -> Page:
    """One page of events. With `check=1` the chain is followed from its begin.

    Raises `Refused` with status 400.
    """
    if set(asked.query) - {*_NAMES, "after", "check"}:
        raise wrong("A filter stands in it that this page does not have.")
    given = {name: asked.query.get(name, "").strip() for name in _NAMES}
    span = read_span(given, "all", desk.settings.now())
    given["time"] = span.preset
    if given["kind"] and not _KIND.match(given["kind"]):
        raise wrong("The kind is not a name.")
    if asked.query.get("check", "") not in ("", "1"):
        raise wrong("The chain is checked with check=1.")
    wanted = EventFilter(given["kind"] or None, read_search(given["by"]), span.since, span.until)
    cursor = read_cursor(asked.query)
    found = desk.store.search_events(wanted, limit=_ROWS, cursor=cursor)
    kinds = sorted({*desk.store.event_kinds(), *([given["kind"]] if given["kind"] else [])})
    return Page(
        "audit.html.j2",
        {
            "here": "/audit",
            "given": given,
            "span": span.words,
            "choices": {
                "kind": [("", "all"), *((kind, kind) for kind in kinds)],
                "time": [(value, name) for value, (name, _) in TIMES.items()],
            },
            "filtered": any(value for name, value in given.items() if name != "time")
            or span.preset != "all",
            "events": found.events,
            "checked": desk.store.verify_events() if asked.query.get("check") else None,
            "check": address("/audit", given, check="1"),
            "older": address("/audit", given, after=str(found.cursor)) if found.cursor else None,
            "first": address("/audit", given) if cursor else None,
        },
    )
