"""What was compiled: the names and digests of every file of a project that a compile reads.

Digests are of the very bytes that were compiled. So a file that changed while it was read has one
of two digests, and the next run sees whether it is still that one.
"""

import hashlib
import os

from forwardc.compile.store.fields import lines, name_of, names_of, packed, unpacked
from forwardc.core.files.descriptors import names_in, open_folder, read_below, read_plain

_MOST = 64 * 1024 * 1024
"""Bytes: the largest kind of an input may have so many (core/files/kinds.py)."""
_SUFFIX = ".yaml"


class Inputs:
    """The files of one compile: destinations by name in `folder`, others by path, and digests.

    `absent` is where a file would be an input, and none was: the lock, before there are approvals.
    """

    __slots__ = ("absent", "digests", "folder", "names", "others")

    def __init__(
        self, folder: str, names: list[str], others: list[str], absent: list[str], digests: bytes
    ) -> None:
        self.folder = folder
        self.names = names
        self.others = others
        self.absent = absent
        self.digests = digests

    @classmethod
    def of(cls, digests: dict[str, bytes], folder: str, lock: str) -> "Inputs":
        """The inputs of a project, by path below it: destinations are in `folder`."""
        names = sorted(
            path[len(folder) + 1 :]
            for path in digests
            if os.path.dirname(path) == folder and path.endswith(_SUFFIX)
        )
        paths = [f"{folder}/{name}" for name in names]
        others = sorted(digests.keys() - set(paths))
        absent = [] if lock in digests else [lock]
        together = b"".join(digests[path] for path in (*paths, *others))
        return cls(folder, names, others, absent, together)

    def to_bytes(self) -> bytes:
        """As one field of a record."""
        named = (lines(self.names), lines(self.others), lines(self.absent))
        return packed((os.fsencode(self.folder), *named, self.digests))

    @classmethod
    def from_bytes(cls, field: bytes) -> "Inputs":
        """Out of that field. Raises `ValueError`."""
        folder, names, others, absent, digests = unpacked(field, 5)
        named = (names_of(names), names_of(others), names_of(absent))
        return cls(name_of(folder), *named, digests)

    def are_those_of(self, root: str) -> bool:
        """Whether a project has these files, with these bytes, and no other destination."""
        try:
            if any(_is_there(root, path) for path in self.absent):
                return False
            return self._digests_of_names(root) + self._digests_of_others(root) == self.digests
        except OSError:
            return False

    def _digests_of_names(self, root: str) -> bytes:
        at = open_folder(root, self.folder.split("/"))
        try:
            if names_in(at, _SUFFIX) != self.names:
                return b""
            return b"".join([digest(read_plain(at, name, _MOST)[0]) for name in self.names])
        finally:
            os.close(at)

    def _digests_of_others(self, root: str) -> bytes:
        return b"".join([digest(read_below(root, path, _MOST)) for path in self.others])


def _is_there(root: str, path: str) -> bool:
    try:
        os.lstat(f"{root}/{path}")
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def digest(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()
