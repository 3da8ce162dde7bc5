"""Writes `build/`: changed files only, each to a temporary name and then renamed.

One file at a time, the manifest last: until it is there, an earlier one names what is removed.
Nothing is removed that an earlier manifest of ours does not name.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.core.files.kinds import BUILT, FileRefusedError
from forwardc.core.recognizer.scan import mask

MANIFEST = "manifest.json"
# Characters of a line that a difference shows: one line of a terminal.
_LONGEST = 100

Outputs: TypeAlias = Iterable[tuple[str, bytes]]
"""Path below the build folder and bytes of each file, the manifest last."""


@dataclass(frozen=True, slots=True)
class BuildChanges:
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


def compare(folder: Path | CheckoutPath, outputs: Outputs) -> BuildChanges:
    """What `write` would change.

    Raises:
        FileRefusedError: A link stands on the way to any of it.
    """
    return _changes(as_checkout(folder), outputs, lambda _path, _data: None, lambda _path: None)


def _changes(
    folder: CheckoutPath,
    outputs: Outputs,
    change: Callable[[CheckoutPath, bytes], None],
    remove: Callable[[CheckoutPath], None],
) -> BuildChanges:
    """What differs, after `change` and `remove` were called for each file that does."""
    # The manifest is the last to change, so that the earlier one must be read first.
    earlier = _listed(folder)
    made: set[str] = set()
    written: list[str] = []
    removed: list[str] = []
    for path, data in outputs:
        made.add(path)
        if path == MANIFEST:
            # What cannot be removed is found again, as long as a manifest names it.
            removed = [path_ for path_ in earlier if path_ not in made and _is_ours(folder, path_)]
            for stale in removed:
                remove(folder / stale)
        if _read(folder / path) != data:
            change(folder / path, data)
            written.append(path)
    in_order = sorted(written, key=lambda path: (path == MANIFEST, path))
    return BuildChanges(len(made), tuple(in_order), tuple(removed))


def _is_ours(folder: CheckoutPath, path: str) -> bool:
    return _is_inside(path) and (folder / path).is_plain()


def first_difference(folder: CheckoutPath, path: str, data: bytes | None) -> str:
    """Where a file first differs from what it should be, with both lines. `data` None: removed.

    Card numbers and credentials are masked, whoever put them into `build/`.
    """
    old = (_read(folder / path) or b"").decode(errors="replace").splitlines()
    new = (data or b"").decode(errors="replace").splitlines()
    if not old or not new:
        return f"{path} is new" if new else f"{path} is not made any more"
    pairs = enumerate(zip_longest(old, new), 1)
    line, (was, is_) = next(pair for pair in pairs if pair[1][0] != pair[1][1])
    return f"{path}:{line}\n  - {_shown(was)}\n  + {_shown(is_)}"


def _shown(line: str | None) -> str:
    text = mask(line or "").strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def write(folder: Path | CheckoutPath, outputs: Outputs) -> BuildChanges:
    """Bring a build folder up to date, the manifest last.

    A link on the way to any of it is refused, so that the manifest stays the old one.

    Raises:
        OSError: A file cannot be written or removed.
    """
    at = as_checkout(folder)
    touched: dict[tuple[str, ...], CheckoutPath] = {}

    def change(file: CheckoutPath, data: bytes) -> None:
        # Each folder is synced once, and all of them before the manifest says that they are so.
        last = file.parts[-1] == MANIFEST
        for touched_folder in touched.values() if last else ():
            touched_folder.sync_folder()
        file.replace(data, synced=last)
        touched[file.parts[:-1]] = file

    def remove(file: CheckoutPath) -> None:
        file.remove()
        touched[file.parts[:-1]] = file

    return _changes(at, outputs, change, remove)


def _read(file: CheckoutPath) -> bytes | None:
    """The bytes that are there; None where there are none. Raises `FileRefusedError`."""
    try:
        return file.read(BUILT)
    except FileRefusedError:
        raise
    except OSError:
        return None


def _listed(folder: CheckoutPath) -> list[str]:
    """Paths that the present manifest names; none where it cannot be read."""
    try:
        outputs = json.loads((folder / MANIFEST).read(BUILT))["outputs"]
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return []
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [path for path in outputs if isinstance(path, str)] if isinstance(outputs, dict) else []


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return not {"", ".", ".."} & set(parts) and "\0" not in path
