"""The table of all runs, with filters, search and pages by key."""

from forwardc.dashboard.desk import Asked, Desk, Page
from forwardc.dashboard.filters import read_cursor, read_form

_ROWS = 50


def history(desk: Desk, asked: Asked) -> Page:
    """One page of runs, the newest first. A page is asked by the last key of the one before."""
    form = read_form(desk, asked.query, time="all", pages=True)
    cursor = read_cursor(asked.query)
    found = desk.store.search(form.filter, cursor=cursor, limit=_ROWS)
    older = form.link("/history", after=str(found.cursor)) if found.cursor else None
    return Page(
        "history.html.j2",
        {
            "here": "/history",
            "form": form,
            "runs": found.runs,
            "older": older,
            "csv": form.link("/history.csv"),
            "json": form.link("/history.json"),
            "first": form.link("/history") if cursor else None,
        },
    )
