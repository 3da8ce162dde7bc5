"""A file of references for trial: RFC 4180 in UTF-8, held in memory, read again when it changed.

A row with a mistake is left out, and whoever asks for its reference
is refused. While a changed file cannot be read, or has no right row, what was read before stays in
force. The log says so.
"""

import asyncio
import csv
import logging
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import field
from io import TextIOWrapper
from pathlib import Path
from time import monotonic
from typing import Final, TextIO, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.text_file import NotTextError, decoded
from forwardc.core.files.kinds import REFERENCES, TOO_LARGE, FileRefusedError
from forwardc.core.files.operator_file import open_plain
from forwardc.runtime.work_executor import run_blocking
from forwardc.server.directory.payment_directory import (
    DirectoryColumns,
    DirectoryError,
    DirectoryFaultError,
    Instrument,
)
from forwardc.server.directory.row_mapping import (
    ColumnGroup,
    MappedColumn,
    RowMapping,
    read_row_mapping,
)

# Mistakes that are kept word for word: nobody mends more lines by hand in one go.
MOST_REPORTED: Final = 1_000
# Seconds between two looks at the file: a mended row counts at once for a person, and no call pays
# for a look of its own.
LOOKED_AT_EVERY_S: Final = 1.0

_LOG = logging.getLogger(__name__)
# No cell holds one: it is a control character.
_BETWEEN: Final = "\0"

