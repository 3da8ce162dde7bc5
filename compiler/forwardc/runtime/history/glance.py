"""What a page shows before anybody asks: which names there are, and how many runs wait.

Each reads a handful of index entries, however many runs are recorded. Changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from forwardc.runtime.history.database import Transaction, first_row

_AFTER = {
    "vault": "SELECT min(vault) FROM runs WHERE vault > ?",
    "destination": "SELECT min(destination) FROM runs WHERE destination > ?",
    "cause": "SELECT min(cause) FROM runs WHERE cause > ?",
}
# A row for each day and kind of end: few, however many runs there are.
_DONE = "SELECT DISTINCT environment, operation FROM tallies WHERE grain = 'day'"
_MOST_CAUSES = 100
_WAITING = (
    "SELECT count(*) FROM (SELECT id FROM runs WHERE outcome = 'unknown' AND state = 'done'"
    " UNION ALL SELECT id FROM runs WHERE state <> 'done' AND (owner = '' OR lease_until < ?)"
    " AND EXISTS (SELECT 1 FROM steps WHERE steps.run_id = runs.id"
    " AND steps.state IN ('intent', 'unknown')) LIMIT ?) AS found"
)


@dataclass(frozen=True, slots=True)
class RecordedNames:
    """The names that any recorded run has, in order."""

    vaults: tuple[str, ...]
    destinations: tuple[str, ...]
    environments: tuple[str, ...] = ()
    """`production`, and `production@us` for an account of it."""
    operations: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    """The reasons of runs that ended, of a hundred at the most."""


def recorded_names(tx: Transaction) -> RecordedNames:
    """Every name once: one seek in an index for each; the others out of the days' figures."""
    done = [(str(environment), str(operation)) for environment, operation in tx.rows(_DONE)]
    return RecordedNames(
        tuple(_names(tx, "vault")),
        tuple(_names(tx, "destination")),
        tuple(sorted({environment for environment, _ in done})),
        tuple(sorted({operation for _, operation in done})),
        tuple(islice(_names(tx, "cause"), _MOST_CAUSES)),
    )


def count_unresolved(tx: Transaction, now_ms: int, most: int) -> int:
    """How many runs somebody has to settle, counted up to `most`."""
    found = first_row(tx, _WAITING, now_ms, most)
    return int(found[0]) if found else 0


def _names(tx: Transaction, column: str) -> Iterator[str]:
    name = ""
    while (found := first_row(tx, _AFTER[column], name)) and found[0] is not None:
        name = found[0]
        yield name
