"""Keeps a store small: what was not written for the longest time goes, and what a kill left.

Looked at by a run that wrote something, of its own project always and of the others once a day.
A clock that jumps makes the wrong files go, and what goes is compiled again.
"""

import os
import stat
import time

from forwardc.core.files.private_folder import TEMPORARY, PrivateFolder

MOST_OF_PROJECT = 256 * 1024 * 1024
"""Bytes: ten versions each of a thousand destinations, at 20 KiB."""
MOST_OF_ALL = 1024 * 1024 * 1024
"""Bytes of all projects together: a hundredth of a small disk."""
_DAY_S = 24 * 60 * 60
"""Seconds: whoever works with many projects needs no more."""
_HOUR_S = 60 * 60
"""Seconds: no write takes so long: what is older and temporary was left by a kill."""
ENTRY = "destination-"
"""What the names of the files begin with that there may be many of."""
_SWEPT = "swept"
"""An empty file of our folder, written when all projects were looked at."""


def bound_project(folder: PrivateFolder, most: int = MOST_OF_PROJECT) -> None:
    """Remove entries of a store until it has at most `most` bytes, the oldest first."""
    files = _files(folder)
    total, old = sum(status.st_size for _, status in files), time.time() - _HOUR_S
    for name, status in files:
        left = name.startswith(TEMPORARY) and status.st_mtime < old
        if left or (total > most and name.startswith(ENTRY)):
            folder.remove(name)
            total -= status.st_size


def bound_all(folder: PrivateFolder, own: str, most: int = MOST_OF_ALL) -> None:
    """Once a day: remove whole stores, the one that was written the longest time ago first.

    `folder` holds all stores; that of the name `own` stays.
    """
    if not _is_due(folder):
        return
    stores = sorted(_stores(folder))
    total = sum(size for _, size, _ in stores)
    for _, size, name in stores:
        if total <= most:
            return
        if name != own:
            _remove(folder, name)
            total -= size


def _is_due(folder: PrivateFolder) -> bool:
    """Whether a day has passed since this was last true."""
    try:
        if abs(time.time() - folder.read(_SWEPT, 0)[1].st_mtime) < _DAY_S:
            return False
    except OSError:
        pass  # It was never true, or nobody can tell.
    try:
        folder.write(_SWEPT, b"")
    except OSError:
        return False
    return True


def _stores(folder: PrivateFolder) -> list[tuple[float, int, str]]:
    """Of every store the time of its newest file, its bytes, and its name."""
    stores = []
    for name, status in folder.entries():
        if not stat.S_ISDIR(status.st_mode):
            continue
        try:
            with folder.below(name) as store:
                files = _files(store)
        except OSError:
            continue  # It was removed, or is not the user's alone.
        sizes = sum(each.st_size for _, each in files)
        stores.append((max((each.st_mtime for _, each in files), default=0.0), sizes, name))
    return stores


def _remove(folder: PrivateFolder, name: str) -> None:
    try:
        with folder.below(name) as store:
            for file, _ in _files(store):
                store.remove(file)
    except OSError:
        return
    folder.remove_folder(name)


def _files(folder: PrivateFolder) -> list[tuple[str, os.stat_result]]:
    """Name and status of every file, the oldest first; none where nobody can tell."""
    try:
        entries = [entry for entry in folder.entries() if stat.S_ISREG(entry[1].st_mode)]
    except OSError:
        return []
    return sorted(entries, key=_written)


def _written(entry: tuple[str, os.stat_result]) -> float:
    return entry[1].st_mtime
