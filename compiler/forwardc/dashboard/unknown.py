"""The runs that somebody has to settle, each with what to ask."""

from forwardc.dashboard.questions import questions
from forwardc.dashboard.views import Page, ViewContext, ViewRequest

# Runs with their questions, which take several lines each.
_ROWS = 20
# Runs that are counted: above it the exact number helps nobody, and costs a scan.
_MOST = 10_000


def unknown(context: ViewContext, request: ViewRequest) -> Page:
    """The unknown runs, the oldest first: what is asked early is still in a log."""
    waiting = context.waiting(_MOST)
    return Page(
        "unknown.html.j2",
        {
            "here": "/unknown",
            "items": [
                {"run": run, "questions": questions(run)}
                for run in context.store.unknown_runs(_ROWS)
            ],
            "more": max(0, waiting - _ROWS),
            "done": "The run is settled." if request.query.get("settled") else None,
        },
    )
