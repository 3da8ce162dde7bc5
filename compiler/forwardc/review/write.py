"""Writes `build/`: changed files only, each to a temporary name and then renamed.

Knows paths and bytes, of one file at a time. Removes only what an earlier manifest of ours names.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from forwardc.diagnostics.scan import mask

MANIFEST = "manifest.json"
_LONGEST = 100

Outputs: TypeAlias = Iterable[tuple[str, bytes]]
"""Path below the build folder and bytes of each file, the manifest last."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between a build folder and the outputs, as paths below the folder.

    `files` counts the outputs, changed or not.
    """

    files: int
    written: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether the folder is stale."""
        return bool(self.written or self.removed)


def compare(folder: Path, outputs: Outputs) -> Changes:
    """What `write` would change."""
    return _changes(folder, outputs, lambda _path, _data: None)


def _changes(folder: Path, outputs: Outputs, change: Callable[[Path, bytes], None]) -> Changes:
    """What differs, after `change` was called for each file that does."""
    # The manifest is the last to change, so that the earlier one must be read first.
    earlier = _listed(folder)
    made: set[str] = set()
    written: list[str] = []
    for path, data in outputs:
        made.add(path)
        if _read(folder / path) != data:
            change(folder / path, data)
            written.append(path)
    removed = [
        path
        for path in earlier
        if path not in made and _is_inside(path) and (folder / path).is_file()
    ]
    in_order = sorted(written, key=lambda path: (path == MANIFEST, path))
    return Changes(len(made), tuple(in_order), tuple(removed))


def first_difference(folder: Path, path: str, data: bytes | None) -> str:
    """Where a file first differs from what it should be, with both lines. `data` None: removed.

    Card numbers and credentials are masked, whoever put them into `build/`.
    """
    old = (_read(folder / path) or b"").decode(errors="replace").splitlines()
    new = (data or b"").decode(errors="replace").splitlines()
    if not old or not new:
        return f"{path} is new" if new else f"{path} is not made any more"
    pairs = enumerate(zip_longest(old, new), 1)
    line, (was, is_) = next(one for one in pairs if one[1][0] != one[1][1])
    return f"{path}:{line}\n  - {_shown(was)}\n  + {_shown(is_)}"


def _shown(line: str | None) -> str:
    text = mask(line or "").strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def write(folder: Path, outputs: Outputs) -> Changes:
    """Bring a build folder up to date, the manifest last. Raises OSError where it cannot."""
    changes = _changes(folder, outputs, replace_file)
    for path in changes.removed:
        (folder / path).unlink(missing_ok=True)
    return changes


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _listed(folder: Path) -> list[str]:
    """Paths that the present manifest names; none where it cannot be read."""
    try:
        outputs = json.loads((folder / MANIFEST).read_bytes())["outputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [path for path in outputs if isinstance(path, str)] if isinstance(outputs, dict) else []


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")
