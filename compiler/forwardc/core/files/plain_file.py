"""A plain file of an open folder, for reading: no link is followed, and nothing is waited for."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from forwardc.core.files.kinds import FileKind, FileRefusedError, too_large
from forwardc.core.files.walk import OPEN_FILE, OpenFolder

_PART: Final = 64 * 1024
"""Bytes of a file that are compared at once: more is no quicker."""


@contextmanager
def reading(at: OpenFolder, name: str) -> Iterator[tuple[BinaryIO, int]]:
    """The file, open, and its size in bytes.

    Raises `FileRefusedError`, and `OSError` for what is missing or not to be read.
    """
    at.check_plain(name)
    file = os.open(at.name(name), OPEN_FILE, dir_fd=at.at)
    with os.fdopen(file, "rb") as opened:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise FileRefusedError("it is no plain file")
        yield opened, status.st_size


def holds(at: OpenFolder, name: str, data: bytes, kind: FileKind) -> bool:
    """Whether a file holds these bytes and no others; it is not held as a whole.

    Raises `FileRefusedError`, and `OSError` for what is missing or not to be read.
    """
    with reading(at, name) as (opened, size):
        if size > (kind.most or 0):
            raise too_large(kind)
        if size != len(data):
            return False
        view = memoryview(data)
        parts = (view[start : start + _PART] for start in range(0, len(data), _PART))
        return all(opened.read(_PART) == part for part in parts) and not opened.read(1)
