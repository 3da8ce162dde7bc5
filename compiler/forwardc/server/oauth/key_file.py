"""The file of the server's keys: made for its owner only, whole or not at all.

Knows a JWK set's form, and not what the keys are for.
"""

import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.text_file import NotTextError, decoded
from forwardc.core.files.kinds import SERVER_KEYS, FileRefusedError
from forwardc.core.files.operator_file import read_with_status
from forwardc.core.files.walk import folder


class ServerKeysError(ForwardcError):
    """The server's keys are not there, or not usable. Nothing of them is in the text."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def make_file(path: Path) -> bool:
    """Make new keys in a file; False where another process was first. Raises `ServerKeysError`."""
    return _put(path, _text([*_fresh()]), first=True)


def add_keys(path: Path) -> None:
    """Add keys that verify and open, behind those that sign and seal. Raises `ServerKeysError`."""
    _change(path, lambda keys: [*keys, *_fresh()])


def use_newest(path: Path) -> None:
    """Let the last keys of each use sign and seal from now on. Raises `ServerKeysError`."""
    _change(path, _newest_first)


def read_file(path: Path) -> str:
    """The text of the file. Raises `ServerKeysError`, also where everybody may read it."""
    try:
        data, status = read_with_status(path, SERVER_KEYS)
        text = decoded(data)
    except FileRefusedError as problem:
        why = problem.strerror
        raise ServerKeysError(f"{path}: the server keys cannot be read: {why}") from None
    except (OSError, NotTextError):
        raise ServerKeysError(f"{path}: the server keys cannot be read") from None
    if os.name == "posix" and status.st_mode & stat.S_IRWXO:
        raise ServerKeysError(
            f"{path}: everybody on this machine may read the server keys",
            hint="chmod 600 lets only their owner; then make new ones, for these were open",
        )
    return text


def _fresh() -> tuple[dict[str, Any], dict[str, Any]]:
    signing = JWK.generate(kty="EC", crv="P-256", use="sig", alg="ES256")
    sealing = JWK.generate(kty="oct", size=256, use="enc")
    members = [json.loads(key.export()) for key in (signing, sealing)]
    return members[0], members[1]


def _newest_first(keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    newest = {key.get("use"): key for key in keys}
    return [*newest.values(), *(key for key in keys if key not in newest.values())]


def _change(path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    try:
        keys = json.loads(read_file(path))["keys"]
        text = _text(change(keys))
    except (JWException, ValueError, KeyError, TypeError, AttributeError):
        raise ServerKeysError(f"{path}: this is not a set of server keys") from None
    _put(path, text, first=False)


def _text(keys: list[dict[str, Any]]) -> str:
    return json.dumps({"keys": keys}, indent=2) + "\n"


def _put(path: Path, text: str, *, first: bool) -> bool:
    """Put a file in its place at once; False where it was there and should not be replaced.

    Through a link, which an operator may have made, the file at its end is replaced.
    """
    path = Path(os.path.realpath(path))
    beside = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if first:
            # A link, unlike a rename, never takes the place of what another process has put there.
            os.link(beside, path)
        else:
            beside.replace(path)
        with folder(path.parent, (), listed=True) as at:
            at.sync()
    except FileExistsError:
        return False
    except OSError:
        raise ServerKeysError(f"{path}: the server keys cannot be written") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return True
