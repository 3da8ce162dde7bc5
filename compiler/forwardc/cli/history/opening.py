"""Opens the history for a command: those that record something begin one, all others find it.

`change` does both for a command that changes a history, and turns what goes wrong into findings.
"""

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from forwardc.cli.output import note, say_document, warnings

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


def begin_history(url: str, sink: "Sink") -> "Store | None":
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


def find_history(url: str, sink: "Sink") -> "Store | None":
    """The history that is there; None with the reason told, and nothing made or changed."""
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.history.store import open_existing

    try:
        return open_existing(url, answer_days=_answer_days())
    except HistoryError as problem:
        sink.add(problem.diagnostic())
        return None


ChangeResult: TypeAlias = tuple[int, dict[str, Any] | None]
"""The exit code, and the result as data."""

by_option = click.option(
    "--by",
    default=getpass.getuser,
    metavar="NAME",
    help="Who does it; by default the user of this machine.",
)


def change(
    history: str,
    work: "Callable[[Store], ChangeResult]",
    *,
    as_json: bool,
    begin: bool = False,
) -> int:
    """Do something with the history that is there; its problems become findings.

    `work` shows what it did, but for JSON. With `begin` a history is made where there is none.
    """
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.runtime.history.errors import HistoryError
    from forwardc.runtime.run.journal import JournalError

    sink = Sink()
    code, result = 1, None
    try:
        store = (begin_history if begin else find_history)(history, sink)
        if store is not None:
            with store:
                code, result = work(store)
    except HistoryError as problem:
        sink.add(problem.diagnostic())
    except JournalError as problem:
        sink.error(problem.code, str(problem), hint=problem.hint)
    if as_json:
        say_document(result, sink)
    else:
        warnings(sink)
    return code
