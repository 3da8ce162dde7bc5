"""A fault at the n-th call to the system about files: the disk is full, or memory is."""

import errno
import os
from collections.abc import Callable
from typing import Any

import pytest

CALLS = ("open", "replace", "fsync", "mkdir", "unlink", "fdopen", "fchmod", "stat")


class FileFaults:
    """Counts calls, and lets the `at`-th one fail; 0: none."""

    def __init__(self, patch: pytest.MonkeyPatch, error: Callable[[], BaseException]) -> None:
        self.at = self.seen = 0
        self.error = error
        for name in CALLS:
            inner = (lambda _: None) if name == "fsync" else getattr(os, name)
            patch.setattr(os, name, self._watched(name, inner))
        # `os` is asked what it can by its own functions.
        patch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, *map(os.__dict__.get, CALLS)})

    def _watched(self, name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if self.fails():
                raise self.error()
            result = inner(*given, **named)
            return _Half(result, self) if name == "fdopen" else result

        return call

    def fails(self) -> bool:
        self.seen += 1
        return self.seen == self.at


class _Half:
    """An open file, whose writing may fail in the middle."""

    def __init__(self, inner: Any, faults: FileFaults) -> None:
        self.inner, self.faults = inner, faults

    def __enter__(self) -> "_Half":
        return self

    def __exit__(self, *_: object) -> None:
        self.inner.close()

    def write(self, data: bytes) -> int:
        if self.faults.fails():
            self.inner.write(data[: len(data) // 2])
            self.inner.flush()
            raise self.faults.error()
        return int(self.inner.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken() -> OSError:
    return OSError(errno.EIO, os.strerror(errno.EIO))
