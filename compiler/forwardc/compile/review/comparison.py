"""What differs between `build/` and what is made: files of other bytes, and files made no more.

Nothing is removed that an earlier manifest of ours does not name. `staged_build.py` writes.
"""

import json
import stat
from collections.abc import Collection, Iterable
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.core.files.folder_walk import FolderWalk
from forwardc.core.files.kinds import BUILT, FileRefusedError
from forwardc.core.files.plain_file import holds
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


class BuildComparison:
    """Compares files that are being made with those of a build folder, one at a time.

    It holds a folder open until it is closed.
    """

    def __init__(self, folder: CheckoutPath) -> None:
        self._folder, self._walk = folder, FolderWalk(folder.root)
        self._differs: dict[str, bool] = {}
        self._first: tuple[str, bytes] | None = None
        self._refusal: FileRefusedError | None = None
        self._missing = ""
        """The path that was taken last, where nothing is there."""

    def close(self) -> None:
        """Hold no folder open any more."""
        self._walk.close()

    def take(self, path: str, data: bytes) -> bool:
        """Whether a file differs from what is there; of two for a path, the later counts.

        A link on the way to it is told by `changes`: until then nobody knows whether a mistake in a
        destination is to be told instead.
        """
        if self._refusal is not None:
            return False
        try:
            differs = not self._holds(path, data)
        except FileRefusedError as problem:
            self._refusal = problem
            return False
        self._differs[path] = differs
        if self._first is not None and self._first[0] == path:
            self._first = None
        if differs and (self._first is None or _order(path) < _order(self._first[0])):
            self._first = path, data
        return differs

    def mode_of(self, path: str) -> int | None:
        """The mode of the file that is there, which a new one takes over; None for none."""
        if path == self._missing:
            return None
        file = self._folder / path
        try:
            return stat.S_IMODE(self._walk.to(file.parts[:-1]).mode(file.parts[-1]))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _holds(self, path: str, data: bytes) -> bool:
        file = self._folder / path
        try:
            return holds(self._walk.to(file.parts[:-1]), file.parts[-1], data, BUILT)
        except FileRefusedError:
            raise
        except (FileNotFoundError, NotADirectoryError):
            self._missing = path
            return False
        except OSError:
            return False

    def stays(self, path: str) -> None:
        """Count a file that is known to be there as it is to be."""
        self._differs[path] = False

    def keep_only(self, paths: Collection[str]) -> None:
        """Forget what was taken of other paths."""
        self._differs = {path: differs for path, differs in self._differs.items() if path in paths}

    def changes(self, left: Iterable[str] = ()) -> BuildChanges:
        """What differs, when all files were taken. `left` are names that no manifest tells.

        What the manifest names and nobody makes any more is to be removed.

        Raises:
            FileRefusedError: A link stands on the way to any of it.
        """
        if self._refusal is not None:
            raise self._refusal
        named = dict.fromkeys([*_listed(self._folder), *left])
        written = sorted((path for path, differs in self._differs.items() if differs), key=_order)
        removed = [
            path for path in named if path not in self._differs and _is_ours(self._folder, path)
        ]
        return BuildChanges(len(self._differs), tuple(written), tuple(removed))

    def unnamed(self) -> set[str]:
        """The files that the present manifest does not name."""
        return self._differs.keys() - set(_listed(self._folder))

    def bytes_of(self, path: str) -> bytes | None:
        """The bytes that were taken for the first file that differs; None for any other."""
        return self._first[1] if self._first is not None and self._first[0] == path else None


def _order(path: str) -> tuple[bool, str]:
    """The manifest comes last."""
    return path == MANIFEST, path


def compare(folder: Path | CheckoutPath, outputs: Outputs) -> BuildChanges:
    """What `write` would change.

    Raises:
        FileRefusedError: A link stands on the way to any of it.
    """
    with closing(BuildComparison(as_checkout(folder))) as comparison:
        for path, data in outputs:
            comparison.take(path, data)
        return comparison.changes()


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
