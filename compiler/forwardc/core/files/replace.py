"""Replaces a file so that a reader sees the old bytes or the new ones, also after a power cut."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from forwardc.core.files.walk import Folder, folder

_NEW: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def put(at: Folder, name: str, data: bytes) -> None:
    """Put bytes in the place of an entry, which keeps its mode. The name is not yet synced.

    Raises `FileRefused` where something else than a plain file is there, and `OSError`.
    """
    try:
        mode = stat.S_IMODE(at.check_plain(name))
    except FileNotFoundError:
        mode = None
    temporary = at.name(f".{os.urandom(8).hex()}.tmp")
    try:
        _write(os.open(temporary, _NEW, 0o666, dir_fd=at.at), data, mode)
        os.replace(temporary, at.name(name), src_dir_fd=at.at, dst_dir_fd=at.at)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=at.at)
        raise


def _write(file: int, data: bytes, mode: int | None) -> None:
    with os.fdopen(file, "wb") as opened:
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(file, mode)
        opened.write(data)
        opened.flush()
        os.fsync(file)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file that an operator named, in a folder that is made where it is missing.

    Raises `OSError`. Links on the way to it are followed; one in its place is refused.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with folder(path.parent, (), listed=True) as at:
        put(at, path.name, data)
        at.sync()
