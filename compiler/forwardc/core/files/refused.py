"""What is wrong with a file that is refused, in words that complete "the file cannot be read:"."""

import errno
import stat

from forwardc.core.files.kinds import Kind

NO_PLAIN_FILE = "FC0118"
TOO_LARGE = "FC0103"


class FileRefused(OSError):  # noqa: N818 - the file's state
    """A file is not opened, or not read to its end, because of what it is.

    `strerror` says what it is and quotes nothing of it; `code` is the diagnostic of a checkout's
    file.
    """

    def __init__(self, reason: str, code: str = NO_PLAIN_FILE) -> None:
        super().__init__(errno.EINVAL, reason)
        self.code = code


def too_large(kind: Kind) -> FileRefused:
    """A file is larger than its kind may be."""
    return FileRefused(f"it is larger than {kind.most:,} bytes", TOO_LARGE)


def what(mode: int) -> str:
    """What a mode of `stat` is of: `a link`."""
    for is_one, name in (
        (stat.S_ISLNK, "a link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if is_one(mode):
            return name
    return "no plain file"
