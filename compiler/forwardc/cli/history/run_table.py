"""Shows a list of recorded runs: a table, CSV and data. All of it was masked before."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from forwardc.cli.output import table
from forwardc.core.diagnostics.render.printable import on_one_line
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.records import RunSummary
from forwardc.runtime.run.result import sent_without

_HEADER: Final = ("BEGAN", "RUN", "VIA", "OPERATION", "REFERENCE", "OUTCOME", "STATUS", "TIME")
_COLUMNS: Final = tuple(RunSummary.__dataclass_fields__)


def as_table(runs: Sequence[RunSummary]) -> str:
    """One line for each run."""
    return table(_HEADER, [_cells(run) for run in runs])


def as_csv(runs: Sequence[RunSummary]) -> str:
    """CSV with a header line, without the final line feed."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for run in runs:
        writer.writerow([_cell(value) for value in asdict(run).values()])
    return out.getvalue().rstrip("\n")


def summary_json(run: RunSummary) -> dict[str, Any]:
    """A run of a list as data."""
    return asdict(run)


def _cells(run: RunSummary) -> list[str]:
    ended = str(run.outcome) if run.outcome else str(run.state)
    by = f" by {run.rejected_by}" if run.rejected_by else ""
    took = "-" if run.duration_ms is None else f"{run.duration_ms} ms"
    names = [f"{run.vault} ({where_of(run)})", operation_of(run), run.reference]
    # Of what may not have arrived at all, a list does not say that it was sent.
    was_sent = run.losses and run.outcome is not Outcome.UNKNOWN
    without = f", {sent_without(run.losses)}" if was_sent else ""
    return [run.created_at, run.id, *names, ended + by + without, str(run.status or "-"), took]


def operation_of(run: RunSummary) -> str:
    """What a run did, in words: the destination and its operation."""
    return f"{run.destination}.{run.operation}"


def where_of(run: RunSummary) -> str:
    """Where a run went, in words: the environment, and whether an emulator answered."""
    return f"{run.environment}, emulated" if run.emulated else run.environment


def _cell(value: object) -> object:
    return _harmless(" ".join(value) if isinstance(value, tuple) else value)


def _harmless(value: object) -> object:
    """Text on one line of its own, and no formula of a spreadsheet."""
    if not isinstance(value, str):
        return value
    shown = on_one_line(value)
    # A spreadsheet looks past spaces; some take the wide forms of the signs as well.
    is_formula = shown.lstrip().startswith(
        ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    )
    return "'" + shown if is_formula or shown.startswith("\t") else shown
