"""Where the requests of a plan's operation hold what: one row for each digest, whatever its runs.

Every function is a part of a transaction's work.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.records import NewRun

_KEEP: Final = "INSERT INTO shapes (digest, steps) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING"


def store_shapes(tx: Transaction, run: NewRun) -> None:
    """Keep the shapes of a run's operation, once."""
    tx.run(_KEEP, run.digest, run.shapes)


def shapes_of(tx: Transaction, digest: str) -> Mapping[str, Any]:
    """The shapes by step; empty where none were kept."""
    found = first_row(tx, "SELECT steps FROM shapes WHERE digest = ?", digest)
    return json.loads(found[0]) if found else {}
