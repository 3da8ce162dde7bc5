"""One row of the merchant's data as an instrument, for every kind of directory.

A column's name says where its cells go. What is wrong is told by column and rule, never by value: a
merchant may keep anything in these tables, by mistake also card numbers.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import Enum, auto
from typing import Final

from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.text_file import ODD_SPACE, character_name
from forwardc.core.recognizer.cards import holds_card
from forwardc.server.directory.payment_directory import DirectoryFaultError, Instrument

BILLING: Final = (
    *("line1", "line2", "city", "state", "postal_code", "country"),
    *("first_name", "last_name"),
)
# Columns of a table: more than every documented one of a destination and its identifiers.
MOST_COLUMNS: Final = 64
# Characters of a cell: a file that is no table is found by its first row.
LONGEST: Final = 4_096
# Characters of a reference, as `request.LONGEST_REFERENCE`: a longer one can never be asked for.
LONGEST_REFERENCE: Final = 80
NAMES: Final = (
    "vault, source, without, input.NAME, billing."
    + "|".join(BILLING)
    + ", param.NAME and identifier.NAME, where `__` may stand for the dot"
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_VAULT = re.compile(r"[a-z][a-z0-9_]{0,31}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HALF = re.compile(r"[\ud800-\udfff]")


class ColumnGroup(Enum):
    """What a column's cells are part of."""

    REFERENCE = auto()
    VAULT = auto()
    SOURCE = auto()
    INPUT = auto()
    PARAM = auto()
    IDENTIFIER = auto()
    WITHOUT = auto()


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """Where the cells of a column go. `name` is the group's key, `title` what a message says."""

    group: ColumnGroup
    name: str = ""

    @property
    def title(self) -> str:
        """The column as it is documented; nothing that was not checked by its form."""
        head = self.group.name.lower()
        if self.group is ColumnGroup.INPUT and self.name.startswith("billing."):
            return self.name
        return f"{head}.{self.name}" if self.name else head


_EXACT: Final = frozenset({ColumnGroup.REFERENCE, ColumnGroup.VAULT, ColumnGroup.SOURCE})
"""What must be equal to the letter: a space that nobody sees would hide the row."""

_PLAIN: Final[Mapping[str, MappedColumn]] = {
    "vault": MappedColumn(ColumnGroup.VAULT),
    "source": MappedColumn(ColumnGroup.SOURCE),
    "without": MappedColumn(ColumnGroup.WITHOUT),
    **{f"billing.{part}": MappedColumn(ColumnGroup.INPUT, f"billing.{part}") for part in BILLING},
}
_NAMED: Final = {
    "input": ColumnGroup.INPUT,
    "param": ColumnGroup.PARAM,
    "identifier": ColumnGroup.IDENTIFIER,
}


