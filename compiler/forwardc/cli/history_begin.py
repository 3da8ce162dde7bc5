"""`forwardc history begin` and `upgrade`: make an empty history, or bring one to this version."""

from forwardc.cli.findings import show
from forwardc.cli.output import say
from forwardc.diagnostics.sink import Sink
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.store import open_store
from forwardc.runtime.history.store import upgrade as upgrade_at


def begin(url: str) -> int:
    """Make a history. One that is there stays as it is, and is no mistake."""
    try:
        open_store(url).close()
    except HistoryError as problem:
        return _refuse(problem)
    say("the history is there, and has the tables of this version")
    return 0


def upgrade(url: str) -> int:
    """Bring a history that is there to this version."""
    try:
        before, now = upgrade_at(url)
    except HistoryError as problem:
        return _refuse(problem)
    if before == now:
        say(f"the history has version {now} already")
    else:
        say(f"the history was brought from version {before} to {now}")
    return 0


def _refuse(problem: HistoryError) -> int:
    sink = Sink()
    sink.add(problem.diagnostic())
    show(sink, "text", None, err=True)
    return 1
