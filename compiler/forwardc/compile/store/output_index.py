"""Which bytes the files of `build/` have, without reading them: as git knows its working tree.

An index holds size, times and inode of each file, and the digest of its bytes. A file is

    settled     it looks as in the index, which was made long enough after its times: it has
                the bytes of the digest
    young       the index was made within one tick of its times (`times`), so that it may have been
                written again: it is read
    changed     it looks otherwise: it is read, and where that cannot be or gives other bytes, it
                is not as built

Bytes are nowhere in an index: what is in `build/` was compiled, or is compiled again. And no file
counts as built that is reached through a link. A folder that is replaced by one changes the folder
above it, so that in a settled index only the folders that hold folders are looked at.
"""

import os
import stat
import time
from array import array

from forwardc.compile.store.fields import lines, name_of, names_of, packed, unpacked
from forwardc.compile.store.inputs import digest
from forwardc.compile.store.times import is_young
from forwardc.core.files.descriptors import open_folder, read_below

STAGED = ".staged"
"""The folder of a build that is being written (`plan/formats`, which takes longer to import)."""
_MOST = 64 * 1024 * 1024
"""Bytes: a file of `build/` may have so many (core/files/kinds.py)."""
_DIGEST = 32
"""Bytes of SHA-256."""
_LOOK = 32
"""Bytes of a look: size, time of writing, time of change and inode, 8 each."""


class OutputIndex:
    """The files below a build folder when they were as built.

    `build` and `folders`, those that hold folders, are below the project, and `paths` below
    `build`. `looks` has 32 bytes for each path and `digests` 32; `folder_looks` has 32 for each
    folder. `made_ns` is the time before the first look; `is_settled`: nothing was young then.
    """

    __slots__ = (
        *("build", "digests", "folder_looks", "folders", "is_settled", "looks", "made_ns", "paths"),
    )

    def __init__(
        self,
        build: str,
        paths: list[str],
        looks: bytes,
        digests: bytes,
        folders: list[str],
        folder_looks: bytes,
        made_ns: int,
        is_settled: bool,
    ) -> None:
        self.build = build
        self.paths = paths
        self.looks = looks
        self.digests = digests
        self.folders = folders
        self.folder_looks = folder_looks
        self.made_ns = made_ns
        self.is_settled = is_settled

    def to_bytes(self) -> bytes:
        """As one field of a record."""
        when = self.made_ns.to_bytes(8, "big") + bytes([self.is_settled])
        files = (lines(self.paths), self.looks, self.digests)
        return packed(
            (os.fsencode(self.build), *files, lines(self.folders), self.folder_looks, when)
        )

    @classmethod
    def from_bytes(cls, field: bytes) -> "OutputIndex":
        """Out of that field. Raises `ValueError`."""
        build, paths, looks, digests, folders, folder_looks, when = unpacked(field, 7)
        names = names_of(paths)
        if (len(looks), len(digests)) != (len(names) * _LOOK, len(names) * _DIGEST):
            raise ValueError("an index of other files")
        made_ns, is_settled = int.from_bytes(when[:8], "big"), when[8:] == b"\1"
        files, above = (names, looks, digests), (names_of(folders), folder_looks)
        return cls(name_of(build), *files, *above, made_ns, is_settled)

    def is_broken_off(self, root: str) -> bool:
        """Whether a build of the folder is under way, or was killed.

        Then only a build tells what there is to wait for, and removes what was left.
        """
        return os.path.lexists(f"{root}/{self.build}/{STAGED}")

    def is_as_built(self, root: str) -> bool:
        """Whether every file is settled. False is no answer: `index_of` gives one."""
        try:
            return (
                self.is_settled
                and self.folder_looks == _looks(root, [], self.folders)
                and self.looks == _looks(root, self.build.split("/"), self.paths)
            )
        except (OSError, OverflowError):
            return False

    def known_digests(self) -> dict[str, bytes]:
        """The digest of every file, by path."""
        starts = range(0, len(self.digests), _DIGEST)
        return {
            path: self.digests[start : start + _DIGEST]
            for path, start in zip(self.paths, starts, strict=True)
        }

    def settled(self) -> dict[str, bytes]:
        """Look and digest of every file that is not young, by path."""
        looks, digests, settled = self.looks, self.digests, {}
        for number, path in enumerate(self.paths):
            look = looks[number * _LOOK : (number + 1) * _LOOK]
            if not _is_young(look, self.made_ns):
                settled[path] = look + digests[number * _DIGEST : (number + 1) * _DIGEST]
        return settled


