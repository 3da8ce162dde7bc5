"""`file:PATH` and `file:PATH#KEY`: a whole file, or one member of a JSON or TOML file."""

import stat
from pathlib import Path

from forwardc.core.dataclass import dataclass
from forwardc.core.files.kinds import SECRET
from forwardc.core.files.operator_file import read
from forwardc.runtime.secret_providers.provider import (
    SecretProviderError,
    decode_secret,
    read_member,
    split_key,
)


@dataclass(frozen=True, slots=True)
class FileProvider:
    """Reads files; a relative path is below `base`, a leading `~` the home directory."""

    base: Path
    kind: str = "file"

    def problem(self, place: str) -> str | None:
        """A path is enough; what follows `#` must not be empty."""
        path, key = split_key(place)
        return None if path and key != "" else "is not file:PATH or file:PATH#KEY"

    def fetch(self, place: str) -> str:
        """The file's text, or the member's. Raises: `SecretProviderError`."""
        _, key = split_key(place)
        path = self.path(place)
        try:
            data = read(path, SECRET)
        except OSError as problem:
            raise SecretProviderError(f"cannot be read: {problem.strerror}") from None
        text = decode_secret(data)
        return text if key is None else read_member(text, key, toml=path.suffix == ".toml")

    def path(self, place: str) -> Path:
        """The file of a place.

        Raises `SecretProviderError` where it begins with a home that nobody has.
        """
        path = Path(split_key(place)[0])
        try:
            return self.base / path.expanduser()
        except RuntimeError:
            raise SecretProviderError("cannot be read: there is no home directory") from None


def is_readable_by_others(path: Path) -> bool:
    """Whether anybody but the owner may read a file; False where it cannot be told."""
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False
