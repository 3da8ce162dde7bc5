"""What is wrong with a lookup before anything is served, as diagnostics.

Reads a file of references whole; asks no database and no service.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.server.directory.csv_directory import FileMistake, read_table
from forwardc.server.directory.guessable_references import low_entropy_reason
from forwardc.server.directory.row_mapping import NAMES
from forwardc.server.directory.sql_query import read_query
from forwardc.server.service_url import service_mistake
from forwardc.server.settings import (
    CsvDirectorySettings,
    DirectorySettings,
    HttpDirectorySettings,
    SqlDirectorySettings,
)

MOST_LINES: Final = 20


def check_directory(
    settings: DirectorySettings, base: Path, sink: Sink, vaults: Collection[str] | None = None
) -> None:
    """Report all mistakes as FC0830.

    Warnings are references that can be guessed, FC0831, and rows that are left out, FC0840.
    `base` is the folder that relative paths begin at. `vaults` are those that a plan was built
    for; None lets every name through.
    """
    match settings:
        case CsvDirectorySettings(file=file):
            _of_file(base / file, vaults, settings.not_card, sink)
        case SqlDirectorySettings(query=query):
            found = read_query(query)
            for mistake in found if isinstance(found, list) else ():
                sink.error("FC0830", f"the query of the lookup cannot be used: {mistake}")
        case HttpDirectorySettings(url=url):
            if wrong := service_mistake(url):
                sink.error("FC0830", f"the URL of the lookup cannot be used: {wrong}")


def _of_file(
    path: Path, vaults: Collection[str] | None, not_card: Collection[str], sink: Sink
) -> None:
    table = read_table(path, vaults, not_card)
    if isinstance(table, list):
        for text, places in _by_text(table).items():
            message = f"the file of references: {text}{_where(places)}"
            sink.error("FC0830", message, hint=_hint(FileMistake(places[0], text)))
        return
    if reason := low_entropy_reason(table.rows):
        sink.warning("FC0831", f"payment references can be guessed: {reason}")
    for text, places in _by_text(table.wrong.mistakes).items():
        message = f"the file of references: {text}{_where(places)}"
        sink.warning("FC0840", message, hint="the row is left out, and its reference refused")


def _by_text(mistakes: Sequence[FileMistake]) -> dict[str, list[int]]:
    """The lines of each mistake. No span: an excerpt would show a customer's data."""
    lines: dict[str, list[int]] = {}
    for mistake in mistakes:
        lines.setdefault(mistake.text, []).append(mistake.line)
    return lines


def _where(lines: list[int]) -> str:
    if lines == [0]:
        return ""
    shown = ", ".join(map(str, lines[:MOST_LINES]))
    more = f" and {len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else ""
    return f", in line {shown}{more}"


def _hint(mistake: FileMistake) -> str | None:
    named = mistake.line == 1 and "column" in mistake.text
    return f"separate by commas; the columns are reference, {NAMES}" if named else None
