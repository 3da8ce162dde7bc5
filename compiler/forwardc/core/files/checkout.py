"""Files of a checkout: below a root that is resolved once, on a way without links, and plain.

Whoever opens a pull request decides what lies there. So a link, a pipe or a device is refused
instead of followed, waited for or read, and each kind of file has a limit.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.files import operator_file
from forwardc.core.files.kinds import FileKind, FileRefusedError, too_large
from forwardc.core.files.plain_file import reading
from forwardc.core.files.walk import (
    OpenFolder,
    folder,
    open_plain,
    put,
    put_new,
)

_NOWHERE: Final = frozenset({"", ".", ".."})
"""Parts that lead to nothing below a folder."""


@dataclass(frozen=True, slots=True)
class CheckoutPath:
    """A file or folder: `parts` below `root`. Two that are equal are the same one.

    `mounted`: an operator says that links are meant there, as Kubernetes makes them; then they are
    followed, and nothing is written.
    """

    root: Path
    parts: tuple[str, ...]
    mounted: bool = False

    def __truediv__(self, path: str) -> "CheckoutPath":
        """What lies below, with `/` between its parts.

        Raises `FileRefusedError` for what does not.
        """
        parts = path.split("/")
        if not _NOWHERE.isdisjoint(parts) or "\0" in path:
            raise FileRefusedError("it is not inside the folder")
        return CheckoutPath(self.root, (*self.parts, *parts), self.mounted)

    def __str__(self) -> str:
        return self.path.as_posix()

    @property
    def path(self) -> Path:
        """The path, for messages and for other programs."""
        return self.root.joinpath(*self.parts)

    def beside(self, name: str) -> "CheckoutPath":
        """Another entry of the same folder."""
        return replace(self, parts=(*self.parts[:-1], name))

    def read(self, kind: FileKind) -> bytes:
        """The bytes.

        Raises `FileRefusedError`, and `OSError` for what is missing or not to be read.
        """
        if self.mounted:
            return operator_file.read(self.path, kind)
        most = kind.most or 0
        with self._above() as at, reading(at, self._name) as (opened, size):
            data = b"" if size > most else opened.read(most + 1)
        if max(len(data), size) > most:
            raise too_large(kind)
        return data

    def names(self, suffix: str) -> list[str]:
        """The names in this folder that end so, sorted; none where it is missing."""
        try:
            with folder(self.root, self.parts, listed=True) as at:
                return sorted(name for name in _entries(at) if name.endswith(suffix))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def status(self) -> os.stat_result:
        """What `stat` says.

        Raises `FileRefusedError` for a link, and `OSError` where nothing is.
        """
        if self.mounted:
            return self.path.stat()
        with self._above() as at:
            at.check_plain(self._name)
            return at.status(self._name)

    def exists(self) -> bool:
        """Whether there is anything of this name, if only a link."""
        return os.path.lexists(self.path)

    def is_plain(self) -> bool:
        """Whether a plain file is there.

        Raises `FileRefusedError` for a link, a pipe and the like.
        """
        try:
            with self._above() as at:
                at.check_plain(self._name)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return False
        return True

    def replace(self, data: bytes, *, synced: bool = True) -> None:
        """Put these bytes there; readers see the old ones or the new ones. Raises `OSError`.

        Not `synced`: the name is on the disk after `sync_folder` only.
        """
        self._may_be_written()
        with self._above(make=True) as at:
            put(at, self._name, data)
            if synced:
                at.sync()

    def create(self, data: bytes) -> None:
        """Make a file of these bytes where none is. Raises `OSError`.

        Its bytes are on the disk; its name is after `sync_folder` only.
        """
        self._may_be_written()
        with self._above(make=True) as at:
            put_new(at, self._name, data)

    def open_lock(self) -> int:
        """The descriptor of this file, made where it is missing: whoever has it open may lock it.

        Raises `FileRefusedError` for what is no plain file, and `OSError`.
        """
        self._may_be_written()
        with self._above(make=True) as at:
            return open_plain(at, self._name)

    def is_open_as(self, descriptor: int) -> bool:
        """Whether a descriptor is still of the file that has this name."""
        try:
            return os.path.samestat(self.status(), os.fstat(descriptor))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def remove_folder(self) -> None:
        """Delete this folder. Raises `OSError` where there is none, or something in it."""
        self._may_be_written()
        with self._above() as at:
            os.rmdir(at.name(self._name), dir_fd=at.at)

    def remove(self) -> None:
        """Delete the file, if it is there. Raises `OSError`."""
        self._may_be_written()
        with self._above() as at:
            at.check_plain(self._name)
            os.unlink(at.name(self._name), dir_fd=at.at)

    def sync_folder(self) -> None:
        """Wait until the name of this file is on the disk."""
        with self._above(make=True) as at:
            at.sync()

    @property
    def _name(self) -> str:
        if not self.parts:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return self.parts[-1]

    @contextmanager
    def _above(self, *, make: bool = False) -> Iterator[OpenFolder]:
        with folder(self.root, self.parts[:-1], listed=make, make=make) as at:
            yield at

    def _may_be_written(self) -> None:
        if self.mounted:
            raise FileRefusedError("what is mounted is not written")


def _entries(at: OpenFolder) -> list[str]:
    with os.scandir(at.prefix if at.at is None else at.at) as entries:
        return [entry.name for entry in entries]


def below(root: Path, path: str = "") -> CheckoutPath:
    """A path below a root, which is resolved here, once. Raises `FileRefusedError`."""
    real = Path(os.path.realpath(root)) if root.parts else _working_directory()
    start = CheckoutPath(real, ())
    return start / path if path else start


def named_by_person(path: Path) -> CheckoutPath:
    """What a person named of a checkout.

    A relative path begins at the working directory, and no part of it may be a link. Of an
    absolute one, and of one with `..`, the folders are the person's own: only its end may not be.
    """
    if path.parts and not path.is_absolute() and ".." not in path.parts:
        return CheckoutPath(_working_directory(), path.parts)
    if path.name in ("", ".."):
        path = Path(os.path.realpath(path))
    return CheckoutPath(Path(os.path.realpath(path.parent)), (path.name,) if path.name else ())


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        # It was deleted: whatever is looked for there is missing, too.
        return Path()


def mounted(path: Path) -> CheckoutPath:
    """What an operator says is mounted: links are followed, and nothing is written."""
    whole = path.absolute() if path.name not in ("", "..") else Path(os.path.realpath(path))
    return CheckoutPath(whole.parent, (whole.name,), mounted=True)


def as_checkout(path: Path | CheckoutPath) -> CheckoutPath:
    """The same; a plain path is one that a person named."""
    return path if isinstance(path, CheckoutPath) else named_by_person(path)


def spanned_path(root: CheckoutPath, path: str) -> CheckoutPath:
    """A source file as a span names it: below the root, or where a person said."""
    named = Path(path)
    outside = named.is_absolute() or ".." in named.parts
    return named_by_person(named) if outside else root / named.as_posix()
