"""The table of all runs, with filters, search and pages by key; and the same runs as a file."""

from collections.abc import Iterator

from forwardc.core.dataclass import dataclass
from forwardc.dashboard.filters import read_cursor, read_form
from forwardc.dashboard.views import Page, PageRefusedError, ViewContext, ViewRequest
from forwardc.runtime.history.export import ExportFormat, export, has_runs

# Rows that two screens show; the older ones are a click away.
_ROWS = 50


def history(context: ViewContext, request: ViewRequest) -> Page:
    """One page of runs, the newest first. A page is asked by the last key of the one before."""
    form = read_form(context, request.query, time="all", pages=True)
    cursor = read_cursor(request.query)
    page = context.store.search(form.filter, cursor=cursor, limit=_ROWS)
    older = form.link("/history", after=str(page.cursor)) if page.cursor else None
    return Page(
        "history.html.j2",
        {
            "here": "/history",
            "form": form,
            "runs": page.runs,
            "older": older,
            "csv": form.link("/history.csv"),
            "json": form.link("/history.json"),
            "first": form.link("/history") if cursor else None,
        },
    )


_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.JSON: "application/json",
}


@dataclass(frozen=True, slots=True)
class ExportFile:
    """What a browser saves."""

    name: str
    media_type: str
    pieces: Iterator[str]


def exported(context: ViewContext, request: ViewRequest, form: ExportFormat) -> ExportFile:
    """The file of an address.

    Raises: `PageRefusedError`, 400 for a wrong filter, 404 where no run fits.
    """
    filters = read_form(context, request.query, time="all")
    if not has_runs(context.store, filters.filter):
        chosen = ", ".join((filters.span, *filters.words))
        raise PageRefusedError(
            404, "Nothing to export", f"No run fits: {chosen}. No file was made."
        )
    day = context.settings.now().strftime("%Y-%m-%d")
    pieces = export(context.store, filters.filter, form)
    return ExportFile(f"forwardc-history-{day}.{form}", _TYPES[form], pieces)
