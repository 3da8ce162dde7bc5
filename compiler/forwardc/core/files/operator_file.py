"""Reads and makes files that an operator named: through links, from a pipe, but never for ever.

A pipe that nobody writes into, or that never ends, is given up after a while. A file that is made
is its owner's from its first byte, whatever the umask says.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final

from forwardc.core.files.kinds import FileKind, FileRefusedError, mode_in_words, too_large

SILENT_S: Final = 15.0
"""How long a pipe may give nothing. A password that somebody types first takes less."""
WHOLE_S: Final = 60.0
"""How long a pipe may take in all."""
_OPEN: Final = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_PIECE: Final = 64 * 1024
"""Bytes of one read: what a pipe of Linux holds (pipe(7))."""


def read(path: Path, kind: FileKind) -> bytes:
    """The bytes of a file. Raises `OSError`, whose `strerror` says why and quotes nothing."""
    return read_with_status(path, kind)[0]


def read_with_status(path: Path, kind: FileKind) -> tuple[bytes, os.stat_result]:
    """The bytes of a file, and what `fstat` says of the very same one. Raises `OSError`."""
    at = _open(path)
    try:
        status = os.fstat(at)
        _check(status.st_mode, kind)
        if kind.most is None:
            raise ValueError("a kind that is never read whole")
        if stat.S_ISREG(status.st_mode):
            if status.st_size > kind.most:
                raise too_large(kind)
            data = _whole(lambda size: os.read(at, size), kind.most)
        else:
            data = _from_pipe(at, kind.most)
        if len(data) > kind.most:
            raise too_large(kind)
        return data, status
    finally:
        os.close(at)


def open_plain(path: Path, kind: FileKind) -> BinaryIO:
    """A plain file, open to be read piece by piece. Raises `OSError`, also where it is a pipe."""
    at = _open(path)
    try:
        status = os.fstat(at)
        _check(status.st_mode, kind)
        if not stat.S_ISREG(status.st_mode):
            raise FileRefusedError(f"it is {mode_in_words(status.st_mode)}")
        if kind.most is not None and status.st_size > kind.most:
            raise too_large(kind)
        return os.fdopen(at, "rb")
    except BaseException:
        os.close(at)
        raise


def read_open(stream: BinaryIO, kind: FileKind) -> bytes:
    """The bytes of what is open already, such as standard input. Raises `OSError`."""
    if kind.most is None:
        raise ValueError("a kind that is never read whole")
    try:
        at = stream.fileno()
    except (OSError, ValueError):
        # It is in memory: nobody can hold us up.
        data = stream.read(kind.most + 1)
    else:
        data = _from_pipe(at, kind.most)
    if len(data) > kind.most:
        raise too_large(kind)
    return data


def check_plain(path: Path, kind: FileKind) -> None:
    """Raise `OSError` where what others will open there would hold them up, or is too large.

    For what a library opens by its path: nothing is opened here.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise FileRefusedError(f"it is {mode_in_words(status.st_mode)}")
    if kind.most is not None and status.st_size > kind.most:
        raise too_large(kind)


def _open(path: Path) -> int:
    try:
        return os.open(path, _OPEN)
    except ValueError:
        # The system's paths end at such a character.
        raise FileRefusedError("its name holds a NUL character") from None


def _check(mode: int, kind: FileKind) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode) and (stat.S_ISBLK(mode) or not kind.pipes):
        raise FileRefusedError(f"it is {mode_in_words(mode)}")


def _whole(more: Callable[[int], bytes], most: int) -> bytes:
    """All that `more` gives, to one byte beyond `most`."""
    pieces: list[bytes] = []
    left = most + 1
    while left and (piece := more(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _from_pipe(at: int, most: int) -> bytes:
    import selectors

    until = monotonic() + WHOLE_S
    # epoll, which is the default, does not know devices.
    kind = getattr(selectors, "PollSelector", selectors.SelectSelector)
    with kind() as selector:
        selector.register(at, selectors.EVENT_READ)

        def more(size: int) -> bytes:
            while True:
                left = until - monotonic()
                if left <= 0:
                    raise FileRefusedError(f"it did not end within {WHOLE_S:g} seconds")
                if not selector.select(min(left, SILENT_S)) and left > SILENT_S:
                    raise FileRefusedError(f"nothing came from it for {SILENT_S:g} seconds")
                try:
                    return os.read(at, size)
                except BlockingIOError:
                    continue  # Another reader was faster.

        return _whole(more, most)


_MOST: Final = 500
"""Names of a folder that a hint looks through: more of them would hold the message up."""


def names_in(folder: Path) -> list[str]:
    """The names in a folder, the first 500 of them, sorted; none where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in islice(entries, _MOST))
    except OSError:
        return []


# A file of its owner only, such as the history.

_NEW_PRIVATE = (
    os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)


def private_file(path: Path) -> Path:
    """The file that a path leads to, made for its owner only where there is none.

    Links are followed first: whoever opened a link to nothing would make the file at its end with
    a mode of its own. Raises `OSError`, `FileRefusedError` where something else than a file is
    there.
    """
    real = Path(os.path.realpath(path))
    if not real.parent.exists():
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        real.parent.chmod(0o700)
    try:
        at = os.open(real, _NEW_PRIVATE, 0o600)
    except FileExistsError:
        _check_existing(real)
        return real
    try:
        # A umask may take rights from the owner, too.
        os.fchmod(at, 0o600)
    finally:
        os.close(at)
    return real


def plain_file(path: Path) -> Path:
    """The file that a path leads to, which is there and may be read. Nothing is made or opened.

    Raises `OSError`, `FileRefusedError` where something else than a file is there.
    """
    real = Path(os.path.realpath(path))
    mode = real.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise FileRefusedError(f"it is {mode_in_words(mode)}")
    effective = os.access in os.supports_effective_ids
    if not os.access(real, os.R_OK, effective_ids=effective):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return real


def _check_existing(real: Path) -> None:
    """Look at a file that is there, without opening it.

    To close it again would drop every lock that this process has on it
    (https://www.sqlite.org/howtocorrupt.html, 2.2). Then another process takes itself for the last
    one, and deletes the log into which this one goes on writing.
    """
    status = real.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise FileRefusedError(f"it is {mode_in_words(status.st_mode)}")
    if status.st_size == 0:
        # Nobody has written to it yet: what comes first is ours. Another user's file stays.
        with suppress(PermissionError):
            real.chmod(0o600)
