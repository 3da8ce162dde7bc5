"""Waiting in tests: for what happens, not for a time.

A test goes on as soon as a thing is so, and fails where it is not so after `LONG_S`. That is far
from what any machine needs, however busy it is, so that no test depends on how quick it is.
"""

import asyncio
import os
import time
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Final

# Seconds that no test comes near where the code is right.
LONG_S: Final = 60.0
# Seconds between two looks: short against what is waited for, long against a look.
_PAUSE_S: Final = 0.01


def until(holds: Callable[[], object], told: Callable[[], str] = str) -> None:
    """Wait until something is so; `told` is what to say where it never is."""
    ends = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < ends, told() or "it did not happen"
        time.sleep(_PAUSE_S)


async def until_so(holds: Callable[[], object]) -> None:
    """The same on an event loop, which goes on meanwhile."""
    ends = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < ends, "it did not happen"
        await asyncio.sleep(_PAUSE_S)


def until_files_get_later_times() -> None:
    """Wait until what is written now is told from what was written before by its times.

    A file system's clock stands still for some milliseconds: a file that a test writes twice
    meanwhile may look as if nobody had touched it.
    """
    with TemporaryFile() as probe:
        at = probe.fileno()
        before = os.fstat(at).st_ctime_ns

        def is_later() -> bool:
            os.utime(at)
            return os.fstat(at).st_ctime_ns > before

        until(is_later)
