"""The runs that somebody has to settle, each with what to ask."""

from forwardc.dashboard.desk import Asked, Desk, Page
from forwardc.dashboard.questions import questions

_ROWS = 20
_MOST = 10_000


def unknown(desk: Desk, asked: Asked) -> Page:
    """The unknown runs, the oldest first: what is asked early is still in a log."""
    waiting = desk.waiting(_MOST)
    return Page(
        "unknown.html.j2",
        {
            "here": "/unknown",
            "items": [
                {"run": run, "questions": questions(run)} for run in desk.store.unknown_runs(_ROWS)
            ],
            "more": max(0, waiting - _ROWS),
            "done": "The run is settled." if asked.query.get("settled") else None,
        },
    )
