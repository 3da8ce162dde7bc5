"""Who did what, the newest first, and whether what stands there is what was written."""

import re
from typing import Final

from forwardc.dashboard.filters import (
    TIMES,
    address,
    address_error,
    read_cursor,
    read_search,
    read_span,
)
from forwardc.dashboard.views import Page, ViewContext, ViewRequest
from forwardc.runtime.history.records import EventFilter

# Rows that two screens show; the older ones are a click away.
_ROWS: Final = 50
_NAMES: Final = ("kind", "by", "time", "from", "to")
_KIND: Final = re.compile(r"[a-z][a-z-]{0,39}\Z")


def audit(context: ViewContext, request: ViewRequest) -> Page:
    """One page of events. With `check=1` the chain is followed from its begin.

    Raises `Refused` with status 400.
    """
    if set(request.query) - {*_NAMES, "after", "check"}:
        raise address_error("A filter stands in it that this page does not have.")
    chosen = {name: request.query.get(name, "").strip() for name in _NAMES}
    span = read_span(chosen, "all", context.settings.now())
    chosen["time"] = span.preset
    if chosen["kind"] and not _KIND.match(chosen["kind"]):
        raise address_error("The kind is not a name.")
    if request.query.get("check", "") not in ("", "1"):
        raise address_error("The chain is checked with check=1.")
    event_filter = EventFilter(
        chosen["kind"] or None, read_search(chosen["by"]), span.since, span.until
    )
    cursor = read_cursor(request.query)
    page = context.store.search_events(event_filter, limit=_ROWS, cursor=cursor)
    kinds = sorted({*context.store.event_kinds(), *([chosen["kind"]] if chosen["kind"] else [])})
    return Page(
        "audit.html.j2",
        {
            "here": "/audit",
            "given": chosen,
            "span": span.words,
            "choices": {
                "kind": [("", "all"), *((kind, kind) for kind in kinds)],
                "time": [(value, name) for value, (name, _) in TIMES.items()],
            },
            "filtered": any(value for name, value in chosen.items() if name != "time")
            or span.preset != "all",
            "events": page.events,
            "checked": context.store.verify_events() if request.query.get("check") else None,
            "check": address("/audit", chosen, check="1"),
            "older": address("/audit", chosen, after=str(page.cursor)) if page.cursor else None,
            "first": address("/audit", chosen) if cursor else None,
        },
    )