def _looks(root: str, parts: list[str], paths: list[str]) -> bytes:
    """The looks of files or folders below a folder, which is reached without links.

    Raises `OSError`, and `OverflowError` for odd numbers.
    """
    numbers: list[int] = []
    add, status_of, at = numbers.extend, os.stat, open_folder(root, parts)
    try:
        # By descriptor, so that the system walks no longer way for each of thousands than it must.
        for path in paths:
            status = status_of(path, dir_fd=at, follow_symlinks=False)
            add((status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
    finally:
        os.close(at)
    return array("Q", numbers).tobytes()


def _is_young(look: bytes, made_ns: int) -> bool:
    _, written_ns, changed_ns, _ = array("Q", look)
    return is_young(written_ns, made_ns) or is_young(changed_ns, made_ns)


class BuiltFiles:
    """A build folder in one run: which of its files have the bytes of a digest.

    What an earlier index has as settled is not read.
    """

    __slots__ = ("_build", "_folders", "_root", "_seen", "_settled", "_started_ns")

    def __init__(self, root: str, build: str, before: OutputIndex | None) -> None:
        self._root, self._build = root, build
        same = before is not None and before.build == build
        self._settled = before.settled() if before is not None and same else {}
        self._started_ns = time.time_ns()
        self._seen: dict[str, bytes] = {}
        """Look and digest of the files that had their bytes."""
        self._folders: dict[str, bool] = {}
        """Whether a folder is reached without links."""

    def has(self, path: str, expected: bytes) -> bool:
        """Whether a file is there, reached through no link, with the bytes of a digest."""
        whole = f"{self._build}/{path}"
        look = _look(f"{self._root}/{whole}") if self._is_reached(whole) else b""
        if not look:
            return False
        # Looked at before it is read: what is written in between looks otherwise next time.
        same = self._settled.get(path) == look + expected or _has(self._root, whole, expected)
        if same:
            self._seen[path] = look + expected
        return same

    def index(self, digests: dict[str, bytes]) -> tuple[OutputIndex, frozenset[str]]:
        """An index of these files as they are now, and which have not the bytes of their digests.

        It is one of a build only where no file is in the second part.
        """
        made_ns, paths = time.time_ns(), sorted(digests)
        self._folders.clear()
        other = frozenset(path for path in paths if not self._has_still(path, digests[path]))
        looks = [self._seen[path][:_LOOK] for path in paths if path not in other]
        folders = self._holding_folders()
        folder_looks = [_look(f"{self._root}/{folder}") for folder in folders]
        settled = not any(_is_young(look, made_ns) for look in (*looks, *folder_looks) if look)
        together = b"".join([digests[path] for path in paths])
        files = (paths, b"".join(looks), together, folders, b"".join(folder_looks))
        return OutputIndex(self._build, *files, made_ns, settled and not other), other

    def _has_still(self, path: str, expected: bytes) -> bool:
        """As `has`, but for what was seen in this run and was no younger than the run."""
        seen = self._seen.get(path, b"")
        is_seen = seen[_LOOK:] == expected and not _is_young(seen[:_LOOK], self._started_ns)
        reached = is_seen and self._is_reached(f"{self._build}/{path}")
        return reached or self.has(path, expected)

    def _is_reached(self, path: str) -> bool:
        folder = path.rpartition("/")[0]
        if not folder:
            return True
        if folder not in self._folders:
            is_folder = self._is_reached(folder) and _is_folder(f"{self._root}/{folder}")
            self._folders[folder] = is_folder
        return self._folders[folder]

    def _holding_folders(self) -> list[str]:
        """The folders that hold folders of these files, and those on the way to them."""
        above = {folder.rpartition("/")[0] for folder in self._folders}
        return sorted({*above, self._build} - {""})


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _look(path: str) -> bytes:
    """The look of a file or folder; empty where there is none."""
    try:
        status = os.lstat(path)
        numbers = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        return array("Q", numbers).tobytes()
    except (OSError, OverflowError):
        return b""


def _has(root: str, path: str, expected: bytes) -> bool:
    """Whether a plain file has the bytes of a digest."""
    try:
        return digest(read_below(root, path, _MOST)) == expected
    except OSError:
        return False
