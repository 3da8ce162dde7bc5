"""Walks from a root to a folder below it, and replaces files there, without following a link.

Each part of the way is opened from the one before it (`openat`), so that nothing can be put into
the way in between; where a platform cannot do that, each part is looked at first. A file is
replaced by renaming, so that a reader sees the old bytes or the new ones, also after a power cut.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.files.kinds import FileRefusedError, mode_in_words

# The calls that take a folder's descriptor; Windows has none of them.
BY_DESCRIPTOR: Final = (
    hasattr(os, "O_NOFOLLOW")
    and {*(os.open, os.stat, os.mkdir, os.unlink, os.rename)} <= os.supports_dir_fd
)
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_CLOSED_ON_EXEC: Final = getattr(os, "O_CLOEXEC", 0)
_FOLDER: Final = getattr(os, "O_DIRECTORY", 0) | _CLOSED_ON_EXEC
# A folder that may be passed through need not be one that may be listed.
_PASSING: Final = getattr(os, "O_PATH", os.O_RDONLY)
# A pipe must not hold the opening up, and a terminal not become this process's own.
OPEN_FILE: Final = (
    os.O_RDONLY
    | _NO_FOLLOW
    | _CLOSED_ON_EXEC
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """An open folder: its descriptor, or its path where a platform has no such calls."""

    at: int | None
    prefix: str = ""

    def name(self, part: str) -> str:
        """What a call takes for an entry, together with `dir_fd=at`."""
        return f"{self.prefix}{part}"

    def status(self, part: str) -> os.stat_result:
        """What `stat` says of an entry itself, also of a link. Raises `OSError` for none."""
        return os.stat(self.name(part), dir_fd=self.at, follow_symlinks=False)

    def mode(self, part: str) -> int:
        """The mode of an entry itself. Raises `OSError` for none."""
        return self.status(part).st_mode

    def check_plain(self, part: str) -> int:
        """The mode of an entry, `FileRefusedError` where it is no plain file.

        Raises `OSError` where there is none.
        """
        mode = self.mode(part)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), part)
        if not stat.S_ISREG(mode):
            raise FileRefusedError(f"it is {mode_in_words(mode)}")
        return mode

    def sync(self) -> None:
        """Wait until the names of this folder are on the disk."""
        if self.at is None:
            return
        try:
            os.fsync(self.at)
        except OSError as problem:
            # Some file systems keep folders in another way, and say so.
            if problem.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
                raise


@contextmanager
def folder(
    root: Path, parts: Sequence[str], *, listed: bool, make: bool = False
) -> Iterator[OpenFolder]:
    """The folder at `parts` below `root`, open. Raises `FileRefusedError`, and `OSError` as ever.

    `root` itself is opened as it is. `listed`: its entries are read, or its names are synced.
    `make`: folders that are missing are made.
    """
    if not BY_DESCRIPTOR:
        yield looked_at(root, parts, make=make)
        return
    at = open_root(root, listed=listed or make)
    try:
        for number, part in enumerate(parts, 1):
            whole = listed and not make and number == len(parts)
            below = open_below(at, part, listed=listed or make, make=make, whole=whole)
            at, above = below, at
            os.close(above)
        yield OpenFolder(at)
    finally:
        os.close(at)


def open_root(root: Path, *, listed: bool) -> int:
    """A descriptor of a root, which is opened as it is. Raises `OSError`."""
    return os.open(root, _FOLDER | (os.O_RDONLY if listed else _PASSING))


def open_below(
    at: int, part: str, *, listed: bool, make: bool, whole: bool = False, synced: bool = True
) -> int:
    """A descriptor of a folder in an open one. `whole`: it is what is asked for, and no way to it.

    `synced`: the name of one that had to be made is on the disk.

    Raises `FileRefusedError` for what is none, as a link, and `OSError` as ever.
    """
    try:
        way = _FOLDER | (os.O_RDONLY if listed else _PASSING)
        return os.open(part, way | _NO_FOLLOW, dir_fd=at)
    except FileNotFoundError:
        if not make:
            raise
    except OSError as problem:
        raise _explained(OpenFolder(at), part, problem, whole=whole) from None
    try:
        os.mkdir(part, dir_fd=at)
        if synced:
            OpenFolder(at).sync()
    except FileExistsError:
        pass  # Somebody else made it, or put something there: the opening tells.
    return open_below(at, part, listed=listed, make=False)


def _explained(above: OpenFolder, part: str, problem: OSError, *, whole: bool) -> OSError:
    """Why a part could not be opened as a folder: a link or a pipe is told from a mistake."""
    try:
        mode = above.mode(part)
    except OSError:
        return problem
    return problem if _is_usual(mode) else _refused(part, mode, whole=whole)


def _is_usual(mode: int) -> bool:
    """Whether it is a folder, or a file in the place of one, which is a mistake and no attack."""
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode)


def _refused(part: str, mode: int, *, whole: bool = False) -> FileRefusedError:
    if whole:
        return FileRefusedError(f"it is {mode_in_words(mode)}")
    return FileRefusedError(f"{part}, a folder on the way to it, is {mode_in_words(mode)}")


def looked_at(root: Path, parts: Sequence[str], *, make: bool) -> OpenFolder:
    """The folder at `parts` where there are no descriptors: each part is looked at."""
    at = f"{root}{os.sep}"
    for part in parts:
        here = OpenFolder(None, at)
        try:
            mode = here.mode(part)
        except FileNotFoundError:
            if not make:
                raise
            Path(here.name(part)).mkdir()
            mode = here.mode(part)
        if not _is_usual(mode):
            raise _refused(part, mode)
        if not stat.S_ISDIR(mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        at = f"{here.name(part)}{os.sep}"
    return OpenFolder(None, at)


# Replacing a file: a temporary one beside it is written, synced, then renamed over it.

_NEW: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


# Elsewhere a file is synced by whoever may write to it only, and it may be read-only by then.
_SYNCED_LATER: Final = os.name == "posix"
_OPEN_OR_NEW: Final = (OPEN_FILE & ~os.O_RDONLY) | os.O_RDWR | os.O_CREAT


def put(at: OpenFolder, name: str, data: bytes) -> None:
    """Put bytes in the place of an entry, which keeps its mode. The name is not yet synced.

    Raises `FileRefusedError` where something else than a plain file is there, and `OSError`.
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


