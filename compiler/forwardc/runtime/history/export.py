"""Every run that fits a filter, as CSV or JSON, in pieces: memory does not grow with the runs.

All of it was masked before it was recorded. What a spreadsheet takes for a formula becomes text.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final

from forwardc.core.diagnostics.render.printable import on_one_line
from forwardc.runtime.history.records import RunFilter, RunSummary
from forwardc.runtime.history.store import Store

# Runs that are read at once: little memory, and few queries for a long history.
_RUNS_AT_ONCE: Final = 500
# A spreadsheet looks past spaces; some take the wide forms of the signs as well.
_NUMBER: Final = re.compile(r"-[0-9]+(\.[0-9]+)?\Z")
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")

COLUMNS: Final = (
    *("created_at", "id", "reference", "environment", "emulated", "vault", "destination"),
    *("operation", "state", "outcome", "rejected_by", "cause", "reason", "status", "vault_status"),
    *("amount", "currency", "duration_ms", "attempts", "losses"),
)
"""The header of an export, and the members of each run in it."""


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSON = "json"


def has_runs(store: Store, run_filter: RunFilter) -> bool:
    """Whether any run fits a filter."""
    return bool(store.search(run_filter, limit=1).runs)


def export(store: Store, run_filter: RunFilter, form: ExportFormat) -> Iterator[str]:
    """The runs that fit, the newest first, as pieces of one text that ends with a line feed.

    What begins meanwhile is not in it. CSV is RFC 4180 with the header `COLUMNS`; JSON is one
    object, whose last member `count` says that nothing is missing. May raise
    `HistoryUnavailableError` between two pieces.
    """
    write = _csv if form is ExportFormat.CSV else _json
    yield from write(_pages(store, run_filter))


def _pages(store: Store, run_filter: RunFilter) -> Iterator[Sequence[RunSummary]]:
    cursor: int | None = None
    while True:
        page = store.search(run_filter, limit=_RUNS_AT_ONCE, cursor=cursor)
        yield page.runs
        if page.cursor is None:
            return
        cursor = page.cursor


def _csv(pages: Iterator[Sequence[RunSummary]]) -> Iterator[str]:
    yield csv_text([COLUMNS])
    for runs in pages:
        yield csv_text([_cell(value) for value in export_members(run).values()] for run in runs)


def _json(pages: Iterator[Sequence[RunSummary]]) -> Iterator[str]:
    yield '{"forwardc":1,"runs":['
    count = 0
    for runs in pages:
        texts = [json.dumps(export_members(run), ensure_ascii=False) for run in runs]
        if texts:
            yield ("," if count else "") + "\n" + ",\n".join(texts)
        count += len(texts)
    yield f'\n],"count":{count}}}\n'


def export_members(run: RunSummary) -> dict[str, Any]:
    """A run as the members of an export."""
    members = asdict(run)
    return {name: members[name] for name in COLUMNS}


def csv_text(rows: Any) -> str:
    """Rows as lines of CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_formula(" ".join(value) if isinstance(value, tuple) else value)


def escape_formula(value: object) -> object:
    """Text on one line of its own, and no formula of a spreadsheet."""
    if not isinstance(value, str):
        return value
    shown = on_one_line(value)
    if _NUMBER.match(shown):
        return shown
    is_formula = shown.lstrip().startswith(_FORMULA) or shown.startswith("\t")
    return "'" + shown if is_formula else shown
