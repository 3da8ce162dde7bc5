"""Reads a file that an operator named: through links, from a pipe, but never for ever.

A pipe that nobody writes into, or that never ends, is given up after a while.
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final

from forwardc.core.files.kinds import Kind
from forwardc.core.files.refused import FileRefused, too_large, what

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


def read(path: Path, kind: Kind) -> bytes:
    """The bytes of a file. Raises `OSError`, whose `strerror` says why and quotes nothing."""
    return read_with_status(path, kind)[0]


def read_with_status(path: Path, kind: Kind) -> tuple[bytes, os.stat_result]:
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


def open_plain(path: Path, kind: Kind) -> BinaryIO:
    """A plain file, open to be read piece by piece. Raises `OSError`, also where it is a pipe."""
    at = _open(path)
    try:
        status = os.fstat(at)
        _check(status.st_mode, kind)
        if not stat.S_ISREG(status.st_mode):
            raise FileRefused(f"it is {what(status.st_mode)}")
        if kind.most is not None and status.st_size > kind.most:
            raise too_large(kind)
        return os.fdopen(at, "rb")
    except BaseException:
        os.close(at)
        raise


def read_open(stream: BinaryIO, kind: Kind) -> bytes:
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


def check_plain(path: Path, kind: Kind) -> None:
    """Raise `OSError` where what others will open there would hold them up, or is too large.

    For what a library opens by its path: nothing is opened here.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise FileRefused(f"it is {what(status.st_mode)}")
    if kind.most is not None and status.st_size > kind.most:
        raise too_large(kind)


def _open(path: Path) -> int:
    try:
        return os.open(path, _OPEN)
    except ValueError:
        # The system's paths end at such a character.
        raise FileRefused("its name holds a NUL character") from None


def _check(mode: int, kind: Kind) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode) and (stat.S_ISBLK(mode) or not kind.pipes):
        raise FileRefused(f"it is {what(mode)}")


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
                    raise FileRefused(f"it did not end within {WHOLE_S:g} seconds")
                if not selector.select(min(left, SILENT_S)) and left > SILENT_S:
                    raise FileRefused(f"nothing came from it for {SILENT_S:g} seconds")
                try:
                    return os.read(at, size)
                except BlockingIOError:
                    continue  # Another reader was faster.

        return _whole(more, most)
