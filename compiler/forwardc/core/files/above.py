"""Finds the project around a folder: the nearest one above that holds a file of a known name.

Whoever may write into a folder above could put a project there that says other hosts. So the search
ends, as git's does, where a folder belongs to somebody else than the one that it began in, or lies
on another file system; and a file that somebody else put there is no project. The folder that it
begins in is the person's own choice: there nothing is asked.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from forwardc.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Search:
    """The folder that was found, if any; `ended` is the one that was not looked into, and why."""

    folder: Path | None
    ended: Path | None = None
    why: str = ""


def search_upwards(start: Path, names: Iterable[str]) -> Search:
    """The nearest folder at or above `start` with an entry of one of these names.

    `start` is absolute and without links; what is not there yet is left out. A link counts as an
    entry: its reader refuses it.
    """
    entries = tuple(names)
    while not start.is_dir() and start != start.parent:
        start = start.parent
    for folder in (start, *start.parents):
        if folder != start and (why := _foreign(start, folder)):
            return Search(None, folder, why)
        for name in entries:
            try:
                status = os.lstat(folder / name)
            except OSError:
                continue
            if folder != start and not _is_own(status, start):
                return Search(None, folder, f"its {name} belongs to somebody else")
            return Search(folder)
    return Search(None)


def _foreign(start: Path, folder: Path) -> str:
    """Why a folder above is not looked into; empty where it is."""
    try:
        here, above = start.stat(), folder.stat()
    except OSError as problem:
        return f"it cannot be looked into: {problem.strerror}"
    if here.st_dev != above.st_dev:
        return "it is on another file system"
    return "" if here.st_uid == above.st_uid else "it belongs to somebody else"


def _is_own(status: os.stat_result, start: Path) -> bool:
    """Whether an entry is the owner's of the folder, or of whoever runs this."""
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
        return True
    runner = os.geteuid() if hasattr(os, "geteuid") else status.st_uid
    return status.st_uid in (runner, start.stat().st_uid)
