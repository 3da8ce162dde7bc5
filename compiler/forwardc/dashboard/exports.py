"""The history as a file: every run that fits the filters of an address, sent in pieces."""

from collections.abc import Iterator
from dataclasses import dataclass

from forwardc.dashboard.desk import Asked, Desk, Refused
from forwardc.dashboard.filters import read_form
from forwardc.runtime.history.export import ExportFormat, export, has_runs

_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.JSON: "application/json",
}


@dataclass(frozen=True, slots=True)
class File:
    """What a browser saves."""

    name: str
    media_type: str
    pieces: Iterator[str]


def exported(desk: Desk, asked: Asked, form: ExportFormat) -> File:
    """The file of an address. Raises `Refused`: 400 for a wrong filter, 404 where no run fits."""
    filters = read_form(desk, asked.query, time="all")
    if not has_runs(desk.store, filters.filter):
        chosen = ", ".join((filters.span, *filters.words))
        raise Refused(404, "Nothing to export", f"No run fits: {chosen}. No file was made.")
    day = desk.settings.now().strftime("%Y-%m-%d")
    pieces = export(desk.store, filters.filter, form)
    return File(f"forwardc-history-{day}.{form}", _TYPES[form], pieces)
