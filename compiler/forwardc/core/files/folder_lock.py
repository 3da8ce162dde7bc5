"""A lock that one process at a time holds: on a file of its own, which goes when it is done.

The system gives it back when its holder ends, however that is. Whoever removes the file does so
while it holds the lock, so that another one that waited finds itself with a file that has no name
any more, and begins anew. A file system that has no locks (`flock`), and Windows, hold up nobody.
"""

import errno
import os
import sys
import time
from collections.abc import Callable
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.files.checkout import CheckoutPath

if sys.platform != "win32":
    import fcntl

_EVERY_S: Final = 0.05
"""Seconds between two tries: a person sees no delay, and a build is no shorter."""
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EINVAL)


@dataclass(frozen=True, slots=True)
class FolderLock:
    """A lock that is held, by the descriptor of its open file."""

    file: CheckoutPath
    descriptor: int

    def release(self) -> None:
        """Let others have it. Whoever removes the file does that before."""
        os.close(self.descriptor)


def acquire(file: CheckoutPath, most_s: float, waiting: Callable[[], None]) -> FolderLock | None:
    """Make the file, with its folder, and hold its lock; None where another one holds it so long.

    `waiting` is called once where somebody else holds it, `most_s` are seconds.

    Raises:
        FileRefusedError: A link, a pipe or the like is in its place.
        OSError: It cannot be made.
    """
    until, is_told = time.monotonic() + most_s, False
    while True:
        try:
            descriptor = file.open_lock()
        except FileNotFoundError:
            # Its folder went in between: the one who removed it is done.
            if time.monotonic() > until:
                raise
            continue
        is_ours = False
        try:
            is_ours = _is_held(descriptor) and file.is_open_as(descriptor)
        finally:
            if not is_ours:
                os.close(descriptor)
        if is_ours:
            return FolderLock(file, descriptor)
        if time.monotonic() > until:
            return None
        if not is_told:
            is_told = True
            waiting()
        time.sleep(_EVERY_S)


def _is_held(descriptor: int) -> bool:
    """Whether the lock is this process's from now on, or nobody's ever."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as problem:
        if problem.errno not in _NO_LOCKS:
            raise
    return True