_Version: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class FileMistake:
    """What is wrong with a file, and in which line: 1 is the first, 0 is the file itself."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """The rows of a file by reference, each in one text: a tenth of what their objects take."""

    columns: RowMapping
    rows: dict[str, str] = field(repr=False)
    version: _Version
    wrong: "RejectedRows"
    named: frozenset[str] = frozenset()
    """The vaults of the rows."""

    def find(self, reference: str) -> Instrument | None:
        """The instrument of a reference.

        Raises: `DirectoryFaultError` where its row was left out.
        """
        packed = self.rows.get(reference)
        if packed is not None:
            return self.columns.instrument(packed.split(_BETWEEN))
        line = self.wrong.references.get(reference)
        if line is not None:
            raise DirectoryFaultError(f"the row found was left out, see line {line} of the file")
        return None


@dataclass(slots=True)
class RejectedRows:
    """The rows that were left out: how many, what is wrong with the first thousand, and where.

    `references` has the line of each one whose reference can be asked for.
    """

    rows: int = 0
    mistakes: list[FileMistake] = field(default_factory=list)
    references: dict[str, int] = field(default_factory=dict, repr=False)

    def add(self, line: int, reference: str | None, mistakes: Sequence[str]) -> None:
        """Leave a row out."""
        self.rows += 1
        room = MOST_REPORTED - len(self.mistakes)
        self.mistakes += [FileMistake(line, text) for text in mistakes[: max(0, room)]]
        if reference:
            self.references.setdefault(reference, line)


def read_table(
    path: Path, vaults: Collection[str] | None, not_card: Collection[str] = ()
) -> ReferenceTable | list[FileMistake]:
    """The file, or why it cannot be used. `not_card` names columns that may look like cards."""
    try:
        # Lines keep their ends: a cell in quotes may hold them.
        with TextIOWrapper(open_plain(path, REFERENCES), "utf-8-sig", newline="") as file:
            return _read(file, vaults, not_card)
    except FileRefusedError as problem:
        return [FileMistake(0, _refused(problem))]
    except OSError as problem:
        return [FileMistake(0, f"it cannot be read: {problem.strerror or 'unknown reason'}")]
    except UnicodeDecodeError:
        return [FileMistake(0, f"it is not text in UTF-8{_encoding(path)}")]


def _refused(problem: FileRefusedError) -> str:
    if problem.code == TOO_LARGE:
        return f"it is larger than {(REFERENCES.most or 0) // 1_000_000} MB: use a database"
    return f"it cannot be read: {problem.strerror}"


def _encoding(path: Path) -> str:
    """What a file is that is not UTF-8, where its first bytes tell."""
    try:
        with open_plain(path, REFERENCES) as file:
            decoded(file.read(4))
    except OSError:
        return ""
    except NotTextError as problem:
        name, comma, _ = problem.reason.partition(",")
        return f", but in {name}" if comma else ""
    return ""


def _read(
    file: TextIO, vaults: Collection[str] | None, not_card: Collection[str]
) -> ReferenceTable | list[FileMistake]:
    version = _version(os.fstat(file.fileno()))
    reader = _Reader(file)
    names = next(iter(reader), None)
    if names is None:
        return reader.mistakes or [FileMistake(0, "it is empty: the first line names the columns")]
    columns = read_row_mapping(names, keyed=True, vaults=vaults, not_card=not_card)
    if isinstance(columns, list):
        return [FileMistake(1, mistake) for mistake in columns]
    wrong = RejectedRows()
    rows = _rows(reader, columns, wrong)
    if version != _version(os.fstat(file.fileno())):
        reader.mistake("it was changed while it was read", line=0)
    return reader.mistakes or ReferenceTable(columns, rows, version, wrong, _named(columns, rows))


def _named(columns: RowMapping, rows: dict[str, str]) -> frozenset[str]:
    at = columns.columns.index(MappedColumn(ColumnGroup.VAULT))
    return frozenset(row.split(_BETWEEN, at + 1)[at] for row in rows.values())


class _Reader:
    """Records and the line that each begins in; what is wrong with the file is collected."""

    def __init__(self, file: TextIO) -> None:
        self._reader = csv.reader(file, strict=True)
        self.line = 0
        self.mistakes: list[FileMistake] = []

    def __iter__(self) -> Iterator[list[str]]:
        try:
            while True:
                self.line = self._reader.line_num + 1
                if cells := next(self._reader):
                    yield cells
        except StopIteration:
            return
        except csv.Error as problem:
            # Its texts name the rule only.
            self.mistake(f"the line and what follows are not CSV: {problem}")

    def mistake(self, text: str, *, line: int | None = None) -> None:
        self.mistakes.append(FileMistake(self.line if line is None else line, text))


def _rows(reader: _Reader, columns: RowMapping, wrong: RejectedRows) -> dict[str, str]:
    rows: dict[str, str] = {}
    at = columns.reference
    for cells in reader:
        reference = cells[at] if at < len(cells) else None
        if mistakes := columns.mistakes(cells):
            wrong.add(reader.line, reference, mistakes)
        elif reference in rows or reference in wrong.references:
            # Nobody knows which of the two is meant: neither is charged.
            wrong.add(reader.line, reference, ["the reference stands in a line above"])
        else:
            rows[cells[at]] = _BETWEEN.join(cells)
    for reference in wrong.references.keys() & rows.keys():
        del rows[reference]
    return rows


def _version(stat: os.stat_result) -> _Version:
    return (stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_dev)


class CsvDirectory:
    """A lookup in a file. It is looked at once a second at most, when somebody asks."""

    def __init__(
        self,
        path: Path,
        vaults: Collection[str] | None = None,
        clock: Callable[[], float] = monotonic,
        *,
        not_card: Collection[str] = (),
        left_out: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Read the file. Raises `DirectoryError` where it cannot be used.

        `left_out` is told how many rows are, each time that the file is read.
        """
        table = read_table(path, vaults, not_card)
        if isinstance(table, list):
            raise DirectoryError(summarize_mistakes(table))
        self._path, self._vaults, self._clock = path, vaults, clock
        self._not_card, self._left_out = not_card, left_out
        self._table = table
        left_out(table.wrong.rows)
        self._seen: _Version | None = table.version
        self._next_look = clock() + LOOKED_AT_EVERY_S
        self._reading: asyncio.Task[None] | None = None

    async def find(self, reference: str) -> Instrument | None:
        """The instrument, from the file as it was a second ago or later."""
        if self._reading is None and self._has_changed():
            self._reading = asyncio.create_task(self._read_again())
            # Others go on with what was read before; a caller that leaves stops no reading.
            await asyncio.shield(self._reading)
        return self._table.find(reference)

    async def ready(self) -> None:
        """The file was read, or there would be no lookup."""

    async def supplies(self) -> DirectoryColumns:
        """The columns of the file as it was read last, and the vaults of its rows."""
        table = self._table
        return DirectoryColumns(table.columns.titles, frozenset(table.named) or None)

    async def close(self) -> None:
        """Wait for a reading under way."""
        if self._reading is not None:
            await self._reading

    def _has_changed(self) -> bool:
        if self._clock() < self._next_look:
            return False
        self._next_look = self._clock() + LOOKED_AT_EVERY_S
        try:
            version = _version(self._path.stat())
        except OSError:
            version = None
        changed = version != self._seen
        self._seen = version
        return changed

    async def _read_again(self) -> None:
        try:
            table = await run_blocking(read_table, self._path, self._vaults, self._not_card)
        finally:
            self._reading = None
        if isinstance(table, list):
            _LOG.error("FC0830 %s; what was read before stays in force", summarize_mistakes(table))
            return
        wrong = table.wrong
        if wrong.rows and not table.rows:
            _LOG.error(
                "FC0840 %s; what was read before stays in force", summarize_mistakes(wrong.mistakes)
            )
            return
        self._table, self._seen = table, table.version
        self._left_out(wrong.rows)
        if wrong.rows:
            _LOG.error(
                "FC0840 %s; rows left out: %d", summarize_mistakes(wrong.mistakes), wrong.rows
            )
        _LOG.info("the file of references was read again: %d", len(table.rows))


def summarize_mistakes(mistakes: list[FileMistake]) -> str:
    """The first mistake of a file and the number of the others, in one line."""
    first, more = mistakes[0], len(mistakes) - 1
    where = f", line {first.line}" if first.line else ""
    return f"the file of references{where}: {first.text}" + (f" (and {more} more)" if more else "")
