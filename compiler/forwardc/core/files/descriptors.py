"""Folders and plain files by their descriptors, without links, for what must be answered at once.

`CheckoutPath` reads the same files in the same way, and says in words why it refuses one. Here an
`OSError` is enough, since whoever asks goes on without an answer; and nothing is imported that a
bare Python has not loaded, since the answer of a build in which nothing changed takes no longer
than the imports of `dataclasses` and `pathlib` would.
"""

import errno
import os
import stat

BY_DESCRIPTOR = hasattr(os, "O_NOFOLLOW") and {os.open, os.stat, os.unlink} <= os.supports_dir_fd
"""Whether this system can; Windows cannot."""
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
# A pipe must not hold the opening up.
_FILE = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def open_folder(root: str, parts: list[str]) -> int:
    """A descriptor of the folder at `parts` below `root`, none of which may be a link.

    Raises `OSError`.
    """
    at = os.open(root, _FOLDER)
    for part in parts:
        above = at
        try:
            at = os.open(part, _FOLDER | _NO_FOLLOW, dir_fd=above)
        finally:
            os.close(above)
    return at


def read_plain(at: int, name: str, most: int) -> tuple[bytes, os.stat_result]:
    """The bytes of a plain file of at most `most` bytes in an open folder, and what `fstat` says.

    Raises `OSError`, also for a link, a pipe, and what is larger.
    """
    file = os.open(name, _FILE, dir_fd=at)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return _whole(file, status.st_size, most), status
    finally:
        os.close(file)


def _whole(file: int, size: int, most: int) -> bytes:
    """All bytes of an open file; one call does where it has the size that it said."""
    data = os.read(file, size + 1)
    if len(data) == size:
        return data
    pieces, length = [data], len(data)
    while piece := os.read(file, most + 1 - length):
        pieces.append(piece)
        length += len(piece)
        if length > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return b"".join(pieces)


def names_in(at: int, suffix: str) -> list[str]:
    """The names in an open folder that end so, sorted. Raises `OSError`."""
    return sorted(name for name in os.listdir(at) if name.endswith(suffix))


def read_below(root: str, path: str, most: int) -> bytes:
    """The bytes of a plain file below `root`, on a way without links. Raises `OSError`."""
    *folders, name = path.split("/")
    at = open_folder(root, folders)
    try:
        return read_plain(at, name, most)[0]
    finally:
        os.close(at)
