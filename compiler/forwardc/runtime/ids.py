"""Random UUIDs (RFC 9562, version 4) in numbers: the system is asked for randomness in blocks.

Each question gives other threads the interpreter, which a busy server waits for to get back.
"""

import os
import threading
from typing import Final
from uuid import UUID

_BLOCK: Final = 256
_SIZE: Final = 16


class _Randomness(threading.local):
    """What this thread has left of its last block."""

    block = b""


_left = _Randomness()


def new_uuid() -> UUID:
    """A UUID that nobody has had before."""
    if not _left.block:
        _left.block = os.urandom(_BLOCK * _SIZE)
    taken, _left.block = _left.block[:_SIZE], _left.block[_SIZE:]
    return UUID(bytes=taken, version=4)


def _forget() -> None:
    global _left
    _left = _Randomness()


# A forked process would give the same ones once more.
os.register_at_fork(after_in_child=_forget)
