"""`forwardc history export`: every run that fits, in pieces, by the function of the dashboard."""

import click

from forwardc.cli.history_filters import nothing_fits
from forwardc.cli.pausing import Done, change
from forwardc.core.diagnostics.render.clean import escaped
from forwardc.runtime.history.errors import NoRunMatchesError
from forwardc.runtime.history.export import ExportFormat, has_runs
from forwardc.runtime.history.export import export as pieces_of
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import Store


def export(url: str, wanted: RunFilter, format_: str) -> int:
    """Write the runs; 1 with FC0869 where none fits, before anything is written."""

    def work(store: Store) -> Done:
        if not has_runs(store, wanted):
            raise NoRunMatchesError(
                "no run fits, and nothing was written", nothing_fits(store, wanted)
            )
        form = ExportFormat(format_)
        for piece in pieces_of(store, wanted, form):
            # CSV has been made harmless cell by cell.
            click.echo(escaped(piece) if form is ExportFormat.JSON else piece, nl=False)
        return 0, None

    return change(url, work, as_json=False)
