"""The files of a store: each carries a code that only this store can make (HMAC-SHA-256).

The key is random, and lies beside the files, for their user only. What was copied from another
store, cut short, renamed or written by somebody else has another code, and counts as missing; so
does what an unlike version of the format wrote. A file is not synced: after a power cut a half of
it is one of these.
"""

import hmac
import os

from forwardc.core.files.private_folder import PrivateFolder

_HEAD = b"forwardc store 1\n"
"""The version of the format. It is part of what the code is of."""
_CODE = 32
"""Bytes of HMAC-SHA-256."""
_KEY = "key"
_MOST = 64 * 1024 * 1024
"""Bytes of a file: an index of 500,000 files of `build/` has a third."""


class SealedFiles:
    """The files of one store, by name. Whatever is wrong with one, it is not there."""

    __slots__ = ("_key", "folder")

    def __init__(self, folder: PrivateFolder) -> None:
        """Read the key. Raises `OSError` where there is none."""
        self.folder = folder
        self._key = folder.read(_KEY, _CODE)[0]
        if len(self._key) != _CODE:
            raise OSError("a key of another length")

    @classmethod
    def made(cls, folder: PrivateFolder) -> "SealedFiles":
        """The files of a folder, which is given a key where it has none. Raises `OSError`."""
        try:
            return cls(folder)
        except OSError:
            # Where two processes come here at once, the files of one of them are not believed.
            folder.write(_KEY, os.urandom(_CODE))
            return cls(folder)

    def read(self, name: str) -> bytes | None:
        """What was put under a name; None where nothing is there that this store wrote."""
        try:
            data, _ = self.folder.read(name, _MOST)
        except OSError:
            return None
        start = len(_HEAD) + _CODE
        code, content = data[len(_HEAD) : start], memoryview(data)[start:]
        if not data.startswith(_HEAD) or not hmac.compare_digest(code, self._code(name, content)):
            return None
        return bytes(content)

    def write(self, name: str, content: bytes) -> None:
        """Put something under a name, in the place of what was there. Raises `OSError`."""
        self.folder.write(name, b"".join((_HEAD, self._code(name, content), content)))

    def _code(self, name: str, content: bytes | memoryview) -> bytes:
        # In one call: an object of `hmac` takes three times as long, for each of a thousand files.
        told = b"".join((_HEAD, name.encode(), b"\n", content))
        return hmac.digest(self._key, told, "sha256")