def put_new(
    at: OpenFolder, name: str, data: bytes, mode: int | None = None, *, synced: bool = True
) -> None:
    """Make an entry of these bytes. Raises `OSError` where one is, which leaves it as it is.

    Not `synced`: its bytes are on the disk after `sync_file` only.
    """
    file = os.open(at.name(name), _NEW, 0o666, dir_fd=at.at)
    try:
        _write(file, data, mode, synced=synced or not _SYNCED_LATER)
    except BaseException:
        with suppress(OSError):
            os.unlink(at.name(name), dir_fd=at.at)
        raise


def sync_file(at: OpenFolder, name: str) -> None:
    """Wait until the bytes of a plain file are on the disk. Raises `OSError`."""
    if not _SYNCED_LATER:
        return
    file = os.open(at.name(name), OPEN_FILE, dir_fd=at.at)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def move(at: OpenFolder, name: str, there: OpenFolder, new_name: str) -> None:
    """Put an entry in the place of another one, which is a plain file, or where nothing is.

    Raises `FileRefusedError` where something else is there, and `OSError`.
    """
    with suppress(FileNotFoundError):
        there.check_plain(new_name)
    os.replace(at.name(name), there.name(new_name), src_dir_fd=at.at, dst_dir_fd=there.at)


def open_plain(at: OpenFolder, name: str) -> int:
    """The descriptor of a plain file for reading and writing, which is made where it is missing.

    Raises `FileRefusedError` for anything else, and `OSError`.
    """
    with suppress(FileNotFoundError):
        at.check_plain(name)
    file = os.open(at.name(name), _OPEN_OR_NEW, 0o666, dir_fd=at.at)
    is_plain = False
    try:
        is_plain = stat.S_ISREG(os.fstat(file).st_mode)
    finally:
        if not is_plain:
            os.close(file)
    if not is_plain:
        raise FileRefusedError("it is no plain file")
    return file


def _write(file: int, data: bytes, mode: int | None, *, synced: bool = True) -> None:
    try:
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(file, mode)
        # Not by a file object: to make one asks the system four things about a new file.
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        # Before it takes the other one's name: after a crash that name leads to one whole file.
        if synced:
            os.fsync(file)
    finally:
        os.close(file)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file that an operator named, in a folder that is made where it is missing.

    Raises `OSError`. Links on the way to it are followed; one in its place is refused.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with folder(path.parent, (), listed=True) as at:
        put(at, path.name, data)
        at.sync()
