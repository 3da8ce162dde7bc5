"""What a page shows before anybody asks: which names there are, and how many runs wait.

Each reads a handful of index entries, however many runs are recorded. Changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from forwardc.runtime.history.database import Transaction, row

_AFTER = {
    "vault": "SELECT min(vault) FROM runs WHERE vault > ?",
    "destination": "SELECT min(destination) FROM runs WHERE destination > ?",
}
_WAITING = (
    "SELECT count(*) FROM (SELECT id FROM runs WHERE outcome = 'unknown' AND state = 'done'"
    " UNION ALL SELECT id FROM runs WHERE state <> 'done' AND (owner = '' OR lease_until < ?)"
    " AND EXISTS (SELECT 1 FROM steps WHERE steps.run_id = runs.id"
    " AND steps.state IN ('intent', 'unknown')) LIMIT ?) AS found"
)


@dataclass(frozen=True, slots=True)
class Places:
    """The names of vaults and destinations that any recorded run has, in order."""

    vaults: tuple[str, ...]
    destinations: tuple[str, ...]


def places(tx: Transaction) -> Places:
    """Every name once: one seek in an index for each."""
    return Places(tuple(_names(tx, "vault")), tuple(_names(tx, "destination")))


def waiting(tx: Transaction, now_ms: int, most: int) -> int:
    """How many runs somebody has to settle, counted up to `most`."""
    found = row(tx, _WAITING, now_ms, most)
    return int(found[0]) if found else 0


def _names(tx: Transaction, column: str) -> Iterator[str]:
    name = ""
    while (found := row(tx, _AFTER[column], name)) and found[0] is not None:
        name = found[0]
        yield name
