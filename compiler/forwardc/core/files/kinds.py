"""Every kind of file that is opened: whose it is, how large it may be, why, and how one is refused.

Files of a *checkout* may come from anybody who can open a pull request: no link, no pipe, no
device. What an *operator* names may be a link, since secrets are mounted so, and mostly a pipe.
`docs/files.md` shows this table.
"""

import errno
import stat
from enum import StrEnum
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError

# Bytes.
_KIB: Final = 1024
_MIB: Final = 1024 * 1024  # Bytes.


class Whose(StrEnum):
    """Who puts a file there, and so how far it is believed."""

    CHECKOUT = "checkout"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file. `most` is in bytes; None: it is not read whole, and may be any size.

    `because` says why so much and no more. `pipes`: whether a pipe or a terminal will do.
    """

    name: str
    whose: Whose
    most: int | None
    because: str
    pipes: bool = False


def _checkout(name: str, most: int, because: str) -> FileKind:
    return FileKind(name, Whose.CHECKOUT, most, because)


def _operator(name: str, most: int | None, because: str, *, pipes: bool = False) -> FileKind:
    return FileKind(name, Whose.OPERATOR, most, because, pipes)


PROJECT: Final = _checkout("`forwardc.yaml`", _MIB, "a thousand times a usual one")
DESTINATION: Final = _checkout(
    "destinations, also where the command line names one", _MIB, "a hundred times the largest known"
)
ATTESTATION: Final = _checkout(
    "what `pci.attestation` names", 32 * _MIB, "scanned pages; it is held while its digest is made"
)
LOCK: Final = _checkout(
    "`forwardc.lock`", 64 * _MIB, "each record holds what it covers, some 20 KiB"
)
BUILT: Final = _checkout(
    "everything of `build/`", 64 * _MIB, "the coverage of ten thousand destinations has a third"
)
PIPED_DESTINATION: Final = _operator(
    "a destination that comes by standard input", _MIB, "as one of a checkout", pipes=True
)
PARAMS: Final = _operator(
    "`--params`, `--inputs`", 4 * _MIB, "more than any vault takes as a body", pipes=True
)
SECRETS: Final = _operator(
    "`--secrets`, `FORWARDC_SECRETS`, `run.secrets`",
    _MIB,
    "thousands of names and values",
    pipes=True,
)
SECRET: Final = _operator(
    "a `file:` reference", 64 * _KIB, "the largest secret of any source", pipes=True
)
SETTINGS: Final = _operator(
    "settings of a server", _MIB, "a thousand times a usual one", pipes=True
)
SERVER_KEYS: Final = _operator("the server's keys", 64 * _KIB, "hundreds of keys; read again")
TLS: Final = _operator(
    "`tls_certificate`, `tls_key`, `VAULT_CACERT`", 4 * _MIB, "every known authority; read again"
)
SEALING_KEY: Final = _operator(
    "`submit --key`", _MIB, "an OpenPGP key with many signatures", pipes=True
)
REFERENCES: Final = _operator(
    "the lookup's CSV file", 100_000_000, "above that a database; read again when it changed"
)
LOOKUP_DATABASE: Final = _operator("the lookup's SQLite file", None, "SQLite reads pages of it")
HISTORY: Final = _operator("the history", None, "SQLite reads pages of it")

KINDS: Final = (
    *(PROJECT, DESTINATION, ATTESTATION, LOCK, BUILT),
    *(PIPED_DESTINATION, PARAMS, SECRETS, SECRET, SETTINGS),
    *(SERVER_KEYS, TLS, SEALING_KEY, REFERENCES),
    *(LOOKUP_DATABASE, HISTORY),
)


# How a file is refused, in words that complete "the file cannot be read:".

NO_PLAIN_FILE = "FC0118"
TOO_LARGE = "FC0103"


class FileRefusedError(ForwardcError, OSError):
    """A file is not opened, or not read to its end, because of what it is.

    `strerror` says what it is and quotes nothing of it; `code` is the diagnostic of a checkout's
    file.
    """

    def __init__(self, reason: str, code: str = NO_PLAIN_FILE) -> None:
        super().__init__(errno.EINVAL, reason)
        self.code = code


def too_large(kind: FileKind) -> FileRefusedError:
    """A file is larger than its kind may be."""
    return FileRefusedError(f"it is larger than {kind.most:,} bytes", TOO_LARGE)


def mode_in_words(mode: int) -> str:
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
