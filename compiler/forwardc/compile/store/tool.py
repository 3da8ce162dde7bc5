"""What compiles, as a digest: another forwardc, Python or package may make other bytes of a file.

forwardc itself is told by path, size and times of every file of the rooms that a build passes
through, so that a checkout under work is another tool after each edit; packages by the names of
their folders of metadata, which have their versions, and by when those were put there: a package
may be installed again with the same version. The time of change counts, since whoever unpacks files
may give them any time of writing.
"""

import hashlib
import os
import sys
import time

from forwardc.compile.store.times import is_young

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_ROOMS = ("compile", "core", "plan")
_SCHEMAS = (f"{_PACKAGE}/_data/schemas", f"{os.path.dirname(os.path.dirname(_PACKAGE))}/schemas")
"""Of a wheel, and of a checkout: where `core/resources` looks, in this order."""
_BESIDE = ("__pycache__", "pages")
"""Bytecode, which Python compares with its source; and what `explain` prints of a code."""
_METADATA = (".dist-info", ".egg-info")


def tool_identity(now_ns: int | None = None) -> bytes:
    """The digest; empty where nobody can tell, so that nothing is read or kept.

    That is where a file is as young as `now_ns`: it may be written a second time without another
    time or size.
    """
    now = time.time_ns() if now_ns is None else now_ns
    try:
        files = [("version.py", os.stat(f"{_PACKAGE}/version.py"))]
        for room in _ROOMS:
            _walk(f"{_PACKAGE}/{room}", files)
        _walk(next(filter(os.path.isdir, _SCHEMAS)), files)
    except (OSError, StopIteration):
        return b""
    if any(is_young(status.st_mtime_ns, now) for _, status in files):
        return b""
    text = "\n".join((sys.version, *(_told(path, status) for path, status in files), *_packages()))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _walk(folder: str, files: list[tuple[str, os.stat_result]]) -> None:
    """Add every file below a folder, in an order that does not depend on the disk."""
    with os.scandir(folder) as entries:
        below = sorted(entries, key=_name)
    for entry in below:
        if entry.is_dir():
            if entry.name not in _BESIDE:
                _walk(entry.path, files)
        else:
            files.append((entry.path, entry.stat()))


def _name(entry: "os.DirEntry[str]") -> str:
    return entry.name


def _told(path: str, status: os.stat_result) -> str:
    return f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _packages() -> list[str]:
    """Where packages are taken from, and the names and versions of what is there.

    Any folder may hold some, whatever it is called: `pip install --target` makes such ones.
    """
    told = [os.environ.get("PYTHONPATH", "")]
    for folder in sys.path:
        told.append(folder)
        try:
            with os.scandir(folder or ".") as entries:
                metadata = [entry for entry in entries if entry.name.endswith(_METADATA)]
            told += sorted(_told(entry.path, entry.stat()) for entry in metadata)
        except OSError:
            continue  # It is not there, or an archive, whose packages have no folder.
    return told
