"""`forwardc history begin` and `upgrade`: make an empty history, or bring one to this version."""

from typing import Final

from forwardc.cli.findings import show
from forwardc.cli.json_output import say_document
from forwardc.cli.output import say
from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.migrations import MIGRATIONS
from forwardc.runtime.history.store import open_store
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
        say(_told(**result))
    else:
        show(sink, "text", None, err=True)
    return int(sink.has_errors)


def _told(before: int, version: int) -> str:
    if before == version:
        return f"the history was there, and has version {version}"
    if before:
        return f"the history was brought from version {before} to {version}"
    return f"the history was made, with version {version}"
