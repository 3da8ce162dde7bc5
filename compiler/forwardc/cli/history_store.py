"""Opens the history for a command: those that record something begin one, all others find it."""

from typing import TYPE_CHECKING

from forwardc.cli.output import note

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.history.store import Store


def _answer_days() -> int | None:
    """How long answers are kept, as the environment says. Raises `HistoryError`."""
    import os

    from forwardc.runtime.history.answers import DEFAULT_SETTING, SETTING_VARIABLE, retention_days
    from forwardc.runtime.history.errors import AnswerRetentionError

    try:
        return retention_days(os.environ.get(SETTING_VARIABLE) or DEFAULT_SETTING)
    except ValueError as problem:
        raise AnswerRetentionError(f"{SETTING_VARIABLE} {problem}") from None


def begun(url: str, sink: "Sink") -> "Store | None":
    """The history, made or brought to this version where need be; None with the reason told."""
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.history.migrations import MIGRATIONS
    from forwardc.runtime.history.store import open_store

    try:
        store = open_store(url, answer_days=_answer_days())
    except HistoryError as problem:
        sink.add(problem.diagnostic())
        return None
    newest = MIGRATIONS[-1].version
    if 0 < store.upgraded_from < newest:
        note(f"the history was brought from version {store.upgraded_from} to {newest}")
    return store


def found(url: str, sink: "Sink") -> "Store | None":
    """The history that is there; None with the reason told, and nothing made or changed."""
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.history.store import open_existing

    try:
        return open_existing(url, answer_days=_answer_days())
    except HistoryError as problem:
        sink.add(problem.diagnostic())
        return None
