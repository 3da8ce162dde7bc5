"""What `forwardc history begin`, `upgrade` and `export` do with the history."""

from typing import Final

import click

from forwardc.cli.findings import show
from forwardc.cli.history.filters import nothing_fits
from forwardc.cli.history.opening import ChangeResult, change
from forwardc.cli.output import say, say_document
from forwardc.core.diagnostics.render.clean import escaped
from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.history.errors import HistoryError, NoRunMatchesError
from forwardc.runtime.history.export import ExportFormat, has_runs
from forwardc.runtime.history.export import export as pieces_of
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.history.store import upgrade as upgrade_at

VERSION: Final = MIGRATIONS[-1].version


def begin(url: str, *, as_json: bool) -> int:
    """Make a history. One that is there stays as it is, and is no mistake."""
    sink, result = Sink(), None
    try:
        with open_store(url) as store:
            result = {"before": store.upgraded_from, "version": VERSION}
    except HistoryError as problem:
        sink.add(problem.diagnostic())
    return _tell(result, sink, as_json=as_json)


def upgrade(url: str, *, as_json: bool) -> int:
    """Bring a history that is there to this version."""
    sink, result = Sink(), None
    try:
        result = {"before": upgrade_at(url), "version": VERSION}
    except HistoryError as problem:
        sink.add(problem.diagnostic())
    return _tell(result, sink, as_json=as_json)


def _tell(result: dict[str, int] | None, sink: Sink, *, as_json: bool) -> int:
    if as_json:
        say_document(result, sink)
    elif result is not None:
        say(_version_text(**result))
    else:
        show(sink, "text", None, err=True)
    return int(sink.has_errors)


def _version_text(before: int, version: int) -> str:
    if before == version:
        return f"the history was there, and has version {version}"
    if before:
        return f"the history was brought from version {before} to {version}"
    return f"the history was made, with version {version}"


def export(url: str, run_filter: RunFilter, format_: str) -> int:
    """Write the runs; 1 with FC0869 where none fits, before anything is written."""

    def work(store: Store) -> ChangeResult:
        if not has_runs(store, run_filter):
            raise NoRunMatchesError(
                "no run fits, and nothing was written", nothing_fits(store, run_filter)
            )
        form = ExportFormat(format_)
        for piece in pieces_of(store, run_filter, form):
            # CSV has been made harmless cell by cell.
            click.echo(escaped(piece) if form is ExportFormat.JSON else piece, nl=False)
        return 0, None

    return change(url, work, as_json=False)
