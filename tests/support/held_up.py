"""Ends a test that waits for ever, such as for a pipe that nobody writes into."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from patience import LONG_S


class HeldUpError(BaseException):
    """Something took far longer than it may. No `except Exception` catches it."""


@contextmanager
def within(seconds: float = LONG_S) -> Iterator[None]:
    """Raise `HeldUpError` in the block after some seconds."""

    def held(_signal: int, _frame: FrameType | None) -> None:
        raise HeldUpError

    before = signal.signal(signal.SIGALRM, held)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
