"""Makes a file that only its owner may read, from its first byte and whatever the umask says."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from forwardc.core.files.refused import FileRefused, what

_NEW = (
    os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)


def private_file(path: Path) -> Path:
    """The file that a path leads to, made for its owner only where there is none.

    Links are followed first: whoever opened a link to nothing would make the file at its end with
    a mode of its own. Raises `OSError`, `FileRefused` where something else than a file is there.
    """
    real = Path(os.path.realpath(path))
    if not real.parent.exists():
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        real.parent.chmod(0o700)
    try:
        at = os.open(real, _NEW, 0o600)
    except FileExistsError:
        _check(real)
        return real
    try:
        # A umask may take rights from the owner, too.
        os.fchmod(at, 0o600)
    finally:
        os.close(at)
    return real


def plain_file(path: Path) -> Path:
    """The file that a path leads to, which is there and may be read. Nothing is made or opened.

    Raises `OSError`, `FileRefused` where something else than a file is there.
    """
    real = Path(os.path.realpath(path))
    mode = real.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise FileRefused(f"it is {what(mode)}")
    effective = os.access in os.supports_effective_ids
    if not os.access(real, os.R_OK, effective_ids=effective):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return real


def _check(real: Path) -> None:
    """Look at a file that is there, without opening it.

    To close it again would drop every lock that this process has on it
    (https://www.sqlite.org/howtocorrupt.html, 2.2). Then another process takes itself for the last
    one, and deletes the log into which this one goes on writing.
    """
    status = real.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise FileRefused(f"it is {what(status.st_mode)}")
    if status.st_size == 0:
        # Nobody has written to it yet: what comes first is ours. Another user's file stays.
        with suppress(PermissionError):
            real.chmod(0o600)
