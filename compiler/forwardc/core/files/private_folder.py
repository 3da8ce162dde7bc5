"""A folder that only its user can read or change, for files that may be lost at any time.

It belongs to whoever runs this, nobody else has a right on it (0700), and it is no link. A file in
it is written under another name and renamed, so that a reader sees the old one or the new one, and
not synced: whoever reads it can tell a whole file from a part of one. Like `descriptors` this needs
no import that costs time.
"""

import errno
import os
import stat

from forwardc.core.files.descriptors import open_folder, read_plain

FOREIGN = "it belongs to somebody else"
OPEN = "it is open to others than its owner"
LINKED = "it is a link"
NOT_PRIVATE = (FOREIGN, OPEN, LINKED)
"""Reasons for which a folder is not used, in words that complete its path and a colon."""
TEMPORARY = ".tmp-"
"""What the name of a file begins with that is being written, or was left by a kill."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NEW |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def _check_private(status: os.stat_result) -> None:
    """Raise `PermissionError`, whose `strerror` is a reason, for what is not the user's alone."""
    if status.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, FOREIGN)
    if stat.S_IMODE(status.st_mode) & _OTHERS:
        raise PermissionError(errno.EPERM, OPEN)


class PrivateFolder:
    """An open folder of the user's own. `close` it, or use it in a `with`."""

    __slots__ = ("at", "path")

    def __init__(self, path: str, *, make: bool = False) -> None:
        """Open the folder at an absolute path, whose folder may be reached through links.

        `make` makes it where it is missing, and whatever is missing above it. Raises `OSError`;
        `PermissionError` with `strerror` FOREIGN, OPEN or LINKED where it is not the user's alone.
        """
        above, name = os.path.split(path)
        if make:
            os.makedirs(above, mode=0o700, exist_ok=True)
            _make(path)
        self.path = path
        if os.path.islink(path):
            raise PermissionError(errno.EPERM, LINKED)
        self.at = open_folder(above, [name])
        try:
            _check_private(os.fstat(self.at))
        except OSError:
            os.close(self.at)
            raise

    def below(self, name: str, *, make: bool = False) -> "PrivateFolder":
        """A folder in this one. Raises as the constructor does."""
        return PrivateFolder(f"{self.path}/{name}", make=make)

    def __enter__(self) -> "PrivateFolder":
        """Return the folder itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.at)

    def read(self, name: str, most: int) -> tuple[bytes, os.stat_result]:
        """The bytes of a file of at most `most` bytes, and its status.

        Raises `OSError`, also where the file is not the user's alone.
        """
        data, status = read_plain(self.at, name, most)
        _check_private(status)
        return data, status

    def write(self, name: str, data: bytes) -> None:
        """Put a file in the place of another one. Raises `OSError`, and leaves nothing behind."""
        temporary = f"{TEMPORARY}{os.urandom(8).hex()}"
        file = os.open(temporary, _NEW, 0o600, dir_fd=self.at)
        try:
            with os.fdopen(file, "wb", buffering=0) as opened:
                _write_whole(opened.fileno(), data)
            os.replace(temporary, name, src_dir_fd=self.at, dst_dir_fd=self.at)
        except BaseException:
            self.remove(temporary)
            raise

    def remove(self, name: str) -> None:
        """Delete a file, if it is there and can be deleted."""
        try:
            os.unlink(name, dir_fd=self.at)
        except OSError:
            pass  # Another process was faster, or it cannot be changed: it will be tried again.

    def remove_folder(self, name: str) -> None:
        """Delete an empty folder, if that is possible."""
        try:
            os.rmdir(name, dir_fd=self.at)
        except OSError:
            pass  # As above; and another process may be making files in it.

    def entries(self) -> list[tuple[str, os.stat_result]]:
        """Name and status of everything in it, in no order. Raises `OSError`."""
        entries = []
        for name in os.listdir(self.at):
            try:
                entries.append((name, os.stat(name, dir_fd=self.at, follow_symlinks=False)))
            except FileNotFoundError:
                continue  # Renamed or removed in between.
        return entries


def _make(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass  # Whoever made it, or whatever it is: the opening tells.


def _write_whole(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
