"""Keeps the sandbox's tables in a file, so that a restart finds them again.

Knows no table. The file holds test cards and made-up secrets only, and is its owner's to read.
"""

import json
import os
import stat
from pathlib import Path

from forwardc.sandbox.world import World


def load(world: World, path: Path) -> None:
    """Read the tables of an earlier sandbox; a file that does not exist is an empty state.

    Raises `ValueError` if the file is not a state file.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path.name} is no plain file")
    tables = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(tables, dict) or not all(isinstance(rows, dict) for rows in tables.values()):
        raise ValueError(f"{path.name} is not a state file of the sandbox")
    world.tables.update(tables)


def save(world: World, path: Path) -> None:
    """Replace the file in one step: a reader finds the old state or the new one, never half."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(world.tables, file, ensure_ascii=False, indent=1)
    draft.replace(path)