@dataclass(frozen=True, slots=True)
class RowMapping:
    """The columns of a table that was checked. `vaults` are those that may be named; None: any.

    `not_card` are titles of columns whose cells may look like card numbers and are none.
    """

    columns: tuple[MappedColumn, ...]
    vaults: frozenset[str] | None = None
    not_card: frozenset[str] = frozenset()

    @property
    def reference(self) -> int:
        """The place of the column `reference`."""
        return self.columns.index(MappedColumn(ColumnGroup.REFERENCE))

    @property
    def titles(self) -> frozenset[str]:
        """The columns as they are documented."""
        return frozenset(column.title for column in self.columns)

    def mistakes(self, cells: Sequence[str | None]) -> list[str]:
        """All that is wrong with a row, in the order of its columns."""
        if len(cells) != len(self.columns):
            return [f"it has {len(cells)} cells, and there are {len(self.columns)} columns"]
        mistakes = [
            f"{column.title} {mistake}"
            for column, cell in zip(self.columns, cells, strict=True)
            if (mistake := self._mistake(column, cell or ""))
        ]
        # One scan of the whole row is many times cheaper than one of every cell.
        if holds_card("\n".join(cell for cell in cells if cell)):
            mistakes += [
                f"{column.title} looks like a card number, which must not be kept here"
                for column, cell in zip(self.columns, cells, strict=True)
                if cell and column.title not in self.not_card and holds_card(cell)
            ]
        return mistakes

    def _mistake(self, column: MappedColumn, cell: str) -> str | None:
        if not cell:
            needed = (ColumnGroup.REFERENCE, ColumnGroup.VAULT, ColumnGroup.SOURCE)
            return "is empty" if column.group in needed else None
        longest = LONGEST_REFERENCE if column.group is ColumnGroup.REFERENCE else LONGEST
        if len(cell) > longest:
            return f"is longer than {longest} characters"
        if _CONTROL.search(cell) or _HALF.search(cell):
            return "holds a control character"
        if column.group in _EXACT and not cell.isascii():
            for edge in (cell[0], cell[-1]):
                if ODD_SPACE.match(edge):
                    return f"begins or ends with {character_name(edge)}"
        if column.group is ColumnGroup.VAULT and not self._knows(cell):
            return "names no vault that a plan was built for"
        if column.group is ColumnGroup.WITHOUT and not ATOMS.keys() >= set(cell.split()):
            return "names what is no value of a card, such as card.cvc"
        return None

    def _knows(self, vault: str) -> bool:
        return vault in self.vaults if self.vaults is not None else bool(_VAULT.fullmatch(vault))

    def instrument(self, cells: Sequence[str | None]) -> Instrument:
        """The instrument of a row without mistakes; empty cells are absent."""
        groups: dict[ColumnGroup, dict[str, str]] = {group: {} for group in ColumnGroup}
        for column, cell in zip(self.columns, cells, strict=True):
            if cell:
                groups[column.group][column.name] = cell
        return Instrument(
            vault=groups[ColumnGroup.VAULT][""],
            source=groups[ColumnGroup.SOURCE][""],
            inputs=groups[ColumnGroup.INPUT],
            params=groups[ColumnGroup.PARAM],
            identifiers=groups[ColumnGroup.IDENTIFIER],
            without=frozenset(groups[ColumnGroup.WITHOUT].get("", "").split()),
        )

    def checked(self, cells: Sequence[str | None]) -> Instrument:
        """The instrument of a row. Raises `DirectoryFaultError` with all that is wrong."""
        if mistakes := self.mistakes(cells):
            raise DirectoryFaultError("the row found is wrong: " + "; ".join(mistakes))
        return self.instrument(cells)


def read_row_mapping(
    names: Sequence[str],
    *,
    keyed: bool,
    vaults: Collection[str] | None,
    not_card: Collection[str] = (),
) -> RowMapping | list[str]:
    """The columns by their names, or everything that is wrong with these.

    `keyed` tables have a column `reference`, others must not. A name that is not known is told by
    its number: in a file without names, it would be a customer's data.
    """
    columns = [_column(name, keyed=keyed) for name in names]
    accepted = [column for column in columns if column]
    needed = [
        *([MappedColumn(ColumnGroup.REFERENCE)] if keyed else []),
        _PLAIN["vault"],
        _PLAIN["source"],
    ]
    mistakes = [
        *(
            f"column {number} has a name that is not known{_odd(name)}"
            for number, (name, column) in enumerate(zip(names, columns, strict=True), 1)
            if column is None
        ),
        *(
            f"{column.title} stands twice"
            for column in dict.fromkeys(accepted)
            if accepted.count(column) > 1
        ),
        *(f"there is no column {column.title}" for column in needed if column not in accepted),
    ]
    if len(names) > MOST_COLUMNS:
        return [f"there are more than {MOST_COLUMNS} columns"]
    known_vaults = frozenset(vaults) if vaults is not None else None
    return mistakes or RowMapping(tuple(accepted), known_vaults, frozenset(not_card))


def is_column_title(text: str) -> bool:
    """Whether a column may have this title, as `Column.title` and the documents write it."""
    column = _column(text, keyed=True)
    return column is not None and column.title == text


def _odd(name: str) -> str:
    odd_space = ODD_SPACE.search(name)
    return f": it holds {character_name(odd_space[0])}" if odd_space else ""


def _column(name: str, *, keyed: bool) -> MappedColumn | None:
    if keyed and name == "reference":
        return MappedColumn(ColumnGroup.REFERENCE)
    dotted = name if "." in name else name.replace("__", ".", 1)
    if plain := _PLAIN.get(dotted):
        return plain
    head, _, tail = dotted.partition(".")
    group = _NAMED.get(head)
    return MappedColumn(group, tail) if group and _NAME.fullmatch(tail) else None
